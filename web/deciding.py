"""Words for what staff decided without the payer, beside what it says now."""

from __future__ import annotations

from dataclasses import dataclass

from eligibility.model import CopayRatio
from terminal.decision import SHARES, DecisionBasis
from terminal.views import VisitDetail
from web.i18n import show_moment, text
from web.wording import label, share

WITH_SHARE = frozenset(DecisionBasis) - {DecisionBasis.EARLIER_ANSWER, DecisionBasis.FULL_FEE}
"""What staff must name a share for; the others bring their own."""


@dataclass(frozen=True, slots=True)
class Said:
    """One line: what was decided or answered, the share, when, and by whom."""

    what: str
    share: str
    when: str
    who: str
    is_payer: bool = False


def said_rows(detail: VisitDetail) -> list[Said]:
    """Return the decisions, the oldest first, and the payer's answer last once it is there."""
    rows = [
        Said(
            text(f"decision-basis.{decision.basis}"),
            share(CopayRatio(decision.percent)),
            show_moment(decision.decided_at),
            name or text("staff.log.unknown"),
        )
        for decision, name in reversed(detail.decisions)
    ]
    confirmation, coverage = detail.row.confirmation, detail.row.coverage
    if rows and confirmation is not None and confirmation.source.is_todays_answer:
        ratio = None if coverage is None else coverage.insured_partial_contribution_ratio
        rows.append(
            Said(
                label(confirmation.qualification_validity),
                share(ratio),
                show_moment(confirmation.as_of),
                text("staff.decided.payer"),
                is_payer=True,
            )
        )
    return rows


def basis_options(detail: VisitDetail) -> list[tuple[str, str]]:
    """Return what staff may go by now, as options of a form."""
    return [(basis.value, text(f"decision-basis.{basis}")) for basis in detail.may_decide_by]


def share_options() -> list[tuple[str, str]]:
    """Return the shares to choose from; none is chosen beforehand."""
    shares = [(str(percent), share(CopayRatio(percent))) for percent in SHARES]
    return [("", text("staff.decide.share.none")), *shares]


def read_share(value: str) -> int | None:
    """Return the share that was chosen, None for nothing or anything else."""
    return int(value) if value in {str(percent) for percent in SHARES} else None
