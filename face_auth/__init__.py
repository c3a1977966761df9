"""Are these two pictures the same person, and is one of them alive?

Owns a decision about images: arrays in, a decision out.  Imports no other package of the project.
Importing it loads neither OpenCV nor a model: a terminal without cameras stays small.
"""

from __future__ import annotations

from face_auth.camera import OpenCvCamera
from face_auth.errors import CameraError, FaceAuthError
from face_auth.replay import RecordedCamera, WatchedPicture
from face_auth.types import CameraState, Frame, FrameSource, overwrite

__all__ = [
    "CameraError",
    "CameraState",
    "FaceAuthError",
    "Frame",
    "FrameSource",
    "OpenCvCamera",
    "RecordedCamera",
    "WatchedPicture",
    "overwrite",
]
