"""Are these two pictures the same person, and is one of them alive?

Owns a decision about images: arrays in, a decision out.  Imports no other package of the project.
Start reading in ``matcher.py``; ``policy.py`` holds every threshold with where it comes from.

With ``folder`` the frames of a recorded camera and ``photo`` the bytes of a card's photo:

>>> from face_auth import *
>>> matcher = FaceMatcher(load_models(), liveness=LivenessLimits(turns=0))  # no head turns asked
>>> camera = RecordedCamera(folder)
>>> camera.start()
>>> decision = matcher.decide(decode_photo(photo), frames_of(camera))
>>> camera.stop()
>>> decision.outcome, decision.frames_used, decision.profile
(<Outcome.MATCH: 'match'>, 5, 'fmr-1e-4')
>>> one, other = matcher.embed(decode_photo(photo)), matcher.embed(picture)
>>> compare(fuse([one, other]), one) > compare(one, other)  # a cosine, higher is more alike
True

Importing it loads neither OpenCV nor a model: a terminal without cameras stays small.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from face_auth.camera import OpenCvCamera
from face_auth.errors import CameraError, FaceAuthError, FrameError, ModelError, PhotoError
from face_auth.models import FaceModels, ModelState, examine_models, load_models
from face_auth.policy import DEFAULT_PROFILE, PROFILES, FaceProfile, Outcome
from face_auth.replay import RecordedCamera, WatchedPicture
from face_auth.types import CameraState, Frame, FrameSource, Guidance, Step, overwrite

if TYPE_CHECKING:
    from face_auth.comparison import compare, fuse
    from face_auth.liveness import LivenessLimits
    from face_auth.matcher import FaceDecision, FaceMatcher, MatcherLimits, Progress, frames_of
    from face_auth.photo import decode_photo
    from face_auth.preview import preview_jpeg

__all__ = [
    "DEFAULT_PROFILE",
    "PROFILES",
    "CameraError",
    "CameraState",
    "FaceAuthError",
    "FaceDecision",
    "FaceMatcher",
    "FaceModels",
    "FaceProfile",
    "Frame",
    "FrameError",
    "FrameSource",
    "Guidance",
    "LivenessLimits",
    "MatcherLimits",
    "ModelError",
    "ModelState",
    "OpenCvCamera",
    "Outcome",
    "PhotoError",
    "Progress",
    "RecordedCamera",
    "Step",
    "WatchedPicture",
    "compare",
    "decode_photo",
    "examine_models",
    "frames_of",
    "fuse",
    "load_models",
    "overwrite",
    "preview_jpeg",
]

_LOADED_WHEN_ASKED = {
    "FaceDecision": "matcher",
    "FaceMatcher": "matcher",
    "LivenessLimits": "liveness",
    "MatcherLimits": "matcher",
    "Progress": "matcher",
    "compare": "comparison",
    "decode_photo": "photo",
    "frames_of": "matcher",
    "fuse": "comparison",
    "preview_jpeg": "preview",
}
"""Names whose modules bring OpenCV or numpy along."""


def __getattr__(name: str) -> object:
    """Load what needs OpenCV when it is asked for."""
    if name not in _LOADED_WHEN_ASKED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_LOADED_WHEN_ASKED[name]}"), name)
