"""Rows about one subject, whether it is a card or an insured number."""

from __future__ import annotations

from eligibility.model import CardSubject, NumberSubject, Subject
from eligibility.subjects import is_same_subject, number_key


def is_for(visit: Subject | None, answer: Subject) -> bool:
    """Whether an answer about ``answer`` may be bound to a visit of ``visit``.

    A number that is written otherwise (full width) is the same one.
    """
    return visit is not None and (visit == answer or is_same_subject(visit, answer))


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
