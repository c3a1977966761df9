"""The domain model: who is insured, how, and what was said about it.

Plain frozen data, standard library only.  Field names are the eligibility system's own element
names in snake_case; the Japanese official term stands in the docstring.  Moments are aware
``datetime``; days are ``date``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from eligibility.benefits import (
    MedicalTicket,
    RegisteredConsent,
    RegisteredProvision,
    SpecificDiseasesCertificate,
)
from eligibility.codes import (
    ConsentCategory,
    InsuredCardClassification,
    LimitCategory,
    LimitCertificateChanged,
    LimitCertificateClassification,
    PersonalFamilyClassification,
    PreschoolClassification,
    PrescriptionIssue,
    QualificationValidity,
    ReasonOfLoss,
    ReferenceClassification,
    Sex,
    UnknownCode,
)
from eligibility.consenting import ActingFor, ConsentEnd, OralWord


@dataclass(frozen=True, slots=True)
class InsuredPerson:
    """The person that a qualification belongs to (氏名, 生年月日, 性別, 住所).

    ``name_of_other``: 氏名（その他）, a name in use such as 通称.  ``sex``: 性別1; ``sex2``: 性別2,
    sent only where the certificate shows the sex in the special way of 平成24年9月21日事務連絡.
    """

    name: str
    birthdate: date
    sex: Sex | UnknownCode
    name_kana: str | None = None
    address: str | None = None
    post_number: str | None = None
    name_of_other: str | None = None
    name_of_other_kana: str | None = None
    sex2: Sex | UnknownCode | None = None


@dataclass(frozen=True, slots=True)
class CopayRatio:
    """一部負担金割合: the patient's share, in whole percent (10, 20, 30)."""

    percent: int

    def __post_init__(self) -> None:
        """Refuse what is no share of a bill."""
        if not 0 <= self.percent <= 100:
            msg = f"a copay ratio lies between 0 and 100 percent, not {self.percent}"
            raise ValueError(msg)


_RATIO = re.compile(r"0[0-9]0|100", re.ASCII)


def read_copay_ratio(text: str) -> CopayRatio | UnknownCode:
    """Return the ratio; anything but three digits in steps of ten percent is an unknown code."""
    if _RATIO.fullmatch(text):
        return CopayRatio(int(text))
    return UnknownCode("ContributionRatio", text)


@dataclass(frozen=True, slots=True)
class LimitCertificate:
    """限度額適用認定証: the high-cost limit and its period.

    ``long_term_date``: 長期入院該当年月日, from which the meals of a long stay cost less.
    """

    category: LimitCategory | UnknownCode | None
    classification: LimitCertificateClassification | UnknownCode | None = None
    valid_start_date: date | None = None
    valid_end_date: date | None = None
    certificate_date: date | None = None
    long_term_date: date | None = None


@dataclass(frozen=True, slots=True)
class ElderlyRecipientCertificate:
    """高齢受給者証 (70-74): its own ratio and period."""

    contribution_ratio: CopayRatio | UnknownCode | None = None
    valid_start_date: date | None = None
    valid_end_date: date | None = None
    certificate_date: date | None = None


@dataclass(frozen=True, slots=True)
class Coverage:
    """One qualification (資格情報) as the payer holds it.

    ``insurer_number``: 8 digits, left-padded with zeros here whatever the wire used; 6-digit
    national health insurance numbers keep their two leading zeros.  ``insured_branch_number``:
    a string, its leading zero counts.  ``insured_name``: 被保険者氏名 (世帯主氏名), the one that
    a family member is insured with.  The consents are what the payer holds, not this visit's.
    """

    person: InsuredPerson
    insured_card_classification: InsuredCardClassification | UnknownCode | None
    insurer_number: str
    insurer_name: str
    insured_card_symbol: str | None = None
    insured_identification_number: str | None = None
    insured_branch_number: str | None = None
    personal_family_classification: PersonalFamilyClassification | UnknownCode | None = None
    qualification_date: date | None = None
    disqualification_date: date | None = None
    insured_card_valid_date: date | None = None
    insured_card_expiration_date: date | None = None
    insured_partial_contribution_ratio: CopayRatio | UnknownCode | None = None
    reason_of_loss: ReasonOfLoss | UnknownCode | None = None
    elderly_recipient_certificate: ElderlyRecipientCertificate | None = None
    limit_certificate: LimitCertificate | None = None
    insured_name: str | None = None
    insured_certificate_issuance_date: date | None = None
    preschool_classification: PreschoolClassification | UnknownCode | None = None
    limit_consent: RegisteredProvision | None = None
    specific_diseases_consent: RegisteredProvision | None = None
    specific_diseases_certificates: tuple[SpecificDiseasesCertificate, ...] = ()
    medical_tickets: tuple[MedicalTicket, ...] = ()
    specific_health_checkups_info: RegisteredConsent | None = None
    pharmacists_info: RegisteredConsent | None = None
    diagnosis_info: RegisteredConsent | None = None
    operation_info: RegisteredConsent | None = None

    @property
    def is_medical_assistance(self) -> bool:
        """Whether this is 医療扶助: its numbers are the public payer's and the recipient's."""
        kind = self.insured_card_classification
        return kind is InsuredCardClassification.MEDICAL_ASSISTANCE


class AnswerOutcome(StrEnum):
    """How complete the payer calls its own answer (FHIR ``outcome``)."""

    COMPLETE = "complete"
    QUEUED = "queued"
    PARTIAL = "partial"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class CardSubject:
    """The link between a card and a person: issuer and serial of the authentication certificate.

    ``issuer``: RFC 4514 name; ``serial``: lower-case hex without leading zeros.  It changes at
    every renewal of the card (利用者証明用電子証明書).
    """

    issuer: str
    serial: str


@dataclass(frozen=True, slots=True)
class NumberSubject:
    """Who is asked about without a card: an insured number and a birth date (被保険者番号等).

    As :class:`Coverage` holds them: ``insurer_number`` has 8 digits.
    """

    insurer_number: str
    insured_identification_number: str
    birthdate: date
    insured_card_symbol: str | None = None
    insured_branch_number: str | None = None


@dataclass(frozen=True, slots=True)
class PersonSubject:
    """Who is asked about with neither card nor number, in disaster mode (災害時)."""

    name: str
    birthdate: date
    sex: Sex
    address: str | None = None


Subject = CardSubject | NumberSubject | PersonSubject
"""Whom a question is about, by what the desk had in hand."""


@dataclass(frozen=True, slots=True)
class PayerAnswer:
    """What the payer answered to one question, and the bytes it said it in.

    ``subject`` is whom the payer says it answers for.  ``payer_patient`` is the
    payer's own reference to the patient, needed for consent and history.  ``reference_number``:
    照会番号, the institution's own number of the patient where it was registered.
    ``process_execution_time``: 処理実行日時, the payer's clock.
    """

    id: str
    question_id: str
    adapter: str
    received_at: datetime
    original: bytes = field(repr=False)
    outcome: AnswerOutcome
    subject: Subject
    qualification_validity: QualificationValidity | UnknownCode | None
    results: tuple[Coverage, ...] = ()
    code: str | None = None
    message: str | None = None
    payer_patient: str | None = None
    process_execution_time: datetime | None = None
    reference_classification: ReferenceClassification | UnknownCode | None = None
    prescription_issue_select: PrescriptionIssue | UnknownCode | None = None
    reference_number: str | None = None
    limit_certificate_changed: LimitCertificateChanged | UnknownCode | None = None


class ConfirmationSource(StrEnum):
    """Where a confirmation's facts come from."""

    LIVE = "live"
    RECORDED = "recorded"
    PUSHED = "pushed"
    STAFF = "staff"

    @property
    def is_todays_answer(self) -> bool:
        """Whether the payer said it to this very visit, asked or unasked."""
        return self in (ConfirmationSource.LIVE, ConfirmationSource.PUSHED)


class Severity(StrEnum):
    """How much a finding matters at the desk."""

    STOP = "stop"
    WARN = "warn"
    NOTE = "note"


class NotRead(StrEnum):
    """The value of a field that nobody read; never equal to any value that was read."""

    NOT_READ = "not-read"


NOT_READ = NotRead.NOT_READ


class FindingCode(StrEnum):
    """What reconciling an answer found; each has a sentence and a next step in the catalogues."""

    QUALIFICATION_INVALID = "qualification-invalid"
    NEWER_QUALIFICATION = "newer-qualification"
    NO_QUALIFICATION = "no-qualification"
    SEVERAL_CANDIDATES = "several-candidates"
    INSURANCE_AND_ASSISTANCE = "insurance-and-assistance"
    VALIDITY_UNKNOWN = "validity-unknown"
    VALIDITY_CONTRADICTS_DATES = "validity-contradicts-dates"
    ANSWER_INCOMPLETE = "answer-incomplete"
    OTHER_PERSON = "other-person"
    FAMILY_NAME_CHANGED = "family-name-changed"
    CANDIDATE_IS_ANOTHER = "candidate-is-another"
    NAME_DIFFERS = "name-differs"
    NAME_WRITTEN_OTHERWISE = "name-written-otherwise"
    NAME_HAS_REPLACED_CHARACTERS = "name-has-replaced-characters"
    RATIO_MISSING = "ratio-missing"
    RATIO_DOUBTFUL = "ratio-doubtful"
    RATIO_CHANGED = "ratio-changed"
    RATIOS_DISAGREE = "ratios-disagree"
    INSURER_CHANGED = "insurer-changed"
    ASSISTANCE_ENDED = "assistance-ended"
    PAYS_IN_FULL = "pays-in-full"
    UNKNOWN_CODE = "unknown-code"
    CERTIFICATE_EXPIRES_SOON = "certificate-expires-soon"
    CERTIFICATE_EXPIRED = "certificate-expired"
    REVOCATION_NOT_CHECKED = "revocation-not-checked"
    RECORDED_ANSWER = "recorded-answer"
    DECIDED_OTHERWISE = "decided-otherwise"
    EARLIER_CARD_CONTRADICTS = "earlier-card-contradicts"
    CARD_RENEWED = "card-renewed"
    LOOKED_WITHOUT_PHOTO = "looked-without-photo"
    NAME_NOT_COMPARED = "name-not-compared"
    ADDRESS_DIFFERS = "address-differs"
    RECORD_IS_ANOTHER = "record-is-another"
    RECORD_FAMILY_NAME_DIFFERS = "record-family-name-differs"
    RECORD_KANA_DIFFERS = "record-kana-differs"
    RECORD_KANA_WRITTEN_OTHERWISE = "record-kana-written-otherwise"
    RECORD_NAME_WRITTEN_OTHERWISE = "record-name-written-otherwise"
    RECORD_NAME_NOT_COMPARED = "record-name-not-compared"
    RECORD_ADDRESS_DIFFERS = "record-address-differs"
    RECORD_INSURANCE_DIFFERS = "record-insurance-differs"
    REFERENCE_OF_ANOTHER_RECORD = "reference-of-another-record"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that staff must know or settle.

    ``blocks_history``: medical data is withheld until it is settled.  ``field`` is an element
    name of the model.  The values are what each side said, or ``NOT_READ``; ``recorded`` is the
    last answer's, ``in_record`` that of the clinic's own record of the patient.
    """

    code: FindingCode
    severity: Severity
    field: str | None = None
    on_card: str | NotRead = NOT_READ
    from_payer: str | NotRead = NOT_READ
    recorded: str | NotRead = NOT_READ
    blocks_history: bool = False
    in_record: str | NotRead = NOT_READ


@dataclass(frozen=True, slots=True)
class HolderAttributes:
    """Name, address, birth date and sex as the card says them (券面入力補助 4情報).

    A field that nobody read is ``NOT_READ``: it is never "the same" as anything.
    """

    name: str | NotRead = NOT_READ
    address: str | NotRead = NOT_READ
    birthdate: date | NotRead = NOT_READ
    sex: Sex | UnknownCode | NotRead = NOT_READ


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What the desk may rely on for one visit, and since when (資格確認結果).

    ``as_of``: when the payer said it, not when it is looked at.  ``supersedes``: the id of the
    confirmation of the same visit that this one replaces.
    """

    id: str
    visit_id: str
    answer_id: str
    as_of: datetime
    made_at: datetime
    source: ConfirmationSource
    qualification_validity: QualificationValidity | UnknownCode | None
    findings: tuple[Finding, ...] = ()
    supersedes: str | None = None


class ConsentDecision(StrEnum):
    """A patient's answer for one category.  Only ``YES`` opens anything."""

    YES = "yes"
    NO = "no"
    NOT_ASKED = "not-asked"


class ConsentChannel(StrEnum):
    """How a consent was given."""

    KIOSK = "kiosk"
    PAYER = "payer"
    ORAL = "oral"


@dataclass(frozen=True, slots=True)
class Consent:
    """閲覧同意: what this visit's patient allowed, from when to when.

    ``ends_at`` is the payer's AvailableTime, or 24 h after ``given_at`` where it names none; never
    later than that.  ``payer_ref`` is set once the payer registered it.  ``acting_for``: who gave
    it for the patient, None for the patient.  ``ended_by``: what ended it at ``withdrawn_at``;
    ``end_told_at``: when the payer was told so.  ``oral``: with ORAL, and only then.
    """

    id: str
    visit_id: str
    subject: Subject
    decisions: Mapping[ConsentCategory, ConsentDecision]
    given_at: datetime
    ends_at: datetime
    channel: ConsentChannel
    payer_patient: str | None = None
    payer_ref: str | None = None
    withdrawn_at: datetime | None = None
    acting_for: ActingFor | None = None
    ended_by: ConsentEnd | None = None
    end_told_at: datetime | None = None
    oral: OralWord | None = None

    def allows(self, category: ConsentCategory, now: datetime) -> bool:
        """Whether this consent opens ``category`` at the moment ``now``."""
        return (
            self.decisions.get(category) is ConsentDecision.YES
            and self.withdrawn_at is None
            and self.given_at <= now < self.ends_at
        )
