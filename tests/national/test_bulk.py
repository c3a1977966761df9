"""Many at once: handed in for a 受付番号, and every answer to its own question."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eligibility.asking import BulkAnswers, BulkQuestion, BulkReception, NumberQuestion
from eligibility.codes import QualificationValidity
from eligibility.errors import (
    AnswerForAnotherPersonError,
    PayerProtocolError,
    PayerRefusedError,
    PayerUnavailableError,
)
from eligibility.model import AnswerOutcome, NumberSubject
from eligibility.national import bulk
from eligibility.national.bulk import (
    BulkResponse,
    BulkUnits,
    Download,
    DownloadRequest,
    Reception,
    ReceptionResponse,
)
from eligibility.national.confirmation import read_response as read_single
from eligibility.national.header import RequestHeader, ResponseHeader, read_message
from eligibility.national.results import ConfirmationUnit, QualificationResult, SearchInfo
from eligibility.national.wire import XmlEncoding
from tests.fhir.samples import DAYS, INSTITUTION, INSURERS, maybe
from tests.national.samples import (
    DAY,
    ENCODINGS,
    NOW,
    encoded,
    identifiers,
    message,
    response_headers,
    units,
)

RECEPTION = BulkReception("b-1", "20261124000042", NOW)
HEADER = ResponseHeader("1", INSTITUTION, "b-1", NOW, DAY, reception_number="20261124000042")
PEOPLE = tuple(
    NumberQuestion(f"q-{n}", NumberSubject("00138123", f"42{n}", date(2001, 3, n), "12-34"), DAY)
    for n in (1, 2, 3)
)
BULK = BulkQuestion("b-1", PEOPLE, DAY)


def unit(asked: NumberQuestion, identifier: str | None = "", **changes: Any) -> ConfirmationUnit:
    """Return an answer to one question; ``identifier``: another 任意識別子, or none."""
    search = SearchInfo.of(asked.subject, limit_consent=True, identifier=asked.id)
    if identifier != "":
        search = replace(search, arbitrary_identifier=identifier)
    made = ConfirmationUnit("1", qualification_validity=QualificationValidity.VALID, search=search)
    return replace(made, **changes)


def answers(*found: ConfirmationUnit, header: ResponseHeader = HEADER) -> BulkAnswers:
    """Return what the desk reads of these answers."""
    body = bulk.write_response(BulkResponse(header, BulkUnits(found)), XmlEncoding.UTF_8)
    return bulk.read_answers(body, BULK, RECEPTION, received_at=NOW, institution_code=INSTITUTION)


@given(
    st.lists(
        st.builds(
            NumberSubject,
            INSURERS,
            identifiers(),
            DAYS,
            maybe(identifiers()),
            maybe(identifiers()),
        ),
        max_size=4,
    ),
    ENCODINGS,
)
def test_what_is_handed_in_is_read_as_it_was_written(
    subjects: list[NumberSubject], encoding: XmlEncoding
) -> None:
    """Each question arrives under its own id."""
    questions = tuple(NumberQuestion(f"q-{n}", one, DAY) for n, one in enumerate(subjects))
    asked = bulk.read_request(
        bulk.write_question(BulkQuestion("b-1", questions, DAY), INSTITUTION, encoding)
    )
    assert asked.header == RequestHeader(INSTITUTION, "b-1", DAY)
    assert asked.body.searches == tuple(
        SearchInfo.of(one.subject, limit_consent=True, identifier=one.id) for one in questions
    )


@given(
    encoded(
        lambda words: st.builds(
            ReceptionResponse,
            response_headers(words),
            st.builds(Reception, maybe(words), maybe(words), maybe(words), identifiers()),
        )
    )
)
def test_a_reception_is_read_as_it_was_written(drawn: tuple[Any, XmlEncoding]) -> None:
    """In either encoding."""
    response, encoding = drawn
    body = bulk.write_reception(response, encoding)
    assert read_message(bulk.RECEPTION, body) == response


@given(identifiers(), identifiers(), ENCODINGS)
def test_a_fetching_request_is_read_as_it_was_written(
    bulk_id: str, number: str, encoding: XmlEncoding
) -> None:
    """It names the reception in its body, and the question in its header."""
    body = bulk.write_download(BulkReception(bulk_id, number, NOW), INSTITUTION, encoding)
    assert bulk.read_download(body) == DownloadRequest(
        RequestHeader(INSTITUTION, bulk_id), Download(number)
    )


@given(
    encoded(
        lambda words: st.builds(
            BulkResponse,
            response_headers(words),
            st.builds(
                BulkUnits,
                # a unit that says nothing at all is written as an empty element
                st.lists(units(words), max_size=3).map(tuple),
            ),
        )
    )
)
def test_answers_are_read_as_they_were_written(drawn: tuple[Any, XmlEncoding]) -> None:
    """Whatever is answered to however many, in either encoding."""
    response, encoding = drawn
    if response.body == BulkUnits():  # an empty MessageBody holds nothing
        response = replace(response, body=None)
    assert bulk.read_response(bulk.write_response(response, encoding)) == response


def test_every_answer_goes_to_its_own_question_in_any_order() -> None:
    """By the question's own id; who was left out is named."""
    found = answers(unit(PEOPLE[2]), unit(PEOPLE[0]))
    assert [(one.question_id, one.subject) for one in found.answers] == [
        ("q-3", PEOPLE[2].subject),
        ("q-1", PEOPLE[0].subject),
    ]
    assert found.missing == ("q-2",)
    assert found.reception == RECEPTION


def test_each_answers_original_is_its_part_of_the_file() -> None:
    """Nobody's original holds another person's data."""
    found = answers(unit(PEOPLE[0]), unit(PEOPLE[1]))
    first, second = (one.original.decode() for one in found.answers)
    assert "<InsuredIdentificationNumber>421<" in first
    assert "422" not in first
    assert "<InsuredIdentificationNumber>422<" in second
    assert found.original.startswith(b"<?xml")


def test_an_answer_without_an_id_goes_to_whom_it_repeats() -> None:
    """Without 任意識別子, insured number and birth date must fit one question."""
    found = answers(*(unit(one, None) for one in PEOPLE))
    assert [one.question_id for one in found.answers] == ["q-1", "q-2", "q-3"]


def test_an_id_may_stand_at_the_result() -> None:
    """As some answers have it."""
    coverage = read_single(message()).body.results[0].coverage  # type: ignore[union-attr]  # has one
    coverage = replace(coverage, person=replace(coverage.person, birthdate=date(2001, 3, 2)))
    result = QualificationResult(coverage, arbitrary_identifier="q-2")
    found = answers(unit(PEOPLE[1], None, search=None, results=(result,)))
    assert [one.question_id for one in found.answers] == ["q-2"]


@pytest.mark.parametrize(
    "found",
    [
        (unit(PEOPLE[0]), unit(PEOPLE[0])),
        (unit(PEOPLE[0], "q-9"),),
        (unit(PEOPLE[0], None, search=None),),
        (unit(PEOPLE[0], None), unit(PEOPLE[0], None)),
        (ConfirmationUnit("1", search=SearchInfo("00138123")),),
    ],
)
def test_an_answer_to_no_question_spoils_the_file(found: tuple[ConfirmationUnit, ...]) -> None:
    """A second answer to one question, and one to nobody: none of the file is taken."""
    with pytest.raises(PayerProtocolError) as refused:
        answers(*found)
    assert b"BulkConfirmUnit" in refused.value.original


def test_an_answer_about_another_person_spoils_the_file() -> None:
    """The id of one and the number of another: a file that mixes people up is not trusted."""
    with pytest.raises(AnswerForAnotherPersonError) as refused:
        answers(unit(PEOPLE[0]), unit(PEOPLE[1], "q-3"))
    assert refused.value.question_id == "q-3"


def test_two_that_cannot_be_told_apart_are_not_told_apart() -> None:
    """Without ids, two questions about the same number leave it open which is answered."""
    twins = BulkQuestion("b-1", (PEOPLE[0], replace(PEOPLE[0], id="q-9")), DAY)
    body = bulk.write_response(
        BulkResponse(HEADER, BulkUnits((unit(PEOPLE[0], None),))), XmlEncoding.UTF_8
    )
    with pytest.raises(PayerProtocolError):
        bulk.read_answers(body, twins, RECEPTION, received_at=NOW, institution_code=None)


def test_one_persons_error_is_that_persons_alone() -> None:
    """The others have their answers."""
    wrong = unit(
        PEOPLE[0],
        processing_result_status="2",
        processing_result_code="E1",
        processing_result_message="記号・番号に誤りがあります。",
        qualification_validity=None,
    )
    found = answers(wrong, unit(PEOPLE[1]))
    assert [one.outcome for one in found.answers] == [
        AnswerOutcome.ERROR,
        AnswerOutcome.COMPLETE,
    ]
    assert (found.answers[0].code, found.answers[0].message) == (
        "E1",
        "記号・番号に誤りがあります。",
    )


def test_while_the_payer_works_on_it_the_desk_is_told_to_wait() -> None:
    """処理中 is no failure."""
    with pytest.raises(PayerUnavailableError) as refused:
        answers(header=replace(HEADER, segment_of_result="2"))
    assert refused.value.retry_after is not None


def test_a_refused_bulk_has_the_payers_own_words() -> None:
    """Verbatim."""
    header = replace(HEADER, segment_of_result="9", error_code="E9", error_message="期限切れ")
    with pytest.raises(PayerRefusedError) as refused:
        answers(header=header)
    assert (refused.value.code, refused.value.words) == ("E9", "期限切れ")


@pytest.mark.parametrize(
    "changes",
    [
        {"reception_number": "9"},
        {"arbitrary_file_identifier": "b-2"},
        {"reception_number": None, "arbitrary_file_identifier": None},
        {"medical_institution_code": "1310000011"},
    ],
)
def test_another_receptions_answers_are_not_taken(changes: dict[str, Any]) -> None:
    """Nor those that name none, nor another institution's."""
    with pytest.raises(PayerProtocolError):
        answers(unit(PEOPLE[0]), header=replace(HEADER, **changes))


def reception(header: ResponseHeader, body: Reception | None) -> BulkReception:
    """Return the reception that the desk reads."""
    return bulk.read_reception(
        bulk.write_reception(ReceptionResponse(header, body), XmlEncoding.SHIFT_JIS),
        "b-1",
        received_at=NOW,
        institution_code=INSTITUTION,
    )


@pytest.mark.parametrize(
    ("in_header", "in_body"), [("20261124000042", None), (None, "20261124000042")]
)
def test_a_reception_number_may_stand_in_header_or_body(
    in_header: str | None, in_body: str | None
) -> None:
    """Both are told of."""
    header = replace(HEADER, reception_number=in_header)
    assert reception(header, Reception("1", reception_number=in_body)) == RECEPTION


def test_a_reception_without_its_number_is_none() -> None:
    """No number, two numbers, another request's, a refusal: nothing to fetch."""
    none = replace(HEADER, reception_number=None)
    for header, body in (
        (none, Reception("1")),
        (none, None),
        (HEADER, Reception("1", reception_number="1")),
        (replace(HEADER, arbitrary_file_identifier="b-2"), Reception("1")),
    ):
        with pytest.raises(PayerProtocolError):
            reception(header, body)
    for header, body in (
        (replace(HEADER, segment_of_result="3", error_code="E1"), None),
        (none, Reception("2", "E1", reception_number="1")),
    ):
        with pytest.raises(PayerRefusedError, match="E1"):
            reception(header, body)
