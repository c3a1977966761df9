"""The end of what opens history, in the caller's transaction: consents and emergencies."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from eligibility.consenting import ConsentEnd
from eligibility.emergency import EmergencyAccess
from eligibility.model import Consent, Subject
from terminal.access.accounts import TERMINAL, Actor
from terminal.audit import Act, AuditEntry
from terminal.consent_rules import CONSENT_LIVES, ended, is_over
from terminal.history_ground import basis_of
from terminal.history_keeping import delete_history
from terminal.store import Transaction

EMERGENCY_LIVES = timedelta(hours=2)
"""How long what is opened without consent stays open at most; a new look then needs a new reason.

The desk's own bound, well below a consent's 24 h, since nobody agreed; the payer may end it sooner.
"""


def living(tx: Transaction, subject: Subject, now: datetime) -> list[Consent]:
    """Return the consents about this person that have not ended, the newest first."""
    found = tx.consents.lately_of(subject, now - CONSENT_LIVES)
    return [consent for consent in found if not is_over(consent, now)]


def living_at(tx: Transaction, visit_id: str, now: datetime) -> list[Consent]:
    """Return the consents that this visit's patient gave and that have not ended, newest first.

    By the same card or number, and whatever else of the one whom the payer's answer names: found
    by name in a disaster, the patient may come with the card later.
    """
    basis = basis_of(tx, visit_id, now)
    return [
        one
        for one in tx.consents.given_since(now - CONSENT_LIVES)
        if not is_over(one, now)
        and (
            one.subject == basis.visit.subject
            or (one.payer_patient is not None and one.payer_patient == basis.payer_patient)
        )
    ]


def opened_of(tx: Transaction, payer_patient: str, now: datetime) -> list[EmergencyAccess]:
    """Return what is open without consent of this patient of the payer's."""
    return [
        one
        for one in tx.emergencies.opened_since(now - EMERGENCY_LIVES)
        if one.payer_patient == payer_patient and one.closed_at is None and now < one.ends_at
    ]


def stop_all(
    tx: Transaction, visit_id: str, by: ConsentEnd, actor: Actor, now: datetime
) -> tuple[str, ...]:
    """End whatever opens history of this visit's patient; return the visits."""
    patient = basis_of(tx, visit_id, now).payer_patient
    ended_at = end_all(tx, living_at(tx, visit_id, now), by, actor, now)
    if patient is None:
        return ended_at
    return ended_at + close_all(tx, opened_of(tx, patient, now), actor, now, by)


def end_all(
    tx: Transaction, consents: list[Consent], by: ConsentEnd, actor: Actor, now: datetime
) -> tuple[str, ...]:
    """End these consents; return the visits that they were given at.

    What they opened is destroyed with them.
    """
    for consent in consents:
        tx.consents.save(ended(consent, by, now))
        tx.audit.append(
            AuditEntry(
                Act.CONSENT_ENDED,
                actor,
                consent.visit_id,
                consent_id=consent.id,
                subject=consent.subject,
                reason=by.value,
            )
        )
        delete_history(tx, consent, by, actor)
    return tuple(consent.visit_id for consent in consents)


def close_all(
    tx: Transaction, accesses: list[EmergencyAccess], actor: Actor, now: datetime, why: ConsentEnd
) -> tuple[str, ...]:
    """Close what was opened without consent; return the visits, of which memory holds the rest."""
    for access in accesses:
        tx.emergencies.save(replace(access, closed_at=now))
        tx.audit.append(
            AuditEntry(
                Act.EMERGENCY_CLOSED,
                actor,
                access.visit_id,
                consent_id=access.id,
                subject=access.subject,
                reason=why.value,
            )
        )
    return tuple(access.visit_id for access in accesses)


def words_of(tx: Transaction, payer_patient: str, now: datetime) -> list[Consent]:
    """Return what this patient of the payer's said here lately, over or not, the newest first."""
    lately = tx.consents.given_since(now - CONSENT_LIVES)
    return [consent for consent in lately if consent.payer_patient == payer_patient]


def end_former(
    tx: Transaction, word: Consent, payer_patient: str, now: datetime
) -> tuple[str, ...]:
    """End what was opened before the patient said ``word``; return the visits.

    Whom a name or a number found may come with the card later: the payer's reference tells that it
    is the same person, and the newest word says what holds.
    """
    consents = [
        one
        for one in words_of(tx, payer_patient, now)
        if one.id != word.id and one.given_at <= word.given_at and not is_over(one, now)
    ]
    opened = opened_of(tx, payer_patient, now)
    return end_all(tx, consents, ConsentEnd.REPLACED, TERMINAL, now) + close_all(
        tx, opened, TERMINAL, now, ConsentEnd.REPLACED
    )
