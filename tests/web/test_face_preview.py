"""What the camera before a patient sees is for the kiosk of that visit, and for nobody to keep."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path

from eligibility.payer import IdentificationMethod
from terminal.access.accounts import Role
from tests.clinic import Stage, opened_clinic, wait_for
from tests.sitting import Mirror, filmed
from tests.web.visitors import Site, Visitor

PATH = "/kiosk/face-preview?visit_id="


def test_the_preview_is_for_the_kiosk_of_this_visit_alone(tmp_path: Path, stage: Stage) -> None:
    """One JPEG that nobody may keep; nothing for another or a former visit, staff or strangers."""
    mirror = Mirror(tmp_path / "mirror.bmp")
    face = f'kind = "recorded"\nrecording = "{mirror.file}"\n'
    with (
        opened_clinic(tmp_path, stage, face=face, kiosk="idle_seconds = 600") as clinic,
        filmed(mirror, clinic.terminal.desk.kiosk),
    ):
        site = Site(clinic)
        kiosk, stranger = Visitor(site).enrols(), Visitor(site)
        staff = Visitor(site).logs_in(Role.ADMINISTRATOR)
        first = clinic.patient.taps("ordinary").visit_id
        assert kiosk.opens(f"{PATH}{first}").status_code == HTTPStatus.NO_CONTENT
        clinic.terminal.desk.choose(f"{first}", IdentificationMethod.FACE)
        wait_for(lambda: kiosk.opens(f"{PATH}{first}").data, "a picture")
        picture = kiosk.opens(f"{PATH}{first}")
        assert (picture.status_code, picture.mimetype) == (HTTPStatus.OK, "image/jpeg")
        assert picture.headers["Cache-Control"] == "no-store"
        assert "ETag" not in picture.headers
        assert "Last-Modified" not in picture.headers
        for visitor in (staff, stranger):
            closed = visitor.opens(f"{PATH}{first}", **{"Sec-Fetch-Dest": "image"})
            assert closed.status_code == HTTPStatus.UNAUTHORIZED
            assert b"\xff\xd8" not in closed.data
        for other in ("another-visit", ""):
            assert kiosk.opens(f"{PATH}{other}").status_code == HTTPStatus.NO_CONTENT
        clinic.patient.takes_card()
        second = clinic.patient.taps("elderly").visit_id
        clinic.terminal.desk.choose(f"{second}", IdentificationMethod.FACE)
        wait_for(lambda: kiosk.opens(f"{PATH}{second}").data, "a picture of the next visit")
        assert kiosk.opens(f"{PATH}{first}").status_code == HTTPStatus.NO_CONTENT
