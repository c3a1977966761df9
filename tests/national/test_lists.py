"""The payer's lists: who has a ticket, who consented at home or for an online examination."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eligibility.asking import BulkReception, Capability, Listed, ListKind, ListQuestion
from eligibility.benefits import MedicalTicket
from eligibility.calendar import JAPAN
from eligibility.codes import InsuredCardClassification, TicketType
from eligibility.errors import PayerProtocolError, PayerUnavailableError
from eligibility.model import NumberSubject
from eligibility.national import bulk, lists
from eligibility.national.bulk import BulkResponse, BulkUnits
from eligibility.national.confirmation import read_response as read_single
from eligibility.national.header import RequestHeader, ResponseHeader, write_message
from eligibility.national.lists import ListBody, ListRequest, ListSearch
from eligibility.national.results import ConfirmationUnit, QualificationResult
from eligibility.national.wire import XmlEncoding
from eligibility.simulator.faults import FaultKind
from tests.fhir.samples import DAYS, INSTITUTION, maybe
from tests.national.desk import LinkedWorld, kinds_sent, opened_link
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
    request = ListRequest(RequestHeader(INSTITUTION, request_id), ListBody(search))
    assert lists.read_request(write_message(lists.REQUEST, request, encoding)) == request


@pytest.mark.parametrize(
    ("question", "elements"),
    [
        (
            ListQuestion("l-1", ListKind.ASSISTANCE, date(2026, 11, 24), date(2026, 11, 24)),
            "<MedicalTreatmentMonth>202611</MedicalTreatmentMonth>",
        ),
        (
            ListQuestion("l-1", ListKind.HOME_VISITS, date(2026, 11, 1), date(2026, 11, 30)),
            "<ConsentDateFrom>20261101</ConsentDateFrom><ConsentDateTo>20261130</ConsentDateTo>"
            "<MedicalTreatmentFlag>2</MedicalTreatmentFlag>",
        ),
        (
            ListQuestion("l-1", ListKind.ONLINE, date(2026, 11, 1), date(2026, 11, 30)),
            "<ConsentDateFrom>20261101</ConsentDateFrom><ConsentDateTo>20261130</ConsentDateTo>"
            "<MedicalTreatmentFlag>3</MedicalTreatmentFlag>",
        ),
        (
            ListQuestion("l-1", ListKind.ONLINE, date(2026, 11, 1), date(2026, 11, 30), True),
            "<ExaminationDateFrom>20261101</ExaminationDateFrom>"
            "<ExaminationDateTo>20261130</ExaminationDateTo>"
            "<MedicalTreatmentFlag>3</MedicalTreatmentFlag>",
        ),
    ],
)
def test_a_request_has_the_elements_that_are_known_to_work(
    question: ListQuestion, elements: str
) -> None:
    """Of its own list, and no others."""
    body = lists.write_question(question, INSTITUTION, XmlEncoding.UTF_8).decode()
    assert (
        "<MessageHeader><MedicalInstitutionCode>1310000003</MedicalInstitutionCode>"
        "<ArbitraryFileIdentifier>l-1</ArbitraryFileIdentifier></MessageHeader><MessageBody>"
        f"<QualificationConfirmSearchInfo>{elements}</QualificationConfirmSearchInfo>"
    ) in body


@pytest.mark.parametrize(
    ("kind", "first", "last", "by_examination"),
    [
        (ListKind.ONLINE, date(2026, 11, 2), date(2026, 11, 1), True),
        (ListKind.ASSISTANCE, date(2026, 11, 30), date(2026, 12, 1), False),
        (ListKind.HOME_VISITS, date(2026, 11, 1), date(2026, 11, 2), True),
    ],
)
def test_what_no_message_asks_for_is_not_asked(
    kind: ListKind, first: date, last: date, by_examination: bool
) -> None:
    """Days in the wrong order, two months of tickets, the day of an examination at home."""
    with pytest.raises(ValueError, match=r"before it begins|one month|only online"):
        ListQuestion("l-1", kind, first, last, by_examination)


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


# -- over drop folders -----------------------------------------------------------------------------

FIRST, LAST = date(2026, 10, 1), date(2026, 11, 24)


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedWorld]:
    """The payer behind its link application."""
    with opened_link(tmp_path_factory.mktemp("lists")) as linked:
        yield linked


@pytest.mark.parametrize(
    ("question", "kinds"),
    [
        (ListQuestion("t-1", ListKind.ASSISTANCE, LAST, LAST), ["OQSmutic01", "OQSmutic02"]),
        (ListQuestion("h-1", ListKind.HOME_VISITS, FIRST, LAST), ["OQSmuhvq01", "OQSmuhvq02"]),
        (ListQuestion("o-1", ListKind.ONLINE, FIRST, LAST, True), ["OQSmuonq01", "OQSmuonq02"]),
    ],
)
def test_a_list_is_asked_for_and_fetched(
    linked: LinkedWorld, question: ListQuestion, kinds: list[str]
) -> None:
    """In two files each way; whoever stands on it is on no other for nothing."""
    payer = linked.payer()
    assert Capability.LISTS in payer.capabilities
    linked.world.running.requests.clear()
    linked.fails(FaultKind.QUEUED, path=kinds[1], times=1)
    reception = payer.start_list(question)
    with pytest.raises(PayerUnavailableError) as working:
        payer.collect_list(question, reception)
    assert working.value.retry_after
    found = linked.payer().collect_list(question, reception)
    assert kinds_sent(linked) == [*kinds, kinds[1]]
    assert linked.leftovers() == []
    assert found.answers
    assert found.unnamed == 0
    for answer in found.answers:
        tickets = [one for result in answer.results for one in result.medical_tickets]
        consents = [one.pharmacists_info for one in answer.results if one.pharmacists_info]
        if question.kind is ListKind.ASSISTANCE:
            assert {one.medical_treatment_month for one in tickets} == {LAST.replace(day=1)}
        else:
            (consent,) = consents
            assert consent.consent_time is not None
            assert FIRST <= consent.consent_time.astimezone(JAPAN).date() <= LAST


def test_days_on_which_nobody_consented_bring_an_empty_list(linked: LinkedWorld) -> None:
    """Which is an answer, and no error."""
    payer = linked.payer()
    long_ago = ListQuestion("e-1", ListKind.HOME_VISITS, date(2020, 1, 1), date(2020, 1, 31))
    assert payer.collect_list(long_ago, payer.start_list(long_ago)).answers == ()
