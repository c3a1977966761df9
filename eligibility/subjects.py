"""Whether two subjects are surely one, and how their numbers are compared.  Pure.

A certificate is one person's.  An insured number is one person's together with the birth date and
whatever else was asked with: with a branch and without one may be two people (twins).  A name with
birth date and sex is nobody's alone, so that no two questions by person are about the same one.
"""

from __future__ import annotations

import unicodedata

from eligibility.model import CardSubject, NumberSubject, Subject

KnownSubject = CardSubject | NumberSubject
"""Whoever can be known again at a later visit."""

_HYPHENS = str.maketrans(dict.fromkeys("‐‑‒–—―−", "-"))


def folded(text: str | None) -> str:
    """Return a symbol or number as it is compared: half width, no spaces, one kind of hyphen."""
    return "".join(unicodedata.normalize("NFKC", text or "").translate(_HYPHENS).split())


def number_key(subject: NumberSubject) -> tuple[str, str, str, str, str]:
    """Return insurer, birth date, number, symbol and branch as they are compared."""
    return (
        subject.insurer_number,
        subject.birthdate.isoformat(),
        folded(subject.insured_identification_number),
        folded(subject.insured_card_symbol),
        folded(subject.insured_branch_number),
    )


def is_same_subject(one: Subject, other: Subject) -> bool:
    """Whether both are surely about the same person."""
    if isinstance(one, NumberSubject) and isinstance(other, NumberSubject):
        return number_key(one) == number_key(other)
    return isinstance(one, CardSubject) and one == other
