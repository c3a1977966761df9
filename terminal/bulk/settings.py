"""``[appointments]``: when and how fast expected patients are asked about before they come."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

_TIME_OR_OFF = Annotated[str, Field(pattern=r"^(off|([01][0-9]|2[0-3]):[0-5][0-9])$")]


class BulkSettings(BaseModel):
    """Section ``[appointments]``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    evening_check: _TIME_OR_OFF = Field(
        "19:00",
        description="Time in Japan from which tomorrow's list is asked about, by chance up to "
        "15 minutes later, or `off`",
    )
    morning_check: _TIME_OR_OFF = Field(
        "07:00",
        description="Time in Japan from which today's list is asked about again where the answer "
        "is older than `fresh_hours`, by chance up to 15 minutes later, or `off`",
    )
    fresh_hours: int = Field(
        6, ge=1, le=168, description="Hours for which an answer is not asked for again by itself"
    )
    questions_per_minute: int = Field(
        60,
        ge=1,
        le=6000,
        description="The most that is asked in a minute, one by one; who stands at the desk goes "
        "first in any case",
    )
    bulk_size: int = Field(
        1000,
        ge=1,
        le=10_000,
        description="People in one bulk question (一括照会), where the payer's interface knows it",
    )

    @property
    def evening(self) -> time | None:
        """When tomorrow's list is asked about, None for never."""
        return _read(self.evening_check)

    @property
    def morning(self) -> time | None:
        """When today's list is asked about again, None for never."""
        return _read(self.morning_check)

    @property
    def fresh(self) -> timedelta:
        """How old an answer may be that is not asked for again."""
        return timedelta(hours=self.fresh_hours)

    @property
    def pause_seconds(self) -> float:
        """Seconds between one question and the next."""
        return 60 / self.questions_per_minute


def _read(written: str) -> time | None:
    return None if written == "off" else time.fromisoformat(written)
