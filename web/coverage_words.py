"""Words for all that a qualification answer says; nothing is decided here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime

from eligibility.benefits import (
    MedicalTicket,
    RegisteredConsent,
    RegisteredProvision,
    SpecificDiseasesCertificate,
)
from eligibility.calendar import JAPAN
from eligibility.codes import CodeTable, LimitCategory, UnknownCode
from eligibility.limits import Ceiling, ceiling_on
from eligibility.model import Coverage, PayerAnswer
from web.i18n import has_message, show_date, show_moment, show_number, text
from web.wording import label, period

Rows = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class CodeRow:
    """One code of an answer: which table, the code itself, what it means, what to do about it."""

    table: str
    code: str
    meaning: str
    action: str


def _filled(*rows: tuple[str, str | None]) -> Rows:
    """Return the rows that have words."""
    return [(term, words) for term, words in rows if words]


def yen(amount: int) -> str:
    """Return an amount: 57,600円."""
    return text("amount.yen", amount=show_number(amount))


def person_rows(coverage: Coverage) -> Rows:
    """Return what is registered of the person beside name, birth date, sex and address."""
    person = coverage.person
    return _filled(
        (text("field.name-other"), person.name_of_other),
        (text("field.name-other-kana"), person.name_of_other_kana),
        (text("field.sex2"), None if person.sex2 is None else label(person.sex2)),
        (text("field.insured-name"), coverage.insured_name),
        (
            text("field.preschool"),
            None
            if coverage.preschool_classification is None
            else label(coverage.preschool_classification),
        ),
        (text("field.issued"), show_date(coverage.insured_certificate_issuance_date)),
    )


def limit_rows(coverage: Coverage, now: datetime) -> Rows:
    """Return the month's ceiling in yen, with the day from which it holds, and a long stay's."""
    limit = coverage.limit_certificate
    if limit is None:
        return []
    rows = []
    today = now.astimezone(JAPAN).date()
    if isinstance(limit.category, LimitCategory):
        rows.append((text("field.ceiling"), ceiling_words(limit.category, today)))
    return rows + _filled((text("field.long-term"), show_date(limit.long_term_date)))


def ceiling_words(category: LimitCategory, day: date) -> str:
    """Return what a category's patients pay at most in a month, and how sure that is."""
    stated = ceiling_on(category, day)
    if stated is None:
        return text("ceiling.none")
    words = " / ".join(_ceiling_parts(stated.ceiling))
    if stated.known_until is not None:
        sure = text("ceiling.unchecked", day=show_date(stated.known_until))
    elif not stated.compared:
        sure = text("ceiling.not-compared", day=show_date(stated.ceiling.starts))
    else:
        sure = text("ceiling.since", day=show_date(stated.ceiling.starts))
    return f"{words}　{sure}"


def _ceiling_parts(ceiling: Ceiling) -> Iterator[str]:
    if ceiling.outpatient is not None:
        yield text("ceiling.outpatient", amount=yen(ceiling.outpatient))
    if ceiling.outpatient_year is not None:
        yield text("ceiling.outpatient-year", amount=yen(ceiling.outpatient_year))
    if ceiling.percent is not None and ceiling.above is not None:
        yield text(
            "ceiling.with-part",
            base=yen(ceiling.base),
            above=yen(ceiling.above),
            percent=ceiling.percent,
        )
    elif ceiling.outpatient is not None:
        yield text("ceiling.household", amount=yen(ceiling.base))
    else:
        yield text("ceiling.plain", amount=yen(ceiling.base))
    if ceiling.many_times is not None:
        yield text("ceiling.many-times", amount=yen(ceiling.many_times))
    if ceiling.year is not None:
        yield text("ceiling.year", amount=yen(ceiling.year))


def disease_rows(coverage: Coverage) -> Rows:
    """Return each certificate of a specific disease with its own ceiling and period."""
    return [(text("field.specific-disease"), _disease(one)) for one in _diseases(coverage)]


def _diseases(coverage: Coverage) -> tuple[SpecificDiseasesCertificate, ...]:
    return coverage.specific_diseases_certificates


def _disease(certificate: SpecificDiseasesCertificate) -> str:
    parts = [label(certificate.disease_category)]
    if certificate.self_pay is not None:
        parts.append(text("ceiling.plain", amount=yen(certificate.self_pay)))
    parts.append(period(certificate.valid_start_date, certificate.valid_end_date))
    return "　".join(parts)


def ticket_rows(ticket: MedicalTicket) -> Rows:
    """Return what stands on a ticket of medical assistance."""
    institution = _named(
        ticket.designated_medical_institution_name, ticket.designated_medical_institution_code
    )
    issuer = _named(
        ticket.prescription_issuer_medical_institution_name,
        ticket.prescription_issuer_medical_institution_code,
    )
    month = ticket.medical_treatment_month
    coded: tuple[tuple[str, CodeTable | UnknownCode | None], ...] = (
        (text("code.medical-treatment-type"), ticket.medical_treatment_type),
        (text("code.ticket-use"), ticket.single_or_combined_use),
        (text("code.social-insurance"), ticket.status_of_social_insurance),
        (text("code.elderly-medical-care"), ticket.status_of_elderly_medical_care),
        (text("code.infection-expense"), ticket.status_of_infection),
        (text("code.prefectural-expense"), ticket.status_of_prefectural_expenses),
        (text("code.ticket-consistency"), ticket.consistency_flag),
        (text("code.designated-institution"), ticket.designated_medical_institution_flag),
    )
    return _filled(
        (text("code.ticket-type"), label(ticket.ticket_type)),
        (text("field.ticket-number"), ticket.issue_number),
        (
            text("field.ticket-month"),
            None
            if month is None
            else text("field.ticket-month.value", year=month.year, month=month.month),
        ),
        (text("field.ticket-period"), period(ticket.valid_date, ticket.expiration_date)),
        (
            text("field.ticket-self-pay"),
            None if ticket.self_pay_amount is None else yen(ticket.self_pay_amount),
        ),
        (text("field.ticket-institution"), institution),
        *((term, None if code is None else label(code)) for term, code in coded),
        (text("field.ticket-injuries"), " / ".join(ticket.injury_names)),
        (text("field.ticket-issuer"), issuer),
        (text("field.ticket-district"), ticket.district_contact_name),
        (text("field.ticket-handling"), ticket.handling_contact_name),
        (text("field.ticket-remarks"), " / ".join(ticket.remarks)),
    )


def _named(name: str | None, code: str | None) -> str:
    return "　".join(part for part in (name, code) if part)


def consent_rows(coverage: Coverage) -> Rows:
    """Return the consents that the payer holds; this visit's own stands beside."""
    return _filled(
        (text("field.consent-limit"), _provision(coverage.limit_consent)),
        (text("field.consent-diseases"), _provision(coverage.specific_diseases_consent)),
        (text("field.consent-checkups"), _consent_or_none(coverage.specific_health_checkups_info)),
        (text("field.consent-medicines"), _consent_or_none(coverage.pharmacists_info)),
        (text("field.consent-treatment"), _consent_or_none(coverage.diagnosis_info)),
        (text("field.consent-operations"), _consent_or_none(coverage.operation_info)),
    )


def _provision(provision: RegisteredProvision | None) -> str | None:
    if provision is None:
        return None
    given = provision.consent_time
    return (
        label(provision.flag) if given is None else f"{label(provision.flag)}　{show_moment(given)}"
    )


def _consent_or_none(consent: RegisteredConsent | None) -> str | None:
    return None if consent is None else consent_words(consent)


def consent_words(consent: RegisteredConsent) -> str:
    """Return a consent that the payer holds: since when, until when."""
    words = label(consent.flag)
    if consent.consent_time is not None:
        words += f"　{show_moment(consent.consent_time)}"
    if consent.available_time is not None:
        words += f"　{text('field.consent.until', time=show_moment(consent.available_time))}"
    return words


def answer_rows(answer: PayerAnswer) -> Rows:
    """Return what the answer says about itself."""
    executed = answer.process_execution_time
    coded: tuple[tuple[str, CodeTable | UnknownCode | None], ...] = (
        (text("code.prescription-issue"), answer.prescription_issue_select),
        (text("code.limit-certificate-changed"), answer.limit_certificate_changed),
        (text("code.reference-classification"), answer.reference_classification),
    )
    return _filled(
        (text("field.reference-number"), answer.reference_number),
        *((term, None if code is None else label(code)) for term, code in coded),
        (text("field.executed"), None if executed is None else show_moment(executed)),
        (text("field.payer-message"), _named(answer.message, answer.code)),
    )


def code_rows(answer: PayerAnswer) -> list[CodeRow]:
    """Return every code of an answer once, in the model's order, with what to do about it."""
    found = dict.fromkeys(_codes(answer))
    return [_code_row(code) for code in found]


def _codes(value: object) -> Iterator[CodeTable | UnknownCode]:
    if isinstance(value, CodeTable | UnknownCode):
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from _codes(part)
    elif is_dataclass(value):
        for one in fields(value):
            yield from _codes(getattr(value, one.name))


def _code_row(code: CodeTable | UnknownCode) -> CodeRow:
    if isinstance(code, UnknownCode):
        name = f"code.{kebab(code.table)}"
        table = text(name) if has_message(name) else code.table
        return CodeRow(table, code.value, label(code), text("code.unknown"))
    table_id = f"code.{kebab(type(code).__name__)}"
    return CodeRow(text(table_id), code.value, label(code), text(f"{table_id}.{code.value}"))


def kebab(name: str) -> str:
    """Return a table's name as message ids write it: LimitCategory is limit-category."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()
