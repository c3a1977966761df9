"""What was confirmed, held again against the card and the clinic's register as they are now."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from eligibility.findings import in_order
from eligibility.holder import about_holder, is_about_holder
from eligibility.model import Subject
from eligibility.register import about_record, is_about_record
from terminal.confirming import known_attributes, linked_record, store_confirmation
from terminal.store import Transaction
from terminal.visit import Visit

STILL_SHOWN = timedelta(hours=48)
"""How long after a visit began its coverage or history may still be on a screen, and more."""


class Reconfirming:
    """Supersedes confirmations inside the transaction that the caller began."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        """``now``: aware."""
        self._now = now

    def of_subject(self, tx: Transaction, subject: Subject) -> list[str]:
        """Confirm again what was confirmed, now that the card was read or a record was linked.

        That is done for each visit of these days with this card or number, since a wrong person's
        record may stand in any of them; what changes supersedes the former confirmation.  Returns
        the ids of the visits whose confirmation or linked record changed.
        """
        visits = tx.visits.of_subject(subject, self._now() - STILL_SHOWN)
        return [visit.id for visit in visits if self._changed(tx, visit)]

    def of_these_days(self, tx: Transaction) -> list[str]:
        """Do so for each visit of these days, now that the clinic's register changed."""
        now = self._now()
        visits = tx.visits.opened_between(now - STILL_SHOWN, now + STILL_SHOWN)
        return [visit.id for visit in visits if self._changed(tx, visit)]

    def _changed(self, tx: Transaction, visit: Visit) -> bool:
        """Confirm a visit again; return whether that changed anything."""
        former = next(iter(tx.confirmations.of_visit(visit.id)), None)
        if former is None:
            return False
        answer = tx.answers.get(former.answer_id)
        attributes = known_attributes(tx, answer.subject)
        record = linked_record(tx, visit.id, answer)
        number = None if record is None else record.patient_number
        found = {
            finding
            for finding in former.findings
            if not is_about_holder(finding) and not is_about_record(finding)
        }
        found.update(about_holder(attributes, answer))
        if record is not None:
            found.update(about_record(record, answer, attributes))
        if found == set(former.findings):
            return number != visit.clinic_patient_id
        store_confirmation(
            tx, visit.id, answer, self._now(), former.source, in_order(found), former.id
        )
        return True
