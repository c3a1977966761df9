"""``[retention]``: for how many years visits are kept, and when they are deleted."""

from __future__ import annotations

from datetime import time
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

_TIME_OR_OFF = Annotated[str, Field(pattern=r"^(off|([01][0-9]|2[0-3]):[0-5][0-9])$")]


class RetentionSettings(BaseModel):
    """Section ``[retention]``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    years: int = Field(
        5,
        ge=3,
        le=100,
        description="Whole years for which a visit is kept with all that was answered to it: 3 at "
        "least (療養担当規則 第9条), 5 as medical records are (医師法 第24条)",
    )
    nightly: _TIME_OR_OFF = Field(
        "03:00",
        description="Time in Japan from which what is older is deleted each night, or `off`; a "
        "desk that was switched off then does it once it is there again",
    )

    @property
    def at(self) -> time | None:
        """When it is deleted each night, None for never by itself."""
        return None if self.nightly == "off" else time.fromisoformat(self.nightly)
