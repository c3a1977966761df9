import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from eligibility.asking import (
    BulkQuestion,
    Capability,
    ReferenceNumberBatch,
    ReferenceNumberRegistration,
)
from eligibility.codes import ConsentCategory, InformationConsent, QualificationValidity
from eligibility.errors import (
    AnswerForAnotherPersonError,
    ConflictingAnswersError,
    ConsentRequiredError,
    FolderAwayError,
    NotSupportedError,
    PayerProtocolError,
    PayerRefusedError,
    PayerTimeoutError,
    PayerUnavailableError,
    RequestsNotTakenError,
)
from eligibility.model import (
    AnswerOutcome,
    Consent,
    ConsentChannel,
    ConsentDecision,
    Coverage,
)
from eligibility.national.exchange import AskedQuestion, reply_name
from eligibility.simulator.faults import FaultKind
from eligibility.simulator.people import Person
from eligibility.simulator.pki import DEFAULT_INSTITUTION
from eligibility.simulator.records import checkups_of, medications_of, treatments_of
from tests.clinic import wait_for
from tests.national.desk import LinkedWorld, kinds_sent, opened_link, subject_of
from tests.national.exchange import Book

KIND = "OQSsiquc01"


@pytest.fixture
def linked(tmp_path: Path) -> Iterator[LinkedWorld]:
    """A payer behind drop folders."""
    with opened_link(tmp_path) as linked:
        yield linked


@pytest.mark.parametrize("encoding", ["utf-8", "shift_jis"])
def test_everybody_of_the_payers_is_found_by_number(linked: LinkedWorld, encoding: str) -> None:
    """What the payer holds is what the desk is told, field by field, in either encoding."""
    payer = linked.payer(encoding=encoding)
    for person, coverage in list(linked.people())[:25]:
        answer = payer.ask_by_number(linked.question(coverage))
        assert answer.outcome is AnswerOutcome.COMPLETE
        assert answer.qualification_validity is QualificationValidity.VALID
        (told,) = answer.results
        for wide in ("name", "name_kana", "birthdate", "sex"):
            assert getattr(told.person, wide) == getattr(coverage.person, wide)
        assert told == coverage
        assert answer.reference_number == person.reference_number
        assert answer.subject == subject_of(coverage)


def test_an_unknown_number_is_answered_as_unknown(linked: LinkedWorld) -> None:
    """該当資格なし is an answer, not an error."""
    _person, coverage = linked.somebody()
    wrong = replace(coverage, insured_identification_number="99999999")
    answer = linked.payer().ask_by_number(linked.question(wrong))
    assert answer.qualification_validity is QualificationValidity.NOT_FOUND
    assert answer.results == ()


def test_a_slow_answer_is_taken_when_the_question_is_asked_again(linked: LinkedWorld) -> None:
    """Late is late, not lost: the same question under the same id takes it, and asks nothing."""
    book = Book()
    payer = linked.payer(book, answer_seconds=0.3)
    _person, coverage = linked.somebody()
    question = linked.question(coverage)
    book.asked[question.id] = AskedQuestion(is_open=True)
    linked.fails(FaultKind.SLOW, seconds=1, times=1)
    with pytest.raises(PayerTimeoutError):
        payer.ask_by_number(question)
    wait_for(lambda: linked.link.answered == 1, "the late answer")
    answer = payer.ask_by_number(question)
    assert answer.results == (coverage,)
    assert linked.link.answered == 1


def test_a_question_that_is_asked_twice_has_one_answer(linked: LinkedWorld) -> None:
    """The payer answered both requests: the same facts twice are one answer."""
    book = Book()
    payer = linked.payer(book)
    _person, coverage = linked.somebody()
    question = linked.question(coverage)
    book.asked[question.id] = AskedQuestion(is_open=True)
    first = payer.ask_by_number(question)
    twin = first.original.replace(first.original[-20:], first.original[-20:] + b"\n")
    (linked.folders.res / reply_name(KIND, f"{question.id}_again")).write_bytes(twin)
    time.sleep(0.5)
    again = payer.ask_by_number(question)
    assert again.results == first.results
    assert book.aside == []


def test_two_answers_that_differ_are_none(linked: LinkedWorld) -> None:
    """Neither is taken, both are kept, and the folder is clear for asking again."""
    book = Book()
    payer = linked.payer(book)
    _person, coverage = linked.somebody()
    question = linked.question(coverage)
    book.asked[question.id] = AskedQuestion(is_open=True)
    first = payer.ask_by_number(question)
    other = first.original.replace(b"QualificationValidity>1<", b"QualificationValidity>2<")
    assert other != first.original
    (linked.folders.res / reply_name(KIND, f"{question.id}_b")).write_bytes(other)
    time.sleep(0.5)
    with pytest.raises(ConflictingAnswersError):
        payer.ask_by_number(question)
    assert {reason for _, reason in book.told} == {"conflicting"}
    assert len(book.told) == 2
    assert linked.leftovers() == []
    assert payer.ask_by_number(question).results == (coverage,)


def test_another_persons_answer_is_set_aside(linked: LinkedWorld) -> None:
    """It is told as what it is, kept, and not shown when the question is asked again."""
    book = Book()
    payer = linked.payer(book)
    _person, coverage = linked.somebody()
    question = linked.question(coverage)
    linked.fails(FaultKind.ANOTHER_PATIENT, times=1)
    with pytest.raises(AnswerForAnotherPersonError):
        payer.ask_by_number(question)
    assert [reason for _, reason in book.told] == ["another-person"]
    assert linked.leftovers() == []
    assert payer.ask_by_number(question).results == (coverage,)


def test_a_queued_answer_is_asked_for_again(linked: LinkedWorld) -> None:
    """処理中 is no end: its file is of no use once it is known, and the next one is taken."""
    payer = linked.payer()
    _person, coverage = linked.somebody()
    question = linked.question(coverage)
    linked.fails(FaultKind.QUEUED, times=1)
    assert payer.ask_by_number(question).outcome is AnswerOutcome.QUEUED
    assert linked.leftovers() == []
    assert payer.ask_by_number(question).outcome is AnswerOutcome.COMPLETE


def test_the_same_reply_twice_is_one_answer(linked: LinkedWorld) -> None:
    """A reply under two names is one."""
    payer = linked.payer()
    _person, coverage = linked.somebody()
    linked.fails(FaultKind.DUPLICATE_REPLY, times=1)
    assert payer.ask_by_number(linked.question(coverage)).results == (coverage,)


@pytest.mark.parametrize("kind", [FaultKind.REFUSE, FaultKind.TOO_MANY, FaultKind.ERROR])
def test_a_refusal_carries_the_payers_own_words(linked: LinkedWorld, kind: FaultKind) -> None:
    """Code and message are the payer's, verbatim."""
    linked.fails(kind, times=1)
    _person, coverage = linked.somebody()
    with pytest.raises(PayerRefusedError) as caught:
        linked.payer().ask_by_number(linked.question(coverage))
    assert caught.value.code.startswith("SIM")
    assert caught.value.words.endswith("。")
    assert caught.value.original


@pytest.mark.parametrize(
    "kind", [FaultKind.HALF_REPLY, FaultKind.MALFORMED, FaultKind.BAD_ENCODING]
)
def test_an_unreadable_answer_is_kept_and_the_next_is_taken(
    linked: LinkedWorld, kind: FaultKind
) -> None:
    """What cannot be read is one error with its bytes, and stands in nobody's way."""
    book = Book()
    payer = linked.payer(book)
    _person, coverage = linked.somebody()
    question = linked.question(coverage)
    linked.fails(kind, times=1)
    with pytest.raises(PayerProtocolError) as caught:
        payer.ask_by_number(question)
    assert caught.value.original
    assert [reason for _, reason in book.told] == ["unreadable"]
    assert payer.ask_by_number(question).results == (coverage,)


@pytest.mark.parametrize("kind", [FaultKind.RESET, FaultKind.UNAVAILABLE, FaultKind.DOWN])
def test_no_answer_is_a_timeout(linked: LinkedWorld, kind: FaultKind) -> None:
    """A request that nobody answers ends with the time limit, and can be asked again."""
    payer = linked.payer(answer_seconds=0.5)
    _person, coverage = linked.somebody()
    question = linked.question(coverage)
    linked.fails(kind)
    with pytest.raises(PayerTimeoutError):
        payer.ask_by_number(question)
    linked.works()
    assert linked.payer(answer_seconds=5).ask_by_number(question).results == (coverage,)


def test_a_request_that_still_lies_there_is_not_written_again(linked: LinkedWorld) -> None:
    """While the link application is down the folder does not fill with the same question."""
    payer = linked.payer(answer_seconds=0.2)
    _person, coverage = linked.somebody()
    question = linked.question(coverage)
    linked.fails(FaultKind.DOWN)
    for _ in range(2):
        with pytest.raises(PayerTimeoutError):
            payer.ask_by_number(question)
    (request,) = linked.folders.req.iterdir()
    assert request.name == f"{KIND}req_{question.id}.xml"
    assert request.stat().st_mode & 0o007 == 0
    linked.works()


def test_requests_that_nobody_takes_are_told(linked: LinkedWorld) -> None:
    """The doctor names a link application that is not running."""
    payer = linked.payer(answer_seconds=0.2)
    payer.check_reachable()
    _person, coverage = linked.somebody()
    linked.fails(FaultKind.DOWN)
    with pytest.raises(PayerTimeoutError):
        payer.ask_by_number(linked.question(coverage))
    payer.check_reachable()
    linked.world.clock.moment = datetime.now(UTC) + timedelta(hours=1)
    with pytest.raises(RequestsNotTakenError):
        payer.check_reachable()
    linked.works()


def test_a_folder_that_is_away_is_told_by_name(linked: LinkedWorld) -> None:
    """Which folder it is tells the installer where to look."""
    payer = linked.payer()
    linked.folders.res.rename(linked.folders.base / "elsewhere")
    with pytest.raises(FolderAwayError, match="res"):
        payer.check_reachable()
    _person, coverage = linked.somebody()
    with pytest.raises(FolderAwayError, match="res"):
        payer.ask_by_number(linked.question(coverage))
    (linked.folders.base / "elsewhere").rename(linked.folders.res)
    assert payer.ask_by_number(linked.question(coverage)).results == (coverage,)


def test_what_the_interface_does_not_know_is_not_sent(linked: LinkedWorld) -> None:
    """A card cannot be asked about; a desk without a folder for visits is told of none."""
    payer = linked.payer(face_dir=None)
    assert Capability.PUSHED_VISITS not in payer.capabilities
    assert Capability.BY_CARD not in payer.capabilities
    with pytest.raises(NotSupportedError):
        payer.issue_challenge()
    with pytest.raises(NotSupportedError):
        payer.next_pushed_visit(0)
    assert linked.leftovers() == []


# -- many at once, and reference numbers ----------------------------------------------------------


def test_many_are_handed_in_together_and_fetched_later(linked: LinkedWorld) -> None:
    """Both steps: a reception number, then an answer for each question under its own id."""
    payer = linked.payer()
    people = list(linked.people())[:30]
    questions = tuple(linked.question(coverage) for _, coverage in people)
    question = BulkQuestion("b-1", questions, linked.world.today)
    reception = payer.start_bulk(question)
    assert payer.start_bulk(question).reception_number == reception.reception_number
    linked.fails(FaultKind.QUEUED, times=1)
    with pytest.raises(PayerUnavailableError) as caught:
        payer.collect_bulk(question, reception)
    assert caught.value.retry_after
    found = payer.collect_bulk(question, reception)
    assert found.missing == ()
    by_question = {answer.question_id: answer for answer in found.answers}
    for asked, (_, coverage) in zip(questions, people, strict=True):
        assert by_question[asked.id].results == (coverage,)
    assert linked.leftovers() == []


def test_what_the_payer_leaves_out_of_many_is_named(linked: LinkedWorld) -> None:
    """Nothing is known of those, and nothing is made up."""
    payer = linked.payer()
    questions = tuple(linked.question(coverage) for _, coverage in list(linked.people())[:6])
    question = BulkQuestion("b-1", questions, linked.world.today)
    reception = payer.start_bulk(question)
    linked.fails(FaultKind.PARTIAL, times=1)
    found = payer.collect_bulk(question, reception)
    assert set(found.missing) == {one.id for one in questions[3:]}


def test_a_reference_number_is_registered_and_comes_back(linked: LinkedWorld) -> None:
    """照会番号: the clinic's own number of the patient stands in the next answer."""
    payer = linked.payer()
    _person, coverage = linked.somebody()
    subject = subject_of(coverage)
    registrations = [ReferenceNumberRegistration("r-1", subject, "K-0042")]
    (result,) = payer.register_reference_numbers(registrations)
    assert result.accepted
    answer = payer.ask_by_number(linked.question(coverage))
    assert answer.reference_number == "K-0042"
    linked.fails(FaultKind.REFUSE, times=1)
    (refused,) = payer.register_reference_numbers(
        [ReferenceNumberRegistration("r-2", subject, "K-0043")]
    )
    assert not refused.accepted
    assert refused.code == "SIM0101"


def registrations_of(linked: LinkedWorld, count: int) -> list[ReferenceNumberRegistration]:
    """Return registrations of the first people."""
    people = list(linked.people())[:count]
    return [
        ReferenceNumberRegistration(f"m-{n}", subject_of(coverage), f"M-{n}")
        for n, (_, coverage) in enumerate(people)
    ]


def test_several_reference_numbers_go_in_one_exchange(linked: LinkedWorld) -> None:
    """Handed in and fetched once for all of them, and each comes back with its own person."""
    payer = linked.payer()
    registrations = registrations_of(linked, 3)
    batch = ReferenceNumberBatch("rb-1", tuple(registrations))
    results = payer.collect_registrations(batch, payer.start_registrations(batch))
    assert sorted((one.registration_id, one.accepted) for one in results) == [
        ("m-0", True),
        ("m-1", True),
        ("m-2", True),
    ]
    assert kinds_sent(linked) == ["OQSmuimm01", "OQSmuimm02"]
    assert linked.leftovers() == []
    for registration, (_, coverage) in zip(registrations, linked.people(), strict=False):
        answer = payer.ask_by_number(linked.question(coverage))
        assert answer.reference_number == registration.reference_number


def test_what_the_payer_works_on_is_fetched_later_and_not_handed_in_twice(
    linked: LinkedWorld,
) -> None:
    """The wait is told; any desk that has the reception number goes on from there."""
    payer = linked.payer()
    batch = ReferenceNumberBatch("rb-1", tuple(registrations_of(linked, 2)))
    reception = payer.start_registrations(batch)
    linked.fails(FaultKind.QUEUED, path="OQSmuimm02")
    with pytest.raises(PayerUnavailableError) as working:
        payer.collect_registrations(batch, reception)
    assert working.value.retry_after
    linked.works()
    results = linked.payer().collect_registrations(batch, reception)
    assert {one.registration_id for one in results} == {"m-0", "m-1"}
    assert kinds_sent(linked) == ["OQSmuimm01", "OQSmuimm02", "OQSmuimm02"]


def test_one_that_the_payer_leaves_out_of_several_has_no_result(linked: LinkedWorld) -> None:
    """Nothing says that it was taken; a refusal of the whole is an error."""
    payer = linked.payer()
    batch = ReferenceNumberBatch("rb-1", tuple(registrations_of(linked, 2)))
    reception = payer.start_registrations(batch)
    linked.fails(FaultKind.PARTIAL, path="OQSmuimm02")
    (only,) = payer.collect_registrations(batch, reception)
    assert only.registration_id == "m-0"
    linked.fails(FaultKind.REFUSE, path="OQSmuimm01")
    with pytest.raises(PayerRefusedError):
        payer.start_registrations(batch)


# -- card visits at the national reader ----------------------------------------------------------


def test_a_pushed_visit_is_told_until_it_is_settled(linked: LinkedWorld) -> None:
    """It comes with what the payer holds and the consents given there."""
    payer = linked.payer()
    person, coverage = linked.somebody()
    name = linked.link.push_visit(DEFAULT_INSTITUTION, person, [ConsentCategory.YZK])
    visit = payer.next_pushed_visit(5)
    assert visit is not None
    assert visit.told_as == name
    assert visit.answer is not None
    assert visit.answer.subject == subject_of(coverage)
    (told,) = visit.answer.results
    assert told.pharmacists_info is not None
    assert told.pharmacists_info.flag is InformationConsent.GIVEN
    assert told.diagnosis_info is not None
    assert told.diagnosis_info.flag is InformationConsent.NOT_GIVEN
    again = payer.next_pushed_visit(1)
    assert again is not None
    assert again.id == visit.id
    payer.settle_pushed_visit(visit)
    assert payer.next_pushed_visit(0.3) is None
    # other programs have not seen it yet
    assert (linked.folders.face / name).exists()


def test_in_a_folder_of_ones_own_a_settled_visit_is_removed(linked: LinkedWorld) -> None:
    """Once it is stored, nothing of it stays in plain files, under no name."""
    payer = linked.payer(shared=False)
    person, _coverage = linked.somebody()
    name = linked.link.push_visit(DEFAULT_INSTITUTION, person, [])
    copy = linked.folders.face / name.replace("face_", "face_copy")
    copy.write_bytes((linked.folders.face / name).read_bytes())
    visit = payer.next_pushed_visit(5)
    assert visit is not None
    payer.settle_pushed_visit(visit)
    assert payer.next_pushed_visit(0.3) is None
    assert list(linked.folders.face.iterdir()) == []


def test_visits_come_in_their_order_and_another_institutions_not_at_all(
    linked: LinkedWorld,
) -> None:
    """The folder may be shared by institutions; only ours are told, the oldest first."""
    payer = linked.payer()
    people = [person for person, _ in list(linked.people())[:3]]
    linked.link.push_visit("9999999999", people[0], [])
    told = []
    for person in people:
        linked.world.clock.moment += timedelta(seconds=1)
        told.append(linked.link.push_visit(DEFAULT_INSTITUTION, person, []))
    seen = []
    for _ in people:
        visit = payer.next_pushed_visit(5)
        assert visit is not None
        seen.append(visit.told_as)
        payer.settle_pushed_visit(visit)
    assert seen == told
    assert payer.next_pushed_visit(0.3) is None


def test_old_visits_are_not_opened_again(linked: LinkedWorld) -> None:
    """A desk that begins to look does not open the visits of all former days."""
    payer = linked.payer()
    person, _coverage = linked.somebody()
    name = linked.link.push_visit(DEFAULT_INSTITUTION, person, [])
    content = (linked.folders.face / name).read_bytes()
    (linked.folders.face / name).unlink()
    for number in range(10_000):
        old = f"OQSsiquc01res_face_{number}_20200101{number % 86400:06d}.xml"
        (linked.folders.face / old).write_bytes(content)
    started = time.monotonic()
    assert payer.next_pushed_visit(0) is None
    assert time.monotonic() - started < 30
    assert len(list(linked.folders.face.iterdir())) == 10_000


def test_half_a_visit_is_waited_for_and_what_stays_half_is_set_aside(linked: LinkedWorld) -> None:
    """A file that another program still writes is no error; one that stays half is kept."""
    book = Book()
    payer = linked.payer(book, shared=False)
    person, _coverage = linked.somebody()
    name = linked.link.push_visit(DEFAULT_INSTITUTION, person, [])
    file = linked.folders.face / name
    content = file.read_bytes()
    file.write_bytes(content[:200])
    assert payer.next_pushed_visit(0.5) is None
    file.write_bytes(content)
    assert payer.next_pushed_visit(5) is not None
    file.write_bytes(content[:200])
    wait_for(lambda: payer.next_pushed_visit(0.2) is None and book.aside, "the half one", 10)
    assert book.told == [(name, "unreadable")]
    assert list(linked.folders.face.iterdir()) == []


# -- consented history ----------------------------------------------------------------------------


def consent_for(linked: LinkedWorld, coverage: Coverage, *allowed: ConsentCategory) -> Consent:
    """Return a consent as a pushed visit brings it."""
    given = linked.world.clock()
    return Consent(
        id=f"c-{uuid.uuid4().hex}",
        visit_id="v-1",
        subject=subject_of(coverage),
        decisions=dict.fromkeys(allowed, ConsentDecision.YES),
        given_at=given,
        ends_at=given + timedelta(hours=24),
        channel=ConsentChannel.PAYER,
        payer_ref="v-1",
    )


def with_much_history(linked: LinkedWorld) -> tuple[Person, Coverage]:
    """Return somebody who takes medicines and was at a checkup."""
    today = linked.world.today
    return next(
        (person, coverage)
        for person, coverage in linked.people()
        if medications_of(person, today) and checkups_of(person, today)
    )


def test_each_consented_category_is_fetched_whole(linked: LinkedWorld) -> None:
    """Medicines, treatment and checkups are what the payer has of this person."""
    payer = linked.payer()
    person, coverage = with_much_history(linked)
    categories = (ConsentCategory.YZK, ConsentCategory.SRJ, ConsentCategory.TKK)
    linked.link.push_visit(DEFAULT_INSTITUTION, person, categories)
    consent = consent_for(linked, coverage, *categories)
    today = linked.world.today
    medicines = payer.fetch_history(consent, ConsentCategory.YZK)
    assert medicines.fetched == {ConsentCategory.YZK}
    told = {(one.origin, one.name, one.day) for one in medicines.medications}
    assert told == {(one.origin, one.name, one.day) for one in medications_of(person, today)}
    treatment = payer.fetch_history(consent, ConsentCategory.SRJ)
    assert not treatment.medications
    assert {one.name for one in treatment.treatments} == {
        one.name for one in treatments_of(person, today)
    }
    checkups = payer.fetch_history(consent, ConsentCategory.TKK)
    assert {(one.effective_date, one.item_code) for one in checkups.checkups} == {
        (one.effective_date, one.item_code) for one in checkups_of(person, today)
    }
    # medical data never stays in a file
    assert linked.leftovers() == []


def test_what_is_not_consented_is_not_even_asked(linked: LinkedWorld) -> None:
    """No consent, another category's or an ended one: nothing is written."""
    payer = linked.payer()
    _person, coverage = with_much_history(linked)
    consent = consent_for(linked, coverage, ConsentCategory.TKK)
    with pytest.raises(ConsentRequiredError):
        payer.fetch_history(consent, ConsentCategory.YZK)
    linked.world.clock.moment += timedelta(hours=24)
    with pytest.raises(ConsentRequiredError):
        payer.fetch_history(consent, ConsentCategory.TKK)
    assert linked.link.answered == 0
    assert linked.leftovers() == []


def test_treatment_is_not_fetched_where_medicines_are_not_allowed(linked: LinkedWorld) -> None:
    """The interface tells it together with medicines only, so it is left out, and said so."""
    payer = linked.payer()
    person, coverage = with_much_history(linked)
    linked.link.push_visit(DEFAULT_INSTITUTION, person, [ConsentCategory.SRJ])
    consent = consent_for(linked, coverage, ConsentCategory.SRJ, ConsentCategory.SHJ)
    for category in (ConsentCategory.SRJ, ConsentCategory.SHJ):
        told = payer.fetch_history(consent, category)
        assert not told.fetched
        assert told.untold == {category}
    assert linked.link.answered == 0


def test_history_that_the_payer_refuses_or_mixes_up_is_kept_nowhere(linked: LinkedWorld) -> None:
    """The error carries no byte of it, and nothing is set aside with its content."""
    book = Book()
    payer = linked.payer(book)
    person, coverage = with_much_history(linked)
    consent = consent_for(linked, coverage, ConsentCategory.YZK)
    with pytest.raises(PayerRefusedError, match="9") as refused:
        payer.fetch_history(consent, ConsentCategory.YZK)
    assert refused.value.original == b""
    linked.link.push_visit(DEFAULT_INSTITUTION, person, [ConsentCategory.YZK])
    linked.fails(FaultKind.ANOTHER_PATIENT, times=1)
    with pytest.raises(AnswerForAnotherPersonError) as mixed:
        payer.fetch_history(consent, ConsentCategory.YZK)
    assert mixed.value.original == b""
    linked.fails(FaultKind.HALF_REPLY, times=1)
    with pytest.raises(PayerProtocolError) as half:
        payer.fetch_history(consent, ConsentCategory.YZK)
    assert half.value.original == b""
    assert {reason for _, reason in book.told} == {"another-person", "unreadable"}
    assert all(one.content is None for one in book.aside)
    assert linked.leftovers() == []
    assert payer.fetch_history(consent, ConsentCategory.YZK).medications
