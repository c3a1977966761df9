"""What the payer holds of a person on a day: validity and results.  Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from eligibility.benefits import (
    MedicalTicket,
    RegisteredProvision,
    SpecificDiseasesCertificate,
)
from eligibility.codes import (
    DesignatedInstitution,
    ElderlyMedicalCare,
    InfectionExpense,
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
    SocialInsurance,
    SpecificDisease,
    TicketType,
    TicketUse,
)
from eligibility.model import (
    CopayRatio,
    Coverage,
    ElderlyRecipientCertificate,
    InsuredPerson,
    LimitCertificate,
)
from eligibility.numbers import luhn_check_digit
from eligibility.simulator.insurers import Insurer, Scheme, make_insurer
from eligibility.simulator.people import Person, Situation, age_on, below_school_age
from eligibility.simulator.vocabulary import half_width_kana, large_kana

_YEARLY = frozenset({Scheme.NATIONAL, Scheme.NATIONAL_RETIRED, Scheme.LATE_ELDERLY})
_RETIRED = frozenset(
    {
        Scheme.SPECIAL_SOCIETY,
        Scheme.STATE_OFFICIALS_RETIRED,
        Scheme.LOCAL_OFFICIALS_RETIRED,
        Scheme.POLICE_RETIRED,
        Scheme.SCHOOLS_RETIRED,
    }
)
_MESSAGES = {
    QualificationValidity.VALID: "正常終了",
    QualificationValidity.INVALID: "資格が無効です。",
    QualificationValidity.INVALID_NEW_EXISTS: "資格が無効です。新しい資格があります。",
    QualificationValidity.NOT_FOUND: "該当する資格がありません。",
    QualificationValidity.SEVERAL: "該当する資格が複数あります。",
    QualificationValidity.VALID_UNREGISTERED: "正常終了（医療扶助　未登録）",
}


@dataclass(frozen=True, slots=True)
class Holding:
    """The payer's knowledge of a person; ``person_found`` is False where no one person is meant."""

    validity: QualificationValidity
    results: tuple[Coverage, ...]
    message: str
    person_found: bool


def holding_of(person: Person, today: date) -> Holding:
    """Return what the payer finds for ``person``'s card on ``today``."""
    return holding_of_entry(person.linked or person, today)


def holding_of_entry(person: Person, today: date) -> Holding:
    """Return what the register holds of ``person``, whosever card may be linked to it."""
    validity, results = _state(person, today)
    found = validity not in (QualificationValidity.NOT_FOUND, QualificationValidity.SEVERAL)
    return Holding(validity, results, _MESSAGES[validity], found)


def entries_of(person: Person, today: date) -> tuple[Coverage, ...]:
    """Return what the register holds under any number of ``person``."""
    if person.situation is Situation.SEVERAL:
        return (_insurance(person, today),)
    return _state(person, today)[1]


def holding_of_several(people: Sequence[Person], today: date) -> Holding:
    """Return all that is held of several people whom one question fits: none of them is chosen."""
    several = QualificationValidity.SEVERAL
    results = tuple(one for person in people for one in _state(person, today)[1])
    return Holding(several, results, _MESSAGES[several], False)


def _state(person: Person, today: date) -> tuple[QualificationValidity, tuple[Coverage, ...]]:
    situation = person.situation
    if situation is Situation.NOT_FOUND:
        return QualificationValidity.NOT_FOUND, ()
    if situation is Situation.SEVERAL:
        return QualificationValidity.SEVERAL, ()
    if situation is Situation.ASSISTANCE_ONLY:
        return QualificationValidity.VALID_UNREGISTERED, (_assistance(person, today),)
    if situation is Situation.ASSISTANCE_TICKET:
        ticket = _ticket(person, today, TicketUse.ALONE)
        return QualificationValidity.VALID, (
            replace(_assistance(person, today), medical_tickets=(ticket,)),
        )
    base = _insurance(person, today)
    if situation is Situation.ASSISTANCE_TOO:
        ticket = _ticket(person, today, TicketUse.COMBINED)
        assistance = replace(_assistance(person, today), medical_tickets=(ticket,))
        return QualificationValidity.VALID, (base, assistance)
    if situation is Situation.NEW_JOB:
        joined = today.replace(day=1)
        return QualificationValidity.VALID, (
            replace(
                base,
                qualification_date=joined,
                insured_card_valid_date=joined,
                insured_certificate_issuance_date=joined,
            ),
        )
    if situation is Situation.SHORT_TERM:
        first = today.replace(day=1)
        short = replace(
            base,
            insured_card_classification=InsuredCardClassification.SHORT_GENERAL,
            insured_card_valid_date=first,
            insured_card_expiration_date=_month_end(first + timedelta(days=62)),
        )
        return QualificationValidity.VALID, (short,)
    if situation is Situation.PAYS_IN_FULL:
        special = replace(
            base,
            insured_card_classification=InsuredCardClassification.SPECIAL_EXPENSES,
            insured_partial_contribution_ratio=CopayRatio(100),
            elderly_recipient_certificate=None,
            limit_certificate=None,
        )
        return QualificationValidity.VALID, (special,)
    if situation is Situation.PERIOD_OVER:
        ended = _month_end(today.replace(day=1) - timedelta(days=1))
        over = replace(
            base,
            insured_card_valid_date=ended - timedelta(days=364),
            insured_card_expiration_date=ended,
        )
        return QualificationValidity.INVALID, (over,)
    reason = _REASONS.get(situation)
    if reason is None:
        return QualificationValidity.VALID, (base,)
    lost = replace(base, disqualification_date=_first_of_last_month(today), reason_of_loss=reason)
    if situation is Situation.NEWER_EXISTS:
        return QualificationValidity.INVALID_NEW_EXISTS, (lost,)
    return QualificationValidity.INVALID, (lost,)


_REASONS = {
    Situation.LEFT_JOB: ReasonOfLoss.OTHER,
    Situation.DIED: ReasonOfLoss.DEATH,
    Situation.ON_ASSISTANCE_NOW: ReasonOfLoss.PUBLIC_ASSISTANCE,
    Situation.LOST_OTHERWISE: ReasonOfLoss.OTHER,
    Situation.NEWER_EXISTS: ReasonOfLoss.OTHER_INSURANCE,
}


def _first_of_last_month(today: date) -> date:
    return (today.replace(day=1) - timedelta(days=1)).replace(day=1)


def _month_end(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def insurance_year(today: date) -> tuple[date, date]:
    """Return the first and last day of the insurance year (1 August to 31 July)."""
    start = date(today.year if today.month >= 8 else today.year - 1, 8, 1)
    return start, date(start.year + 1, 7, 31)


def _insured(person: Person) -> InsuredPerson:
    kana = large_kana(person.name_kana) if person.large_kana else person.name_kana
    return InsuredPerson(
        name=person.registered_name,
        birthdate=person.birthdate,
        sex=person.sex,
        name_kana=half_width_kana(kana),
        address=person.registered_address or person.address,
        post_number=person.post_number,
        name_of_other=None if person.name_in_use is None else person.name_in_use[0],
        name_of_other_kana=None
        if person.name_in_use is None
        else half_width_kana(person.name_in_use[1]),
        sex2=person.sex2,
    )


def _insurance(person: Person, today: date) -> Coverage:
    scheme = person.insurer.scheme
    age = age_on(person.birthdate, today)
    start, end = insurance_year(today)
    joined = _joined(person, today)
    yearly = scheme in _YEARLY
    elderly = 70 <= age < 75
    return Coverage(
        person=_insured(person),
        insured_card_classification=_classification(scheme),
        insurer_number=person.insurer.number,
        insurer_name=person.insurer.name,
        insured_card_symbol=person.symbol,
        insured_identification_number=person.number,
        insured_branch_number=person.branch,
        personal_family_classification=person.family,
        qualification_date=joined,
        insured_card_valid_date=max(joined, start) if yearly else joined,
        insured_card_expiration_date=end if yearly else None,
        insured_partial_contribution_ratio=_ratio(person, age, today),
        elderly_recipient_certificate=(
            ElderlyRecipientCertificate(CopayRatio(person.elderly_percent), start, end, start)
            if elderly
            else None
        ),
        limit_certificate=_limit(person.limit_category, today),
        insured_name=person.insured_name,
        insured_certificate_issuance_date=max(joined, start) if yearly else joined,
        preschool_classification=(
            PreschoolClassification.PRESCHOOL if below_school_age(person.birthdate, today) else None
        ),
        limit_consent=RegisteredProvision(ProvisionConsent.GIVEN),
        specific_diseases_consent=RegisteredProvision(ProvisionConsent.GIVEN)
        if person.specific_disease
        else None,
        specific_diseases_certificates=_specific_diseases(person, today),
    )


_HIGH_INCOME = frozenset({LimitCategory.A01, LimitCategory.A02})


def _specific_diseases(person: Person, today: date) -> tuple[SpecificDiseasesCertificate, ...]:
    """Return the certificate; dialysis costs the high incomes below 70 twice as much."""
    disease = person.specific_disease
    if disease is None:
        return ()
    start, end = insurance_year(today)
    twice = disease is SpecificDisease.DIALYSIS and person.limit_category in _HIGH_INCOME
    amount = 20_000 if twice else 10_000
    return (SpecificDiseasesCertificate(disease, start, start, end, amount),)


def _classification(scheme: Scheme) -> InsuredCardClassification:
    if scheme is Scheme.SELF_DEFENCE:
        return InsuredCardClassification.SELF_DEFENCE
    if scheme is Scheme.NATIONAL_RETIRED:
        return InsuredCardClassification.RETIRED
    if scheme in _RETIRED:
        return InsuredCardClassification.SPECIAL_RETIRED
    return InsuredCardClassification.GENERAL


def _joined(person: Person, today: date) -> date:
    """Return the day of joining: birth, 75th birthday, or a first of April by the number."""
    if person.insurer.scheme is Scheme.LATE_ELDERLY:
        return _birthday(person.birthdate, 75)
    years = 1 + sum(map(ord, person.number)) % 12
    april = date(today.year - years, 4, 1)
    return max(april, person.birthdate)


def _birthday(birthdate: date, years: int) -> date:
    try:
        return birthdate.replace(year=birthdate.year + years)
    except ValueError:  # 29 February
        return date(birthdate.year + years, 3, 1)


def _ratio(person: Person, age: int, today: date) -> CopayRatio:
    if person.registered_percent is not None:
        return CopayRatio(person.registered_percent)
    if age >= 70:
        return CopayRatio(person.elderly_percent)
    return CopayRatio(20 if below_school_age(person.birthdate, today) else 30)


_LOW_INCOME = frozenset(
    {
        LimitCategory.A05,
        LimitCategory.A06,
        LimitCategory.B05,
        LimitCategory.B06,
        LimitCategory.B07,
        LimitCategory.B08,
    }
)


def _limit(category: LimitCategory | None, today: date) -> LimitCertificate | None:
    if category is None:
        return None
    start, end = insurance_year(today)
    return LimitCertificate(
        category=category,
        classification=(
            LimitCertificateClassification.LIMIT_AND_MEAL
            if category in _LOW_INCOME
            else LimitCertificateClassification.LIMIT
        ),
        valid_start_date=start,
        valid_end_date=end,
        certificate_date=start,
        long_term_date=start if category in _LONG_STAY else None,
    )


_LONG_STAY = frozenset({LimitCategory.A06, LimitCategory.B08})


def _ticket(person: Person, today: date, use: TicketUse) -> MedicalTicket:
    """Return this month's ticket for the institution that asks."""
    first = today.replace(day=1)
    combined = use is TicketUse.COMBINED
    elderly = age_on(person.birthdate, today) >= 75
    return MedicalTicket(
        ticket_type=TicketType.MEDICAL,
        valid_date=first,
        expiration_date=_month_end(first),
        issue_number=f"{_own(person, 31, 100_000):05d}",
        medical_treatment_month=first,
        designated_medical_institution_flag=DesignatedInstitution.SAME,
        designated_medical_institution_name="みほん診療所",
        injury_names=("高血圧症",),
        medical_treatment_type=MedicalTreatmentType.OUTPATIENT,
        self_pay_amount=0,
        district_contact_name="みほん地区担当",
        handling_contact_name="みほん取扱担当",
        single_or_combined_use=use,
        status_of_social_insurance=SocialInsurance.YES if combined else SocialInsurance.NO,
        status_of_infection=InfectionExpense.NO,
        status_of_elderly_medical_care=(
            ElderlyMedicalCare.YES if combined and elderly else ElderlyMedicalCare.NO
        ),
        status_of_prefectural_expenses=PrefecturalExpense.NO,
    )


def _own(person: Person, step: int, below: int) -> int:
    """Return a number of one person alone; ``step`` and ``below`` have no divisor in common."""
    return int(person.id.removeprefix("p-")) * step % below


def assistance_of(person: Person) -> tuple[Insurer, str]:
    """Return a person's welfare office (公費負担者) and recipient number (受給者番号)."""
    digits = f"{_own(person, 977, 1_000_000):06d}"
    office = make_insurer(Scheme.MEDICAL_ASSISTANCE, "13", "東京都", 801)
    return office, digits + str(luhn_check_digit(digits))


def _assistance(person: Person, today: date) -> Coverage:
    """Return 医療扶助: the office's number, the recipient's number, this month."""
    first = today.replace(day=1)
    office, number = assistance_of(person)
    return Coverage(
        person=_insured(person),
        insured_card_classification=InsuredCardClassification.MEDICAL_ASSISTANCE,
        insurer_number=office.number,
        insurer_name=office.name,
        insured_identification_number=number,
        personal_family_classification=PersonalFamilyClassification.INSURED,
        qualification_date=date(today.year - 1, 4, 1),
        insured_card_valid_date=first,
        insured_card_expiration_date=_month_end(first),
        insured_partial_contribution_ratio=CopayRatio(0),
    )
