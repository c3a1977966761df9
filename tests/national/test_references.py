"""照会番号: registered under the right number, and a result only where the payer says one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eligibility.asking import BulkReception, ReferenceNumberRegistration, ReferenceNumberResult
from eligibility.errors import (
    AnswerForAnotherPersonError,
    PayerProtocolError,
    PayerUnavailableError,
    QuestionNotWritableError,
)
from eligibility.model import NumberSubject
from eligibility.national import references
from eligibility.national.header import RequestHeader, ResponseHeader
from eligibility.national.references import (
    BulkRegistrationResponse,
    RegistrationInfo,
    RegistrationResponse,
    RegistrationUnit,
    RegistrationUnits,
)
from eligibility.national.wire import XmlEncoding
from tests.fhir.samples import INSTITUTION, INSURERS, maybe
from tests.national.samples import NOW, encoded, response_headers

ONE = ReferenceNumberRegistration(
    "r-1", NumberSubject("00138123", "4260", date(2001, 3, 27), "12-34", "01"), "0042"
)
TWO = ReferenceNumberRegistration("r-2", NumberSubject("01130012", "77", date(1984, 5, 17)), "0043")
HEADER = ResponseHeader("1", INSTITUTION, "r-1", NOW)
RECEPTION = BulkReception("b-1", "20261124000042", NOW)
BULK_HEADER = replace(HEADER, arbitrary_file_identifier="b-1", reception_number="20261124000042")


def _units(words: st.SearchStrategy[str]) -> st.SearchStrategy[RegistrationUnit]:
    info = st.builds(
        RegistrationInfo, words, maybe(INSURERS), maybe(words), maybe(words), maybe(words)
    )
    return st.builds(
        RegistrationUnit, st.just("1"), maybe(words), maybe(words), maybe(info), maybe(words)
    )


@given(
    encoded(lambda words: st.builds(RegistrationResponse, response_headers(words), _units(words)))
)
def test_a_response_is_read_as_it_was_written(drawn: tuple[Any, XmlEncoding]) -> None:
    """In either encoding."""
    response, encoding = drawn
    assert references.read_response(references.write_response(response, encoding)) == response


@given(
    encoded(
        lambda words: st.builds(
            BulkRegistrationResponse,
            response_headers(words),
            st.builds(
                RegistrationUnits, st.lists(_units(words), min_size=1, max_size=3).map(tuple)
            ),
        )
    )
)
def test_a_bulk_response_is_read_as_it_was_written(drawn: tuple[Any, XmlEncoding]) -> None:
    """In either encoding."""
    response, encoding = drawn
    body = references.write_bulk_response(response, encoding)
    assert references.read_bulk_response(body) == response


def test_a_request_has_the_elements_that_are_known_to_work() -> None:
    """Names, order and the spaces before a short number; what is empty is left out."""
    body = references.write_registrations((ONE, TWO), "b-1", INSTITUTION, XmlEncoding.SHIFT_JIS)
    assert body.decode("cp932") == (
        '<?xml version="1.0" encoding="Shift_JIS" standalone="no"?>\n<XmlMsg><MessageHeader>'
        "<MedicalInstitutionCode>1310000003</MedicalInstitutionCode>"
        "<ArbitraryFileIdentifier>b-1</ArbitraryFileIdentifier></MessageHeader><MessageBody>"
        "<ReferenceNumberRegistrationInfo><ReferenceNumber>0042</ReferenceNumber>"
        "<InsurerNumber>  138123</InsurerNumber><InsuredCardSymbol>12-34</InsuredCardSymbol>"
        "<InsuredIdentificationNumber>4260</InsuredIdentificationNumber>"
        "<InsuredBranchNumber>01</InsuredBranchNumber></ReferenceNumberRegistrationInfo>"
        "<ReferenceNumberRegistrationInfo><ReferenceNumber>0043</ReferenceNumber>"
        "<InsurerNumber>01130012</InsurerNumber>"
        "<InsuredIdentificationNumber>77</InsuredIdentificationNumber>"
        "</ReferenceNumberRegistrationInfo></MessageBody></XmlMsg>"
    )
    asked = references.read_request(body)
    assert asked.header == RequestHeader(INSTITUTION, "b-1")
    assert asked.body.registrations == (RegistrationInfo.of(ONE), RegistrationInfo.of(TWO))


def test_a_number_that_cannot_be_written_is_named() -> None:
    """Never registered under another one."""
    with pytest.raises(QuestionNotWritableError) as refused:
        references.write_registrations(
            (replace(ONE, reference_number="👍"),), "r-1", INSTITUTION, XmlEncoding.SHIFT_JIS
        )
    assert refused.value.field == "ReferenceNumber"


def registered(unit: RegistrationUnit | None, **header: Any) -> ReferenceNumberResult:
    """Return what the desk reads of the answer to ONE."""
    response = RegistrationResponse(replace(HEADER, **header), unit)
    body = references.write_response(response, XmlEncoding.UTF_8)
    return references.read_registered(body, ONE, institution_code=INSTITUTION)


def test_a_result_is_what_the_payer_says() -> None:
    """Taken, refused for this person, refused as a file: each with the payer's code and words."""
    info = RegistrationInfo.of(ONE)
    assert registered(RegistrationUnit("1", registration=info)) == ReferenceNumberResult(
        "r-1", True
    )
    assert registered(RegistrationUnit("1", reference_number="0042")) == ReferenceNumberResult(
        "r-1", True
    )
    refused = RegistrationUnit("2", "E1", "該当者なし", info)
    assert registered(refused) == ReferenceNumberResult("r-1", False, "E1", "該当者なし")
    assert registered(None, segment_of_result="9", error_code="E9", error_message="停止中") == (
        ReferenceNumberResult("r-1", False, "E9", "停止中")
    )


def test_a_file_that_says_nothing_is_no_success() -> None:
    """That an answer lies there does not mean that it was taken."""
    for unit in (RegistrationUnit(registration=RegistrationInfo.of(ONE)), None):
        with pytest.raises(PayerProtocolError):
            registered(unit)
    with pytest.raises(PayerProtocolError):
        registered(RegistrationUnit(processing_result_status="1"), arbitrary_file_identifier=None)
    with pytest.raises(PayerUnavailableError):
        registered(None, segment_of_result="2")


@pytest.mark.parametrize(
    ("info", "header"),
    [
        (replace(RegistrationInfo.of(ONE), reference_number="0043"), {}),
        (replace(RegistrationInfo.of(ONE), insured_identification_number="4261"), {}),
        (replace(RegistrationInfo.of(ONE), insured_branch_number="02"), {}),
        (RegistrationInfo.of(ONE), {"arbitrary_file_identifier": "r-2"}),
    ],
)
def test_another_registrations_result_is_never_taken(
    info: RegistrationInfo, header: dict[str, Any]
) -> None:
    """A number that went to another patient must not be counted as this one's."""
    with pytest.raises(AnswerForAnotherPersonError):
        registered(RegistrationUnit("1", registration=info), **header)


def bulk_registered(*units: RegistrationUnit, **header: Any) -> tuple[ReferenceNumberResult, ...]:
    """Return what the desk reads of the answers to ONE and TWO."""
    response = BulkRegistrationResponse(replace(BULK_HEADER, **header), RegistrationUnits(units))
    return references.read_bulk_registered(
        references.write_bulk_response(response, XmlEncoding.UTF_8),
        (ONE, TWO),
        RECEPTION,
        institution_code=INSTITUTION,
    )


def test_each_result_of_many_goes_to_its_own_registration() -> None:
    """In any order; what the payer leaves out has no result."""
    one = RegistrationUnit("2", "E1", registration=RegistrationInfo.of(ONE))
    two = RegistrationUnit("1", registration=RegistrationInfo.of(TWO))
    first, second = ReferenceNumberResult("r-1", False, "E1"), ReferenceNumberResult("r-2", True)
    assert bulk_registered(two, one) == (second, first)
    assert bulk_registered(two) == (second,)


@pytest.mark.parametrize(
    "units",
    [
        [RegistrationInfo.of(ONE), RegistrationInfo.of(ONE)],
        [replace(RegistrationInfo.of(ONE), reference_number="0043")],
        [replace(RegistrationInfo.of(ONE), reference_number=None)],
    ],
)
def test_a_result_of_no_registration_spoils_the_file(units: list[RegistrationInfo]) -> None:
    """Nothing of a file that mixes numbers up is taken."""
    with pytest.raises(PayerProtocolError):
        bulk_registered(*(RegistrationUnit("1", registration=info) for info in units))


def test_results_of_another_reception_are_not_taken() -> None:
    """As with bulk answers."""
    with pytest.raises(PayerProtocolError):
        bulk_registered(reception_number="9")
    with pytest.raises(PayerUnavailableError):
        bulk_registered(segment_of_result="2")
