"""Questions without a card as FHIR, and whom an answer to one names (docs/fhir-profile.md, 4.1)."""

from __future__ import annotations

from collections.abc import Sequence

from eligibility.asking import NumberQuestion, PersonQuestion
from eligibility.codes import ProvisionConsent, Sex, UnknownCode
from eligibility.fhir import vocabulary
from eligibility.fhir.questions import write_request
from eligibility.fhir.vocabulary import ext
from eligibility.fhir.wire import (
    Extension,
    Json,
    code_of,
    day_of,
    find_extension,
    string_of,
    write_coding,
)
from eligibility.model import NumberSubject, PersonSubject
from eligibility.numbers import normalise_insurer_number

_GENDERS = {Sex.MALE: "male", Sex.FEMALE: "female"}


def write_number_question(question: NumberQuestion, institution_code: str | None) -> Json:
    """Return the CoverageEligibilityRequest by insured number; it carries no evidence."""
    subject = question.subject
    patient: Json = {
        "resourceType": "Patient",
        "id": "subject",
        "birthDate": subject.birthdate.isoformat(),
    }
    parts = (
        (vocabulary.EXT_SYMBOL, subject.insured_card_symbol),
        (vocabulary.EXT_NUMBER, subject.insured_identification_number),
        (vocabulary.EXT_BRANCH_NUMBER, subject.insured_branch_number),
    )
    insurer = {"system": vocabulary.ID_INSURER_NUMBER, "value": subject.insurer_number}
    coverage: Json = {
        "resourceType": "Coverage",
        "id": "insured",
        "extension": [
            {"url": url, "valueString": value} for url, value in parts if value is not None
        ],
        "status": "active",
        "beneficiary": {"reference": "#subject"},
        "payor": [{"identifier": insurer}],
    }
    given = ProvisionConsent.GIVEN if question.limit_consent else ProvisionConsent.NOT_GIVEN
    request = _request(question, "number", [patient, coverage], institution_code)
    request["extension"].append(
        {
            "url": ext("limit-consent"),
            "extension": [{"url": "flag", "valueCoding": write_coding(given)}],
        }
    )
    request["insurance"] = [{"focal": True, "coverage": {"reference": "#insured"}}]
    return request


def write_person_question(question: PersonQuestion, institution_code: str | None) -> Json:
    """Return the CoverageEligibilityRequest by name, birth date and sex, for disaster mode."""
    subject = question.subject
    patient: Json = {
        "resourceType": "Patient",
        "id": "subject",
        "extension": [{"url": ext("sex"), "valueCoding": write_coding(subject.sex)}],
        "name": [{"text": subject.name}],
        "gender": _GENDERS.get(subject.sex, "unknown"),
        "birthDate": subject.birthdate.isoformat(),
    }
    if subject.address is not None:
        patient["address"] = [{"text": subject.address}]
    return _request(question, "person", [patient], institution_code)


def _request(
    question: NumberQuestion | PersonQuestion,
    asked_by: str,
    contained: list[Json],
    institution_code: str | None,
) -> Json:
    extensions: list[Json] = [{"url": ext("asked-by"), "valueCode": asked_by}]
    day = question.qualification_confirmation_date.isoformat()
    return write_request(question, contained, extensions, day, institution_code)


def write_number_parts(subject: NumberSubject) -> list[Json]:
    """Return an insured number and its birth date as the parts of an extension."""
    texts = (
        ("insurer-number", subject.insurer_number),
        ("insured-card-symbol", subject.insured_card_symbol),
        ("insured-identification-number", subject.insured_identification_number),
        ("insured-branch-number", subject.insured_branch_number),
    )
    return [
        *({"url": name, "valueString": value} for name, value in texts if value is not None),
        {"url": "birthdate", "valueDate": subject.birthdate.isoformat()},
    ]


def read_asked_about(extensions: Sequence[Extension]) -> NumberSubject | PersonSubject | None:
    """Return whom an answer says that it was asked about; raises ValueError where it says both.

    None where it names neither an insured number nor a person.
    """
    by_number = find_extension(extensions, ext("confirm-search-info"))
    by_person = find_extension(extensions, ext("person-search-info"))
    if by_number is not None and by_person is not None:
        msg = "an answer is by number or by person"
        raise ValueError(msg)
    if by_number is not None:
        return _number_subject(by_number.extension)
    if by_person is not None:
        return _person_subject(by_person.extension)
    return None


def _number_subject(parts: Sequence[Extension]) -> NumberSubject:
    insurer = string_of(parts, "insurer-number")
    number = string_of(parts, "insured-identification-number")
    birthdate = day_of(parts, "birthdate")
    if insurer is None or number is None or birthdate is None:
        msg = "an insured number needs insurer, number and birth date"
        raise ValueError(msg)
    return NumberSubject(
        insurer_number=normalise_insurer_number(insurer),
        insured_identification_number=number,
        birthdate=birthdate,
        insured_card_symbol=string_of(parts, "insured-card-symbol"),
        insured_branch_number=string_of(parts, "insured-branch-number"),
    )


def _person_subject(parts: Sequence[Extension]) -> PersonSubject:
    name, birthdate = string_of(parts, "name"), day_of(parts, "birthdate")
    sex = code_of(parts, "sex", Sex)
    if name is None or birthdate is None or sex is None or isinstance(sex, UnknownCode):
        msg = "a person is asked for by name, birth date and sex"
        raise ValueError(msg)
    return PersonSubject(name, birthdate, sex, string_of(parts, "address"))
