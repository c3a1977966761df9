"""Words for what was found about an answer: the field, and what each side says of it."""

from __future__ import annotations

from datetime import date

from eligibility.codes import (
    CodeTable,
    InsuredCardClassification,
    QualificationValidity,
    Sex,
    read_code,
)
from eligibility.model import Confirmation, CopayRatio, Finding, FindingCode, NotRead
from web.i18n import show_date, text
from web.wording import SEVERITIES, label, share

ELEMENTS = {
    "name": "field.name",
    "name_kana": "field.name-kana",
    "birthdate": "field.birthdate",
    "sex": "field.sex",
    "address": "field.address",
    "insurer_number": "field.insurer-number",
    "insured_card_symbol": "field.symbol",
    "insured_identification_number": "field.number",
    "insured_branch_number": "field.branch",
    "reference_number": "field.reference-number",
    "insured_card_classification": "field.card-classification",
    "insured_partial_contribution_ratio": "field.ratio",
    "qualification_date": "field.qualified",
    "disqualification_date": "field.disqualified",
    "qualification_validity": "field.validity",
    "not_after": "field.not-after",
}
SAID_CODES: dict[str, type[CodeTable]] = {
    "sex": Sex,
    "insured_card_classification": InsuredCardClassification,
    "qualification_validity": QualificationValidity,
}


def first_finding(confirmation: Confirmation) -> Finding:
    """Return the gravest finding."""
    return min(confirmation.findings, key=lambda finding: SEVERITIES.index(finding.severity))


def finding_values(finding: Finding) -> list[tuple[str, str, bool]]:
    """Return what each side said of a finding's field: whose, the value, whether it is the old.

    Only fields that have a name on the forms; a side that nobody read is left out.
    """
    if finding.field not in ELEMENTS:
        return []
    decided = finding.code is FindingCode.DECIDED_OTHERWISE
    before = "staff.visit.decided-value" if decided else "staff.visit.recorded-value"
    sides = (
        (before, finding.recorded),
        ("staff.visit.in-record", finding.in_record),
        ("staff.visit.on-card", finding.on_card),
        ("staff.visit.from-payer", finding.from_payer),
    )
    return [
        (text(side), said(finding.field, value), side == before)
        for side, value in sides
        if not isinstance(value, NotRead)
    ]


def said(field: str, value: str) -> str:
    """Return a finding's value in words: a day, a share or a code's label; else as it is."""
    if field in SAID_CODES:
        return label(read_code(SAID_CODES[field], value))
    if field == "insured_partial_contribution_ratio" and value.isdecimal():
        return share(CopayRatio(int(value)))
    try:
        # a number of eight digits is no day
        return show_date(date.fromisoformat(value)) if "-" in value else value
    except ValueError:
        return value
