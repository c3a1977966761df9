"""Looking without a consent, in a disaster, where life is at stake and nobody can be asked.

The payer's disaster function (緊急時医療情報・資格確認機能) knows it: 同意取得困難.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from eligibility.codes import ConsentCategory
from eligibility.consenting import DISASTER_CATEGORIES
from eligibility.model import Consent, Subject


@dataclass(frozen=True, slots=True)
class EmergencyAccess:
    """Medical data of one visit's patient, opened without consent by a clinician.

    It is never a consent: nobody gave it.  ``payer_patient``: whom the payer named as the one
    person; ``actor``: account; ``reason``: the clinician's own words; ``period_id``: of the
    disaster mode, with which it ends too.  ``ends_at``: by the payer, or the desk's own bound.
    ``payer_ref`` is set once the payer registered it; ``closed_at``: when it was ended by hand, or
    by the patient's own word.
    """

    id: str
    visit_id: str
    subject: Subject
    payer_patient: str
    opened_at: datetime
    ends_at: datetime
    actor: str
    reason: str
    period_id: str
    payer_ref: str | None = None
    closed_at: datetime | None = None

    def allows(self, category: ConsentCategory, now: datetime) -> bool:
        """Whether this opens ``category`` at the moment ``now``, while disaster mode is on."""
        return (
            category in DISASTER_CATEGORIES
            and self.closed_at is None
            and self.opened_at <= now < self.ends_at
        )


HistoryGround = Consent | EmergencyAccess
"""What history is opened by."""
