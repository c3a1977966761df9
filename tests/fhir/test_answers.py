"""CoverageEligibilityResponse → PayerAnswer: exactly, or not at all."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eligibility.benefits import (
    MedicalTicket,
    RegisteredConsent,
    RegisteredProvision,
    SpecificDiseasesCertificate,
)
from eligibility.codes import LimitCategory, QualificationValidity, Sex, UnknownCode
from eligibility.errors import (
    AnswerForAnotherPersonError,
    EligibilityError,
    PayerProtocolError,
    PayerRefusedError,
)
from eligibility.fhir.answers import read_answer
from eligibility.model import (
    AnswerOutcome,
    CardSubject,
    CopayRatio,
    Coverage,
    ElderlyRecipientCertificate,
    InsuredPerson,
    LimitCertificate,
    PayerAnswer,
)
from eligibility.payer import CardQuestion
from tests.fhir.samples import (
    COVERAGES,
    INSTITUTION,
    NOW,
    PATIENT,
    QUESTION,
    WILD,
    WORDS,
    damaged,
    example,
    written_answer,
)

VALID = QualificationValidity.VALID


def read(answer: Any, question: CardQuestion = QUESTION) -> PayerAnswer:
    """Return the answer in this JSON, as received now."""
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    return read_answer(body, question, received_at=NOW, institution_code=INSTITUTION)


def example_answer(name: str) -> PayerAnswer:
    """Return a documented answer, read against the question that it names."""
    answer = example(name)
    return read(answer, replace(QUESTION, id=answer["request"]["identifier"]["value"]))


@pytest.fixture
def answer() -> Any:
    """The documented valid answer, addressed to QUESTION."""
    made = example("answer-valid")
    made["request"]["identifier"]["value"] = QUESTION.id
    return made


@pytest.mark.parametrize(
    ("name", "validity", "outcome", "results", "patient"),
    [
        ("answer-valid", VALID, AnswerOutcome.COMPLETE, 1, PATIENT),
        ("answer-elderly", VALID, AnswerOutcome.COMPLETE, 1, "Patient/pt-9KX4"),
        ("answer-two-results", VALID, AnswerOutcome.COMPLETE, 2, PATIENT),
        ("answer-invalid", QualificationValidity.INVALID, AnswerOutcome.COMPLETE, 1, PATIENT),
        ("answer-not-found", QualificationValidity.NOT_FOUND, AnswerOutcome.COMPLETE, 0, None),
        ("answer-several", QualificationValidity.SEVERAL, AnswerOutcome.COMPLETE, 0, None),
        ("answer-queued", None, AnswerOutcome.QUEUED, 0, None),
    ],
)
def test_the_documented_answers_are_read(
    name: str,
    validity: QualificationValidity | None,
    outcome: AnswerOutcome,
    results: int,
    patient: str | None,
) -> None:
    """Each answer of the manual means what the manual says."""
    read_one = example_answer(name)
    assert read_one.qualification_validity is validity
    assert read_one.outcome is outcome
    assert len(read_one.results) == results
    assert read_one.payer_patient == patient
    assert read_one.message


def _held(value: Any) -> set[str]:
    """Return the elements that hold something, in a value and in all inside it."""
    if isinstance(value, tuple):
        return set().union(*(_held(one) for one in value))
    if not is_dataclass(value):
        return set()
    found = set()
    for one in fields(value):
        inner = getattr(value, one.name)
        if inner is not None and inner != ():
            found |= {f"{type(value).__name__}.{one.name}", *_held(inner)}
    return found


def test_every_element_is_documented_by_example() -> None:
    """Of the whole model there is no element that no documented answer carries."""
    parts = (
        PayerAnswer, Coverage, InsuredPerson, CopayRatio, ElderlyRecipientCertificate,
        LimitCertificate, SpecificDiseasesCertificate, MedicalTicket, RegisteredProvision,
        RegisteredConsent,
    )  # fmt: skip
    every = {f"{part.__name__}.{one.name}" for part in parts for one in fields(part)}
    held = _held(example_answer("answer-whole")) | _held(example_answer("answer-child"))
    assert every - held == set()


def test_an_answer_with_outcome_error_is_an_error() -> None:
    """HTTP may say 200: the payer's code and words are a refusal, and nothing is made of it."""
    with pytest.raises(PayerRefusedError) as refused:
        example_answer("answer-error")
    assert (refused.value.code, refused.value.words) == (
        "E0123",
        "医療保険者等の情報に誤りがあります。",
    )
    assert b"E0123" in refused.value.original


def _amount(money: dict[str, Any]) -> Any:
    answer = example("answer-whole")
    answer["request"]["identifier"]["value"] = QUESTION.id
    for one in answer["contained"]:
        for extension in one.get("extension", ()):
            for part in extension.get("extension", ()):
                if part["url"] == "self-pay":
                    part["valueMoney"] = money
    return answer


@pytest.mark.parametrize(
    "money",
    [
        {"value": 10000.5, "currency": "JPY"},
        {"value": -1, "currency": "JPY"},
        {"value": 10000, "currency": "USD"},
        {"value": 10000},
        {"currency": "JPY"},
        {"value": "10000", "currency": "JPY"},
    ],
)
def test_an_amount_is_whole_yen_or_unreadable(money: dict[str, Any]) -> None:
    """Nothing is rounded or converted."""
    with pytest.raises(PayerProtocolError):
        read(_amount(money))


def test_the_words_of_an_answer_are_kept() -> None:
    """Every element of a documented answer is in the model, numbers as they are written."""
    (coverage,) = example_answer("answer-elderly").results
    assert coverage.insurer_number == "00138123"
    assert coverage.insured_card_symbol == "見－１"
    assert coverage.insured_branch_number == "02"
    assert coverage.person.sex is Sex.FEMALE
    assert coverage.person.name_kana == "ﾐﾎﾝ ﾊﾅ"
    assert coverage.insured_partial_contribution_ratio == CopayRatio(20)
    assert coverage.limit_certificate is not None
    assert coverage.limit_certificate.category is LimitCategory.B05
    assert coverage.elderly_recipient_certificate is not None
    assert coverage.elderly_recipient_certificate.contribution_ratio == CopayRatio(20)


@given(
    results=st.lists(COVERAGES, max_size=2).map(tuple),
    validity=st.sampled_from(
        [None, UnknownCode("QualificationValidity", "7"), *QualificationValidity]
    ),
    outcome=st.sampled_from([one for one in AnswerOutcome if one is not AnswerOutcome.ERROR]),
    message=WORDS,
    code=st.none() | WORDS,
    patient=st.none() | st.just(PATIENT),
)
def test_what_the_payer_writes_is_what_is_read(
    results: tuple[Coverage, ...],
    validity: QualificationValidity | UnknownCode | None,
    outcome: AnswerOutcome,
    message: str,
    code: str | None,
    patient: str | None,
) -> None:
    """Whatever a payer's own writer says comes back equal; only the validity may become None."""
    written = written_answer(results, validity, outcome, message, code, patient)
    got = read(written)
    assert got.results == results
    assert (got.outcome, got.message, got.code) == (outcome, message, code)
    assert (got.subject, got.question_id) == (QUESTION.subject, QUESTION.id)
    assert (got.payer_patient, got.adapter, got.received_at) == (patient, "fhir", NOW)
    assert json.loads(got.original) == written
    assert got.qualification_validity in (validity, None)


@pytest.mark.parametrize(
    ("code", "inforce", "read_as"),
    [
        ("1", True, VALID),
        ("1", False, None),
        ("1", None, None),
        ("6", True, QualificationValidity.VALID_UNREGISTERED),
        ("6", None, None),
        ("2", False, QualificationValidity.INVALID),
        ("2", None, QualificationValidity.INVALID),
        ("2", True, None),
        ("3", True, None),
        ("4", True, None),
        ("5", True, QualificationValidity.SEVERAL),
        ("7", True, UnknownCode("QualificationValidity", "7")),
    ],
)
def test_inforce_can_only_make_a_validity_uncertain(
    answer: Any, code: str, inforce: bool | None, read_as: object
) -> None:
    """有効 needs inforce true and absent is not true; 無効 must not be in force; else: None."""
    answer["extension"][1]["valueCoding"]["code"] = code
    answer["insurance"][0] = {"coverage": {"reference": "#coverage-1"}}
    if inforce is not None:
        answer["insurance"][0]["inforce"] = inforce
    assert read(answer).qualification_validity == read_as


def test_one_of_two_not_in_force_makes_valid_uncertain() -> None:
    """有効 is about the whole answer: a second result that has ended makes it doubtful."""
    answer = example("answer-two-results")
    question = replace(QUESTION, id=answer["request"]["identifier"]["value"])
    answer["insurance"][1]["inforce"] = False
    assert read(answer, question).qualification_validity is None


def test_a_code_of_another_table_is_not_taken_for_ours(answer: Any) -> None:
    """``1`` of a foreign code system is not 有効."""
    answer["extension"][1]["valueCoding"]["system"] = "urn:elsewhere"
    validity = read(answer).qualification_validity
    assert validity == UnknownCode("QualificationValidity", "urn:elsewhere|1")


@pytest.mark.parametrize(
    ("written", "ratio"),
    [
        ("030", CopayRatio(30)),
        ("000", CopayRatio(0)),
        ("100", CopayRatio(100)),
        ("30", UnknownCode("ContributionRatio", "30")),
        ("033", UnknownCode("ContributionRatio", "033")),
        ("０３０", UnknownCode("ContributionRatio", "０３０")),
    ],
)
def test_a_ratio_is_read_only_as_the_table_has_it(answer: Any, written: str, ratio: object) -> None:
    """Three digits in steps of ten; anything else is kept as it is and no ratio."""
    coverage = next(one for one in answer["contained"] if one["resourceType"] == "Coverage")
    (extension,) = (one for one in coverage["extension"] if "contribution-ratio" in one["url"])
    extension["valueString"] = written
    assert read(answer).results[0].insured_partial_contribution_ratio == ratio


# -- For whom --------------------------------------------------------------------------------------


def _other_serial(answer: Any) -> None:
    answer["extension"][0]["valueIdentifier"]["value"] = "5b1c0f93a3"


def _other_issuer(answer: Any) -> None:
    answer["extension"][0]["valueIdentifier"]["assigner"]["display"] = "CN=Another"


def _other_patient_identifier(answer: Any) -> None:
    answer["patient"]["identifier"]["value"] = "5b1c0f93a3"


def _other_question(answer: Any) -> None:
    answer["request"]["identifier"]["value"] = "q-2"


@pytest.mark.parametrize(
    "change", [_other_serial, _other_issuer, _other_patient_identifier, _other_question]
)
def test_an_answer_for_another_is_never_returned(answer: Any, change: Any) -> None:
    """Another certificate or question anywhere in the answer: refused, and kept for staff."""
    change(answer)
    with pytest.raises(AnswerForAnotherPersonError) as refused:
        read(answer)
    assert refused.value.question_id == QUESTION.id
    assert json.loads(refused.value.original) == answer


@given(serial=st.from_regex(r"[1-9a-f][0-9a-f]{0,39}", fullmatch=True))
def test_only_the_asked_certificate_is_answered(serial: str) -> None:
    """For every serial number but the asked one an answer is refused."""
    answer = written_answer(())
    answer["extension"][0]["valueIdentifier"]["value"] = serial
    answer["patient"]["identifier"]["value"] = serial
    question = replace(QUESTION, subject=CardSubject(QUESTION.subject.issuer, serial))
    assert read(answer, question).subject == question.subject
    if serial != QUESTION.subject.serial:
        with pytest.raises(AnswerForAnotherPersonError):
            read(answer)


# -- What cannot be read ---------------------------------------------------------------------------


def _delete(*path: str | int) -> Any:
    def change(answer: Any) -> None:
        for key in path[:-1]:
            answer = answer[key]
        del answer[path[-1]]

    return change


def _put(value: Any, *path: str | int) -> Any:
    def change(answer: Any) -> None:
        for key in path[:-1]:
            answer = answer[key]
        answer[path[-1]] = value

    return change


def _twice(*path: str | int) -> Any:
    def change(answer: Any) -> None:
        for key in path[:-1]:
            answer = answer[key]
        answer.append(answer[path[-1]])

    return change


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(_put("Bundle", "resourceType"), id="another resource"),
        pytest.param(_delete("extension", 0), id="no certificate"),
        pytest.param(_delete("patient", "identifier"), id="no certificate at the patient"),
        pytest.param(_delete("request"), id="no question"),
        pytest.param(_delete("outcome"), id="no outcome"),
        pytest.param(_put("done", "outcome"), id="an outcome nobody knows"),
        pytest.param(_twice("extension", 1), id="two validities"),
        pytest.param(_put("2026-11-25", "servicedDate"), id="another day"),
        pytest.param(
            _put("1310000011", "requestor", "identifier", "value"), id="another institution"
        ),
        pytest.param(
            _put("http://elsewhere/Patient/1", "patient", "reference"), id="foreign patient"
        ),
        pytest.param(_delete("contained"), id="coverage not contained"),
        pytest.param(_twice("contained", 2), id="two coverages of one id"),
        pytest.param(_delete("contained", 0, "birthDate"), id="no birth date"),
        pytest.param(_put("1984-05", "contained", 0, "birthDate"), id="half a birth date"),
        pytest.param(_put("1984-02-30", "contained", 0, "birthDate"), id="no such day"),
        pytest.param(_twice("contained", 0, "name", 0), id="two names"),
        pytest.param(_delete("contained", 0, "name", 0), id="no name"),
        pytest.param(_put("0113001", "contained", 1, "identifier", 0, "value"), id="7 digits"),
        pytest.param(_put("yes", "insurance", 0, "inforce"), id="inforce in words"),
    ],
)
def test_what_is_unreadable_or_missing_is_one_error(answer: Any, change: Any) -> None:
    """An answer that is not whole is not guessed at; it is kept, and the message has no data."""
    change(answer)
    with pytest.raises(PayerProtocolError) as refused:
        read(answer)
    assert json.loads(refused.value.original) == answer
    assert not any(secret in str(refused.value) for secret in ("見本", "1984", "0113"))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"null",
        b'{"resourceType": NaN}',
        b'{"a": 1, "a": 2}',
        b'{"a": 1e99999999999999999999}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b"[" * 100_000,
        '{"resourceType": "x"}'.encode("utf-16"),
        b"\xff\xfe",
    ],
)
def test_what_is_no_json_object_is_one_error(body: bytes) -> None:
    """HTML, half an answer, doubled names, absurd numbers and depth: the same clear error."""
    with pytest.raises(PayerProtocolError) as refused:
        read(body)
    assert refused.value.original == body


@given(body=st.binary(max_size=64) | WILD.map(lambda value: json.dumps(value).encode()))
def test_wild_input_gives_only_our_errors(body: bytes) -> None:
    """Anything at all is refused by our own error."""
    with pytest.raises(EligibilityError):
        read(body)


@given(data=st.data())
def test_a_damaged_answer_is_refused_or_for_the_asked_person(data: st.DataObject) -> None:
    """One changed value anywhere: our error, or an answer that still is for the asked card."""
    name = data.draw(st.sampled_from(["answer-valid", "answer-elderly", "answer-two-results"]))
    resource = example(name)
    resource["request"]["identifier"]["value"] = QUESTION.id
    body = data.draw(damaged(resource))
    try:
        got = read(body)
    except EligibilityError:
        return
    assert got.subject == QUESTION.subject
    assert got.question_id == QUESTION.id
    for coverage in got.results:
        assert len(coverage.insurer_number) == 8
