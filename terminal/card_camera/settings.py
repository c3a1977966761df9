"""``[card_camera]``: the camera over the card."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class CardCameraSettings(BaseModel):
    """Which camera looks at the card's face, if any."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["none", "v4l2", "recorded"] = Field(
        "none",
        description="`v4l2` for a camera over the card, `recorded` for pictures (refused in "
        "production); with `none` staff type 照合番号B",
    )
    device: Path | None = Field(
        None, description="The camera of `v4l2`, best by a name under /dev/v4l/by-id"
    )
    recording: Path | None = Field(
        None,
        description="What `recorded` shows: a picture that another program replaces, a folder of "
        "pictures or a video",
    )
    seconds: float = Field(
        20.0, ge=2, le=60, description="seconds for which the face of one card is looked at"
    )

    @model_validator(mode="after")
    def _kind_has_its_source(self) -> Self:
        if self.kind == "v4l2" and self.device is None:
            msg = "kind 'v4l2' needs device"
            raise ValueError(msg)
        if self.kind == "recorded" and self.recording is None:
            msg = "kind 'recorded' needs recording"
            raise ValueError(msg)
        return self
