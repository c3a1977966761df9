"""Card visits at the national reader, at a whole desk with a real store and real folders."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from eligibility.benefits import RegisteredConsent
from eligibility.codes import ConsentCategory, InformationConsent
from eligibility.model import ConfirmationSource, ConsentChannel, ConsentDecision, PayerAnswer
from eligibility.national.folder import Folder
from eligibility.national.unread import lines
from eligibility.payer import IdentificationMethod
from eligibility.simulator.people import Person
from eligibility.simulator.pki import DEFAULT_INSTITUTION
from eligibility.simulator.reader_visits import pushed_visit
from eligibility.simulator.records import medications_of
from terminal.access.accounts import Role
from terminal.app import Terminal
from terminal.audit import Act
from terminal.desk_enquiry import DocumentSeen
from terminal.errors import AnswerWithheldError, RoleError
from terminal.pushed_visits import consent_of
from terminal.views import DeskNeed, HistoryClosed
from terminal.visit import CloseReason, StaffNeed, VisitOrigin, VisitState
from tests.clinic import Staff, wait_for
from tests.national.clinic import now, opened_desk
from tests.national.desk import LinkedWorld, opened_link, subject_of


@pytest.fixture
def linked(tmp_path: Path) -> Iterator[LinkedWorld]:
    """A payer behind drop folders."""
    with opened_link(tmp_path / "link") as linked:
        yield linked


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the desk's data stand."""
    made = tmp_path / "desk"
    made.mkdir()
    return made


def acts(terminal: Terminal, visit_id: str) -> list[Act]:
    """Return what the audit log tells of a visit."""
    return [row.act for row in terminal.store.read(lambda tx: tx.audit.of_visit(visit_id))]


def test_a_visit_comes_into_the_list_by_the_payers_word(linked: LinkedWorld, folder: Path) -> None:
    """Coverage, identification and consents are those that the answer states, all of them said."""
    with opened_desk(folder, linked) as terminal:
        staff = Staff(terminal, Role.RECEPTION)
        person, coverage = linked.somebody()
        linked.link.push_visit(DEFAULT_INSTITUTION, person, [ConsentCategory.YZK])
        row = staff.sees_row(lambda row: row.confirmation is not None, "the pushed visit")
        assert row.visit.origin is VisitOrigin.PUSHED
        assert row.visit.state is VisitState.FINISHED
        assert row.visit.subject == subject_of(coverage)
        assert row.name == coverage.person.name
        assert row.visit.prescription is person.prescription
        assert row.confirmation is not None
        assert row.confirmation.source is ConfirmationSource.PUSHED
        assert row.is_current
        assert row.identification is not None
        assert row.identification.method is IdentificationMethod.PAYER_ASSERTED
        consent = row.consent
        assert consent is not None
        assert consent.channel is ConsentChannel.PAYER
        assert consent.decisions[ConsentCategory.YZK] is ConsentDecision.YES
        assert consent.decisions[ConsentCategory.SRJ] is ConsentDecision.NO
        assert consent.ends_at - consent.given_at == timedelta(hours=24)
        told = acts(terminal, row.visit.id)
        for act in (Act.VISIT_OPENED, Act.IDENTIFIED, Act.CONFIRMED, Act.CONSENT_GIVEN):
            assert told.count(act) == 1


def test_a_visit_is_taken_once_however_often_it_is_told(linked: LinkedWorld, folder: Path) -> None:
    """Under another file's name, and to the next run of the desk, it is the same visit."""
    person, _coverage = linked.somebody()
    with opened_desk(folder, linked) as terminal:
        staff = Staff(terminal, Role.RECEPTION)
        name = linked.link.push_visit(DEFAULT_INSTITUTION, person, [])
        staff.sees_row(lambda row: row.confirmation is not None, "the pushed visit")
        again = linked.folders.face / name.replace("face_", "face_again_")
        again.write_bytes((linked.folders.face / name).read_bytes())
    with opened_desk(folder, linked) as terminal:
        other, _ = list(linked.people())[1]
        linked.link.push_visit(DEFAULT_INSTITUTION, other, [])
        staff = Staff(terminal, Role.RECEPTION)
        wait_for(lambda: len(terminal.desk.today(staff.actor).rows) == 2, "the second visit")
        assert len(list(linked.folders.face.iterdir())) == 3


def test_the_clinician_sees_what_was_allowed_at_the_other_reader(
    linked: LinkedWorld, folder: Path
) -> None:
    """History opens by the consent that the answer states, and none without it."""
    with opened_desk(folder, linked) as terminal:
        today = linked.world.today
        allowing, refusing = [
            person for person, _ in linked.people() if medications_of(person, today)
        ][:2]
        doctor = Staff(terminal, Role.CLINICIAN)
        linked.link.push_visit(DEFAULT_INSTITUTION, allowing, [ConsentCategory.YZK])
        row = doctor.sees_row(lambda row: row.confirmation is not None, "the pushed visit")
        history = doctor.sees_history(row.visit.id)
        assert {one.name for one in history.medications} == {
            one.name for one in medications_of(allowing, today)
        }
        assert not history.checkups
        # limits by sex and days before birth are told as after a card at the desk's own reader
        person = terminal.desk.history(doctor.actor, row.visit.id).person
        assert person is not None
        assert (person.birthdate, person.sex) == (allowing.birthdate, allowing.sex)
        linked.link.push_visit(DEFAULT_INSTITUTION, refusing, [])
        other = doctor.sees_row(lambda one: one.visit.id != row.visit.id, "the other visit")
        detail = doctor.opens(other.visit.id)
        assert detail.history_closed_because is HistoryClosed.REFUSED
        # no file with medical data stays, whoever may read the folder
        assert not list(linked.folders.res.glob("YZK*"))


def test_with_folders_of_its_own_the_desk_leaves_nothing_lying(
    linked: LinkedWorld, folder: Path
) -> None:
    """The file goes once the database has it, and what it said is kept there, whole."""
    person, _coverage = linked.somebody()
    with opened_desk(folder, linked, shared=False) as terminal:
        linked.link.push_visit(DEFAULT_INSTITUTION, person, [])
        staff = Staff(terminal, Role.RECEPTION)
        row = staff.sees_row(lambda row: row.confirmation is not None, "the pushed visit")
        wait_for(lambda: not list(linked.folders.face.iterdir()), "an empty folder")
        assert row.confirmation is not None
        answer_id = row.confirmation.answer_id
        answer = terminal.store.read(lambda tx: tx.answers.get(answer_id))
        assert b"OQS" not in answer.original
        assert b"MessageHeader" in answer.original


def answer_with(linked: LinkedWorld, **consents: RegisteredConsent) -> PayerAnswer:
    """Return an answer whose one result states these consents."""
    payer = linked.payer()
    _person, coverage = linked.somebody()
    answer = payer.ask_by_number(linked.question(coverage))
    (result,) = answer.results
    return replace(answer, results=(replace(result, **consents),))  # type: ignore[arg-type]  # fields by name


NOON = datetime(2026, 11, 30, 3, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "until", "ends"),
    [
        (NOON, NOON + timedelta(hours=24), NOON + timedelta(hours=24)),
        (NOON, NOON + timedelta(hours=2), NOON + timedelta(hours=2)),
        (NOON, NOON + timedelta(days=300), NOON + timedelta(hours=24)),
        (NOON, None, NOON + timedelta(hours=24)),
        (NOON + timedelta(days=9), NOON + timedelta(days=9), NOON + timedelta(hours=25)),
    ],
)
def test_a_consent_ends_as_the_payer_says_and_never_later_than_a_day(
    linked: LinkedWorld, given: datetime, until: datetime | None, ends: datetime
) -> None:
    """Whatever the payer's clock says, nothing is open for longer than 24 hours from now."""
    stated = RegisteredConsent(InformationConsent.GIVEN, given, until)
    answer = answer_with(linked, pharmacists_info=stated)
    at = NOON + timedelta(hours=1)
    consent = consent_of(answer, "v-1", at)
    assert consent is not None
    assert consent.ends_at == ends
    assert consent.given_at <= at
    assert consent.allows(ConsentCategory.YZK, at)
    assert not consent.allows(ConsentCategory.YZK, ends)
    assert not consent.allows(ConsentCategory.TKK, at)


@pytest.mark.parametrize(
    "flag",
    [
        InformationConsent.NOT_GIVEN,
        InformationConsent.ENDED,
        InformationConsent.UNOBTAINABLE,
    ],
)
def test_only_a_given_consent_opens_anything(linked: LinkedWorld, flag: InformationConsent) -> None:
    """Refused, ended and unobtainable are no."""
    stated = RegisteredConsent(flag, NOON, NOON + timedelta(hours=24))
    consent = consent_of(answer_with(linked, diagnosis_info=stated), "v-1", NOON)
    assert consent is not None
    assert consent.decisions[ConsentCategory.SRJ] is ConsentDecision.NO
    assert not consent.allows(ConsentCategory.SRJ, NOON)


def test_results_that_disagree_open_nothing(linked: LinkedWorld) -> None:
    """Where one result says yes and another no, it is no."""
    yes = RegisteredConsent(InformationConsent.GIVEN, NOON, NOON + timedelta(hours=24))
    no = RegisteredConsent(InformationConsent.NOT_GIVEN)
    answer = answer_with(linked, pharmacists_info=yes)
    (result,) = answer.results
    both = replace(answer, results=(result, replace(result, pharmacists_info=no)))
    consent = consent_of(both, "v-1", NOON)
    assert consent is not None
    assert not consent.allows(ConsentCategory.YZK, NOON)


def test_an_answer_that_speaks_of_no_consent_makes_none(linked: LinkedWorld) -> None:
    """What nobody said is not a consent, not even a refused one."""
    assert consent_of(answer_with(linked), "v-1", now()) is None


def nobody_known(linked: LinkedWorld) -> Person:
    """Return somebody for whom the payer has no qualification."""
    people = linked.world.running.payer.population.people
    return next(person for person in people if person.persona == "not-found")


def test_somebody_without_a_qualification_stands_in_the_list_without_a_name(
    linked: LinkedWorld, folder: Path
) -> None:
    """Staff see that somebody was there and nothing is confirmed, once, also after a restart."""
    with opened_desk(folder, linked) as terminal:
        staff = Staff(terminal, Role.RECEPTION)
        linked.link.push_visit(DEFAULT_INSTITUTION, nobody_known(linked), [ConsentCategory.YZK])
        row = staff.sees_row(lambda row: True, "the pushed visit")
        visit = row.visit
        assert (visit.origin, visit.subject, row.name) == (VisitOrigin.PUSHED, None, None)
        assert (visit.state, visit.staff_need) == (
            VisitState.WITH_STAFF,
            StaffNeed.NO_QUALIFICATION,
        )
        assert row.need is DeskNeed.OTHER_WAY
        assert (row.confirmation, row.coverage, row.consent, row.identification) == (None,) * 4
        assert acts(terminal, visit.id)[:2] == [Act.VISIT_OPENED, Act.STAFF_CALLED]
        assert not staff.opens(visit.id).may_identify
    with opened_desk(folder, linked) as terminal:
        staff = Staff(terminal, Role.RECEPTION)
        person, _coverage = linked.somebody()
        linked.link.push_visit(DEFAULT_INSTITUTION, person, [])
        staff.sees_row(lambda row: row.confirmation is not None, "a visit after the restart")
        rows = terminal.desk.today(staff.actor).rows
        assert [one.visit.id for one in rows[1:]] == [visit.id]
        assert rows[1].visit.state is VisitState.WITH_STAFF
        terminal.desk.close_visit(staff.actor, visit.id)
        assert staff.row(1).visit.state is VisitState.ABANDONED


def test_who_was_not_named_is_asked_about_by_number_and_the_nameless_visit_ends(
    linked: LinkedWorld, folder: Path
) -> None:
    """Staff need not come back to end it; a visit that names somebody stays as it is."""
    with opened_desk(folder, linked) as terminal:
        staff = Staff(terminal, Role.RECEPTION)
        person, coverage = linked.somebody()
        linked.link.push_visit(DEFAULT_INSTITUTION, person, [])
        named = staff.sees_row(lambda row: row.confirmation is not None, "the named one").visit
        linked.link.push_visit(DEFAULT_INSTITUTION, nobody_known(linked), [])
        nameless = staff.sees_row(lambda row: row.visit.subject is None, "the nameless one").visit
        for follows in (named.id, nameless.id, "of-nowhere"):
            terminal.enquiry_desk.ask_by_number(
                staff.actor,
                f"asked-after-{follows}",
                subject_of(coverage),
                DocumentSeen.CERTIFICATE,
                follows=follows,
            )
        detail = staff.opens(nameless.id)
        assert detail.row.visit.state is VisitState.ABANDONED
        assert detail.row.visit.close_reason is CloseReason.ASKED_BY_NUMBER
        assert (detail.row.need, detail.may_close) == (DeskNeed.NOTHING, False)
        assert Act.VISIT_CLOSED in acts(terminal, nameless.id)
        assert staff.opens(named.id).row.visit == named


def test_a_second_one_without_a_qualification_is_another_visit(
    linked: LinkedWorld, folder: Path
) -> None:
    """Nothing in them names anybody, and still nobody is lost behind the other."""
    with opened_desk(folder, linked, shared=False) as terminal:
        staff = Staff(terminal, Role.RECEPTION)
        names = {
            linked.link.push_visit(DEFAULT_INSTITUTION, nobody_known(linked), []) for _ in range(2)
        }
        wait_for(lambda: len(terminal.desk.today(staff.actor).rows) == 2, "both visits")
        wait_for(lambda: not list(linked.folders.face.iterdir()), "an empty folder")
        proofs = [
            terminal.proofs.of_visit(staff.actor, row.visit.id)
            for row in terminal.desk.today(staff.actor).rows
        ]
        assert {proof.told.file.name for proof in proofs if proof.told is not None} == names


def test_the_file_that_names_nobody_is_a_proof_of_its_visit(
    linked: LinkedWorld, folder: Path
) -> None:
    """It is handed out as it came to those who may see coverage, and who took it is recorded."""
    with opened_desk(folder, linked) as terminal:
        staff = Staff(terminal, Role.RECEPTION)
        name = linked.link.push_visit(DEFAULT_INSTITUTION, nobody_known(linked), [])
        content = (linked.folders.face / name).read_bytes()
        visit = staff.sees_row(lambda row: True, "the pushed visit").visit
        (told,) = [terminal.proofs.of_visit(staff.actor, visit.id).told]
        assert told is not None
        assert (told.file.name, told.file.content, told.unread) == (name, content, ())
        assert terminal.proofs.told_file(staff.actor, visit.id).content == content
        taken = terminal.store.read(lambda tx: tx.audit.of_visit(visit.id))
        assert (Act.ORIGINAL_TAKEN, told.file.sha256) in [(row.act, row.reason) for row in taken]
        with pytest.raises(RoleError):
            terminal.proofs.told_file(Staff(terminal, Role.ADMINISTRATOR).actor, visit.id)
        # an answer, not a fault of the link application's
        assert "files.none-aside" in {check.code for check in terminal.health()}


def test_an_unknown_element_in_a_file_that_names_nobody_is_shown(
    linked: LinkedWorld, folder: Path
) -> None:
    """What no layout knows stands in the proof with its place, as in any answer."""
    name, content = pushed_visit(DEFAULT_INSTITUTION, nobody_known(linked), [], now())
    content = content.replace(b"</MessageBody>", b"<New>1</New></MessageBody>")
    with opened_desk(folder, linked) as terminal:
        staff = Staff(terminal, Role.RECEPTION)
        Folder(linked.folders.face).publish(name, content)
        visit = staff.sees_row(lambda row: True, "the pushed visit").visit
        told = terminal.proofs.of_visit(staff.actor, visit.id).told
        assert told is not None
        assert [line for one in told.unread for line in lines(one)] == [("MessageBody/New", "1")]


def test_a_visit_with_an_answer_keeps_no_file_besides(linked: LinkedWorld, folder: Path) -> None:
    """The answer holds the original; none other is handed out."""
    with opened_desk(folder, linked) as terminal:
        staff = Staff(terminal, Role.RECEPTION)
        person, _coverage = linked.somebody()
        linked.link.push_visit(DEFAULT_INSTITUTION, person, [])
        row = staff.sees_row(lambda row: row.confirmation is not None, "the pushed visit")
        proof = terminal.proofs.of_visit(staff.actor, row.visit.id)
        assert (len(proof.confirmed), proof.told) == (1, None)
        with pytest.raises(AnswerWithheldError):
            terminal.proofs.told_file(staff.actor, row.visit.id)


def test_what_is_set_aside_is_told_among_the_states_of_the_desk(
    linked: LinkedWorld, folder: Path
) -> None:
    """A card visit that tells an error is kept, and somebody is told that there was one."""
    with opened_desk(folder, linked) as terminal:
        codes = {check.code for check in terminal.health()}
        assert "files.none-aside" in codes
        name, content = pushed_visit(DEFAULT_INSTITUTION, nobody_known(linked), [], now())
        refused = re.sub(rb"(<SegmentOfResult>)1", rb"\g<1>9", content)
        assert refused != content
        Folder(linked.folders.face).publish(name, refused)
        wait_for(
            lambda: any(check.code == "files.aside" for check in terminal.health()),
            "the state of the desk",
        )
        rows = terminal.store.read(lambda tx: tx.audit.recent(20))
        assert Act.FILE_SET_ASIDE in {row.act for row in rows}
