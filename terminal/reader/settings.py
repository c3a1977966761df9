"""How this desk reaches its cards."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class ReaderSettings(BaseModel):
    """The ``[reader]`` section of the configuration."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["pcsc", "socket"] = Field(
        default="pcsc", description="PC/SC, or a loopback socket for a virtual card"
    )
    name_contains: str = Field(
        default="",
        description="use a PC/SC reader whose name contains this; `*` and `?` as in file names",
    )
    pcsc_socket: Path | None = Field(
        default=None, description="socket of a pcscd of our own; absent: the machine's"
    )
    socket_port: int = Field(
        default=35963, ge=0, le=65535, description="loopback port of kind socket; 0: any free one"
    )
    keypad: Literal["auto", "never"] = Field(
        default="auto",
        description="`auto`: the PIN is typed on the reader's own keys where it has some; "
        "`never`: always on the screen",
    )
    answer_seconds: float = Field(
        default=5.0, gt=0, le=60, description="seconds that a card may take for one APDU"
    )
