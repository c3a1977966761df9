"""The proof of a visit's confirmations: what is shown of it, and to whom."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from eligibility.codes import ConsentCategory
from eligibility.model import Finding, FindingCode, Severity
from terminal.access.accounts import Role
from terminal.audit import Act
from terminal.payer.calls import CallOutcome
from terminal.views import KioskStep
from tests.clinic import wait_for
from tests.web.visitors import Site

OTHER = Finding(FindingCode.OTHER_PERSON, Severity.STOP, blocks_history=True)


@pytest.fixture(scope="module")
def visit_id(site: Site) -> str:
    """A visit that the payer answered at the second call, which reception asked for."""
    clinic = site.clinic
    clinic.payer.faults.set("down", path="$submit")
    clinic.patient.taps("ordinary")
    clinic.patient.types_pin()
    clinic.patient.consents_to_all()
    row = clinic.reception.sees_row(
        lambda row: row.question is not None and row.question.problem is not None, "the failure"
    )
    clinic.payer.faults.clear()
    site.visitor().logs_in(Role.RECEPTION).sends(f"/staff/visits/{row.visit.id}/ask")
    clinic.reception.sees_answer()
    clinic.patient.sees(KioskStep.DONE)
    clinic.patient.takes_card()
    return row.visit.id


def test_each_call_keeps_what_came_of_it(site: Site, visit_id: str) -> None:
    """When, at whose word, how long, the outcome, and the hash of what came back."""
    clinic = site.clinic
    proof = clinic.terminal.proofs.of_visit(clinic.reception.actor, visit_id)
    (asked,) = proof.asked
    first, second = (call for call, _ in asked.calls)
    assert (first.number, first.outcome, first.actor) == (1, CallOutcome.UNAVAILABLE, "terminal")
    assert (second.number, second.outcome) == (2, CallOutcome.ANSWERED)
    assert [name for _, name in asked.calls] == [None, "reception one"]
    assert first.milliseconds is not None
    assert second.milliseconds is not None
    (answer,) = proof.confirmed
    assert answer.call == second
    assert (answer.bytes_count, answer.sha256) == (second.reply_bytes, second.reply_sha256)
    assert answer.of_this_visit


def test_the_page_shows_the_proof(site: Site, visit_id: str) -> None:
    """Calls, outcome and who asked stand on the page; the kana heading keeps its source and age."""
    page = site.visitor().logs_in(Role.RECEPTION).opens(f"/staff/visits/{visit_id}/proof").text
    for words in ("つながらない", "回答あり", "reception one", "認証用の鍵で署名", "支払側の回答"):
        assert words in page


def test_calls_about_consent_and_history_are_kept_without_what_they_brought(
    site: Site, visit_id: str
) -> None:
    """Registered once, each consented category fetched once, with time and outcome, no content."""
    clinic = site.clinic
    medicine = clinic.doctor.sees_history(visit_id).medications[0]
    calls = clinic.terminal.proofs.of_visit(clinic.reception.actor, visit_id).disclosed
    assert [call.category for call in calls] == [
        None,
        ConsentCategory.YZK,
        ConsentCategory.SRJ,
        ConsentCategory.SHJ,
        ConsentCategory.TKK,
    ]
    assert {call.outcome for call in calls} == {CallOutcome.ANSWERED}
    assert all(call.milliseconds is not None for call in calls)
    page = site.visitor().logs_in(Role.RECEPTION).opens(f"/staff/visits/{visit_id}/proof").text
    assert "同意の登録" in page
    assert medicine.name not in page


def test_a_call_for_history_that_fails_says_so(site: Site) -> None:
    """An unreadable reply stands there with its outcome, and nothing of it."""
    clinic = site.clinic
    clinic.payer.faults.set("malformed", path="MedicationDispense")
    clinic.patient.taps("elderly")
    clinic.patient.types_pin()
    clinic.patient.consents_to_all()
    visit_id = clinic.reception.sees_answer().visit.id

    def outcomes() -> list[CallOutcome | None]:
        calls = clinic.terminal.proofs.of_visit(clinic.reception.actor, visit_id).disclosed
        return [call.outcome for call in calls]

    wait_for(lambda: outcomes()[1:2] == [CallOutcome.UNREADABLE], "the call")
    clinic.payer.faults.clear()
    clinic.patient.sees(KioskStep.DONE)
    clinic.patient.takes_card()


def test_the_original_is_as_it_came_and_its_taking_is_written_down(
    site: Site, visit_id: str
) -> None:
    """The bytes have the hash of the page, and the log says who took them."""
    clinic = site.clinic
    (answer,) = clinic.terminal.proofs.of_visit(clinic.doctor.actor, visit_id).confirmed
    staff = site.visitor().logs_in(Role.CLINICIAN)
    got = staff.opens(f"/staff/visits/{visit_id}/answers/{answer.answer_id}")
    assert hashlib.sha256(got.data).hexdigest() == answer.sha256
    assert got.headers["Cache-Control"] == "no-store"
    taken = [
        look.record for look in clinic.terminal.access.who_looked(clinic.doctor.actor, visit_id)
    ]
    assert [one.reason for one in taken if one.act is Act.ORIGINAL_TAKEN] == [answer.answer_id]


def test_an_administrator_sees_no_proof(site: Site, visit_id: str) -> None:
    """Who may see no coverage gets neither the page nor an original."""
    (answer,) = site.clinic.terminal.proofs.of_visit(site.clinic.doctor.actor, visit_id).confirmed
    staff = site.visitor().logs_in(Role.ADMINISTRATOR)
    assert staff.opens(f"/staff/visits/{visit_id}/proof").status_code == 403
    path = f"/staff/visits/{visit_id}/answers/{answer.answer_id}"
    assert staff.opens(path).status_code == 403


def test_an_answer_of_nowhere_is_not_found(site: Site, visit_id: str) -> None:
    """An id that the visit does not stand on is one clear page."""
    staff = site.visitor().logs_in(Role.RECEPTION)
    answer = staff.opens(f"/staff/visits/{visit_id}/answers/a-of-nowhere")
    assert answer.status_code == 404
    assert "この回答の原本は渡せません" in answer.text


def test_another_persons_original_is_not_handed_out(site: Site, visit_id: str) -> None:
    """Once an answer was found to be another person's, its proof keeps only length and hash."""
    clinic = site.clinic
    store, actor = clinic.terminal.store, clinic.reception.actor
    (answer,) = clinic.terminal.proofs.of_visit(actor, visit_id).confirmed
    former = answer.confirmation
    found = replace(former, id="found", findings=(OTHER,), supersedes=former.id)
    found = replace(found, made_at=clinic.clock())
    store.write(lambda tx: tx.confirmations.add(found))
    proof = clinic.terminal.proofs.of_visit(actor, visit_id)
    assert [one.withheld for one in proof.confirmed] == [True, True]
    staff = site.visitor().logs_in(Role.RECEPTION)
    page = staff.opens(f"/staff/visits/{visit_id}/proof").text
    assert "原本は渡しません" in page
    assert "山田" not in page
    path = f"/staff/visits/{visit_id}/answers/{answer.answer_id}"
    assert staff.opens(path).status_code == 404
