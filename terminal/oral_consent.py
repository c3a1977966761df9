"""Consent by mouth (口頭同意): in disaster mode only, of one person whom the payer found for sure.

Staff hear it and write down to what the patient, or who stands in, said yes and no, and why it was
not given by the card.  It is told to the payer, which opens nothing without it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from eligibility.asking import Capability
from eligibility.codes import ConsentCategory
from eligibility.consenting import DISASTER_CATEGORIES, ActingFor, OralReason, OralWord
from eligibility.model import Consent, ConsentChannel, ConsentDecision, InsuredPerson
from eligibility.payer import Payer
from terminal.access.accounts import Actor
from terminal.access.rules import require_coverage
from terminal.audit import Act, AuditEntry
from terminal.consent import Disclosure
from terminal.consent_ending import end_former
from terminal.consent_rules import CONSENT_LIVES, is_over
from terminal.errors import DisasterModeOffError, DisclosureReason, DisclosureRefusedError
from terminal.events import EventBus, Topic
from terminal.found_person import found_person, require_capability, require_period
from terminal.store import Store, Transaction


@dataclass(frozen=True, slots=True)
class OralOffer:
    """What may be recorded for a visit now.

    ``person``: who was found, where a consent may be recorded; else ``refused_because``.
    ``living``: whether one holds already, in whose place a new one comes.
    """

    person: InsuredPerson | None = None
    refused_because: DisclosureReason | None = None
    living: bool = False


class OralConsents:
    """Records such consents.  Raises RoleError, StoreError; safe to call from any thread."""

    def __init__(
        self,
        store: Store,
        payer: Payer,
        disclosure: Disclosure,
        bus: EventBus,
        now: Callable[[], datetime],
    ) -> None:
        """``disclosure``: tells the payer and fetches what the consent opens."""
        self._store = store
        self._payer = payer
        self._disclosure = disclosure
        self._bus = bus
        self._now = now

    def offer(self, actor: Actor, visit_id: str) -> OralOffer | None:
        """Return what may be recorded for this visit, None outside disaster mode.

        Raises UnknownVisitError.
        """
        require_coverage(actor)
        now = self._now()

        def look(tx: Transaction) -> OralOffer | None:
            try:
                require_period(tx, now)
                require_capability(self._payer, Capability.ORAL_CONSENT, visit_id)
                basis, person = found_person(tx, visit_id, now)
            except DisasterModeOffError:
                return None
            except DisclosureRefusedError as error:
                return OralOffer(refused_because=error.reason)
            consent = basis.consent
            return OralOffer(person, living=consent is not None and not is_over(consent, now))

        return self._store.read(look)

    def record(
        self,
        actor: Actor,
        visit_id: str,
        decisions: Mapping[ConsentCategory, ConsentDecision],
        reason: OralReason,
        acting_for: ActingFor | None = None,
    ) -> Consent:
        """Record what was said by mouth; what was not asked stays so.

        ``acting_for``: who said it for the patient.  It takes the place of what the same person
        said before here, and closes what was opened without consent.

        Raises DisasterModeOffError, DisclosureRefusedError, UnknownVisitError; ValueError for a
        category that no disaster opens.
        """
        require_coverage(actor)
        if not decisions.keys() <= set(DISASTER_CATEGORIES):
            msg = "a consent by mouth is about what a disaster opens"
            raise ValueError(msg)
        now = self._now()

        def store(tx: Transaction) -> tuple[Consent, tuple[str, ...]]:
            period = require_period(tx, now)
            require_capability(self._payer, Capability.ORAL_CONSENT, visit_id)
            basis, _ = found_person(tx, visit_id, now)
            subject, patient = basis.visit.subject, basis.payer_patient
            assert subject is not None  # noqa: S101  # such a visit begins with whom it asks about
            assert patient is not None  # noqa: S101  # found_person saw to it
            consent = Consent(
                id=uuid.uuid4().hex,
                visit_id=visit_id,
                subject=subject,
                decisions={
                    one: decisions.get(one, ConsentDecision.NOT_ASKED) for one in ConsentCategory
                },
                given_at=now,
                ends_at=now + CONSENT_LIVES,
                channel=ConsentChannel.ORAL,
                payer_patient=patient,
                acting_for=acting_for,
                oral=OralWord(reason, actor.id, period.id),
            )
            former = end_former(tx, consent, patient, now)
            tx.consents.add(consent)
            said = ",".join(f"{one.value}={decision}" for one, decision in decisions.items())
            tx.audit.append(
                AuditEntry(
                    Act.CONSENT_GIVEN,
                    actor,
                    visit_id,
                    consent_id=consent.id,
                    subject=subject,
                    reason=f"oral:{reason}:{acting_for or 'patient'}:{said}",
                )
            )
            return consent, former

        consent, former = self._store.write(store)
        for one in former:
            self._disclosure.consent_ended(one)
        self._disclosure.advance(visit_id)
        self._bus.publish(Topic.VISIT, visit_id)
        return consent
