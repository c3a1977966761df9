"""What the package's parts hand each other: frames and states.  Loads neither OpenCV nor numpy.

Pixels are ``uint8`` arrays of height x width x 3 in OpenCV's order blue, green, red (BGR).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]
    Embedding = NDArray[np.float32]


class CameraState(StrEnum):
    """How a camera is, as its owner thread last saw it."""

    STOPPED = "stopped"
    STARTING = "starting"
    """Opened or being opened; no frame yet."""
    OK = "ok"
    UNPLUGGED = "unplugged"
    """No such device, or it went away."""
    BUSY = "busy"
    """It is there, but another program has it."""
    NO_PERMISSION = "no-permission"
    """The service user may not open it (group ``video``)."""
    UNUSABLE = "unusable"
    """What stands at the path is no camera, or gives nothing that can be read."""
    BLACK = "black"
    """Frames come, all dark and even: a lid on the lens, or no light at all."""
    FROZEN = "frozen"
    """No frame comes any more, or the same one again and again."""


class Guidance(StrEnum):
    """The one thing to tell the patient now."""

    NO_FACE = "no-face"
    SEVERAL_FACES = "several-faces"
    COME_CLOSER = "come-closer"
    MOVE_BACK = "move-back"
    CENTRE = "centre"
    TOO_DARK = "too-dark"
    TOO_BRIGHT = "too-bright"
    UNEVEN_LIGHT = "uneven-light"
    COVERED = "covered"
    LOOK_STRAIGHT = "look-straight"
    HEAD_UPRIGHT = "head-upright"
    HOLD_STILL = "hold-still"


class Step(StrEnum):
    """What the patient is asked to do; left and right are the person's own."""

    CENTRE = "look-straight"
    LEFT = "turn-left"
    RIGHT = "turn-right"
    DONE = "done"


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture of a camera.

    ``pixels``: height x width x 3, uint8, BGR, the receiver's own copy, which he may overwrite.
    ``sequence`` grows by one with each picture the camera gave, taken or not.
    ``captured_at``: seconds of the camera's monotonic clock.
    """

    pixels: Pixels = field(repr=False)
    sequence: int
    captured_at: float


class FrameSource(Protocol):
    """A camera with one owner thread that keeps the newest frame only."""

    def start(self) -> None:
        """Begin to take pictures; nothing happens where it has begun."""

    def stop(self) -> None:
        """End it, give the device back and overwrite the picture held."""

    @property
    def state(self) -> CameraState:
        """How the camera is now."""

    def newest(self) -> Frame | None:
        """Return a copy of the newest frame, whatever the state; None before the first."""

    def next_frame(self, after: int = 0, timeout: float = 2.0) -> Frame | None:
        """Return the first frame to be had with a sequence above ``after``.

        Waits ``timeout`` seconds at most, then returns None.  Raises the
        :class:`~face_auth.errors.CameraError` of the state as soon as the camera is neither OK
        nor starting.
        """


def overwrite(*arrays: NDArray[np.generic] | None) -> None:
    """Fill arrays that we own with zeros: pictures, crops, embeddings at the end of their use."""
    for array in arrays:
        if array is not None and array.flags.writeable:
            array.fill(0)
