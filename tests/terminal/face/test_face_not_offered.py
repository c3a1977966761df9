"""Where a face cannot be verified: cameras and models that fail, told to patients and staff."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from terminal.doctor import examine_face
from terminal.face.check import FaceProblem
from terminal.health import HealthCheck, HealthState
from terminal.views import (
    KioskNotice,
    KioskStep,
)
from tests.clinic import Stage, opened_clinic, wait_for
from tests.face.heads import Performer, Sitter
from tests.face_desk import FACE, PIN, opened
from tests.sitting import Mirror


def test_a_black_camera_is_not_offered_until_it_sees_again(
    tmp_path: Path, photographed: Stage
) -> None:
    """A lid on the lens is noticed, told, and watched until it is off."""
    with opened(tmp_path, photographed) as desk:
        check = desk.face_work._check
        desk.taps()
        desk.mirror.has_a_lid = True
        wait_for(lambda: check.problem is FaceProblem.BLACK, "the lid to be noticed")
        desk.clinic.patient.takes_card()
        desk.taps()
        desk.sees(KioskStep.PIN)
        codes = {one.code for one in desk.clinic.terminal.health()}
        assert "face.black" in codes
        desk.mirror.has_a_lid = False
        wait_for(lambda: check.problem is None, "the camera to see again")
        desk.clinic.patient.takes_card()
        wait_for(lambda: not check.is_on, "the camera to be off")
        desk.taps()
        desk.sees(KioskStep.CHOOSE)


def test_a_camera_that_is_not_there_is_not_offered(
    tmp_path: Path, photographed: Stage, sitters: Mapping[str, Sitter]
) -> None:
    """Patients are asked for the PIN at once; health says why; lost in the middle, PIN again."""
    with opened(tmp_path, photographed) as desk:
        desk.mirror.sits(Performer(sitters["a"]))
        desk.taps()
        desk.mirror.nobody()
        desk.chooses(FACE)
        desk.types_number()
        wait_for(lambda: desk.screen.face and desk.screen.face.guidance, "guidance")
        desk.mirror.is_unplugged()
        view = desk.sees(KioskStep.CHOOSE)
        assert (view.notice, view.methods) == (KioskNotice.FACE_NOT_POSSIBLE, (PIN,))
        desk.clinic.patient.takes_card()
        desk.taps()
        assert desk.screen.step is KioskStep.PIN
        assert desk.screen.methods == ()
        check = {one.name: one for one in desk.clinic.terminal.health()}["face"]
        assert (check.state, check.code) == (HealthState.WARN, "face.unplugged")


@pytest.mark.parametrize(
    "added", ['passive_model = "{model}"\npassive_sha256 = "' + "0" * 64, 'mesh_model = "{model}']
)
def test_an_added_model_that_is_another_file_switches_the_face_off(
    tmp_path: Path, photographed: Stage, added: str
) -> None:
    """Passive model and mesh are known by their sha256 as the shipped ones are."""
    model, mirror = tmp_path / "added.model", Mirror(tmp_path / "mirror.bmp")
    model.write_bytes(b"another")
    face = f'kind = "recorded"\nrecording = "{mirror.file}"\n' + added.format(model=model) + '"\n'
    with opened_clinic(tmp_path, photographed, face=face) as clinic:
        assert clinic.patient.taps("ordinary").step is KioskStep.PIN
        codes = {one.code for one in clinic.terminal.health()}
        assert "face.models-altered" in codes


@pytest.mark.parametrize(("content", "code"), [(None, "missing"), (b"other", "altered")])
def test_models_that_are_not_the_known_ones_switch_the_face_off(
    tmp_path: Path, photographed: Stage, content: bytes | None, code: str
) -> None:
    """A missing or altered file is a named state of a desk that goes on with the PIN."""
    models = tmp_path / "models"
    models.mkdir()
    if content is not None:
        (models / "face_detection_yunet_2023mar_int8bq.onnx").write_bytes(content)
    mirror = Mirror(tmp_path / "mirror.bmp")
    face = f'kind = "recorded"\nrecording = "{mirror.file}"\nmodels = "{models}"\n'
    with opened_clinic(tmp_path, photographed, face=face) as clinic:
        assert clinic.patient.taps("ordinary").step is KioskStep.PIN
        check = {one.name: one for one in clinic.terminal.health()}["face"]
        assert (check.state, check.code) == (HealthState.WARN, f"face.models-{code}")


@pytest.mark.parametrize(
    ("name", "code"), [("none", "unplugged"), ("a-file", "unusable"), ("a-folder", "unusable")]
)
def test_what_is_no_camera_is_told_to_doctor_and_desk(
    tmp_path: Path, photographed: Stage, name: str, code: str
) -> None:
    """No device, a file or a folder at face.device: the PIN at once, and the reason for staff."""
    (tmp_path / "a-file").write_bytes(b"no camera")
    (tmp_path / "a-folder").mkdir()
    face = f'kind = "v4l2"\ndevice = "{tmp_path / name}"\n'
    with opened_clinic(tmp_path, photographed, face=face) as clinic:

        def told() -> HealthCheck:
            return {one.name: one for one in clinic.terminal.health()}["face"]

        wait_for(lambda: told().code == f"face.{code}", "the camera to be looked at")
        assert told().remedy
        assert clinic.patient.taps("ordinary").step is KioskStep.PIN
        (check,) = examine_face(clinic.config.face, vouched=False)
        assert check == told()
