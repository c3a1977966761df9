"""The page of retention: for administrators, who confirm by the count, and see what went."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from terminal.access.accounts import Role
from terminal.store.keys import read_key_file
from terminal.views import KioskStep
from tests.clinic import Clinic, wait_for
from tests.store.raw_pages import places_of
from tests.web.visitors import Site, Visitor

PAGE = "/staff/retention"
NAME = "山田"


def came(clinic: Clinic, persona: str = "ordinary") -> str:
    """Let somebody come, agree and go; return the visit."""
    clinic.patient.taps(persona)
    clinic.patient.types_pin()
    clinic.patient.answers_all(allow=True)
    clinic.patient.sees(KioskStep.DONE)
    visit_id = clinic.reception.sees_answer().visit.id
    clinic.doctor.sees_history(visit_id)
    wait_for(lambda: not clinic.terminal._disclosure.is_fetching(visit_id), "the end of fetching")
    clinic.patient.takes_card()
    return visit_id


def traces(clinic: Clinic) -> list[tuple[str, int]]:
    """Return the pages in which the patient's name stands."""
    store = clinic.config.store
    key = read_key_file(store.key_file)
    return clinic.terminal.store.write(lambda tx: places_of(store.path, key, NAME.encode()))


@pytest.fixture
def administrator(clinic: Clinic) -> Iterator[Visitor]:
    """An administrator, six years after somebody came."""
    visit_id = came(clinic)
    assert traces(clinic)
    clinic.clock.goes_on(days=6 * 366)
    visitor = Site(clinic).visitor().logs_in(Role.ADMINISTRATOR)
    yield visitor
    assert clinic.terminal.store.read(lambda tx: tx.audit.of_visit(visit_id))


def test_the_button_deletes_what_the_page_tells(clinic: Clinic, administrator: Visitor) -> None:
    """One visit is shown, confirmed by its count, and gone with all its rows and traces."""
    page = administrator.opens(PAGE).text
    assert "対象の受付の件数（1）" in page
    assert "消去はまだ行われていません" in page
    assert NAME not in page
    answer = administrator.sends(PAGE, {"visits": "1"})
    assert answer.status_code == 303
    page = administrator.opens(answer.headers["Location"]).text
    assert "消去が終わりました" in page
    assert "保存期間を過ぎた記録はありません" in page
    assert "受付 1、" in page
    assert "受付はありません" in page
    wait_for(lambda: clinic.terminal.store.erase_log(), "the readers to leave the log")
    assert traces(clinic) == []
    assert clinic.terminal.store.check().ok


@pytest.mark.parametrize("typed", ["", "2", "-1", "one", "1.0"])
def test_another_count_deletes_nothing(clinic: Clinic, administrator: Visitor, typed: str) -> None:
    """Whoever does not type how many go has not read it: said beside the field, nothing goes."""
    administrator.opens(PAGE)
    answer = administrator.sends(PAGE, {"visits": typed})
    assert answer.status_code == 422
    assert "件数が違います" in answer.text
    assert traces(clinic)


@pytest.mark.parametrize("role", [Role.RECEPTION, Role.CLINICIAN, Role.PHARMACIST])
def test_others_neither_see_nor_delete(clinic: Clinic, role: Role) -> None:
    """The page is not in their menu, and closed to them."""
    visitor = Site(clinic).visitor().logs_in(role)
    assert PAGE not in visitor.opens("/staff/devices").text
    assert visitor.opens(PAGE).status_code == 403
    visitor.opens("/staff/devices")
    assert visitor.sends(PAGE, {"visits": "0"}).status_code == 403
