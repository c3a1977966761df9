"""Questions, messages and strategies that the tests of the messages share."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from hypothesis import strategies as st

from eligibility.asking import NumberQuestion
from eligibility.codes import (
    LimitCertificateChanged,
    PrescriptionIssue,
    ProvisionConsent,
    QualificationValidity,
    ReferenceClassification,
)
from eligibility.model import NumberSubject
from eligibility.national.header import RequestHeader, ResponseHeader
from eligibility.national.results import ConfirmationUnit, QualificationResult, SearchInfo
from eligibility.national.wire import XmlEncoding
from tests.fhir.samples import DAYS, INSTITUTION, INSURERS, codes, coverages, maybe

NOW = datetime(2026, 11, 24, 1, 2, 3, tzinfo=UTC)
DAY = date(2026, 11, 24)
SUBJECT = NumberSubject("00138123", "4260", date(2001, 3, 27), "12-34", "01")
QUESTION = NumberQuestion("q-1", SUBJECT, DAY)

ENCODINGS = st.sampled_from(XmlEncoding)

FACE = """<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<XmlMsg>
  <MessageBody>
    <ResultList>
      <ResultOfQualificationConfirmation>
        <Address>東京都見本区一丁目</Address>
        <SpecificHealthCheckupsInfoConsTime>20261124100203</SpecificHealthCheckupsInfoConsTime>
        <DiagnosisInfoConsFlg>0</DiagnosisInfoConsFlg>
        <SpecificHealthCheckupsInfoAvailableTime>20261125100203</SpecificHealthCheckupsInfoAvailableTime>
        <PersonalFamilyClassification>1</PersonalFamilyClassification>
        <Sex1>1</Sex1>
        <Name>見本　太郎</Name>
        <InsurerNumber>  138123</InsurerNumber>
        <InsuredCardSymbol>12-34</InsuredCardSymbol>
        <NameKana>ﾐﾎﾝ ﾀﾛｳ</NameKana>
        <InsuredCardValidDate>20191001</InsuredCardValidDate>
        <LimitApplicationCertificateRelatedConsFlg>0</LimitApplicationCertificateRelatedConsFlg>
        <InsuredCardClassification>01</InsuredCardClassification>
        <InsuredBranchNumber>01</InsuredBranchNumber>
        <Birthdate>20010327</Birthdate>
        <InsuredIdentificationNumber>4260</InsuredIdentificationNumber>
        <InsuredPartialContributionRatio>030</InsuredPartialContributionRatio>
        <PharmacistsInfoAvailableTime>20261125100203</PharmacistsInfoAvailableTime>
        <SpecificHealthCheckupsInfoConsFlg>1</SpecificHealthCheckupsInfoConsFlg>
        <PharmacistsInfoConsTime>20261124100203</PharmacistsInfoConsTime>
        <PharmacistsInfoConsFlg>1</PharmacistsInfoConsFlg>
        <InsurerName>見本市</InsurerName>
        <PostNumber>123-4567</PostNumber>
      </ResultOfQualificationConfirmation>
    </ResultList>
    <ProcessingResultStatus>1</ProcessingResultStatus>
    <QualificationValidity>1</QualificationValidity>
    <ReferenceNumber>0042</ReferenceNumber>
  </MessageBody>
  <MessageHeader>
    <ProcessExecutionTime>20261124100203</ProcessExecutionTime>
    <CharacterCodeIdentifier>0</CharacterCodeIdentifier>
    <SegmentOfResult>1</SegmentOfResult>
    <QualificationConfirmationDate>20261124</QualificationConfirmationDate>
    <ReferenceClassification>1</ReferenceClassification>
    <ArbitraryFileIdentifier>q-1</ArbitraryFileIdentifier>
    <MedicalInstitutionCode>1310000003</MedicalInstitutionCode>
  </MessageHeader>
</XmlMsg>
"""
"""A card visit as it comes: elements in any order, body before header, one name in half width."""


def message(text: str = FACE, encoding: XmlEncoding = XmlEncoding.UTF_8) -> bytes:
    """Return a message in an encoding that it declares."""
    return text.replace('encoding="UTF-8"', f'encoding="{encoding.value}"').encode(encoding.codec)


# -- Strategies ------------------------------------------------------------------------------------


def _is_plain(text: str) -> bool:
    """Whether a text has no white space at its ends, which a reader takes for padding."""
    return bool(text.strip()) and text == text.strip(" \t\r\n")


def _is_shift_jis(character: str) -> bool:
    # as cp932 gives it back; a few characters have two codes there, or none
    if character in "\x80\xa0\uf8f0\uf8f1\uf8f2\uf8f3":
        return False
    try:
        return character.encode("cp932").decode("cp932") == character
    except UnicodeEncodeError:
        return False


_SHIFT_JIS = "".join(
    chr(code) for code in range(0x20, 0x10000) if code != 0x7F and _is_shift_jis(chr(code))
)

WORDS = st.text(
    st.characters(
        codec="utf-8", exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"
    ),
    min_size=1,
    max_size=12,
).filter(_is_plain)
"""Any text that XML can hold."""
JAPANESE = st.text(_SHIFT_JIS, min_size=1, max_size=12).filter(_is_plain)
"""Any text that Shift_JIS can hold: JIS X 0201 and 0208, and Windows' additions."""
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001  # the strategy adds the zone
    lambda moment: moment.replace(microsecond=0)
)
SEGMENTS = st.sampled_from(["1", "2", "3", "9"])
COUNTS = maybe(st.integers(0, 10_000))


def identifiers() -> st.SearchStrategy[str]:
    """Return a strategy for ids as desks make them."""
    return st.text("0123456789abcdef-=", min_size=1, max_size=32)


def request_headers(**fixed: Any) -> st.SearchStrategy[RequestHeader]:
    """Return a strategy for headers of requests."""
    return st.builds(
        RequestHeader,
        medical_institution_code=st.just(INSTITUTION),
        arbitrary_file_identifier=maybe(identifiers()),
        qualification_confirmation_date=maybe(DAYS),
        **fixed,
    )


def response_headers(words: st.SearchStrategy[str]) -> st.SearchStrategy[ResponseHeader]:
    """Return a strategy for headers of responses, good and bad."""
    return st.builds(
        ResponseHeader,
        segment_of_result=SEGMENTS,
        medical_institution_code=maybe(st.just(INSTITUTION)),
        arbitrary_file_identifier=maybe(identifiers()),
        process_execution_time=maybe(MOMENTS),
        qualification_confirmation_date=maybe(DAYS),
        reference_classification=maybe(codes(ReferenceClassification)),
        error_code=maybe(words),
        error_message=maybe(words),
        character_code_identifier=maybe(st.sampled_from("012")),
        reception_number=maybe(identifiers()),
        number_of_processing_result=COUNTS,
        number_of_normal_processing=COUNTS,
        number_of_error=COUNTS,
    )


def searches(words: st.SearchStrategy[str]) -> st.SearchStrategy[SearchInfo]:
    """Return a strategy for what a request asks and an answer repeats."""
    return st.builds(
        SearchInfo,
        insurer_number=INSURERS,
        insured_card_symbol=maybe(words),
        insured_identification_number=maybe(words),
        insured_branch_number=maybe(words),
        birthdate=maybe(DAYS),
        limit_consent=maybe(codes(ProvisionConsent)),
        arbitrary_identifier=maybe(identifiers()),
    )


def units(words: st.SearchStrategy[str]) -> st.SearchStrategy[ConfirmationUnit]:
    """Return a strategy for what is said of one person."""
    beside: dict[str, Any] = {
        "reference_number": maybe(words),
        "prescription_issue_select": maybe(codes(PrescriptionIssue)),
        "limit_certificate_changed": maybe(codes(LimitCertificateChanged)),
    }
    result = st.builds(
        QualificationResult,
        coverage=coverages(words, MOMENTS),
        arbitrary_identifier=maybe(identifiers()),
        **beside,
    )
    return st.builds(
        ConfirmationUnit,
        processing_result_status=st.sampled_from(["1", "2"]),
        processing_result_code=maybe(words),
        processing_result_message=maybe(words),
        qualification_validity=maybe(codes(QualificationValidity)),
        search=maybe(searches(words)),
        results=st.lists(result, max_size=2).map(tuple),
        **beside,
    )


@st.composite
def encoded(draw: st.DrawFn, make: Any) -> tuple[Any, XmlEncoding]:
    """Return what ``make(words)`` draws, and an encoding that can hold it."""
    encoding = draw(ENCODINGS)
    words = WORDS if encoding is XmlEncoding.UTF_8 else JAPANESE
    return draw(make(words)), encoding
