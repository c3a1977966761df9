"""History at a real desk: there again after a restart, and destroyed when its consent ends."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from eligibility.codes import ConsentCategory
from eligibility.errors import ConsentRequiredError
from eligibility.history import History
from terminal.audit import Act
from terminal.errors import RoleError
from terminal.store.connection import connect
from terminal.store.keys import read_key_file
from terminal.views import HistoryClosed, KioskStep
from tests.clinic import Clinic, wait_for
from tests.store.raw_pages import places_of


def agreed(clinic: Clinic, persona: str = "ordinary") -> tuple[str, History]:
    """Let somebody come and agree to all; return the visit and its history."""
    clinic.patient.taps(persona)
    clinic.patient.types_pin()
    clinic.patient.answers_all(allow=True)
    clinic.patient.sees(KioskStep.DONE)
    visit_id = clinic.reception.sees_answer().visit.id
    history = clinic.doctor.sees_history(visit_id)
    disclosure = clinic.terminal._disclosure
    wait_for(lambda: not disclosure.is_fetching(visit_id), "the end of fetching")
    clinic.patient.takes_card()
    return visit_id, history


def restarts(clinic: Clinic) -> None:
    """Let the terminal begin again."""
    clinic.restarts()
    wait_for(lambda: clinic.terminal.payer_watch.checks, "the look at the payer")


def asked_for_history(clinic: Clinic) -> int:
    """Count how often the payer was asked for history."""
    lists = ("MedicationDispense", "MedicationRequest", "Procedure", "Condition", "Observation")
    paths = [one["path"] for one in clinic.payer.requests.as_dict()["requests"]]
    return sum(name in path for path in paths for name in lists)


def needles(clinic: Clinic) -> list[bytes]:
    """Return the wrapped key and pieces of the content, as the one kept row holds them."""
    store = clinic.config.store
    db = connect(store.path, read_key_file(store.key_file), read_only=True)
    try:
        ((key, content),) = db.conn.execute("SELECT wrapped_key, content FROM histories").fetchall()
    finally:
        db.close()
    return [key, *(content[at : at + 24] for at in range(0, len(content) - 24, 200))]


def found(clinic: Clinic, what: list[bytes]) -> list[tuple[str, int]]:
    """Return the pages and frames in which any of it stands, while nobody writes."""
    store = clinic.config.store
    key = read_key_file(store.key_file)
    return clinic.terminal.store.write(lambda tx: places_of(store.path, key, *what))


def deletions(clinic: Clinic, visit_id: str) -> list[str | None]:
    """Return what the audit log says was deleted of a visit's history."""
    rows = clinic.terminal.store.read(lambda tx: tx.audit.of_visit(visit_id))
    return [row.reason for row in rows if row.act is Act.HISTORY_DELETED]


def test_a_restart_shows_it_again_without_the_payer(clinic: Clinic) -> None:
    """The payer is not asked again, also where it is silent; roles and the audit hold as before."""
    visit_id, history = agreed(clinic)
    asked = asked_for_history(clinic)
    restarts(clinic)
    clinic.payer.faults.set("down")
    again = clinic.doctor.sees_history(visit_id)
    assert again == history
    assert [one.day for one in again.drugs.entries] == [one.day for one in history.drugs.entries]
    with pytest.raises(RoleError):
        clinic.terminal.desk.history(clinic.reception.actor, visit_id)
    rows = clinic.terminal.store.read(lambda tx: tx.audit.of_visit(visit_id))
    seen = [row.actor_id for row in rows if row.act is Act.HISTORY_SEEN]
    assert seen == [clinic.doctor.actor.id] * 2
    assert [row.act for row in rows].count(Act.HISTORY_FETCHED) == 1
    assert asked_for_history(clinic) == asked


def stops_at_kiosk(clinic: Clinic, visit_id: str) -> str:
    """Let the patient tap again and stop sharing."""
    clinic.patient.taps("ordinary")
    second = clinic.patient.types_pin().visit_id
    assert second is not None
    clinic.terminal.desk.questions.stop_sharing(second)
    return "by-patient"


def stops_at_desk(clinic: Clinic, visit_id: str) -> str:
    """Let staff end it at the patient's word."""
    clinic.terminal.desk.sharing.stop_by_staff(clinic.reception.actor, visit_id)
    return "by-staff"


def answers_anew(clinic: Clinic, visit_id: str) -> str:
    """Let the patient tap again and refuse."""
    clinic.patient.taps("ordinary")
    clinic.patient.types_pin()
    clinic.patient.answers_all(allow=False)
    clinic.patient.sees(KioskStep.DONE)
    return "replaced"


def time_is_up(clinic: Clinic, visit_id: str) -> str:
    """Let a day pass, and the sweep come by."""
    clinic.clock.goes_on(hours=24)
    clinic.terminal._disclosure.delete_ended()
    return "expired"


def time_is_up_while_off(clinic: Clinic, visit_id: str) -> str:
    """Let the time pass while the terminal is off."""
    clinic.clock.goes_on(hours=24)
    restarts(clinic)
    return "expired"


@pytest.mark.parametrize(
    "ends", [stops_at_kiosk, stops_at_desk, answers_anew, time_is_up, time_is_up_while_off]
)
def test_the_end_of_a_consent_destroys_what_it_opened(
    clinic: Clinic, ends: Callable[[Clinic, str], str]
) -> None:
    """Key and content are in no decrypted page, frame or free page; the log counts them."""
    visit_id, history = agreed(clinic)
    traces = needles(clinic)
    assert found(clinic, traces)
    why = ends(clinic, visit_id)
    wait_for(lambda: clinic.terminal.store.erase_log(), "the readers to leave the log")
    assert found(clinic, traces) == []
    assert clinic.terminal.store.read(lambda tx: tx.histories.all()) == []
    assert clinic.terminal._disclosure.of_visit(visit_id) is None
    (reason,) = deletions(clinic, visit_id)
    assert reason is not None
    assert reason.startswith(f"{why}:")
    assert f"YZK={len(history.medications)}" in reason
    assert f"TKK={len(history.checkups)}" in reason
    with pytest.raises(ConsentRequiredError):
        clinic.terminal.desk.history(clinic.doctor.actor, visit_id)
    assert clinic.terminal.store.check().ok


def test_what_the_payer_refuses_at_a_later_time_is_not_kept(clinic: Clinic) -> None:
    """Asked for the part that failed, the payer says that no consent holds: all is destroyed."""
    clinic.payer.faults.set("malformed", path="Observation")
    visit_id, _ = agreed(clinic)
    traces = needles(clinic)
    clinic.payer.faults.clear()
    clinic.payer.payer.forget()
    clinic.terminal._disclosure.advance(visit_id, by_hand=True)
    wait_for(lambda: deletions(clinic, visit_id), "the payer's refusal")
    (reason,) = deletions(clinic, visit_id)
    assert reason is not None
    assert reason.startswith("refused-by-payer:")
    wait_for(lambda: clinic.terminal.store.erase_log(), "the readers to leave the log")
    assert found(clinic, traces) == []
    closed = clinic.doctor.opens(visit_id).history_closed_because
    assert closed in (HistoryClosed.FETCHING, HistoryClosed.NOT_FETCHED)


def test_a_part_that_failed_is_asked_for_after_a_restart(clinic: Clinic) -> None:
    """What is not whole is fetched anew; what came before is shown until then."""
    clinic.payer.faults.set("malformed", path="Observation")
    visit_id, history = agreed(clinic)
    assert ConsentCategory.TKK not in history.fetched
    restarts(clinic)
    clinic.payer.faults.clear()
    clinic.terminal._disclosure.advance(visit_id)
    wait_for(
        lambda: ConsentCategory.TKK in clinic.doctor.opens(visit_id).history_open, "the checkups"
    )
    assert clinic.doctor.sees_history(visit_id).medications == history.medications
