"""What staff decided for a visit while the payer gave no answer, and what the late answer says.

Both are kept: a decision is never changed, and the payer's answer is held beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from eligibility.model import Finding, FindingCode, PayerAnswer, Severity
from eligibility.validity import CONFIRMED, copay_ratio_on, pays_in_full

SHARES = (0, 10, 20, 30, 100)
"""The shares that staff may decide on, in percent; 100: the patient pays in full."""


class DecisionBasis(StrEnum):
    """What staff went by."""

    EARLIER_ANSWER = "earlier-answer"
    """The payer's last answer for the same certificate."""
    CERTIFICATE = "certificate"
    """資格確認書."""
    PATIENTS_PORTAL = "patients-portal"
    """マイナポータルの資格情報画面, or 資格情報のお知らせ with the card."""
    DECLARATION = "declaration"
    """被保険者資格申立書, written by the patient."""
    FULL_FEE = "full-fee"
    """Nothing yet: the patient pays in full, and is paid back."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision for one visit.  ``percent``: the patient's share.

    ``actor``: who decided; ``answer_id``: of the earlier answer, where that was the basis.
    """

    id: str
    visit_id: str
    basis: DecisionBasis
    percent: int
    decided_at: datetime
    actor: str
    answer_id: str | None = None


def differences(
    decision: Decision, answer: PayerAnswer, earlier: PayerAnswer | None, today: date
) -> Iterator[Finding]:
    """Yield what the payer's late answer says otherwise than staff decided.

    ``earlier``: the answer that the decision stands on, if it does.  Only what both sides said is
    compared: a share that is not certain today is no difference.
    """
    if answer.qualification_validity not in CONFIRMED:
        if decision.basis is not DecisionBasis.FULL_FEE:
            validity = answer.qualification_validity
            said = "" if validity is None else str(validity.value)
            yield _otherwise("qualification_validity", said, "1")
        return
    if len(answer.results) != 1:
        return
    now = answer.results[0]
    ratio = copay_ratio_on(now, today)
    percent = 100 if pays_in_full(now) else None if ratio is None else ratio.percent
    if percent is not None and percent != decision.percent:
        yield _otherwise("insured_partial_contribution_ratio", str(percent), str(decision.percent))
    if earlier is not None and len(earlier.results) == 1:
        before = earlier.results[0].insurer_number
        if before != now.insurer_number:
            yield _otherwise("insurer_number", now.insurer_number, before)


def _otherwise(field: str, from_payer: str, decided: str) -> Finding:
    return Finding(
        FindingCode.DECIDED_OTHERWISE,
        Severity.WARN,
        field=field,
        from_payer=from_payer,
        recorded=decided,
    )
