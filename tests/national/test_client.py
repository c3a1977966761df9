"""Asking about one person by number: answers, refusals, folders that go wrong."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from eligibility.asking import Capability
from eligibility.codes import QualificationValidity
from eligibility.errors import (
    AnswerForAnotherPersonError,
    ConflictingAnswersError,
    FolderAwayError,
    NotSupportedError,
    PayerProtocolError,
    PayerRefusedError,
    PayerTimeoutError,
    RequestsNotTakenError,
)
from eligibility.model import AnswerOutcome
from eligibility.national.exchange import AskedQuestion, reply_name
from eligibility.simulator.faults import FaultKind
from tests.clinic import wait_for
from tests.national.desk import LinkedWorld, subject_of
from tests.national.exchange import Book

KIND = "OQSsiquc01"


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
    linked.has_read_all(book, first)
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
    linked.has_read_all(book, first)
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
