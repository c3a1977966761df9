"""Contained Coverage, Patient and Organization → Coverage: one result of an answer."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from eligibility.benefits import RegisteredConsent, RegisteredProvision
from eligibility.codes import (
    InformationConsent,
    InsuredCardClassification,
    PersonalFamilyClassification,
    PreschoolClassification,
    ProvisionConsent,
    ReasonOfLoss,
    Sex,
    UnknownCode,
)
from eligibility.fhir import vocabulary
from eligibility.fhir.certificates import (
    read_elderly_certificate,
    read_limit_certificate,
    read_medical_ticket,
    read_ratio,
    read_specific_diseases_certificate,
)
from eligibility.fhir.vocabulary import ext
from eligibility.fhir.wire import (
    CodeableConcept,
    Day,
    Element,
    Extension,
    Identifier,
    Json,
    Many,
    Reference,
    Text,
    at_most_one,
    code_of,
    day_of,
    find_extension,
    instant_of,
    only,
    read_coding,
    read_resource,
    string_of,
)
from eligibility.model import Coverage, InsuredPerson
from eligibility.numbers import normalise_insurer_number


class _HumanName(Element):
    extension: Many[Extension] = Field(default_factory=list)
    use: Text | None = None
    text: Text | None = None


class _Address(Element):
    text: Text | None = None
    postal_code: Text | None = Field(None, alias="postalCode")


class _Patient(Element):
    extension: Many[Extension] = Field(default_factory=list)
    name: Many[_HumanName]
    birth_date: Day = Field(alias="birthDate")
    address: Many[_Address] = Field(default_factory=list)


class _Organization(Element):
    identifier: Many[Identifier]
    name: Text


class _Coverage(Element):
    extension: Many[Extension] = Field(default_factory=list)
    beneficiary: Reference
    payor: Many[Reference]
    relationship: CodeableConcept | None = None


def _contained(reference: str | None, contained: Sequence[Json]) -> Json:
    """Return the contained resource that ``#id`` names; raises ValueError."""
    if reference is None or not reference.startswith("#"):
        msg = "a part of the answer is not contained in it"
        raise ValueError(msg)
    found = [one for one in contained if one.get("id") == reference[1:]]
    return only(found, "a contained resource")


def read_coverage(reference: Reference, contained: Sequence[Json]) -> Coverage:
    """Return the coverage that ``reference`` names in ``contained``; raises ValueError."""
    coverage = read_resource(_Coverage, "Coverage", _contained(reference.reference, contained))
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
        insured_partial_contribution_ratio=read_ratio(
            extensions, ext("insured-partial-contribution-ratio")
        ),
        reason_of_loss=code_of(extensions, ext("reason-of-loss"), ReasonOfLoss),
        elderly_recipient_certificate=read_elderly_certificate(extensions),
        limit_certificate=read_limit_certificate(extensions),
        insured_name=string_of(extensions, ext("insured-name")),
        insured_certificate_issuance_date=day_of(
            extensions, ext("insured-certificate-issuance-date")
        ),
        preschool_classification=code_of(
            extensions, ext("preschool-classification"), PreschoolClassification
        ),
        limit_consent=_provision(extensions, "limit-consent"),
        specific_diseases_consent=_provision(extensions, "specific-diseases-consent"),
        specific_diseases_certificates=tuple(
            read_specific_diseases_certificate(one.extension)
            for one in extensions
            if one.url == ext("specific-diseases-certificate")
        ),
        medical_tickets=tuple(
            read_medical_ticket(one.extension)
            for one in extensions
            if one.url == ext("medical-ticket")
        ),
        specific_health_checkups_info=_consent(extensions, "specific-health-checkups-info"),
        pharmacists_info=_consent(extensions, "pharmacists-info"),
        diagnosis_info=_consent(extensions, "diagnosis-info"),
        operation_info=_consent(extensions, "operation-info"),
    )


def _provision(extensions: Sequence[Extension], name: str) -> RegisteredProvision | None:
    found = find_extension(extensions, ext(name))
    if found is None:
        return None
    flag = code_of(found.extension, "flag", ProvisionConsent)
    if flag is None:
        msg = f"{name} has no flag"
        raise ValueError(msg)
    return RegisteredProvision(flag, instant_of(found.extension, "consent-time"))


def _consent(extensions: Sequence[Extension], name: str) -> RegisteredConsent | None:
    found = find_extension(extensions, ext(name))
    if found is None:
        return None
    flag = code_of(found.extension, "flag", InformationConsent)
    if flag is None:
        msg = f"{name} has no flag"
        raise ValueError(msg)
    return RegisteredConsent(
        flag,
        instant_of(found.extension, "consent-time"),
        instant_of(found.extension, "available-time"),
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


def _person(patient: _Patient) -> InsuredPerson:
    registered = [one for one in patient.name if one.use != vocabulary.NAME_IN_USE]
    in_use = [one for one in patient.name if one.use == vocabulary.NAME_IN_USE]
    name = _name(registered, vocabulary.NAME_IDEOGRAPHIC)
    sex = code_of(patient.extension, ext("sex"), Sex)
    if name is None or sex is None:
        msg = "a person has no name or no sex"
        raise ValueError(msg)
    address = at_most_one(patient.address, "address")
    return InsuredPerson(
        name=name,
        birthdate=patient.birth_date,
        sex=sex,
        name_kana=_name(registered, vocabulary.NAME_SYLLABIC),
        address=None if address is None else address.text,
        post_number=None if address is None else address.postal_code,
        name_of_other=_name(in_use, vocabulary.NAME_IDEOGRAPHIC),
        name_of_other_kana=_name(in_use, vocabulary.NAME_SYLLABIC),
        sex2=code_of(patient.extension, ext("sex2"), Sex),
    )


def _name(names: Sequence[_HumanName], representation: str) -> str | None:
    """Return the name in one representation; two of the same kind are not chosen between."""
    found = []
    for one in names:
        stated = find_extension(one.extension, vocabulary.EXT_NAME_REPRESENTATION)
        if stated is not None and stated.value_code == representation:
            found.append(one.text)
    return at_most_one(found, "a name")
