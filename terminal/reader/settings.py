"""The ``[reader]`` section of the configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class ReaderSettings(BaseModel):
    """How the card reader is reached."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["pcsc", "socket"] = Field(
        "pcsc",
        description="`pcsc` for real readers; `socket` waits for a virtual card (tests only)",
    )
    name_contains: str = Field(
        "", description="Part of the reader's name, where several are plugged in; empty: the first"
    )
    pcsc_socket: Path | None = Field(
        None, description="Socket of a PC/SC daemon other than the system's own"
    )
    socket_port: int = Field(
        35963, ge=1, le=65535, description="TCP port on 127.0.0.1 that the socket reader listens on"
    )
    answer_seconds: float = Field(
        5, gt=0, le=60, description="Seconds that a card may take for one answer"
    )
