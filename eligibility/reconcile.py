"""What staff must know or settle about an answer: pure rules, no I/O, no clock.

An answer is held against itself, the day, the certificate, what the card says of its holder, the
last answer for the same certificate and the clinic's own record of the patient.  Nothing is
repaired or chosen here; each doubt becomes a :class:`~eligibility.model.Finding`.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import fields
from datetime import date, datetime

from eligibility.calendar import JAPAN
from eligibility.clinic_record import ClinicRecord
from eligibility.codes import (
    QualificationValidity,
    UnknownCode,
)
from eligibility.findings import in_order, said
from eligibility.holder import BINARY_SEX, NOTHING_READ, Match, about_holder, compare_names
from eligibility.model import (
    AnswerOutcome,
    Coverage,
    Finding,
    FindingCode,
    HolderAttributes,
    InsuredPerson,
    PayerAnswer,
    Severity,
)
from eligibility.names import can_be_written, certainly_differ
from eligibility.personal_number import personal_key
from eligibility.register import about_record
from eligibility.results import insurances, is_insurance_beside_assistance, results_meant
from eligibility.subjects import is_same_subject
from eligibility.validity import (
    CONFIRMED,
    DateVerdict,
    copay_ratio_on,
    dates_on,
    elderly_certificate_on,
    fits_age_on,
    pays_in_full,
    ratios_disagree_on,
)

EXPIRY_NOTICE_MONTHS = 3

_VALIDITY_FINDINGS = {
    QualificationValidity.INVALID: FindingCode.QUALIFICATION_INVALID,
    QualificationValidity.INVALID_NEW_EXISTS: FindingCode.NEWER_QUALIFICATION,
    QualificationValidity.NOT_FOUND: FindingCode.NO_QUALIFICATION,
    QualificationValidity.SEVERAL: FindingCode.SEVERAL_CANDIDATES,
}


def reconcile(
    answer: PayerAnswer,
    *,
    recorded: PayerAnswer | None,
    today: date,
    certificate_not_after: datetime | None,
    in_grace: bool,
    revocation_not_checked: bool,
    attributes: HolderAttributes = NOTHING_READ,
    record: ClinicRecord | None = None,
) -> tuple[Finding, ...]:
    """Return the findings about ``answer``, the gravest first, each once.

    ``recorded``: the last answer for the same certificate or number before this one; one for
    another says nothing and is not looked at.  ``today``: the day in Japan.
    ``certificate_not_after``: end of the authentication certificate, None where nobody read it.
    ``in_grace``: expired, but within the three months in which it still opens eligibility.
    ``attributes``: the holder's as the card says them, so far as they were read.
    ``record``: the clinic's own of the patient whom this visit is linked to, None where it is
    linked to nobody.  The order of ``answer.results`` does not matter.  Of several people of whom
    nobody is meant nothing is found but that they are several.
    """
    before = recorded
    if recorded is not None and not is_same_subject(recorded.subject, answer.subject):
        before = None
    found = {
        *_about_validity(answer),
        *_about_results(answer),
        *_about_certificate(certificate_not_after, in_grace=in_grace, today=today),
        *about_holder(attributes, answer),
    }
    for coverage in results_meant(answer):
        found.update(_about_dates(answer.qualification_validity, coverage, today))
        found.update(_about_name(coverage.person))
        found.update(_about_ratio(answer.qualification_validity, coverage, today))
        found.update(_about_unknown_codes(coverage))
    if before is not None:
        found.update(_about_person(answer, before))
        found.update(_about_changes(answer, before, today))
    if record is not None:
        found.update(about_record(record, answer, attributes))
    if revocation_not_checked:
        found.add(Finding(FindingCode.REVOCATION_NOT_CHECKED, Severity.NOTE))
    return in_order(found)


def _about_validity(answer: PayerAnswer) -> Iterator[Finding]:
    """Everything but a plain, whole 有効 stops the desk and withholds medical data."""
    validity = answer.qualification_validity
    if validity not in CONFIRMED:
        code = FindingCode.VALIDITY_UNKNOWN
        if isinstance(validity, QualificationValidity):
            code = _VALIDITY_FINDINGS[validity]
        yield Finding(
            code,
            Severity.STOP,
            field="qualification_validity",
            from_payer=said(validity),
            blocks_history=True,
        )
    if answer.outcome is not AnswerOutcome.COMPLETE:
        yield Finding(
            FindingCode.ANSWER_INCOMPLETE,
            Severity.STOP,
            field="outcome",
            from_payer=answer.outcome.value,
            blocks_history=True,
        )


def _about_results(answer: PayerAnswer) -> Iterator[Finding]:
    """No result for a valid qualification is no answer; several are never narrowed by guess."""
    if not answer.results and answer.qualification_validity in CONFIRMED:
        yield Finding(
            FindingCode.ANSWER_INCOMPLETE, Severity.STOP, field="results", blocks_history=True
        )
    told = answer.qualification_validity is QualificationValidity.SEVERAL
    if len(answer.results) > 1 and not told:
        alone = not is_insurance_beside_assistance(answer.results)
        yield Finding(
            FindingCode.SEVERAL_CANDIDATES if alone else FindingCode.INSURANCE_AND_ASSISTANCE,
            Severity.STOP if alone else Severity.WARN,
            field="results",
            from_payer=str(len(answer.results)),
            blocks_history=alone,
        )


def _about_dates(
    validity: QualificationValidity | UnknownCode | None, coverage: Coverage, today: date
) -> Iterator[Finding]:
    """A qualification that is not called invalid, but whose own dates exclude today."""
    field, value = {
        DateVerdict.LOST: ("disqualification_date", coverage.disqualification_date),
        DateVerdict.NOT_YET: ("qualification_date", coverage.qualification_date),
        DateVerdict.CARD_EXPIRED: (
            "insured_card_expiration_date",
            coverage.insured_card_expiration_date,
        ),
        DateVerdict.CARD_NOT_YET_VALID: (
            "insured_card_valid_date",
            coverage.insured_card_valid_date,
        ),
    }.get(dates_on(coverage, today), (None, None))
    if field is not None and (validity is None or validity in CONFIRMED):
        yield Finding(
            FindingCode.VALIDITY_CONTRADICTS_DATES,
            Severity.STOP,
            field=field,
            from_payer=said(value),
            blocks_history=True,
        )


def _about_name(person: InsuredPerson) -> Iterator[Finding]:
    """A name with ``●`` or outside JIS X 0208 cannot go into a claim or on a prescription."""
    if not can_be_written(person.name):
        yield Finding(
            FindingCode.NAME_HAS_REPLACED_CHARACTERS,
            Severity.WARN,
            field="name",
            from_payer=person.name,
        )


def _about_ratio(
    validity: QualificationValidity | UnknownCode | None, coverage: Coverage, today: date
) -> Iterator[Finding]:
    """No ratio is assumed where none is certain."""
    if pays_in_full(coverage):
        yield Finding(
            FindingCode.PAYS_IN_FULL,
            Severity.WARN,
            field="insured_card_classification",
            from_payer=said(coverage.insured_card_classification),
        )
    elif ratios_disagree_on(coverage, today):
        yield Finding(
            FindingCode.RATIOS_DISAGREE,
            Severity.WARN,
            field="insured_partial_contribution_ratio",
            from_payer=_both_ratios(coverage, today),
        )
    elif not fits_age_on(coverage, today):
        yield Finding(
            FindingCode.RATIO_DOUBTFUL,
            Severity.WARN,
            field="insured_partial_contribution_ratio",
            from_payer=said(coverage.insured_partial_contribution_ratio),
        )
    elif validity in CONFIRMED and copay_ratio_on(coverage, today) is None:
        yield Finding(
            FindingCode.RATIO_MISSING,
            Severity.WARN,
            field="insured_partial_contribution_ratio",
            from_payer=said(coverage.insured_partial_contribution_ratio),
        )


def _both_ratios(coverage: Coverage, today: date) -> str:
    certificate = elderly_certificate_on(coverage, today)
    theirs = None if certificate is None else certificate.contribution_ratio
    return f"{said(coverage.insured_partial_contribution_ratio)} / {said(theirs)}"


def _about_unknown_codes(value: object, path: str = "") -> Iterator[Finding]:
    """Every code that no table knows is named with its element; it is never dropped."""
    if isinstance(value, UnknownCode):
        yield Finding(FindingCode.UNKNOWN_CODE, Severity.WARN, field=path, from_payer=value.value)
    elif hasattr(value, "__dataclass_fields__"):
        for one in fields(value):  # type: ignore[arg-type]  # an instance, told by its fields
            inner = f"{path}.{one.name}" if path else one.name
            yield from _about_unknown_codes(getattr(value, one.name), inner)
    elif isinstance(value, tuple):
        for part in value:
            yield from _about_unknown_codes(part, path)


def _about_person(answer: PayerAnswer, recorded: PayerAnswer) -> Iterator[Finding]:
    """One certificate belongs to one person: another birth date, sex or name is another person.

    Another family name alone, under the very number of that person, was changed (改姓).
    """
    for now in answer.results:
        contradictions = [list(_contradictions(now, then)) for then in recorded.results]
        if contradictions and all(contradictions):
            for one in contradictions:
                yield from one


def _contradictions(now: Coverage, then: Coverage) -> Iterator[Finding]:
    here, there = now.person, then.person
    pairs: list[tuple[str, object, object]] = []
    if here.birthdate != there.birthdate:
        pairs.append(("birthdate", here.birthdate, there.birthdate))
    if here.sex != there.sex and BINARY_SEX.issuperset((here.sex, there.sex)):
        pairs.append(("sex", here.sex, there.sex))
    if certainly_differ(here.name, there.name):
        pairs.append(("name", here.name, there.name))
    if (
        here.name_kana is not None
        and there.name_kana is not None
        and certainly_differ(here.name_kana, there.name_kana)
    ):
        pairs.append(("name_kana", here.name_kana, there.name_kana))
    changed = _only_the_family_name(now, then)
    for field, payer_says, recorded_says in pairs:
        yield Finding(
            FindingCode.FAMILY_NAME_CHANGED if changed else FindingCode.OTHER_PERSON,
            Severity.WARN if changed else Severity.STOP,
            field=field,
            from_payer=said(payer_says),
            recorded=said(recorded_says),
            blocks_history=True,
        )


def _only_the_family_name(now: Coverage, then: Coverage) -> bool:
    """Whether another name is certainly a changed family name.

    Birth date, sex, the personal number and the given name, in writing and in kana, must have been
    told by both answers and be the same; what is missing is never taken for the same.
    """
    here, there = now.person, then.person
    if personal_key(now) is None or personal_key(now) != personal_key(then):
        return False
    if here.birthdate != there.birthdate or here.sex != there.sex or here.sex not in BINARY_SEX:
        return False
    names = (here.name, there.name), (here.name_kana or "", there.name_kana or "")
    return all(
        len(one.split()) == len(other.split()) == 2
        and compare_names(one.split()[1], other.split()[1]) is Match.SAME
        for one, other in names
    )


def _about_changes(answer: PayerAnswer, recorded: PayerAnswer, today: date) -> Iterator[Finding]:
    """What the clinic's own record must follow: another insurer, ratio, or spelling of the name.

    Insurance is held against insurance; medical assistance (医療扶助) beside it may have ended.
    """
    insured, before = insurances(answer.results), insurances(recorded.results)
    if len(insured) != 1 or len(before) != 1:
        return
    now, then = insured[0], before[0]
    ended = [one for one in recorded.results if one.is_medical_assistance and one != then]
    if ended and not any(one.is_medical_assistance for one in answer.results):
        yield Finding(
            FindingCode.ASSISTANCE_ENDED,
            Severity.WARN,
            field="insurer_number",
            recorded=said(ended[0].insurer_number),
        )
    for field in ("name", "name_kana"):
        here, there = getattr(now.person, field), getattr(then.person, field)
        if here is not None and compare_names(here, there) is Match.WRITTEN_OTHERWISE:
            yield Finding(
                FindingCode.NAME_WRITTEN_OTHERWISE,
                Severity.NOTE,
                field=field,
                from_payer=here,
                recorded=there,
            )
    if now.insurer_number != then.insurer_number:
        yield Finding(
            FindingCode.INSURER_CHANGED,
            Severity.WARN,
            field="insurer_number",
            from_payer=now.insurer_number,
            recorded=then.insurer_number,
        )
    ratio_now = copay_ratio_on(now, today)
    ratio_then = copay_ratio_on(then, recorded.received_at.astimezone(JAPAN).date())
    if ratio_now is not None and ratio_then is not None and ratio_now != ratio_then:
        yield Finding(
            FindingCode.RATIO_CHANGED,
            Severity.WARN,
            field="insured_partial_contribution_ratio",
            from_payer=said(ratio_now),
            recorded=said(ratio_then),
        )


def _about_certificate(
    not_after: datetime | None, *, in_grace: bool, today: date
) -> Iterator[Finding]:
    """The certificate's end is told from 3 months before; after it no medical data is opened."""
    last_day = None if not_after is None else not_after.astimezone(JAPAN).date()
    if in_grace or (last_day is not None and last_day < today):
        yield Finding(
            FindingCode.CERTIFICATE_EXPIRED,
            Severity.WARN,
            field="not_after",
            on_card=said(last_day),
            blocks_history=True,
        )
    elif not_after is not None and should_be_renewed(not_after, today):
        yield Finding(
            FindingCode.CERTIFICATE_EXPIRES_SOON,
            Severity.NOTE,
            field="not_after",
            on_card=said(last_day),
        )


def should_be_renewed(not_after: datetime, today: date) -> bool:
    """Whether the certificate ends within three months, or has ended, on this day in Japan."""
    return _months_before(not_after.astimezone(JAPAN).date(), EXPIRY_NOTICE_MONTHS) <= today


def _months_before(day: date, months: int) -> date:
    """Return the same day ``months`` months earlier, or that month's last day."""
    year, month0 = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month0 + 1, min(day.day, monthrange(year, month0 + 1)[1]))
