"""What a check before the day found of somebody who is here now: beside the live answer, never in
its place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from eligibility.codes import QualificationValidity, UnknownCode
from eligibility.model import Coverage, NumberSubject
from terminal.access.accounts import Actor
from terminal.access.rules import require_coverage
from terminal.audit import Act, AuditEntry
from terminal.bulk.findings import is_of
from terminal.bulk.run import BulkItem
from terminal.expected.expected_list import shown_coverage
from terminal.store import Store, Transaction
from terminal.views import VisitDetail

STILL_SAYS = timedelta(hours=48)
"""How long what was found before is shown; the evening before a weekend's visit is within it."""


@dataclass(frozen=True, slots=True)
class FoundBefore:
    """What was found.  ``coverage``: None where there is none, or it may be another person's."""

    item: BulkItem
    asked_at: datetime
    validity: QualificationValidity | UnknownCode | None
    coverage: Coverage | None


class FoundBeforeVisits:
    """Reads what was found before of one store.  Raises RoleError, StoreError."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        """``now``: aware."""
        self._store = store
        self._now = now

    def beside(self, actor: Actor, detail: VisitDetail) -> FoundBefore | None:
        """Return what was found of the visit's person lately, None for nothing; it is written down.

        The person is the patient that the visit is linked to, or who has the number that was asked
        by, the same birth date and the same name.
        """
        require_coverage(actor)
        since = self._now() - STILL_SAYS

        def look(tx: Transaction) -> FoundBefore | None:
            item = max(
                _items(tx, detail, since), key=lambda one: one.ended_at or since, default=None
            )
            answer = None if item is None else tx.bulk.answer_to(item.id)
            if item is None or answer is None:
                return None
            stands_on = detail.row.confirmation
            if stands_on is not None and stands_on.answer_id == answer.id:
                return None  # the visit shows it itself, as an earlier answer
            visit = detail.row.visit
            tx.audit.append(
                AuditEntry(
                    Act.APPOINTMENTS_SEEN,
                    actor,
                    visit.id,
                    subject=visit.subject,
                    reason=item.patient_number,
                )
            )
            return FoundBefore(
                item,
                answer.received_at,
                answer.qualification_validity,
                shown_coverage(item, answer),
            )

        return self._store.write(look)


def _items(tx: Transaction, detail: VisitDetail, since: datetime) -> Iterator[BulkItem]:
    visit = detail.row.visit
    if visit.clinic_patient_id is not None:
        found = tx.bulk.answered_since(visit.clinic_patient_id, since)
        if found is not None:
            yield found
    if isinstance(visit.subject, NumberSubject):
        subject = visit.subject
        for item in tx.bulk.answered_under(
            subject.insurer_number, subject.insured_identification_number, since
        ):
            if item.subject == subject:
                yield item
    for coverage in () if detail.answer is None else detail.answer.results:
        number = coverage.insured_identification_number
        if number is not None:
            for item in tx.bulk.answered_under(coverage.insurer_number, number, since):
                if is_of(item, coverage):
                    yield item
