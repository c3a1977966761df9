"""CoverageEligibilityResponse → PayerAnswer.

An answer is read whole or not at all, and only if it names the question and the certificate that
were asked about.  What the payer contradicts in itself stays uncertain: ``inforce`` that does not
fit the validity code makes the validity ``None``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

from pydantic import Field

from eligibility.codes import (
    InsuredCardClassification,
    LimitCategory,
    LimitCertificateClassification,
    PersonalFamilyClassification,
    QualificationValidity,
    ReasonOfLoss,
    Sex,
    UnknownCode,
)
from eligibility.errors import AnswerForAnotherPersonError
from eligibility.fhir import vocabulary
from eligibility.fhir.vocabulary import ext
from eligibility.fhir.wire import (
    CodeableConcept,
    Day,
    Element,
    Extension,
    Identifier,
    Json,
    Reference,
    Text,
    at_most_one,
    code_of,
    day_of,
    find_extension,
    only,
    parse_json,
    read_coding,
    read_resource,
    read_subject,
    reading,
    string_of,
)
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
from eligibility.numbers import normalise_insurer_number
from eligibility.payer import CardQuestion
from eligibility.validity import CONFIRMED

ADAPTER = "fhir"

_RATIO = re.compile(r"0[0-9]0|100", re.ASCII)
_PATIENT = re.compile(r"Patient/[A-Za-z0-9.-]{1,64}", re.ASCII)

# Codes that say: no qualification of this person holds on the day.
_DENIED = frozenset(
    {
        QualificationValidity.INVALID,
        QualificationValidity.INVALID_NEW_EXISTS,
        QualificationValidity.NOT_FOUND,
    }
)


class _HumanName(Element):
    extension: list[Extension] = Field(default_factory=list)
    text: Text | None = None


class _Address(Element):
    text: Text | None = None
    postal_code: Text | None = Field(None, alias="postalCode")


class _Patient(Element):
    extension: list[Extension] = Field(default_factory=list)
    name: list[_HumanName]
    birth_date: Day = Field(alias="birthDate")
    address: list[_Address] = Field(default_factory=list)


class _Organization(Element):
    identifier: list[Identifier]
    name: Text


class _Coverage(Element):
    extension: list[Extension] = Field(default_factory=list)
    beneficiary: Reference
    payor: list[Reference]
    relationship: CodeableConcept | None = None


class _Insurance(Element):
    coverage: Reference
    inforce: bool | None = None


class _Request(Element):
    identifier: Identifier


class _Response(Element):
    contained: list[Json] = Field(default_factory=list)
    extension: list[Extension]
    patient: Reference
    serviced_date: Day | None = Field(None, alias="servicedDate")
    requestor: Reference | None = None
    request: _Request
    outcome: Text
    disposition: Text | None = None
    insurance: list[_Insurance] = Field(default_factory=list)


def read_answer(
    body: bytes, question: CardQuestion, *, received_at: datetime, institution_code: str | None
) -> PayerAnswer:
    """Return the answer to ``question``.

    Raises AnswerForAnotherPersonError where it names another certificate or question, and
    PayerProtocolError where it cannot be read, lacks something, or is about another day or
    institution.
    """
    resource = parse_json(body)

    def read() -> PayerAnswer:
        response = read_resource(_Response, "CoverageEligibilityResponse", resource)
        subject = _subject(response, question, body)
        _check_circumstances(response, question, institution_code)
        outcome = AnswerOutcome(response.outcome)
        results = tuple(_coverage(one, response.contained) for one in response.insurance)
        stated = code_of(response.extension, ext("qualification-validity"), QualificationValidity)
        return PayerAnswer(
            id=uuid4().hex,
            question_id=question.id,
            adapter=ADAPTER,
            received_at=received_at,
            original=body,
            outcome=outcome,
            subject=subject,
            qualification_validity=_certain(stated, response.insurance),
            results=results,
            code=string_of(response.extension, ext("processing-result-code")),
            message=response.disposition,
            payer_patient=_payer_patient(response.patient),
        )

    return reading(body, read)


def _subject(response: _Response, question: CardQuestion, body: bytes) -> CardSubject:
    """Return the certificate that is answered for, if it is the one that was asked about."""
    identifier = response.request.identifier
    if identifier.system != vocabulary.ID_QUESTION or identifier.value is None:
        msg = "the answer does not name its question"
        raise ValueError(msg)
    stated = find_extension(response.extension, ext("card-certificate"))
    if stated is None or stated.value_identifier is None or response.patient.identifier is None:
        msg = "the answer does not name the certificate that it is for"
        raise ValueError(msg)
    subjects = {read_subject(stated.value_identifier), read_subject(response.patient.identifier)}
    if identifier.value != question.id or subjects != {question.subject}:
        raise AnswerForAnotherPersonError(question.id, original=body)
    return question.subject


def _check_circumstances(
    response: _Response, question: CardQuestion, institution_code: str | None
) -> None:
    if response.serviced_date not in (None, question.qualification_confirmation_date):
        msg = "the answer is about another day"
        raise ValueError(msg)
    requestor = None if response.requestor is None else response.requestor.identifier
    if (
        institution_code is not None
        and requestor is not None
        and requestor.value != institution_code
    ):
        msg = "the answer is for another institution"
        raise ValueError(msg)


def _payer_patient(patient: Reference) -> str | None:
    if patient.reference is not None and not _PATIENT.fullmatch(patient.reference):
        msg = "the payer's patient is not a reference of its own"
        raise ValueError(msg)
    return patient.reference


def _certain(
    stated: QualificationValidity | UnknownCode | None, insurance: Sequence[_Insurance]
) -> QualificationValidity | UnknownCode | None:
    """Return the validity, or None where ``inforce`` says otherwise.

    有効 needs every result in force (absent is not true); 無効 and 該当資格なし need none that is.
    """
    if stated in CONFIRMED and not all(one.inforce is True for one in insurance):
        return None
    if stated in _DENIED and any(one.inforce is True for one in insurance):
        return None
    return stated


def _contained(reference: str | None, contained: Sequence[Json]) -> Json:
    """Return the contained resource that ``#id`` names; raises ValueError."""
    if reference is None or not reference.startswith("#"):
        msg = "a part of the answer is not contained in it"
        raise ValueError(msg)
    found = [one for one in contained if one.get("id") == reference[1:]]
    return only(found, "a contained resource")


def _coverage(insurance: _Insurance, contained: Sequence[Json]) -> Coverage:
    coverage = read_resource(
        _Coverage, "Coverage", _contained(insurance.coverage.reference, contained)
    )
    patient = read_resource(
        _Patient, "Patient", _contained(coverage.beneficiary.reference, contained)
    )
    payor = only(coverage.payor, "payor")
    insurer = read_resource(_Organization, "Organization", _contained(payor.reference, contained))
    extensions = coverage.extension
    return Coverage(
        person=_person(patient),
        insured_card_classification=code_of(
            extensions, ext("insured-card-classification"), InsuredCardClassification
        ),
        insurer_number=_insurer_number(insurer.identifier),
        insurer_name=insurer.name,
        insured_card_symbol=string_of(extensions, vocabulary.EXT_SYMBOL),
        insured_identification_number=string_of(extensions, vocabulary.EXT_NUMBER),
        insured_branch_number=string_of(extensions, vocabulary.EXT_BRANCH_NUMBER),
        personal_family_classification=_relationship(coverage.relationship),
        qualification_date=day_of(extensions, ext("qualification-date")),
        disqualification_date=day_of(extensions, ext("disqualification-date")),
        insured_card_valid_date=day_of(extensions, ext("insured-card-valid-date")),
        insured_card_expiration_date=day_of(extensions, ext("insured-card-expiration-date")),
        insured_partial_contribution_ratio=_ratio(
            extensions, ext("insured-partial-contribution-ratio")
        ),
        reason_of_loss=code_of(extensions, ext("reason-of-loss"), ReasonOfLoss),
        elderly_recipient_certificate=_elderly_certificate(extensions),
        limit_certificate=_limit_certificate(extensions),
    )


def _insurer_number(identifiers: Sequence[Identifier]) -> str:
    found = [one.value for one in identifiers if one.system == vocabulary.ID_INSURER_NUMBER]
    value = only(found, "the insurer's number")
    if value is None:
        msg = "the insurer's number has no value"
        raise ValueError(msg)
    return normalise_insurer_number(value)


def _relationship(
    concept: CodeableConcept | None,
) -> PersonalFamilyClassification | UnknownCode | None:
    if concept is None:
        return None
    return read_coding(PersonalFamilyClassification, only(concept.coding, "relationship"))


def _ratio(extensions: Sequence[Extension], url: str) -> CopayRatio | UnknownCode | None:
    """Return the ratio; anything but three digits in steps of ten percent is an unknown code."""
    text = string_of(extensions, url)
    if text is None:
        return None
    if _RATIO.fullmatch(text):
        return CopayRatio(int(text))
    return UnknownCode("ContributionRatio", text)


def _elderly_certificate(extensions: Sequence[Extension]) -> ElderlyRecipientCertificate | None:
    found = find_extension(extensions, ext("elderly-recipient-certificate"))
    if found is None:
        return None
    return ElderlyRecipientCertificate(
        contribution_ratio=_ratio(found.extension, "contribution-ratio"),
        valid_start_date=day_of(found.extension, "valid-start-date"),
        valid_end_date=day_of(found.extension, "valid-end-date"),
    )


def _limit_certificate(extensions: Sequence[Extension]) -> LimitCertificate | None:
    found = find_extension(extensions, ext("limit-certificate"))
    if found is None:
        return None
    category = code_of(found.extension, "category", LimitCategory)
    if category is None:
        msg = "a limit certificate names no category"
        raise ValueError(msg)
    return LimitCertificate(
        category=category,
        classification=code_of(found.extension, "classification", LimitCertificateClassification),
        valid_start_date=day_of(found.extension, "valid-start-date"),
        valid_end_date=day_of(found.extension, "valid-end-date"),
    )


def _person(patient: _Patient) -> InsuredPerson:
    name = _name(patient.name, vocabulary.NAME_IDEOGRAPHIC)
    sex = code_of(patient.extension, ext("sex"), Sex)
    if name is None or sex is None:
        msg = "a person has no name or no sex"
        raise ValueError(msg)
    address = at_most_one(patient.address, "address")
    return InsuredPerson(
        name=name,
        birthdate=patient.birth_date,
        sex=sex,
        name_kana=_name(patient.name, vocabulary.NAME_SYLLABIC),
        address=None if address is None else address.text,
        post_number=None if address is None else address.postal_code,
    )


def _name(names: Sequence[_HumanName], representation: str) -> str | None:
    """Return the name in one representation; two of the same kind are not chosen between."""
    found = []
    for one in names:
        stated = find_extension(one.extension, vocabulary.EXT_NAME_REPRESENTATION)
        if stated is not None and stated.value_code == representation:
            found.append(one.text)
    return at_most_one(found, "a name")
