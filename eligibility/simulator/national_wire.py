"""What the payer says in the national interface's XML; plain data in, bytes out.

Written and read with nothing of the product's own codecs, so that one cannot hide the other's
mistakes.  Elements come in another order in each message, as they do in the real system's.
"""

from __future__ import annotations

import random
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from eligibility.benefits import MedicalTicket, RegisteredConsent, RegisteredProvision
from eligibility.calendar import JAPAN
from eligibility.codes import CodeTable, UnknownCode
from eligibility.model import CopayRatio, Coverage
from eligibility.numbers import normalise_insurer_number

Value = str | Sequence["Tree"] | None
Tree = tuple[str, Value]
"""One element: its name, and its text or the elements in it; None leaves it out."""


class RequestUnreadableError(Exception):
    """A request is no message of the interface; the text names what is missing, no value."""


@dataclass(frozen=True, slots=True)
class NationalRequest:
    """One request file: its header and what stands in its body, by element names."""

    header: Mapping[str, str]
    searches: tuple[Mapping[str, str], ...]
    body: Mapping[str, str] = field(default_factory=dict)
    encoding: str = "utf-8"

    @property
    def identifier(self) -> str:
        """ArbitraryFileIdentifier."""
        return self.header.get("ArbitraryFileIdentifier", "")

    @property
    def institution(self) -> str:
        """MedicalInstitutionCode."""
        return self.header.get("MedicalInstitutionCode", "")


def read_request(content: bytes) -> NationalRequest:
    """Read a request; raises RequestUnreadableError."""
    if b"<!DOCTYPE" in content:
        raise RequestUnreadableError("a document type is not part of the interface")
    try:
        root = ET.fromstring(as_text(content))  # noqa: S314  # no document type, see above
    except (ET.ParseError, UnicodeDecodeError, LookupError) as error:
        raise RequestUnreadableError("not XML in the encoding that it declares") from error
    header, body = root.find("MessageHeader"), root.find("MessageBody")
    if root.tag != "XmlMsg" or header is None or body is None:
        raise RequestUnreadableError("XmlMsg with MessageHeader and MessageBody")
    searches = [one for one in body if len(one)]
    return NationalRequest(
        header={one.tag: one.text or "" for one in header},
        searches=tuple({leaf.tag: leaf.text or "" for leaf in one} for one in searches),
        body={one.tag: one.text or "" for one in body if not len(one)},
        encoding="shift_jis" if b"shift_jis" in content[:100].lower() else "utf-8",
    )


def as_text(content: bytes) -> str:
    """Return a message as text without its declaration; raises UnicodeDecodeError."""
    head = content[:100].lower()
    encoding = "cp932" if b"shift_jis" in head else "utf-8-sig"
    text = content.decode(encoding)
    # a declaration of an encoding is refused in text that is decoded already
    return text.split("?>", 1)[1] if text.startswith("<?xml") else text


def number_asked(search: Mapping[str, str]) -> tuple[str, str, date, str | None, str | None]:
    """Return insurer number, number, birth date, symbol, branch; raises RequestUnreadableError."""
    try:
        insurer = normalise_insurer_number(search.get("InsurerNumber", "").strip())
        birthdate = datetime.strptime(search.get("Birthdate", ""), "%Y%m%d").date()  # noqa: DTZ007
    except ValueError as error:
        raise RequestUnreadableError("InsurerNumber or Birthdate") from error
    number = search.get("InsuredIdentificationNumber", "")
    if not number:
        raise RequestUnreadableError("InsuredIdentificationNumber")
    return (
        insurer,
        number,
        birthdate,
        search.get("InsuredCardSymbol") or None,
        search.get("InsuredBranchNumber") or None,
    )


def write(header: Sequence[Tree], body: Sequence[Tree], *, encoding: str, order: str) -> bytes:
    """Return a message; ``order`` decides in which order elements come."""
    chance = random.Random(order)  # noqa: S311  # an order by chance, the same each time
    root = ET.Element("XmlMsg")
    _add(root, ("MessageHeader", header), chance)
    _add(root, ("MessageBody", body), chance)
    text = ET.tostring(root, encoding="unicode")
    name = {"utf-8": "UTF-8", "shift_jis": "Shift_JIS"}[encoding]
    declared = f'<?xml version="1.0" encoding="{name}" standalone="no"?>\n{text}\n'
    codec = "cp932" if encoding == "shift_jis" else "utf-8"
    return declared.encode(codec, "xmlcharrefreplace")


def _add(parent: ET.Element, tree: Tree, chance: random.Random) -> None:
    name, value = tree
    if value is None:
        return
    element = ET.SubElement(parent, name)
    if isinstance(value, str):
        element.text = value
        return
    children = list(value)
    chance.shuffle(children)
    # a list keeps its own order
    children.sort(key=lambda one: one[0].endswith(("List", "Unit", "Confirmation")))
    for child in children:
        _add(element, child, chance)


def header_of(request: NationalRequest, now: datetime, *more: Tree) -> list[Tree]:
    """Return the header that answers a request."""
    return [
        ("ProcessExecutionTime", moment(now)),
        ("QualificationConfirmationDate", request.header.get("QualificationConfirmationDate")),
        ("MedicalInstitutionCode", request.institution),
        ("ArbitraryFileIdentifier", request.identifier),
        ("CharacterCodeIdentifier", "0"),
        *more,
    ]


def result_of(coverage: Coverage) -> Tree:
    """Return one ResultOfQualificationConfirmation."""
    person = coverage.person
    elderly, limit = coverage.elderly_recipient_certificate, coverage.limit_certificate
    values: list[Tree] = [
        ("InsuredCardClassification", _code(coverage.insured_card_classification)),
        ("Name", person.name),
        ("NameKana", person.name_kana),
        ("NameOfOther", person.name_of_other),
        ("NameOfOtherKana", person.name_of_other_kana),
        ("Sex1", _code(person.sex)),
        ("Sex2", _code(person.sex2)),
        ("Birthdate", day(person.birthdate)),
        ("Address", person.address),
        ("PostNumber", person.post_number),
        ("InsurerNumber", padded(coverage.insurer_number)),
        ("InsurerName", coverage.insurer_name),
        ("InsuredCardSymbol", coverage.insured_card_symbol),
        ("InsuredIdentificationNumber", coverage.insured_identification_number),
        ("InsuredBranchNumber", coverage.insured_branch_number),
        ("PersonalFamilyClassification", _code(coverage.personal_family_classification)),
        ("InsuredName", coverage.insured_name),
        ("QualificationDate", day(coverage.qualification_date)),
        ("DisqualificationDate", day(coverage.disqualification_date)),
        ("InsuredCertificateIssuanceDate", day(coverage.insured_certificate_issuance_date)),
        ("InsuredCardValidDate", day(coverage.insured_card_valid_date)),
        ("InsuredCardExpirationDate", day(coverage.insured_card_expiration_date)),
        (
            "InsuredPartialContributionRatio",
            _ratio(coverage.insured_partial_contribution_ratio),
        ),
        ("PreschoolClassification", _code(coverage.preschool_classification)),
        ("ReasonOfLoss", _code(coverage.reason_of_loss)),
        *_provision("LimitApplicationCertificateRelated", coverage.limit_consent),
        *_provision("SpecificDiseasesCertificateRelated", coverage.specific_diseases_consent),
        *_consent("SpecificHealthCheckupsInfo", coverage.specific_health_checkups_info),
        *_consent("PharmacistsInfo", coverage.pharmacists_info),
        *_consent("DiagnosisInfo", coverage.diagnosis_info),
        *_consent("OperationInfo", coverage.operation_info),
    ]
    if elderly is not None:
        name = "ElderlyRecipientCertificate"
        parts: list[Tree] = [
            (f"{name}Date", day(elderly.certificate_date)),
            (f"{name.removesuffix('Certificate')}ValidStartDate", day(elderly.valid_start_date)),
            (f"{name.removesuffix('Certificate')}ValidEndDate", day(elderly.valid_end_date)),
            ("ElderlyRecipientContributionRatio", _ratio(elderly.contribution_ratio)),
        ]
        values.append((f"{name}Info", parts))
    if limit is not None:
        name = "LimitApplicationCertificate"
        values.append(
            (
                f"{name}RelatedInfo",
                [
                    (f"{name}Classification", _code(limit.classification)),
                    (f"{name}ClassificationFlag", _code(limit.category)),
                    (f"{name}Date", day(limit.certificate_date)),
                    (f"{name}ValidStartDate", day(limit.valid_start_date)),
                    (f"{name}ValidEndDate", day(limit.valid_end_date)),
                    (f"{name}LongTermDate", day(limit.long_term_date)),
                ],
            )
        )
    diseases = [
        (
            "SpecificDiseasesCertificateInfo",
            [
                ("SpecificDiseasesDiseaseCategory", _code(one.disease_category)),
                ("SpecificDiseasesCertificateDate", day(one.certificate_date)),
                ("SpecificDiseasesValidStartDate", day(one.valid_start_date)),
                ("SpecificDiseasesValidEndDate", day(one.valid_end_date)),
                ("SpecificDiseasesSelfPay", None if one.self_pay is None else str(one.self_pay)),
            ],
        )
        for one in coverage.specific_diseases_certificates
    ]
    if diseases:
        values.append(("SpecificDiseasesCertificateList", diseases))
    if coverage.medical_tickets:
        tickets = [_ticket(one) for one in coverage.medical_tickets]
        values.append(("PublicExpenseResultList", tickets))
    return "ResultOfQualificationConfirmation", values


def _ticket(ticket: MedicalTicket) -> Tree:
    month = ticket.medical_treatment_month
    amount = ticket.self_pay_amount
    designated = "DesignatedMedicalInstitution"
    return "MedicalTicketInfo", [
        ("TicketType", _code(ticket.ticket_type)),
        ("MedicalTicketValidDate", day(ticket.valid_date)),
        ("MedicalTicketExpirationDate", day(ticket.expiration_date)),
        ("IssueNumber", ticket.issue_number),
        ("MedicalTreatmentMonth", None if month is None else f"{month:%Y%m}"),
        (f"{designated}Code", ticket.designated_medical_institution_code),
        (f"{designated}Flag", _code(ticket.designated_medical_institution_flag)),
        (f"{designated}Name", ticket.designated_medical_institution_name),
        *_numbered("InjuryName", ticket.injury_names),
        ("MedicalTreatmentType", _code(ticket.medical_treatment_type)),
        ("SelfPayAmount", None if amount is None else str(amount)),
        ("DistrictContactName", ticket.district_contact_name),
        ("HandlingContactName", ticket.handling_contact_name),
        ("SingleOrCombinedUse", _code(ticket.single_or_combined_use)),
        ("StatusOfSocialInsurance", _code(ticket.status_of_social_insurance)),
        ("ConsistencyFlag", _code(ticket.consistency_flag)),
        ("StatusOfInfecton", _code(ticket.status_of_infection)),
        ("StatusOfElderlyMedicalCare", _code(ticket.status_of_elderly_medical_care)),
        ("StatusOfPrefecturalExpenses", _code(ticket.status_of_prefectural_expenses)),
        *_numbered("Remarks", ticket.remarks),
    ]


def _numbered(name: str, texts: Iterable[str]) -> list[Tree]:
    return [(f"{name}{number}", text) for number, text in enumerate(texts, 1)]


def _provision(name: str, provision: RegisteredProvision | None) -> list[Tree]:
    if provision is None:
        return []
    given = provision.consent_time
    return [
        (f"{name}ConsFlg", _code(provision.flag)),
        (f"{name}ConsTime", None if given is None else moment(given)),
    ]


def _consent(name: str, consent: RegisteredConsent | None) -> list[Tree]:
    if consent is None:
        return []
    given, until = consent.consent_time, consent.available_time
    return [
        (f"{name}ConsFlg", _code(consent.flag)),
        (f"{name}ConsTime", None if given is None else moment(given)),
        (f"{name}AvailableTime", None if until is None else moment(until)),
    ]


def padded(insurer_number: str) -> str:
    """Return an insurer number as the system writes it: eight places, spaces before six digits."""
    if insurer_number.startswith("00"):
        return f"  {insurer_number[2:]}"
    return insurer_number


def day(value: date | None) -> str | None:
    """Return a day as the system writes it."""
    return None if value is None else f"{value:%Y%m%d}"


def moment(value: datetime) -> str:
    """Return a moment as the system writes it, in Japan."""
    return f"{value.astimezone(JAPAN):%Y%m%d%H%M%S}"


def _code(value: CodeTable | UnknownCode | None) -> str | None:
    return None if value is None else str(value.value)


def _ratio(ratio: CopayRatio | UnknownCode | None) -> str | None:
    return f"{ratio.percent:03d}" if isinstance(ratio, CopayRatio) else _code(ratio)
