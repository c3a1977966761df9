"""The payer's lists: who has a ticket, who consented at home or for an online examination."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eligibility.asking import BulkReception
from eligibility.benefits import MedicalTicket
from eligibility.codes import InsuredCardClassification, TicketType
from eligibility.errors import PayerProtocolError, PayerUnavailableError
from eligibility.model import NumberSubject
from eligibility.national import bulk, lists
from eligibility.national.bulk import BulkResponse, BulkUnits
from eligibility.national.confirmation import read_response as read_single
from eligibility.national.header import RequestHeader, ResponseHeader
from eligibility.national.lists import ListBody, Listed, ListKind, ListRequest, ListSearch
from eligibility.national.results import ConfirmationUnit, QualificationResult
from eligibility.national.wire import XmlEncoding
from tests.fhir.samples import DAYS, INSTITUTION, maybe
from tests.national.samples import ENCODINGS, NOW, identifiers, message

RECEPTION = BulkReception("l-1", "77", NOW)
HEADER = ResponseHeader("1", INSTITUTION, "l-1", NOW, reception_number="77")
SEARCHES = st.builds(
    ListSearch,
    maybe(DAYS.map(lambda day: day.replace(day=1))),
    maybe(DAYS),
    maybe(DAYS),
    maybe(DAYS),
    maybe(DAYS),
    st.sampled_from("123"),
)


@given(SEARCHES, identifiers(), ENCODINGS)
def test_a_request_is_read_as_it_was_written(
    search: ListSearch, request_id: str, encoding: XmlEncoding
) -> None:
    """In either encoding."""
    body = lists.write_request(search, request_id, INSTITUTION, encoding)
    assert lists.read_request(body) == ListRequest(
        RequestHeader(INSTITUTION, request_id), ListBody(search)
    )


@pytest.mark.parametrize(
    ("search", "elements"),
    [
        (
            ListSearch.tickets_of(date(2026, 11, 24)),
            "<MedicalTreatmentMonth>202611</MedicalTreatmentMonth>",
        ),
        (
            ListSearch.consented(ListKind.HOME_VISITS, date(2026, 11, 1), date(2026, 11, 30)),
            "<ConsentDateFrom>20261101</ConsentDateFrom><ConsentDateTo>20261130</ConsentDateTo>"
            "<MedicalTreatmentFlag>2</MedicalTreatmentFlag>",
        ),
        (
            ListSearch.consented(ListKind.ONLINE, date(2026, 11, 1), date(2026, 11, 30)),
            "<ConsentDateFrom>20261101</ConsentDateFrom><ConsentDateTo>20261130</ConsentDateTo>"
            "<MedicalTreatmentFlag>3</MedicalTreatmentFlag>",
        ),
        (
            ListSearch.examined(date(2026, 11, 1), date(2026, 11, 30)),
            "<ExaminationDateFrom>20261101</ExaminationDateFrom>"
            "<ExaminationDateTo>20261130</ExaminationDateTo>"
            "<MedicalTreatmentFlag>3</MedicalTreatmentFlag>",
        ),
    ],
)
def test_a_request_has_the_elements_that_are_known_to_work(
    search: ListSearch, elements: str
) -> None:
    """Of its own list, and no others."""
    body = lists.write_request(search, "l-1", INSTITUTION, XmlEncoding.UTF_8).decode()
    assert (
        "<MessageHeader><MedicalInstitutionCode>1310000003</MedicalInstitutionCode>"
        "<ArbitraryFileIdentifier>l-1</ArbitraryFileIdentifier></MessageHeader><MessageBody>"
        f"<QualificationConfirmSearchInfo>{elements}</QualificationConfirmSearchInfo>"
    ) in body


def test_a_span_that_ends_before_it_begins_is_not_asked_for() -> None:
    """A mistake of the caller's."""
    with pytest.raises(ValueError, match="before it begins"):
        ListSearch.examined(date(2026, 11, 2), date(2026, 11, 1))


def read(*units: ConfirmationUnit, **header: Any) -> Listed:
    """Return the list that the desk reads."""
    response = BulkResponse(replace(HEADER, **header), BulkUnits(units))
    return lists.read_listed(
        bulk.write_response(response, XmlEncoding.SHIFT_JIS),
        RECEPTION,
        received_at=NOW,
        institution_code=INSTITUTION,
    )


def unit(**changes: Any) -> ConfirmationUnit:
    """Return an entry with one qualification of 医療扶助."""
    coverage = read_single(message()).body.results[0].coverage  # type: ignore[union-attr]  # has one
    coverage = replace(
        coverage,
        insured_card_classification=InsuredCardClassification.MEDICAL_ASSISTANCE,
        insurer_number="12138014",
        insured_identification_number="1234569",
        insured_card_symbol=None,
        insured_branch_number=None,
        medical_tickets=(MedicalTicket(TicketType.MEDICAL, issue_number="1"),),
        **changes,
    )
    return ConfirmationUnit("1", results=(QualificationResult(coverage, "0042"),))


def test_everybody_on_a_list_is_told_with_the_number_they_have() -> None:
    """With tickets and 照会番号; each entry's original is its own."""
    found = read(unit(), unit(insurer_name="別の福祉事務所"))
    assert found.unnamed == 0
    first, second = found.answers
    assert first.subject == NumberSubject("12138014", "1234569", date(2001, 3, 27))
    assert first.results[0].medical_tickets[0].ticket_type is TicketType.MEDICAL
    assert first.reference_number == "0042"
    assert "別の福祉事務所" not in first.original.decode()
    assert "別の福祉事務所" in second.original.decode()


def test_an_entry_that_names_nobody_is_counted_and_not_guessed() -> None:
    """The others are there."""
    found = read(ConfirmationUnit("2", "E1"), unit())
    assert (found.unnamed, len(found.answers)) == (1, 1)


def test_another_receptions_list_is_not_taken() -> None:
    """As with bulk answers; while the payer works on it, the desk waits."""
    with pytest.raises(PayerProtocolError):
        read(unit(), reception_number="78")
    with pytest.raises(PayerUnavailableError):
        read(segment_of_result="2")
