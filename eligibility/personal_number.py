"""Which numbers of an insurance name one person, and not a family: a pure rule."""

from __future__ import annotations

from eligibility.model import Coverage

PERSONAL_NUMBERS = ("12", "39")
"""法別番号 whose numbers are one person's without any branch: 医療扶助, 後期高齢者医療."""

PersonalKey = tuple[str, str | None, str, str | None]


def personal_key(coverage: Coverage) -> PersonalKey | None:
    """Return insurer, symbol, number and branch where they name one person, else None.

    Without a branch a number may be a whole family's, and says nothing of who this is.
    """
    number, branch = coverage.insured_identification_number, coverage.insured_branch_number
    is_personal = branch is not None or coverage.insurer_number.startswith(PERSONAL_NUMBERS)
    if not number or not is_personal:
        return None
    return coverage.insurer_number, coverage.insured_card_symbol, number, branch
