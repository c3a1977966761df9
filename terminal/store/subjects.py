"""Rows about one subject, whether it is a card or an insured number."""

from __future__ import annotations

from eligibility.model import CardSubject, NumberSubject, Subject
from eligibility.subjects import number_key


def is_about(table: str, subject: Subject) -> tuple[str, list[object]]:
    """Return the condition for rows of ``table`` about ``subject``, and its values.

    Nothing is about somebody who was asked for by name: two of one name may be two people.
    """
    if isinstance(subject, CardSubject):
        return (
            f"{table}.subject_serial = ? AND {table}.subject_issuer = ?",
            [subject.serial, subject.issuer],
        )
    if isinstance(subject, NumberSubject):
        body = f"{table}.body->>'$.subject."
        return (
            f"{table}.subject_insurer = ? AND {table}.subject_birthdate = ?"
            f" AND folded({body}insured_identification_number') = ?"
            f" AND folded({body}insured_card_symbol') = ?"
            f" AND folded({body}insured_branch_number') = ?",
            list(number_key(subject)),
        )
    return "0", []
