"""What an answer said that no layout knows: kept, and shown with its place."""

from __future__ import annotations

from dataclasses import replace

from eligibility.asking import BulkQuestion, BulkReception
from eligibility.national import bulk, confirmation
from eligibility.national.bulk import BulkResponse, BulkUnits
from eligibility.national.header import ResponseHeader
from eligibility.national.results import ConfirmationUnit, SearchInfo
from eligibility.national.unread import lines, unread_elements
from eligibility.national.wire import XmlEncoding
from tests.eligibility.answers import ANSWER
from tests.national.samples import DAY, FACE, NOW, QUESTION, SUBJECT, message

NEW = '<New kind="a"><Inner>１</Inner><Empty/></New>'


def test_unknown_values_are_told_with_the_way_to_them() -> None:
    """Text, attributes and empty elements, in either encoding."""
    for encoding in XmlEncoding:
        body = message(FACE.replace("<Sex1>", f"{NEW}<Sex1>"), encoding)
        answer = confirmation.read_answer(body, QUESTION, received_at=NOW, institution_code=None)
        (found,) = unread_elements(answer)
        way = "MessageBody/ResultList/ResultOfQualificationConfirmation/New"
        assert list(lines(found)) == [
            (f"{way}/@kind", "a"),
            (f"{way}/Inner", "１"),
            (f"{way}/Empty", ""),
        ]


def test_of_many_answers_each_tells_its_own() -> None:
    """The original of one is its part of the file."""
    unit = ConfirmationUnit(
        "1", search=SearchInfo.of(SUBJECT, limit_consent=True, identifier="q-1")
    )
    header = ResponseHeader("1", None, "b-1", NOW, reception_number="7")
    body = bulk.write_response(BulkResponse(header, BulkUnits((unit,))), XmlEncoding.UTF_8)
    body = body.replace(b"</BulkConfirmUnit>", f"{NEW}</BulkConfirmUnit>".encode())
    read = bulk.read_answers(
        body,
        BulkQuestion("b-1", (QUESTION,), DAY),
        BulkReception("b-1", "7", NOW),
        received_at=NOW,
        institution_code=None,
    )
    (found,) = unread_elements(read.answers[0])
    assert found.name == "New"


def test_an_answer_over_another_interface_has_none() -> None:
    """Nor has one whose original is kept no more."""
    assert unread_elements(ANSWER) == ()
    assert unread_elements(replace(ANSWER, adapter="national", original=b"")) == ()
