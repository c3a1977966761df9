"""What a patient shares with this institution now, and the end of it: "stop showing here".

A withdrawal ends every living consent about the same person at once, whichever visit it is of.
It never opens anything: a change from no to yes needs a new tap.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from eligibility.consenting import ConsentEnd
from eligibility.model import Consent
from terminal.access.accounts import KIOSK, Actor
from terminal.access.rules import require_coverage
from terminal.consent import Disclosure
from terminal.consent_ending import living_at, stop_all
from terminal.consent_rules import open_items
from terminal.errors import VisitStateError
from terminal.store import Store, Transaction
from terminal.views import ConsentItem, Shared


class Sharing:
    """Shows and ends consents of one store.  Raises UnknownVisitError, StoreError."""

    def __init__(self, store: Store, disclosure: Disclosure, now: Callable[[], datetime]) -> None:
        """``disclosure``: drops what an ended consent opened."""
        self._store = store
        self._disclosure = disclosure
        self._now = now

    def of_visit(self, visit_id: str) -> Shared | None:
        """Return what this visit's patient shares now by an earlier tap, None for nothing."""
        now = self._now()

        def look(tx: Transaction) -> Shared | None:
            subject = tx.visits.get(visit_id).subject
            if subject is None:
                return None
            return shared(living_at(tx, visit_id, now), now)

        return self._store.read(look)

    def stop_at_kiosk(self, visit_id: str) -> None:
        """End what this visit's patient shares, at their own word after a new tap."""
        self._stop(visit_id, ConsentEnd.PATIENT, KIOSK)

    def stop_by_staff(self, actor: Actor, visit_id: str) -> None:
        """End what this visit's patient shares, at their word to staff.

        Raises RoleError; VisitStateError where nothing is shared any more.
        """
        require_coverage(actor)
        if not self._stop(visit_id, ConsentEnd.STAFF, actor):
            msg = f"visit {visit_id} shares nothing"
            raise VisitStateError(msg)

    def _stop(self, visit_id: str, by: ConsentEnd, actor: Actor) -> tuple[str, ...]:
        now = self._now()

        def store(tx: Transaction) -> tuple[str, ...]:
            subject = tx.visits.get(visit_id).subject
            if subject is None:
                return ()
            return stop_all(tx, visit_id, by, actor, now)

        visits = self._store.write(store)
        for one in visits:
            self._disclosure.consent_ended(one)
        return visits


def shared(consents: list[Consent], now: datetime) -> Shared | None:
    """Return what living consents let this institution see, and until when the last of it does."""
    opened = [consent for consent in consents if open_items(consent, now)]
    if not opened:
        return None
    items = {item for consent in opened for item in open_items(consent, now)}
    ordered = tuple(item for item in ConsentItem if item in items)
    return Shared(ordered, max(consent.ends_at for consent in opened))
