"""Questions, answers and strategies that the tests of this package share."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from eligibility.asking import NumberQuestion, PersonQuestion, ReferenceNumberRegistration
from eligibility.benefits import (
    MedicalTicket,
    RegisteredConsent,
    RegisteredProvision,
    SpecificDiseasesCertificate,
)
from eligibility.codes import (
    CodeTable,
    DesignatedInstitution,
    ElderlyMedicalCare,
    InfectionExpense,
    InformationConsent,
    InsuredCardClassification,
    LimitCategory,
    LimitCertificateClassification,
    MedicalTreatmentType,
    PersonalFamilyClassification,
    PrefecturalExpense,
    PreschoolClassification,
    ProvisionConsent,
    QualificationValidity,
    ReasonOfLoss,
    Sex,
    SocialInsurance,
    SpecificDisease,
    TicketConsistency,
    TicketType,
    TicketUse,
    UnknownCode,
)
from eligibility.model import (
    AnswerOutcome,
    CardSubject,
    CopayRatio,
    Coverage,
    ElderlyRecipientCertificate,
    InsuredPerson,
    LimitCertificate,
    NumberSubject,
    PersonSubject,
)
from eligibility.payer import (
    CardQuestion,
    Challenge,
    ChallengeIssuer,
    HolderEvidence,
    IdentificationMethod,
    ProofKind,
)
from eligibility.simulator import wire

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples" / "fhir"
INSTITUTION = "1310000003"
SUBJECT = CardSubject("OU=JPKI for user authentication,O=JPKI-TEST,C=JP", "5b1c0f93a2")
PATIENT = "Patient/pt-7Q2M"
NOW = datetime(2026, 11, 24, 1, 2, 3, 456000, tzinfo=UTC)
DAY = date(2026, 11, 24)
QUESTION = CardQuestion(
    id="q-1",
    certificate=b"\x30\x03\x02\x01\x01",
    subject=SUBJECT,
    evidence=HolderEvidence(
        IdentificationMethod.PIN,
        ProofKind.AUTH_KEY,
        NOW,
        Challenge(b"\x01" * 32, ChallengeIssuer.PAYER, NOW, "ch-1"),
        b"\x02" * 256,
    ),
    qualification_confirmation_date=DAY,
)

NUMBERED = NumberSubject("01130012", "１２３", date(1958, 4, 2), "１２３４５６７８", "02")
BY_NUMBER = NumberQuestion("q-01JDEXAMPLE0031", NUMBERED, DAY)
ANYBODY = replace(NUMBERED, insured_branch_number=None)
SOMEBODY = PersonSubject("見本　花子", date(1958, 4, 2), Sex.FEMALE, "東京都みほん市")
BY_PERSON = PersonQuestion("q-01JDEXAMPLE0033", SOMEBODY, DAY)
REGISTRATIONS = (
    ReferenceNumberRegistration("rn-01JDEXAMPLE0041", NUMBERED, "12345"),
    ReferenceNumberRegistration("rn-01JDEXAMPLE0042", ANYBODY, "12346"),
)


def example(name: str) -> Any:
    """Return the JSON of a documented example."""
    return json.loads((EXAMPLES / f"{name}.json").read_text(encoding="utf-8"))


def written_answer(
    results: tuple[Coverage, ...],
    validity: QualificationValidity | UnknownCode | None = QualificationValidity.VALID,
    outcome: AnswerOutcome = AnswerOutcome.COMPLETE,
    message: str = "正常終了",
    code: str | None = "0000",
    patient: str | None = PATIENT,
) -> dict[str, Any]:
    """Return an answer to QUESTION as the payer's side writes it."""
    return wire.answer(
        wire.Echo(QUESTION.id, SUBJECT, INSTITUTION, DAY),
        "r-1",
        NOW,
        outcome,
        message,
        code=code,
        validity=validity,
        results=results,
        patient_id=None if patient is None else patient.removeprefix("Patient/"),
    )


# -- Strategies ------------------------------------------------------------------------------------

WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12
).filter(str.strip)
DAYS = st.dates(date(1900, 1, 1), date(2100, 12, 31))
INSURERS = st.text("0123456789", min_size=8, max_size=8)


def codes(table: type[CodeTable]) -> st.SearchStrategy[Any]:
    """Return a strategy for the codes of a table and for one that it does not know."""
    return st.sampled_from([*table, UnknownCode(table.__name__, "Z9")])


RATIOS = st.none() | st.sampled_from(
    [CopayRatio(0), CopayRatio(10), CopayRatio(30), UnknownCode("ContributionRatio", "3割")]
)
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001  # the strategy adds the zone
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
)
YEN = st.none() | st.integers(0, 10_000_000)


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return a strategy for None and what ``strategy`` makes."""
    return st.none() | strategy


def coverages(
    words: st.SearchStrategy[str], moments: st.SearchStrategy[datetime]
) -> st.SearchStrategy[Coverage]:
    """Return a strategy for qualifications that hold such texts and moments."""
    texts = st.lists(words, max_size=3).map(tuple)
    provisions = maybe(st.builds(RegisteredProvision, codes(ProvisionConsent), maybe(moments)))
    consents = maybe(
        st.builds(RegisteredConsent, codes(InformationConsent), maybe(moments), maybe(moments))
    )
    return st.builds(
        Coverage,
        person=st.builds(
            InsuredPerson,
            name=words,
            birthdate=DAYS,
            sex=codes(Sex),
            name_kana=maybe(words),
            address=words,
            post_number=maybe(words),
            name_of_other=maybe(words),
            name_of_other_kana=maybe(words),
            sex2=maybe(codes(Sex)),
        ),
        insured_card_classification=maybe(codes(InsuredCardClassification)),
        insurer_number=INSURERS,
        insurer_name=words,
        insured_card_symbol=maybe(words),
        insured_identification_number=maybe(words),
        insured_branch_number=maybe(words),
        personal_family_classification=maybe(codes(PersonalFamilyClassification)),
        qualification_date=maybe(DAYS),
        disqualification_date=maybe(DAYS),
        insured_card_valid_date=maybe(DAYS),
        insured_card_expiration_date=maybe(DAYS),
        insured_partial_contribution_ratio=RATIOS,
        reason_of_loss=maybe(codes(ReasonOfLoss)),
        # FHIR lets no extension be empty: of a certificate without any content nothing is written
        elderly_recipient_certificate=maybe(
            st.builds(ElderlyRecipientCertificate, RATIOS, maybe(DAYS), DAYS, maybe(DAYS))
        ),
        limit_certificate=maybe(
            st.builds(
                LimitCertificate,
                maybe(codes(LimitCategory)),
                codes(LimitCertificateClassification),
                maybe(DAYS),
                maybe(DAYS),
                maybe(DAYS),
                maybe(DAYS),
            )
        ),
        insured_name=maybe(words),
        insured_certificate_issuance_date=maybe(DAYS),
        preschool_classification=maybe(codes(PreschoolClassification)),
        limit_consent=provisions,
        specific_diseases_consent=provisions,
        specific_diseases_certificates=st.lists(
            st.builds(
                SpecificDiseasesCertificate,
                codes(SpecificDisease),
                maybe(DAYS),
                maybe(DAYS),
                maybe(DAYS),
                YEN,
            ),
            max_size=2,
        ).map(tuple),
        medical_tickets=st.lists(
            st.builds(
                MedicalTicket,
                ticket_type=codes(TicketType),
                valid_date=maybe(DAYS),
                expiration_date=maybe(DAYS),
                issue_number=maybe(words),
                medical_treatment_month=maybe(DAYS.map(lambda day: day.replace(day=1))),
                designated_medical_institution_code=maybe(words),
                designated_medical_institution_flag=maybe(codes(DesignatedInstitution)),
                designated_medical_institution_name=maybe(words),
                prescription_issuer_medical_institution_code=maybe(words),
                prescription_issuer_medical_institution_name=maybe(words),
                injury_names=texts,
                medical_treatment_type=maybe(codes(MedicalTreatmentType)),
                self_pay_amount=YEN,
                district_contact_name=maybe(words),
                handling_contact_name=maybe(words),
                single_or_combined_use=maybe(codes(TicketUse)),
                status_of_social_insurance=maybe(codes(SocialInsurance)),
                consistency_flag=maybe(codes(TicketConsistency)),
                status_of_infection=maybe(codes(InfectionExpense)),
                status_of_elderly_medical_care=maybe(codes(ElderlyMedicalCare)),
                status_of_prefectural_expenses=maybe(codes(PrefecturalExpense)),
                remarks=texts,
            ),
            max_size=2,
        ).map(tuple),
        specific_health_checkups_info=consents,
        pharmacists_info=consents,
        diagnosis_info=consents,
        operation_info=consents,
    )


COVERAGES = coverages(WORDS, MOMENTS)
LEAVES: st.SearchStrategy[Any] = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(
        ["2026-11-24", "2026-02-30", "Patient/pt-7Q2M", "#coverage-1", "#person-1", "030", "\ud800"]
    )
)
WILD = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=8,
)


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Return the path to every value inside a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    found = [path] if path else []
    if isinstance(value, dict | list):
        for key, one in inner:
            found += places(one, (*path, key)) if isinstance(one, dict | list) else [(*path, key)]
    return found


@st.composite
def damaged(draw: st.DrawFn, resource: Any) -> bytes:
    """Return a resource with one value replaced by anything or taken away, as bytes."""
    copy = json.loads(json.dumps(resource))
    path = draw(st.sampled_from(places(copy)))
    holder = copy
    for key in path[:-1]:
        holder = holder[key]
    if draw(st.booleans()):
        del holder[path[-1]]
    else:
        holder[path[-1]] = draw(WILD)
    return json.dumps(copy).encode()
