"""``[card_camera]``: the camera over the card."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from terminal.face.cameras import CameraSettings


class CardCameraSettings(CameraSettings):
    """Which camera looks at the card's face, if any."""

    kind: Literal["none", "v4l2", "recorded"] = Field(
        "none",
        description="`v4l2` for a camera over the card, `recorded` for pictures (refused in "
        "production); with `none` staff type 照合番号B",
    )
    seconds: float = Field(
        20.0, ge=2, le=60, description="seconds for which the face of one card is looked at"
    )
