"""One person's confirmation: requests, responses and pushed card visits, exactly or not at all."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eligibility.benefits import RegisteredConsent, RegisteredProvision
from eligibility.codes import (
    InformationConsent,
    LimitCertificateChanged,
    ProvisionConsent,
    QualificationValidity,
    ReferenceClassification,
    UnknownCode,
)
from eligibility.errors import (
    AnswerForAnotherPersonError,
    PayerProtocolError,
    PayerRefusedError,
    QuestionNotWritableError,
)
from eligibility.fhir.answers import read_answer as read_fhir_answer
from eligibility.model import AnswerOutcome, CopayRatio, Coverage, NumberSubject, PayerAnswer
from eligibility.national.confirmation import (
    ConfirmationRequest,
    ConfirmationResponse,
    ConfirmationSearch,
    read_answer,
    read_request,
    read_response,
    read_visit,
    write_question,
    write_request,
    write_response,
)
from eligibility.national.header import ResponseHeader
from eligibility.national.results import ConfirmationUnit, QualificationResult, SearchInfo
from eligibility.national.wire import RawElement, XmlEncoding
from tests.fhir.samples import INSTITUTION, coverages, written_answer
from tests.fhir.samples import QUESTION as CARD_QUESTION
from tests.national.samples import (
    DAY,
    FACE,
    MOMENTS,
    NOW,
    QUESTION,
    SUBJECT,
    WORDS,
    encoded,
    message,
    request_headers,
    response_headers,
    searches,
    units,
)

HEADER = ResponseHeader("1", INSTITUTION, QUESTION.id, NOW, DAY)


def read(body: bytes, institution_code: str | None = INSTITUTION) -> PayerAnswer:
    """Return the answer to QUESTION."""
    return read_answer(body, QUESTION, received_at=NOW, institution_code=institution_code)


def answer(unit: ConfirmationUnit | None, header: ResponseHeader = HEADER) -> PayerAnswer:
    """Return what the desk reads of what the payer's side wrote."""
    return read(write_response(ConfirmationResponse(header, unit), XmlEncoding.UTF_8))


def altered(old: str, new: str) -> bytes:
    """Return the sample with one thing changed, which must be in it."""
    assert old in FACE
    return message(FACE.replace(old, new, 1))


@given(encoded(lambda words: st.tuples(request_headers(), searches(words))))
def test_a_request_is_read_as_it_was_written(drawn: tuple[Any, XmlEncoding]) -> None:
    """Whatever is asked, in either encoding: the payer's side reads the same."""
    (header, search), encoding = drawn
    request = ConfirmationRequest(header, ConfirmationSearch(search))
    assert read_request(write_request(request, encoding)) == request


@given(encoded(lambda words: st.tuples(response_headers(words), units(words))))
def test_a_response_is_read_as_it_was_written(drawn: tuple[Any, XmlEncoding]) -> None:
    """Whatever is answered, in either encoding: the desk reads the same."""
    (header, unit), encoding = drawn
    response = ConfirmationResponse(header, unit)
    assert read_response(write_response(response, encoding)) == response


@given(coverages(WORDS, MOMENTS))
def test_both_interfaces_give_the_same_person(coverage: Coverage) -> None:
    """One qualification told over FHIR and in XML is one and the same in the model."""
    person = replace(coverage.person, birthdate=SUBJECT.birthdate)
    coverage = replace(coverage, person=person)
    over_fhir = read_fhir_answer(
        json.dumps(written_answer((coverage,))).encode(),
        CARD_QUESTION,
        received_at=NOW,
        institution_code=INSTITUTION,
    )
    in_xml = answer(ConfirmationUnit("1", results=(QualificationResult(coverage),)))
    assert in_xml.results == over_fhir.results == (coverage,)


@pytest.mark.parametrize("encoding", XmlEncoding)
def test_a_whole_answer_means_what_its_elements_say(encoding: XmlEncoding) -> None:
    """Body before header, elements in any order, spaces before the number: nothing is lost."""
    found = read(message(encoding=encoding))
    assert found.outcome is AnswerOutcome.COMPLETE
    assert found.subject == SUBJECT
    assert found.qualification_validity is QualificationValidity.VALID
    assert found.reference_number == "0042"
    assert found.reference_classification is ReferenceClassification.MY_NUMBER_CARD
    assert found.process_execution_time == NOW
    [coverage] = found.results
    assert coverage.insurer_number == "00138123"
    assert coverage.insured_branch_number == "01"
    assert (coverage.person.name, coverage.person.name_kana) == ("見本　太郎", "ﾐﾎﾝ ﾀﾛｳ")
    assert coverage.person.birthdate == date(2001, 3, 27)
    assert coverage.insured_partial_contribution_ratio == CopayRatio(30)
    assert coverage.limit_consent == RegisteredProvision(ProvisionConsent.NOT_GIVEN)
    assert coverage.diagnosis_info == RegisteredConsent(InformationConsent.NOT_GIVEN)
    assert coverage.pharmacists_info == RegisteredConsent(
        InformationConsent.GIVEN, NOW, datetime(2026, 11, 25, 1, 2, 3, tzinfo=UTC)
    )
    assert coverage.operation_info is None
    assert coverage.elderly_recipient_certificate is None
    assert found.original == message(encoding=encoding)


def test_a_question_becomes_the_request_of_the_interface() -> None:
    """Element names, order and padding are those of a request that is known to work."""
    body = write_question(QUESTION, INSTITUTION, XmlEncoding.SHIFT_JIS)
    assert body.decode("cp932") == (
        '<?xml version="1.0" encoding="Shift_JIS" standalone="no"?>\n<XmlMsg><MessageHeader>'
        "<QualificationConfirmationDate>20261124</QualificationConfirmationDate>"
        "<MedicalInstitutionCode>1310000003</MedicalInstitutionCode>"
        "<ArbitraryFileIdentifier>q-1</ArbitraryFileIdentifier></MessageHeader><MessageBody>"
        "<QualificationConfirmSearchInfo><InsurerNumber>  138123</InsurerNumber>"
        "<InsuredCardSymbol>12-34</InsuredCardSymbol>"
        "<InsuredIdentificationNumber>4260</InsuredIdentificationNumber>"
        "<InsuredBranchNumber>01</InsuredBranchNumber><Birthdate>20010327</Birthdate>"
        "<LimitApplicationCertificateRelatedConsFlg>1</LimitApplicationCertificateRelatedConsFlg>"
        "</QualificationConfirmSearchInfo></MessageBody></XmlMsg>"
    )


@pytest.mark.parametrize("symbol", ["𠮷野", "ABC👍", "記\u0001号", "한"])
def test_what_shift_jis_does_not_hold_is_an_error_that_names_the_element(symbol: str) -> None:
    """No character is replaced by a question mark on its way to the payer."""
    question = replace(QUESTION, subject=replace(SUBJECT, insured_card_symbol=symbol))
    with pytest.raises(QuestionNotWritableError) as refused:
        write_question(question, INSTITUTION, XmlEncoding.SHIFT_JIS)
    assert refused.value.field == "InsuredCardSymbol"
    assert symbol not in str(refused.value)


@pytest.mark.parametrize("symbol", ["記号〜１−２", "ﾔﾏ", "①髙﨑", "ﾃｱ"])
def test_what_shift_jis_holds_arrives(symbol: str) -> None:
    """Half-width kana, Windows' additions, and both Unicode readings of one JIS character."""
    question = replace(QUESTION, subject=replace(SUBJECT, insured_card_symbol=symbol))
    asked = read_request(write_question(question, INSTITUTION, XmlEncoding.SHIFT_JIS))
    found = asked.body.search.insured_card_symbol
    assert found == symbol.replace("〜", "～").replace("−", "－")
    echoed = ConfirmationUnit("1", search=asked.body.search)
    body = write_response(ConfirmationResponse(HEADER, echoed), XmlEncoding.SHIFT_JIS)
    assert (
        read_answer(body, question, received_at=NOW, institution_code=None).subject
        == question.subject
    )


@pytest.mark.parametrize(
    ("segment", "outcome"), [("1", AnswerOutcome.COMPLETE), ("2", AnswerOutcome.QUEUED)]
)
def test_the_segment_of_the_result_tells_how_far_the_payer_is(
    segment: str, outcome: AnswerOutcome
) -> None:
    """1 has ended, 2 is still worked on."""
    unit = ConfirmationUnit("1") if segment == "1" else None
    assert answer(unit, replace(HEADER, segment_of_result=segment)).outcome is outcome


@pytest.mark.parametrize("segment", ["3", "9", "0", "異常"])
def test_any_other_segment_is_an_error_with_the_payers_own_words(segment: str) -> None:
    """Two sources name two codes of failure: neither is trusted alone."""
    header = replace(
        HEADER, segment_of_result=segment, error_code="X1", error_message="しばらくお待ちください。"
    )
    with pytest.raises(PayerRefusedError) as refused:
        answer(ConfirmationUnit("1"), header)
    assert (refused.value.code, refused.value.words) == ("X1", "しばらくお待ちください。")


def test_a_body_that_tells_an_error_is_an_error_with_the_payers_own_words() -> None:
    """The file ended well and the person could not be looked at: that is no answer."""
    unit = ConfirmationUnit("2", "E0001", "生年月日に誤りがあります。")
    with pytest.raises(PayerRefusedError) as refused:
        answer(unit)
    assert (refused.value.code, refused.value.words) == ("E0001", "生年月日に誤りがあります。")


def test_all_results_are_kept_in_their_order() -> None:
    """Insurance and assistance, or several people: the desk chooses none of them."""
    [first] = read(message()).results
    second = replace(first, insurer_number="12138014")
    unit = ConfirmationUnit("1", results=(QualificationResult(first), QualificationResult(second)))
    assert answer(unit).results == (first, second)


def test_results_may_stand_outside_their_list() -> None:
    """Bulk answers write a result without the list around it."""
    body = message(FACE.replace("<ResultList>", "").replace("</ResultList>", ""))
    assert read(body).results == read(message()).results


def test_a_code_that_no_table_holds_is_kept() -> None:
    """A new sex, validity or ratio is shown as it is, and nothing is made of it."""
    found = read(
        altered("<QualificationValidity>1<", "<QualificationValidity>7<").replace(
            b"<Sex1>1", b"<Sex1>X"
        )
    )
    assert found.qualification_validity == UnknownCode("QualificationValidity", "7")
    assert found.results[0].person.sex == UnknownCode("Sex", "X")
    assert read(altered("Ratio>030<", "Ratio>30<")).results[
        0
    ].insured_partial_contribution_ratio == UnknownCode("ContributionRatio", "30")


def test_unknown_elements_are_kept_with_their_place() -> None:
    """What no layout knows is there to be shown, with all inside it."""
    body = altered(
        "<Sex1>1</Sex1>",
        '<Sex1>1</Sex1><Kind of="x">a<Inner>１</Inner></Kind><PharmaceuticalInfoConsFlg>1'
        "</PharmaceuticalInfoConsFlg>",
    )
    place = ("XmlMsg", "MessageBody", "ResultList", "ResultOfQualificationConfirmation")
    kind = RawElement(
        place, "Kind", "a", (RawElement((*place, "Kind"), "Inner", "１"),), (("of", "x"),)
    )
    assert read_response(body).unread == (
        kind,
        RawElement(place, "PharmaceuticalInfoConsFlg", "1"),
    )
    assert read(body).results == read(message()).results


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<Sex1>1</Sex1>", "<Sex1>1</Sex1><Sex1>2</Sex1>"),
        ("<ResultList>", "<ResultList></ResultList><ResultList>"),
        ("<Sex1>1</Sex1>", ""),
        ("<Name>見本　太郎</Name>", "<Name>　</Name>"),
        ("<InsurerNumber>  138123", "<InsurerNumber>   13812"),
        ("<Birthdate>20010327", "<Birthdate>20010229"),
        ("<Birthdate>20010327", "<Birthdate>2001-03-27"),
        ("<Birthdate>20010327", "<Birthdate>２００１０３２７"),
        ("InfoConsTime>20261124100203", "InfoConsTime>20261124250203"),
        ("<PharmacistsInfoConsFlg>1</PharmacistsInfoConsFlg>", ""),
        ("<SegmentOfResult>1</SegmentOfResult>", ""),
        ("<Name>見本　太郎</Name>", "<Name>見本<b>太郎</b></Name>"),
        ("<ResultList>", "<ResultList>text"),
        ("<MessageBody>", "<MessageBody>text"),
        ("<QualificationConfirmationDate>20261124", "<QualificationConfirmationDate>20261125"),
        ("<MedicalInstitutionCode>1310000003", "<MedicalInstitutionCode>1310000011"),
        ("<ArbitraryFileIdentifier>q-1</ArbitraryFileIdentifier>", ""),
    ],
)
def test_what_cannot_be_read_exactly_is_not_read(old: str, new: str) -> None:
    """Twice, missing, misspelt, about another day: one error, which keeps the original."""
    body = altered(old, new)
    with pytest.raises(PayerProtocolError) as refused:
        read(body)
    assert refused.value.original == body
    assert "見本" not in str(refused.value)


@pytest.mark.parametrize(
    "body",
    [
        altered("<ArbitraryFileIdentifier>q-1", "<ArbitraryFileIdentifier>q-2"),
        altered("<Birthdate>20010327", "<Birthdate>20010328"),
        *(
            altered(
                "<ProcessingResultStatus>",
                f"<QualificationConfirmSearchInfo>{echo}</QualificationConfirmSearchInfo>"
                "<ProcessingResultStatus>",
            )
            for echo in (
                "<InsuredIdentificationNumber>4261</InsuredIdentificationNumber>",
                "<InsuredBranchNumber>02</InsuredBranchNumber>",
                "<InsurerNumber>01130012</InsurerNumber>",
                "<InsuredCardSymbol>12-35</InsuredCardSymbol>",
                "<Birthdate>20010328</Birthdate>",
            )
        ),
    ],
)
def test_an_answer_for_somebody_else_is_never_taken(body: bytes) -> None:
    """Another question, another number, another birth date: an error of its own."""
    with pytest.raises(AnswerForAnotherPersonError):
        read(body)


def test_a_branch_number_that_nobody_asked_for_is_another_question() -> None:
    """Asked without 枝番, answered with one: the payer narrowed what the desk had left open."""
    question = replace(QUESTION, subject=replace(SUBJECT, insured_branch_number=None))
    echo = SearchInfo.of(SUBJECT, limit_consent=True)
    body = write_response(
        ConfirmationResponse(HEADER, ConfirmationUnit("1", search=echo)), XmlEncoding.UTF_8
    )
    with pytest.raises(AnswerForAnotherPersonError):
        read_answer(body, question, received_at=NOW, institution_code=INSTITUTION)


@pytest.mark.parametrize(
    ("at_the_answer", "at_its_results", "expected"),
    [
        ("1", (None, None), "1"),
        (None, ("1", "1"), "1"),
        (None, ("1", "2"), None),
        ("1", ("1", None), "1"),
        (None, (None, None), None),
    ],
)
def test_a_reference_number_counts_where_all_that_name_one_agree(
    at_the_answer: str | None, at_its_results: tuple[str | None, ...], expected: str | None
) -> None:
    """It may stand at the answer and at each result; two different ones are none."""
    coverage = read(message()).results[0]
    results = tuple(QualificationResult(coverage, number) for number in at_its_results)
    unit = ConfirmationUnit("1", results=results, reference_number=at_the_answer)
    assert answer(unit).reference_number == expected


def test_a_changed_limit_certificate_counts_wherever_it_is_told() -> None:
    """Changed, or it cannot be told, at one of two results: so for the answer."""
    coverage = read(message()).results[0]
    results = tuple(
        QualificationResult(coverage, limit_certificate_changed=changed)
        for changed in (LimitCertificateChanged.UNCHANGED, LimitCertificateChanged.CHANGED)
    )
    assert (
        answer(ConfirmationUnit("1", results=results)).limit_certificate_changed
        is LimitCertificateChanged.CHANGED
    )


# -- Pushed card visits ----------------------------------------------------------------------------


def visit(body: bytes, name: str = "OQSsiquc01res_face_1_20261124100203.xml") -> Any:
    """Return the visit that a pushed message tells."""
    return read_visit(body, told_as=name, received_at=NOW, institution_code=INSTITUTION)


def test_a_pushed_visit_names_its_person_and_the_consents_given_there() -> None:
    """Nobody asked: the number of the qualification is whom it is about."""
    found = visit(message())
    assert found.answer.subject == NumberSubject(
        "00138123", "4260", date(2001, 3, 27), "12-34", "01"
    )
    assert found.told_as == "OQSsiquc01res_face_1_20261124100203.xml"
    assert found.answer.results == read(message()).results
    assert found.answer.question_id == found.id


def test_the_same_visit_has_the_same_id_however_it_is_told() -> None:
    """Another file name, encoding and order of elements make no second visit of it."""
    header, body = FACE.index("  <MessageBody>"), FACE.index("  <MessageHeader>")
    turned = FACE[:header] + FACE[body : FACE.index("</XmlMsg>")] + FACE[header:body] + "</XmlMsg>"
    again = visit(message(turned, XmlEncoding.SHIFT_JIS), "OQSsiquc01res_face_2_1.xml")
    assert again.id == visit(message()).id


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<ProcessExecutionTime>20261124100203", "<ProcessExecutionTime>20261124100204"),
        ("<ArbitraryFileIdentifier>q-1", "<ArbitraryFileIdentifier>q-2"),
        ("<InsuredIdentificationNumber>4260", "<InsuredIdentificationNumber>4261"),
    ],
)
def test_another_visit_has_another_id(old: str, new: str) -> None:
    """A second tap of the same person, and one of another person at the same second."""
    assert visit(altered(old, new)).id != visit(message()).id


def test_a_visit_of_nobody_or_of_two_people_is_not_taken() -> None:
    """Whose visit it is must not be chosen."""
    start = FACE.index("<ResultOf")
    end = FACE.index("</ResultList>")
    nobody = FACE[:start] + FACE[end:]
    two = FACE[:end] + FACE[start:end].replace("20010327", "20010328") + FACE[end:]
    for text in (nobody, two):
        with pytest.raises(PayerProtocolError):
            visit(message(text))
