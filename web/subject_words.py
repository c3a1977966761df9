"""Whom a question without a card is about, in words."""

from __future__ import annotations

from eligibility.model import NumberSubject, PersonSubject
from web.i18n import show_date, text
from web.number_words import insurer_number
from web.wording import label


def subject_rows(subject: NumberSubject | PersonSubject) -> list[tuple[str, str]]:
    """Return what was asked with, row by row; what was left empty is said to be."""
    if isinstance(subject, NumberSubject):
        left_out = text("field.not-given")
        return [
            (text("field.insurer-number"), insurer_number(subject.insurer_number)),
            (text("field.symbol"), subject.insured_card_symbol or left_out),
            (text("field.number"), subject.insured_identification_number),
            (text("field.branch"), subject.insured_branch_number or left_out),
            (text("field.birthdate"), show_date(subject.birthdate)),
        ]
    return [
        (text("field.name"), subject.name),
        (text("field.birthdate"), show_date(subject.birthdate)),
        (text("field.sex"), label(subject.sex)),
        (text("field.address"), subject.address or text("field.not-given")),
    ]
