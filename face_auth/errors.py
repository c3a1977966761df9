"""Errors of the package, split by what the caller can do.

::

    FaceAuthError
    ├── CameraError                   no picture from the camera, with its state
    │   ├── CameraUnpluggedError      plug it in
    │   ├── CameraBusyError           another program has it: end that one
    │   ├── CameraPermissionError     the service user may not: installer
    │   ├── CameraUnusableError       no camera at this path: installer
    │   ├── CameraBlackError          open the lid, switch on the light
    │   └── CameraFrozenError         unplug it and plug it in again
    ├── PhotoError                    the card's photo cannot be used, with the reason: PIN or staff
    ├── FrameError                    these pixels are no picture, with the reason
    ├── ModelError                    a model file cannot be used: face is off, call the installer
    │   ├── ModelMissingError         not in the folder nor in the carrier package
    │   └── ModelAlteredError         its sha256 is not the known one
    └── EvaluationError               the folder to evaluate cannot be used, with the reason

Messages hold names, sizes and states, never pixels or features.
"""

from __future__ import annotations

from enum import StrEnum

from face_auth.types import CameraState


class FaceAuthError(Exception):
    """Root of all errors that this package raises."""


class CameraError(FaceAuthError):
    """The camera gives no picture that can be used."""

    def __init__(self, state: CameraState, device: str) -> None:
        """``device`` is the path or name of the camera."""
        super().__init__(f"camera {device}: {state}")
        self.state = state
        self.device = device


class CameraUnpluggedError(CameraError):
    """There is no such camera (any more)."""


class CameraBusyError(CameraError):
    """Another program has the camera."""


class CameraPermissionError(CameraError):
    """This user may not open the camera."""


class CameraUnusableError(CameraError):
    """What stands at the path is no camera."""


class CameraBlackError(CameraError):
    """The camera sees nothing."""


class CameraFrozenError(CameraError):
    """No new picture comes."""


CAMERA_ERRORS: dict[CameraState, type[CameraError]] = {
    CameraState.UNPLUGGED: CameraUnpluggedError,
    CameraState.BUSY: CameraBusyError,
    CameraState.NO_PERMISSION: CameraPermissionError,
    CameraState.UNUSABLE: CameraUnusableError,
    CameraState.BLACK: CameraBlackError,
    CameraState.FROZEN: CameraFrozenError,
}


def camera_error(state: CameraState, device: str) -> CameraError:
    """Return the error that tells of ``state``."""
    return CAMERA_ERRORS.get(state, CameraError)(state, device)


class PhotoReason(StrEnum):
    """Why a card's photo cannot be used."""

    MISSING = "missing"
    NOT_JPEG_2000 = "not-jpeg-2000"
    TOO_MANY_BYTES = "too-many-bytes"
    HEADER_DAMAGED = "header-damaged"
    HEADERS_DISAGREE = "headers-disagree"
    TOO_SMALL = "too-small"
    TOO_LARGE = "too-large"
    COMPONENTS = "components"
    TOO_MANY_TILES = "too-many-tiles"
    DAMAGED = "damaged"
    NO_FACE = "no-face"
    SEVERAL_FACES = "several-faces"


class PhotoError(FaceAuthError):
    """The photo cannot be used: the visit goes on with PIN or staff."""

    def __init__(self, reason: PhotoReason) -> None:
        """``reason`` is what to show and to log."""
        super().__init__(f"the card's photo cannot be used: {reason}")
        self.reason = reason


class FrameError(FaceAuthError):
    """An array that is no picture of ours."""

    def __init__(self, reason: str) -> None:
        """``reason`` names shape and type."""
        super().__init__(f"not a picture: {reason}")
        self.reason = reason


class ModelError(FaceAuthError):
    """Face verification is off: a model file cannot be used."""

    def __init__(self, file: str, reason: str) -> None:
        """``file`` is the model file's name."""
        super().__init__(f"face model {file}: {reason}")
        self.file = file
        self.reason = reason


class ModelMissingError(ModelError):
    """The file is nowhere it may be."""


class ModelAlteredError(ModelError):
    """The file is not the one that was measured."""


class EvaluationError(FaceAuthError):
    """The pictures cannot be evaluated."""
