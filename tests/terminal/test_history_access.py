"""Looks into history: who may, what is written down, and what a payer's fault takes with it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from eligibility.codes import ConsentCategory
from eligibility.errors import ConsentRequiredError
from terminal.access.accounts import Actor, Role
from terminal.audit import Act
from terminal.errors import RoleError, VisitStateError
from terminal.views import HistoryClosed
from tests.clinic import Clinic, wait_for
from tests.web.visitors import Site

YZK, SRJ, SHJ, TKK = (
    ConsentCategory.YZK,
    ConsentCategory.SRJ,
    ConsentCategory.SHJ,
    ConsentCategory.TKK,
)


def agreed(clinic: Clinic, persona: str = "ordinary") -> str:
    """Let somebody come and agree to all; return the visit."""
    return clinic.receives(persona).visit.id


def looks_at(clinic: Clinic, visit_id: str) -> Iterator[tuple[Act, str | None, str | None]]:
    """Yield what the audit log says of looks into this visit's history."""
    entries = clinic.terminal.store.read(lambda tx: tx.audit.of_visit(visit_id))
    for entry in entries:
        if entry.act in (Act.HISTORY_SEEN, Act.HISTORY_REFUSED):
            yield entry.act, entry.actor_id, entry.reason


def test_each_look_is_written_down_with_its_categories(clinic: Clinic) -> None:
    """The log says who looked at which part, and only that part is handed out."""
    visit_id = agreed(clinic)
    clinic.doctor.sees_history(visit_id)
    desk = clinic.terminal.desk
    opened = desk.history(clinic.doctor.actor, visit_id, frozenset({TKK}))
    assert opened.history.checkups
    assert not opened.history.medications
    assert not opened.history.drugs.entries
    assert opened.history.fetched == {TKK}
    assert opened.person is not None
    reasons = [reason for act, _, reason in looks_at(clinic, visit_id) if act is Act.HISTORY_SEEN]
    assert "TKK" in reasons


@pytest.mark.parametrize("role", [Role.RECEPTION, Role.ADMINISTRATOR])
def test_other_roles_see_nothing_and_that_is_written_down(clinic: Clinic, role: Role) -> None:
    """Reception and administrators are refused by every page, and the desk keeps the attempt."""
    visit_id = agreed(clinic)
    clinic.doctor.sees_history(visit_id)
    with pytest.raises(RoleError):
        clinic.terminal.desk.history(Actor("x", role), visit_id)
    refused = [
        reason for act, _, reason in looks_at(clinic, visit_id) if act is not Act.HISTORY_SEEN
    ]
    assert refused == [HistoryClosed.ROLE.value]
    visitor = Site(clinic).visitor().logs_in(role)
    for part in ("", "/rows", "/care", "/checkups"):
        answer = visitor.opens(f"/staff/visits/{visit_id}/history{part}")
        assert answer.status_code == 403
        assert "錠" not in answer.text


def test_a_page_after_the_end_shows_why(clinic: Clinic) -> None:
    """By the clock alone, without any job: pages and searches are closed, and say since when."""
    visit_id = agreed(clinic)
    clinic.doctor.sees_history(visit_id)
    visitor = Site(clinic).visitor().logs_in(Role.CLINICIAN)
    assert "data-records" in visitor.opens(f"/staff/visits/{visit_id}/history").text
    clinic.clock.goes_on(hours=24)
    with pytest.raises(ConsentRequiredError):
        clinic.terminal.desk.history(clinic.doctor.actor, visit_id)
    visitor = visitor.site.visitor().logs_in(Role.CLINICIAN)
    page = visitor.opens(f"/staff/visits/{visit_id}/history")
    assert "data-records" not in page.text
    assert "に終わりました" in page.text
    rows = visitor.opens(f"/staff/visits/{visit_id}/history/rows?q=a")
    assert rows.status_code != 200
    assert "錠" not in rows.text


def test_a_part_that_fails_takes_no_other_with_it(clinic: Clinic) -> None:
    """Checkups that cannot be read leave the medicines; the page says what is missing."""
    clinic.payer.faults.set("malformed", path="Observation")
    visit_id = agreed(clinic)
    fetched = clinic.doctor.sees_history(visit_id)
    opened = clinic.terminal.desk.history(clinic.doctor.actor, visit_id)
    assert fetched.medications
    assert opened.history.fetched == {YZK, SRJ, SHJ}
    assert opened.missing == {TKK}
    visitor = Site(clinic).visitor().logs_in(Role.CLINICIAN)
    page = visitor.opens(f"/staff/visits/{visit_id}/history/checkups").text
    assert "まだ取得できていません" in page
    assert "0件（同意あり）" not in page


def fetched(clinic: Clinic, visit_id: str) -> list[str | None]:
    """Return what the audit log says was fetched, the first first."""
    entries = clinic.terminal.store.read(lambda tx: tx.audit.of_visit(visit_id))
    return [entry.reason for entry in entries if entry.act is Act.HISTORY_FETCHED]


def asked_for(clinic: Clinic, visit_id: str) -> list[ConsentCategory]:
    """Return the categories that the payer was asked for, in their order."""
    calls = clinic.terminal.store.read(lambda tx: tx.disclosure_calls.of_visit(visit_id))
    return [call.category for call in calls if call.category is not None]


def rests(clinic: Clinic, visit_id: str) -> None:
    """Wait until nothing of this visit is on its way."""
    disclosure = clinic.terminal._disclosure
    wait_for(lambda: not disclosure.is_fetching(visit_id), "the end of fetching")


def test_what_a_consent_opened_is_fetched_once(clinic: Clinic) -> None:
    """News of the visit while its lists come, or later, asks for nothing that is held already."""
    clinic.payer.faults.set("slow", seconds=60, path="Observation")
    visit_id = agreed(clinic)
    wait_for(lambda: TKK in asked_for(clinic, visit_id), "the last list to be asked for")
    clinic.terminal.desk.question_changed(visit_id)
    clinic.payer.faults.clear()
    clinic.doctor.sees_history(visit_id)
    rests(clinic, visit_id)
    clinic.terminal.desk.question_changed(visit_id)
    rests(clinic, visit_id)
    assert asked_for(clinic, visit_id) == [YZK, SRJ, SHJ, TKK]
    assert fetched(clinic, visit_id) == ["SHJ,SRJ,TKK,YZK"]


def test_only_the_part_that_failed_is_asked_for_again(clinic: Clinic) -> None:
    """What is held stays as it came, with its time; the log names what came later by itself."""
    clinic.payer.faults.set("malformed", path="Observation")
    visit_id = agreed(clinic)
    first = clinic.doctor.sees_history(visit_id)
    rests(clinic, visit_id)
    clinic.payer.faults.clear()
    clinic.terminal.desk.question_changed(visit_id)
    rests(clinic, visit_id)
    whole = clinic.doctor.sees_history(visit_id)
    assert whole.fetched == {YZK, SRJ, SHJ, TKK}
    assert whole.checkups
    assert (whole.medications, whole.fetched_at) == (first.medications, first.fetched_at)
    assert asked_for(clinic, visit_id) == [YZK, SRJ, SHJ, TKK, TKK]
    assert fetched(clinic, visit_id) == ["SHJ,SRJ,YZK", "TKK"]


def test_a_payer_that_mixes_people_up_is_trusted_with_none(clinic: Clinic) -> None:
    """One row about somebody else, in the last list: nothing that was fetched is shown."""
    clinic.payer.faults.set("another-patient", path="Observation")
    visit_id = agreed(clinic)

    def has_failed() -> bool:
        return clinic.doctor.opens(visit_id).history_closed_because is HistoryClosed.NOT_FETCHED

    wait_for(has_failed, "the end of fetching")
    with pytest.raises(VisitStateError):
        clinic.terminal.desk.history(clinic.doctor.actor, visit_id)
