"""閲覧同意 as the payer keeps them: who may register one, and what is open by it."""

from __future__ import annotations

import hashlib
import secrets
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from eligibility.codes import ConsentCategory
from eligibility.model import ConsentDecision
from eligibility.simulator import wire
from eligibility.simulator.bodies import canonical, invalid
from eligibility.simulator.challenges import CLOCK_DIFFERENCE, WINDOW
from eligibility.simulator.names import RefusalCode
from eligibility.simulator.refusals import RefusalError
from eligibility.simulator.requests import ConsentRequest


@dataclass(frozen=True, slots=True)
class _StoredConsent:
    digest: bytes
    registered: wire.Json
    request: ConsentRequest
    ends_at: datetime


def digest_of(parsed: dict[str, Any]) -> bytes:
    """Return the digest by which a repeated body is known again."""
    return hashlib.sha256(canonical(parsed)).digest()


class Consents:
    """Identified patients and their consents; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # (institution, patient) → until when a consent may be registered
        self._identified: dict[tuple[str, str], datetime] = {}
        self._consents: dict[tuple[str, str], _StoredConsent] = {}

    def forget(self) -> None:
        """Lose all, as a restart does."""
        with self._lock:
            self._identified.clear()
            self._consents.clear()

    def forget_old(self, now: datetime, kept: timedelta) -> None:
        """Lose what ended ``kept`` before ``now``."""
        with self._lock:
            self._identified = {
                key: until for key, until in self._identified.items() if until > now
            }
            self._consents = {
                key: stored for key, stored in self._consents.items() if stored.ends_at > now - kept
            }

    def identify(self, institution: str, patient_id: str, now: datetime) -> None:
        """Let an institution register consents of a patient whom a card identified there."""
        with self._lock:
            self._identified[institution, patient_id] = now + WINDOW

    def register(
        self, institution: str, request: ConsentRequest, now: datetime
    ) -> tuple[wire.Json, bool]:
        """Register a Consent; return it and whether it is new."""
        digest = digest_of(request.body)
        with self._lock:
            stored = self._consents.get((institution, request.id))
            if stored is not None:
                if stored.digest != digest:
                    raise RefusalError(RefusalCode.CONSENT_CONFLICT)
                return stored.registered, False
            age = now - request.given_at
            if age >= WINDOW or age < -CLOCK_DIFFERENCE:
                raise invalid("dateTime: older than 24 h or in the future")
            until = self._identified.get((institution, request.patient_id))
            if until is None or now >= until:
                raise RefusalError(RefusalCode.IDENTIFICATION_MISSING)
            ends_at = request.given_at + WINDOW
            registered = wire.registered_consent(
                request.body, f"pc-{secrets.token_hex(8)}", request.given_at, ends_at
            )
            self._consents[institution, request.id] = _StoredConsent(
                digest, registered, request, ends_at
            )
        return registered, True

    def check(
        self, institution: str, patient_id: str, category: ConsentCategory, now: datetime
    ) -> None:
        """Return if a live consent permits the category; raise RefusalError otherwise."""
        with self._lock:
            speaking = [
                stored
                for (whose, _id), stored in self._consents.items()
                if whose == institution
                and stored.request.patient_id == patient_id
                and category in stored.request.decisions
            ]
        if speaking:
            # registered later counts as newer where both were given at the same moment
            newest = max(enumerate(speaking), key=lambda item: (item[1].request.given_at, item[0]))[
                1
            ]
            decision = newest.request.decisions[category]
            if decision is ConsentDecision.YES and now < newest.ends_at:
                return
        raise RefusalError(RefusalCode.CONSENT_MISSING)
