"""The cameras that a desk may have: how each is configured, made and looked at.

OpenCV is loaded only where a camera is made.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from face_auth import CameraError, CameraState, FrameSource, OpenCvCamera, overwrite
from face_auth.replay import PICTURES, RecordedCamera, WatchedPicture

EXAMINE_SECONDS = 4.0
FRAME_SECONDS = 1.0


class CameraSettings(BaseModel):
    """Which camera there is, if any; each section says what it is for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["none", "v4l2", "recorded"] = "none"
    device: Path | None = Field(
        None, description="The camera of `v4l2`, best by a name under /dev/v4l/by-id"
    )
    recording: Path | None = Field(
        None,
        description="What `recorded` shows: a picture that another program replaces, a folder of "
        "pictures or a video",
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


def make_camera(
    settings: CameraSettings, *, width: int = 1280, height: int = 720, rate: int = 15
) -> FrameSource | None:
    """Return the configured camera; None where there is none.

    ``width``, ``height``, ``rate`` (frames/s): asked of a camera of this machine.
    """
    if settings.kind == "v4l2" and settings.device is not None:
        return OpenCvCamera(settings.device, width=width, height=height, rate=rate)
    if settings.kind == "recorded" and settings.recording is not None:
        watched = settings.recording.suffix.lower() in PICTURES
        return (WatchedPicture if watched else RecordedCamera)(settings.recording)
    return None


def examine(camera: FrameSource) -> CameraState:
    """Switch a camera on for some seconds and return how it is, OK where it gives pictures."""
    sequence, ends = 0, time.monotonic() + EXAMINE_SECONDS
    camera.start()
    try:
        # to the end: a lid on the lens is known only after a while
        while time.monotonic() < ends:
            frame = camera.next_frame(sequence, timeout=FRAME_SECONDS)
            if frame is not None:
                sequence = frame.sequence
                overwrite(frame.pixels)
    except CameraError as error:
        return error.state
    finally:
        camera.stop()
    return CameraState.OK if sequence else CameraState.FROZEN
