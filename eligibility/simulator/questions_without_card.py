"""Questions by insured number and by person, and registrations of 照会番号, read strictly."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from pydantic import Field

from eligibility.codes import ProvisionConsent, Sex
from eligibility.model import NumberSubject, PersonSubject
from eligibility.numbers import normalise_insurer_number
from eligibility.simulator import names
from eligibility.simulator.bodies import (
    Day,
    Element,
    Extension,
    Identifier,
    Text,
    identifier,
    invalid,
    only,
    read,
)
from eligibility.simulator.names import ext
from eligibility.simulator.requests import (
    QUESTION_ID,
    Contained,
    QuestionBody,
    Reference,
    institution_of,
)

BY_NUMBER, BY_PERSON = "number", "person"
MOST_REGISTRATIONS = 100
_SEXES = {"male": Sex.MALE, "female": Sex.FEMALE}


class _Payor(Element):
    identifier: Identifier


class _Name(Element):
    text: Text


class _Resource(Contained):
    extension: list[Extension] = Field(default_factory=list, max_length=50)
    beneficiary: Reference | None = None
    payor: list[_Payor] = Field(default_factory=list, max_length=10)
    name: list[_Name] = Field(default_factory=list, max_length=10)
    birth_date: Day | None = Field(default=None, alias="birthDate")
    address: list[_Name] = Field(default_factory=list, max_length=10)


class _Insurance(Element):
    coverage: Reference


class _QuestionBody(QuestionBody[_Resource]):
    insurance: list[_Insurance] = Field(default_factory=list, max_length=10)

    def resource(self, name: str, kind: str) -> _Resource:
        """Return the one contained resource of an id; raise RefusalError."""
        found = only(self.contained, lambda item: item.id == name, f"contained {name}")
        if found.resource_type != kind:
            raise invalid(f"contained {name}: no {kind}")
        return found


@dataclass(frozen=True, slots=True)
class QuestionWithoutCard:
    """A question as received; ``limit_consent``: by number only."""

    id: str
    subject: NumberSubject | PersonSubject
    institution: str | None
    serviced_date: date
    limit_consent: bool = True


def asks_without_card(parsed: dict[str, Any]) -> bool:
    """Whether a body says that it asks by something else than a card."""
    extensions = parsed.get("extension")
    return isinstance(extensions, list) and any(
        isinstance(one, dict) and one.get("url") == ext("asked-by") for one in extensions
    )


def read_question_without_card(parsed: dict[str, Any], key: str) -> QuestionWithoutCard:
    """Read a CoverageEligibilityRequest; ``key``: the Idempotency-Key header.

    Raises RefusalError (request-invalid).
    """
    body = read(_QuestionBody, parsed)
    question_id = identifier(body.identifier, names.ID_QUESTION).value
    if question_id != key:
        raise invalid("Idempotency-Key is not the question's id")
    if body.patient.reference != "#subject":
        raise invalid("patient.reference")
    patient = body.resource("subject", "Patient")
    asked_by = only(body.extension, lambda item: item.url == ext("asked-by"), "asked-by").code
    subject: NumberSubject | PersonSubject
    limit_consent = True
    if asked_by == BY_NUMBER:
        insured = only(body.insurance, lambda _: True, "insurance").coverage
        if insured.reference != "#insured":
            raise invalid("insurance.coverage")
        subject = _number_subject(patient, body.resource("insured", "Coverage"))
        limit_consent = _limit_consent(body.extension)
    elif asked_by == BY_PERSON and not body.insurance:
        subject = _person_subject(patient)
    else:
        raise invalid("asked-by")
    return QuestionWithoutCard(
        question_id,
        subject,
        institution_of(body.provider, body.contained),
        body.serviced_date,
        limit_consent,
    )


def _number_subject(patient: _Resource, coverage: _Resource) -> NumberSubject:
    if coverage.beneficiary is None or coverage.beneficiary.reference != "#subject":
        raise invalid("coverage.beneficiary")
    insurer = only(coverage.payor, lambda _: True, "payor").identifier
    if insurer.system != names.ID_INSURER:
        raise invalid("payor: no insurer number")
    return _subject(
        insurer.value,
        _text(coverage.extension, names.EXT_NUMBER),
        patient.birth_date,
        _text(coverage.extension, names.EXT_SYMBOL),
        _text(coverage.extension, names.EXT_BRANCH),
    )


def _subject(
    insurer: str | None,
    number: str | None,
    birthdate: date | None,
    symbol: str | None,
    branch: str | None,
) -> NumberSubject:
    if insurer is None or number is None or birthdate is None:
        raise invalid("insurer, number or birth date is missing")
    try:
        insurer = normalise_insurer_number(insurer)
    except ValueError as error:
        raise invalid("insurer number") from error
    return NumberSubject(insurer, number, birthdate, symbol, branch)


def _person_subject(patient: _Resource) -> PersonSubject:
    name = only(patient.name, lambda _: True, "name").text
    coding = only(patient.extension, lambda item: item.url == ext("sex"), "sex").coding
    if coding is None or coding.system != names.CS_SEX or patient.birth_date is None:
        raise invalid("sex or birth date is missing")
    try:
        sex = Sex(coding.code)  # type: ignore[call-arg]  # by value
    except ValueError as error:
        raise invalid("sex unknown") from error
    address = only(patient.address, lambda _: True, "address").text if patient.address else None
    return PersonSubject(name, patient.birth_date, sex, address)


def _limit_consent(extensions: list[Extension]) -> bool:
    consent = only(extensions, lambda item: item.url == ext("limit-consent"), "limit-consent")
    flag = only(consent.extension, lambda item: item.url == "flag", "flag").coding
    if flag is None or flag.system != names.CS_PROVISION:
        raise invalid("limit-consent: no flag")
    try:
        return ProvisionConsent(flag.code) is ProvisionConsent.GIVEN  # type: ignore[call-arg]  # by value
    except ValueError as error:
        raise invalid("limit-consent unknown") from error


def _text(extensions: list[Extension], url: str) -> str | None:
    found = [item for item in extensions if item.url == url]
    if not found:
        return None
    text = only(found, lambda _: True, url).text
    if text is None:
        raise invalid(f"{url}: no valueString")
    return text


# -- 照会番号 -------------------------------------------------------------------------------------


class _Part(Element):
    name: Text
    text: Text | None = Field(default=None, alias="valueString")
    day: Day | None = Field(default=None, alias="valueDate")


class _Registration(Element):
    name: Literal["registration"]
    part: list[_Part] = Field(max_length=20)


class _RegistrationsBody(Element):
    resource_type: Literal["Parameters"] = Field(alias="resourceType")
    parameter: list[_Registration] = Field(min_length=1, max_length=MOST_REGISTRATIONS)


@dataclass(frozen=True, slots=True)
class ReferenceNumberRequest:
    """One registration of a 照会番号 as received."""

    id: str
    subject: NumberSubject
    reference_number: str


def read_reference_numbers(parsed: dict[str, Any]) -> tuple[ReferenceNumberRequest, ...]:
    """Read the Parameters of ``$register-reference-numbers``; raise RefusalError."""
    body = read(_RegistrationsBody, parsed)
    found = tuple(_registration(one.part) for one in body.parameter)
    if len({one.id for one in found}) != len(found):
        raise invalid("an id comes twice")
    return found


def _registration(parts: list[_Part]) -> ReferenceNumberRequest:
    by_name = {part.name: part for part in parts}
    if len(by_name) != len(parts):
        raise invalid("a part comes twice")

    def text(name: str) -> str | None:
        return by_name[name].text if name in by_name else None

    registration_id, reference = text("id"), text("reference-number")
    if registration_id is None or not QUESTION_ID.fullmatch(registration_id) or reference is None:
        raise invalid("a registration has an id and a reference number")
    return ReferenceNumberRequest(
        registration_id,
        _subject(
            text("insurer-number"),
            text("insured-identification-number"),
            by_name["birthdate"].day if "birthdate" in by_name else None,
            text("insured-card-symbol"),
            text("insured-branch-number"),
        ),
        reference,
    )
