"""History as a file: who may take it, under which consent, and what stands in the log."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from eligibility.codes import ConsentCategory
from eligibility.errors import ConsentRequiredError
from eligibility.model import Coverage
from terminal.access.accounts import Actor, Role
from terminal.access_list import Looked
from terminal.audit import Act
from terminal.errors import ExportReason, ExportRefusedError, RoleError, VisitStateError
from terminal.history_export import ExportForm, ExportNote, HistoryExports, read_note
from terminal.views import ConsentItem, KioskStep
from tests.clinic import Clinic, Stage, opened_clinic
from tests.terminal.test_history_access import agreed
from tests.web.visitors import Site, Visitor

WHY = "紹介状に添付"


@pytest.fixture(params=["off", "on"])
def ruled(stage: Stage, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Clinic]:
    """A clinic with a rule of its own about files."""
    rule = f'history_files = "{request.param}"\n'
    with opened_clinic(tmp_path, stage, institution=rule) as clinic:
        yield clinic


def consent_of(clinic: Clinic, visit_id: str) -> str:
    """Return the id of a visit's consent."""
    consent = clinic.terminal.store.read(lambda tx: tx.consents.of_visit(visit_id))
    assert consent is not None
    return consent.id


def takes(
    clinic: Clinic, visit_id: str, form: ExportForm = ExportForm.FHIR, why: str = WHY
) -> bytes:
    """Let the doctor take a file."""
    consent = consent_of(clinic, visit_id)
    files = clinic.terminal.history_files
    return files.take(clinic.doctor.actor, visit_id, consent, form, why).content


def rows(content: bytes) -> list[dict[str, str]]:
    """Return a table's rows."""
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def noted(clinic: Clinic, visit_id: str, *acts: Act) -> list[tuple[Act, str, str | None]]:
    """Return what the log says of these acts."""
    entries = clinic.terminal.store.read(lambda tx: tx.audit.of_visit(visit_id))
    return [(one.act, one.actor_id, one.reason) for one in entries if one.act in acts]


def test_a_file_holds_what_the_page_shows_and_the_log_says_so(clinic: Clinic) -> None:
    """All forms of one visit; each is one row: who, form, how many of what, why."""
    visit_id = agreed(clinic, "elderly")
    history = clinic.doctor.sees_history(visit_id)
    bundle: dict[str, Any] = json.loads(takes(clinic, visit_id))
    kinds = [entry["resource"]["resourceType"] for entry in bundle["entry"]]
    entries = history.drugs.entries
    assert kinds.count("MedicationDispense") == sum(one.is_dispensed for one in entries)
    assert kinds.count("Condition") == len(history.diagnoses) > 0
    assert kinds.count("Observation") == len(history.checkups) > 0
    assert len(rows(takes(clinic, visit_id, ExportForm.DRUGS))) == len(entries) > 0
    care = rows(takes(clinic, visit_id, ExportForm.CARE))
    assert [row["name"] for row in care] == [
        *(one.name for one in history.treatments),
        *(one.name for one in history.operations),
        *(one.name for one in history.diagnoses),
    ]
    takes(clinic, visit_id, ExportForm.CHECKUPS)
    told = noted(clinic, visit_id, Act.HISTORY_EXPORTED)
    assert {actor for _, actor, _ in told} == {clinic.doctor.actor.id}
    notes = [read_note(reason or "") for _, _, reason in told]
    assert sorted(note.form for note in notes) == sorted(ExportForm)
    whole = next(note for note in notes if note.form == "fhir")
    shj = len(history.operations) + len(history.diagnoses)
    assert dict(whole.counts) == {
        "YZK": len(history.medications),
        "SRJ": len(history.treatments),
        "SHJ": shj,
        "TKK": len(history.checkups),
    }
    assert {note.reason for note in notes} == {WHY}


def test_the_patient_reads_of_it_in_the_list_of_who_looked(clinic: Clinic) -> None:
    """A file is a look of its own kind, with its categories and the consent that opened it."""
    visit_id = agreed(clinic)
    clinic.doctor.sees_history(visit_id)
    takes(clinic, visit_id, ExportForm.CHECKUPS)
    found = clinic.terminal.access_lists.take(clinic.reception.actor, visit_id)
    (look,) = [one for one in found.looks if one.what is Looked.EXPORTED]
    assert look.categories == "TKK"
    assert look.consent_at is not None


def test_only_what_was_consented_is_in_a_file(clinic: Clinic) -> None:
    """A no to operations and diagnoses: neither is in the file, which says why."""
    clinic.patient.taps("elderly")
    clinic.patient.types_pin()
    for item in ConsentItem:
        allow = item is ConsentItem.MEDICINES_AND_TREATMENT
        clinic.patient.answers(item, allow=allow)
    clinic.patient.sees(KioskStep.DONE)
    visit_id = clinic.reception.sees_answer().visit.id
    clinic.doctor.sees_history(visit_id)
    bundle = takes(clinic, visit_id).decode()
    assert '"Condition"' not in bundle
    assert '"Observation"' not in bundle
    care = rows(takes(clinic, visit_id, ExportForm.CARE))
    assert {row["record"] for row in care} == {"act", "not-consented"}
    with pytest.raises(ConsentRequiredError):
        takes(clinic, visit_id, ExportForm.CHECKUPS)
    opened = clinic.terminal.desk.history(clinic.doctor.actor, visit_id)
    offered = clinic.terminal.history_files.forms(opened)
    assert offered == (ExportForm.FHIR, ExportForm.DRUGS, ExportForm.CARE)
    note = read_note(noted(clinic, visit_id, Act.HISTORY_EXPORTED)[0][2] or "")
    assert note.categories == "SRJ,YZK"


@pytest.mark.parametrize("role", [Role.RECEPTION, Role.ADMINISTRATOR])
def test_other_roles_take_nothing(clinic: Clinic, role: Role) -> None:
    """Neither through the desk nor by sending the form; the attempt is in the log."""
    visit_id = agreed(clinic)
    clinic.doctor.sees_history(visit_id)
    consent = consent_of(clinic, visit_id)
    with pytest.raises(RoleError):
        clinic.terminal.history_files.take(
            Actor("x", role), visit_id, consent, ExportForm.FHIR, WHY
        )
    assert noted(clinic, visit_id, Act.HISTORY_EXPORTED) == []
    assert noted(clinic, visit_id, Act.HISTORY_REFUSED) == [(Act.HISTORY_REFUSED, "x", "role")]
    visitor = Site(clinic).visitor().logs_in(role)
    assert sends(visitor, visit_id, consent).status_code == 403


def sends(
    visitor: Visitor, visit_id: str, consent: str, form: str = "fhir", why: str = WHY
) -> TestResponse:
    """Send the form as the page does."""
    fields = {"consent": consent, "form": form, "why": why}
    return visitor.sends(f"/staff/visits/{visit_id}/history/file", fields)


def test_the_consent_is_looked_up_when_the_file_is_made(clinic: Clinic) -> None:
    """An open page is no consent: after its end, by the clock or by word, nothing leaves."""
    visit_id = agreed(clinic)
    clinic.doctor.sees_history(visit_id)
    consent = consent_of(clinic, visit_id)
    visitor = Site(clinic).visitor().logs_in(Role.CLINICIAN)
    assert sends(visitor, visit_id, consent).status_code == 200
    assert sends(visitor, visit_id, "0" * 32).status_code == 403
    other = agreed(clinic, "elderly")
    assert sends(visitor, visit_id, consent_of(clinic, other)).status_code == 403
    clinic.terminal.desk.sharing.stop_by_staff(clinic.reception.actor, visit_id)
    answer = sends(visitor, visit_id, consent)
    assert answer.status_code == 403
    assert "Content-Disposition" not in answer.headers
    clinic.doctor.sees_history(other)
    clinic.clock.goes_on(hours=24)
    with pytest.raises(ConsentRequiredError):
        takes(clinic, other)
    assert len(noted(clinic, visit_id, Act.HISTORY_EXPORTED)) == 1
    assert noted(clinic, other, Act.HISTORY_EXPORTED) == []


def test_a_consent_that_ends_while_a_file_is_made_stops_it(clinic: Clinic) -> None:
    """Each look at the clock is 13 hours later: over before it is handed out, which is noted."""
    visit_id = agreed(clinic)
    clinic.doctor.sees_history(visit_id)
    looks = count()

    def slow_clock() -> datetime:
        return clinic.clock() + timedelta(hours=13 * next(looks))

    files = HistoryExports(
        clinic.terminal.store,
        clinic.terminal._disclosure,
        clinic.config.institution,
        slow_clock,
    )
    consent = consent_of(clinic, visit_id)
    with pytest.raises(ConsentRequiredError):
        files.take(clinic.doctor.actor, visit_id, consent, ExportForm.DRUGS, WHY)
    assert [act for act, _, _ in noted(clinic, visit_id, *EXPORTS)] == [*EXPORTS]


EXPORTS = (Act.HISTORY_EXPORTED, Act.HISTORY_EXPORT_FAILED)


def test_the_answer_is_a_file_that_is_kept_nowhere(clinic: Clinic) -> None:
    """An attachment, not to be stored on the way, whose name says nothing of the patient."""
    visit_id = agreed(clinic)
    clinic.doctor.sees_history(visit_id)
    visitor = Site(clinic).visitor().logs_in(Role.PHARMACIST)
    for form, kind in (("fhir", "application/fhir+json"), ("drugs", "text/csv")):
        answer = sends(visitor, visit_id, consent_of(clinic, visit_id), form)
        assert answer.mimetype == kind
        assert answer.headers["Cache-Control"] == "no-store"
        name = answer.headers["Content-Disposition"]
        assert name.startswith(f'attachment; filename="history-{form}-')
        assert name.isascii()
        assert visit_id not in name
    page = visitor.opens(f"/staff/visits/{visit_id}/log").text
    assert WHY in page


def test_why_is_asked_for_and_must_be_said(clinic: Clinic) -> None:
    """By the institution's rule, without which nothing is read: the form says what is missing."""
    visit_id = agreed(clinic)
    clinic.doctor.sees_history(visit_id)
    visitor = Site(clinic).visitor().logs_in(Role.CLINICIAN)
    consent = consent_of(clinic, visit_id)
    for why in ("", "　 ", "x" * 201):
        answer = sends(visitor, visit_id, consent, why=why)
        assert answer.status_code == 422
        assert "保存する理由を200字まで" in answer.text
        assert consent in answer.text
    assert noted(clinic, visit_id, *EXPORTS) == []


def test_the_rule_of_the_institution_holds(ruled: Clinic) -> None:
    """Off: no form, and none is taken; on: no reason is asked for."""
    visit_id = agreed(ruled)
    ruled.doctor.sees_history(visit_id)
    visitor = Site(ruled).visitor().logs_in(Role.CLINICIAN)
    page = visitor.opens(f"/staff/visits/{visit_id}/history").text
    offered = "/history/file" in page
    answer = sends(visitor, visit_id, consent_of(ruled, visit_id), why="")
    if ruled.config.institution.history_files == "off":
        assert not offered
        assert answer.status_code == 409
        with pytest.raises(ExportRefusedError) as refused:
            takes(ruled, visit_id)
        assert refused.value.reason is ExportReason.OFF
    else:
        assert offered
        assert answer.status_code == 200


def test_what_was_not_fetched_makes_no_file(clinic: Clinic) -> None:
    """Checkups that the payer could not give: no table of them, and the bundle says so."""
    clinic.payer.faults.set("malformed", path="Observation")
    visit_id = agreed(clinic)
    clinic.doctor.sees_history(visit_id)
    with pytest.raises(VisitStateError):
        takes(clinic, visit_id, ExportForm.CHECKUPS)
    assert '"not-fetched"' in takes(clinic, visit_id).decode()


def answers_otherwise(
    clinic: Clinic, visit_id: str, change: Callable[[Coverage], tuple[Coverage, ...]]
) -> None:
    """Let the payer have answered something else of this visit's patient."""
    store = clinic.terminal.store
    confirmation = store.read(lambda tx: tx.confirmations.of_visit(visit_id)[0])
    answer = store.read(lambda tx: tx.answers.get(confirmation.answer_id))
    other = replace(answer, id="other", results=change(answer.results[0]))
    store.write(lambda tx: tx.answers.add(other))
    now = replace(
        confirmation, id="other", answer_id="other", made_at=clinic.clock(), supersedes=None
    )
    store.write(lambda tx: tx.confirmations.add(now))


def test_what_is_no_fhir_is_not_handed_out(clinic: Clinic) -> None:
    """An insurer whose name is a blank: no bundle, which is said and noted; tables go on."""
    visit_id = agreed(clinic)
    clinic.doctor.sees_history(visit_id)
    answers_otherwise(clinic, visit_id, lambda one: (replace(one, insurer_name="　"),))
    visitor = Site(clinic).visitor().logs_in(Role.CLINICIAN)
    answer = sends(visitor, visit_id, consent_of(clinic, visit_id))
    assert answer.status_code == 500
    assert "Content-Disposition" not in answer.headers
    assert "ファイルは渡していません" in answer.text
    told = noted(clinic, visit_id, *EXPORTS)
    assert [act for act, _, _ in told] == [*EXPORTS]
    assert told[1][2] == "fhir not-valid"
    page = visitor.opens(f"/staff/visits/{visit_id}/log").text
    assert "FHIR R4、記録を正しいFHIRにできませんでした" in page
    assert rows(takes(clinic, visit_id, ExportForm.DRUGS))


def test_people_of_two_birth_dates_make_no_file(clinic: Clinic) -> None:
    """Where the answer itself mixes people up, nobody's name is put on a file."""
    visit_id = agreed(clinic)
    clinic.doctor.sees_history(visit_id)

    def mixed(one: Coverage) -> tuple[Coverage, ...]:
        person = replace(one.person, birthdate=one.person.birthdate.replace(year=1900))
        return one, replace(one, person=person)

    answers_otherwise(clinic, visit_id, mixed)
    with pytest.raises(ExportRefusedError) as refused:
        takes(clinic, visit_id)
    assert refused.value.reason is ExportReason.PERSON
    assert noted(clinic, visit_id, Act.HISTORY_EXPORTED) == []


@pytest.mark.parametrize("reason", ["", "紹介: 大学病院", "a=1,b=2: c", "fhir YZK=3"])
def test_a_note_is_read_as_it_was_written(reason: str) -> None:
    """Whatever staff give as a reason."""
    note = ExportNote("drugs", (("YZK", 12),), reason)
    assert read_note(str(note)) == note
    assert read_note(str(note)).categories == ConsentCategory.YZK.value
