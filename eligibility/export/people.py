"""The patient, the coverage, the consent, and where all of it comes from."""

from __future__ import annotations

from eligibility.codes import QualificationValidity, Sex, UnknownCode
from eligibility.export.elements import (
    ID_MEMBER,
    ID_PATIENT_NUMBER,
    UCUM,
    Json,
    concept,
    day,
    extension,
    extensions,
    hl7,
    parts,
    table_coding,
    without_nothing,
)
from eligibility.export.entries import Entries
from eligibility.export.taken import SOURCE, TakenHistory
from eligibility.fhir.consents import write_consent
from eligibility.fhir.vocabulary import (
    EXT_BRANCH_NUMBER,
    EXT_NAME_REPRESENTATION,
    EXT_NUMBER,
    EXT_SYMBOL,
    ID_INSURER_NUMBER,
    NAME_IDEOGRAPHIC,
    NAME_IN_USE,
    NAME_SYLLABIC,
    ext,
)
from eligibility.fhir.wire import write_instant
from eligibility.model import (
    CopayRatio,
    Coverage,
    ElderlyRecipientCertificate,
    InsuredPerson,
    LimitCertificate,
)

_GENDERS = {Sex.MALE: "male", Sex.FEMALE: "female", Sex.NOT_SET: "unknown"}
_VALID = (QualificationValidity.VALID, QualificationValidity.VALID_UNREGISTERED)


def add_patient(entries: Entries, taken: TakenHistory) -> Json:
    """Add the patient, with every way that a coverage writes name and address; return who it is."""
    names, addresses = [], []
    for person in taken.persons:
        names += _names(person)
        if person.address is not None or person.post_number is not None:
            addresses.append(
                without_nothing({"text": person.address, "postalCode": person.post_number})
            )
    sex = taken.sex
    number = []
    if taken.patient_number is not None:
        system = ID_PATIENT_NUMBER.format(institution=taken.institution.code)
        number = [{"system": system, "value": taken.patient_number}]
    address = entries.add(
        {
            "resourceType": "Patient",
            "identifier": number + _once([_member(one) for one in taken.coverages]),
            "name": _once(names),
            "gender": _GENDERS.get(sex) if isinstance(sex, Sex) else None,
            "birthDate": day(taken.birthdate),
            "address": _once(addresses),
        }
    )
    return {"reference": address}


def _once(found: list[Json]) -> list[Json]:
    return [one for place, one in enumerate(found) if one and one not in found[:place]]


def _names(person: InsuredPerson) -> list[Json]:
    written = (
        (NAME_IDEOGRAPHIC, "official", person.name),
        (NAME_SYLLABIC, "official", person.name_kana),
        (NAME_IDEOGRAPHIC, NAME_IN_USE, person.name_of_other),
        (NAME_SYLLABIC, NAME_IN_USE, person.name_of_other_kana),
    )
    return [
        {
            "extension": [{"url": EXT_NAME_REPRESENTATION, "valueCode": representation}],
            "use": use,
            "text": name,
        }
        for representation, use, name in written
        if name is not None
    ]


def _member(coverage: Coverage) -> Json:
    """Return 被保険者個人識別子: 保険者番号:記号:番号:枝番, what is absent left empty."""
    if coverage.insured_identification_number is None:
        return {}
    value = ":".join(
        (
            coverage.insurer_number,
            coverage.insured_card_symbol or "",
            coverage.insured_identification_number,
            coverage.insured_branch_number or "",
        )
    )
    return {"system": ID_MEMBER, "value": value}


def add_coverages(entries: Entries, taken: TakenHistory, patient: Json) -> list[str]:
    """Add each coverage of the answer with its insurer; return their addresses."""
    return [entries.add(_coverage(entries, taken, one, patient)) for one in taken.coverages]


def _coverage(entries: Entries, taken: TakenHistory, one: Coverage, patient: Json) -> Json:
    insurer = entries.add(
        {
            "resourceType": "Organization",
            "identifier": [{"system": ID_INSURER_NUMBER, "value": one.insurer_number}],
            "type": [concept(None, hl7("organization-type"), "pay")],
            "name": one.insurer_name,
        }
    )
    relation = one.personal_family_classification
    subscriber = [one.insured_card_symbol, one.insured_identification_number]
    validity = taken.validity
    return {
        "resourceType": "Coverage",
        "extension": [
            *(
                {"url": url, "valueString": told}
                for url, told in (
                    (EXT_SYMBOL, one.insured_card_symbol),
                    (EXT_NUMBER, one.insured_identification_number),
                    (EXT_BRANCH_NUMBER, one.insured_branch_number),
                )
                if told is not None
            ),
            *extensions(
                (
                    "qualification-validity",
                    "Coding",
                    None if validity is None else table_coding(validity),
                ),
                ("insured-card-valid-date", "Date", day(one.insured_card_valid_date)),
                ("insured-card-expiration-date", "Date", day(one.insured_card_expiration_date)),
            ),
            *_elderly(one.elderly_recipient_certificate),
            *_limit(one.limit_certificate),
        ],
        "identifier": [_member(one)] if _member(one) else [],
        "status": "active" if validity in _VALID else "cancelled",
        "type": concept(None, hl7("v3-ActCode"), "PUBLICPOL"),
        "subscriberId": ":".join(filter(None, subscriber)),
        "beneficiary": patient,
        "dependent": one.insured_branch_number,
        "relationship": None if relation is None else {"coding": [table_coding(relation)]},
        "period": without_nothing(
            {"start": day(one.qualification_date), "end": day(one.disqualification_date)}
        ),
        "payor": [{"reference": insurer, "display": one.insurer_name}],
        "costToBeneficiary": _cost(one.insured_partial_contribution_ratio),
    }


def _cost(ratio: CopayRatio | UnknownCode | None) -> list[Json]:
    """Return 一部負担金割合; a ratio that cannot be read is no number."""
    if not isinstance(ratio, CopayRatio):
        return []
    percent = {"value": ratio.percent, "unit": "%", "system": UCUM, "code": "%"}
    kind = concept(None, hl7("coverage-copay-type"), "copaypct")
    return [{"type": kind, "valueQuantity": percent}]


def _elderly(certificate: ElderlyRecipientCertificate | None) -> list[Json]:
    if certificate is None:
        return []
    ratio = certificate.contribution_ratio
    told = parts(
        ("contribution-ratio", "String", _ratio(ratio)),
        ("valid-start-date", "Date", day(certificate.valid_start_date)),
        ("valid-end-date", "Date", day(certificate.valid_end_date)),
        ("certificate-date", "Date", day(certificate.certificate_date)),
    )
    return [{"url": ext("elderly-recipient-certificate"), "extension": told}] if told else []


def _ratio(ratio: CopayRatio | UnknownCode | None) -> str | None:
    if ratio is None:
        return None
    return ratio.value if isinstance(ratio, UnknownCode) else f"{ratio.percent:03d}"


def _limit(certificate: LimitCertificate | None) -> list[Json]:
    if certificate is None:
        return []
    category, classification = certificate.category, certificate.classification
    told = parts(
        ("category", "Coding", None if category is None else table_coding(category)),
        (
            "classification",
            "Coding",
            None if classification is None else table_coding(classification),
        ),
        ("valid-start-date", "Date", day(certificate.valid_start_date)),
        ("valid-end-date", "Date", day(certificate.valid_end_date)),
        ("certificate-date", "Date", day(certificate.certificate_date)),
        ("long-term-date", "Date", day(certificate.long_term_date)),
    )
    return [{"url": ext("limit-certificate"), "extension": told}] if told else []


def add_consent(entries: Entries, taken: TakenHistory, patient: Json) -> str:
    """Add the consent that opened it, with the time that it holds for; return its address."""
    consent = taken.consent
    resource = write_consent(consent, patient["reference"])
    del resource["meta"]
    period = {"start": write_instant(consent.given_at), "end": write_instant(consent.ends_at)}
    resource["provision"]["period"] = period
    return entries.add(resource | {"organization": [entries.place(taken.institution)]})


def add_provenances(
    entries: Entries, taken: TakenHistory, coverages: list[str], records: list[str], consent: str
) -> None:
    """Add who told what and when: of the coverage, and of the history with each part's state."""
    states = [
        {
            "url": ext("part"),
            "extension": [
                {"url": "category", "valueCoding": table_coding(category)},
                {"url": "state", "valueCode": taken.state(category).value},
            ],
        }
        for category in sorted(taken.wanted, key=lambda one: str(one.value))
    ]
    for targets, told_at, told in (
        (coverages, taken.as_of, []),
        ([*records, consent], taken.history.fetched_at, states),
    ):
        entries.add(
            {
                "resourceType": "Provenance",
                "extension": [*told, extension("adapter", "String", taken.adapter)],
                "target": [{"reference": one} for one in targets],
                "occurredDateTime": write_instant(told_at),
                "recorded": write_instant(taken.exported_at),
                "agent": [
                    {
                        "type": concept(None, hl7("provenance-participant-type"), "custodian"),
                        "who": {"display": SOURCE},
                    },
                    {
                        "type": concept(None, hl7("provenance-participant-type"), "assembler"),
                        "who": entries.place(taken.institution),
                    },
                ],
                "entity": [{"role": "source", "what": {"display": taken.source}}],
            }
        )
