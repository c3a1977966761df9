"""What the payer said last of somebody, at an earlier visit or in a check before the day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from eligibility.asking import NumberQuestion
from eligibility.model import AnswerOutcome, Finding, NumberSubject, PayerAnswer, Subject
from terminal.bulk.run import BulkItem
from terminal.payer.asked import bulk_question
from terminal.store import Transaction


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was said, and what was found about it then.

    ``item``: whom the check before the day asked about, None where it was said at a visit.
    """

    answer: PayerAnswer
    findings: tuple[Finding, ...]
    item: BulkItem | None = None

    @property
    def as_of(self) -> datetime:
        """When the payer said it."""
        return self.answer.received_at


def last_recorded(tx: Transaction, subject: Subject, before: datetime) -> Recorded | None:
    """Return the newest answer about this certificate or number before a moment; None for none.

    A check before the day asks by number, so it says nothing of a certificate.
    """
    found = []
    confirmation = next(iter(tx.confirmations.live_for(subject, 1)), None)
    if confirmation is not None:
        answer = tx.answers.get(confirmation.answer_id)
        found.append(Recorded(answer, confirmation.findings))
    if isinstance(subject, NumberSubject):
        item = tx.bulk.answered_about(subject, before)
        checked = None if item is None else tx.bulk.answer_to(item.id)
        if item is not None and checked is not None and checked.outcome is AnswerOutcome.COMPLETE:
            found.append(Recorded(checked, item.findings, item))
    return max(found, key=lambda one: one.as_of, default=None)


def keep_for_visit(tx: Transaction, visit_id: str, recorded: Recorded) -> None:
    """Have what a check before the day brought among the answers that visits stand on.

    It keeps its own question, with its own time: it never becomes the answer to the visit's.
    """
    item, answer = recorded.item, recorded.answer
    if item is None or tx.outbox.has(item.id):
        return
    asked = NumberQuestion(item.id, item.subject, item.asked_on or item.day)
    tx.outbox.add(bulk_question(asked, visit_id, answer.received_at, item.attempts))
    tx.answers.add(answer)
