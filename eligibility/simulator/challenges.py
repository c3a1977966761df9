"""Challenges: issued by the payer or made by a desk, fresh, and of use once."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from eligibility.payer import ChallengeIssuer, desk_challenge_value
from eligibility.simulator import wire
from eligibility.simulator.bodies import invalid
from eligibility.simulator.evidence import SignedChallenge
from eligibility.simulator.names import RefusalCode
from eligibility.simulator.refusals import RefusalError

WINDOW = timedelta(hours=24)
CLOCK_DIFFERENCE = timedelta(minutes=5)
_SHORTEST_NONCE = 16


@dataclass(frozen=True, slots=True)
class _IssuedChallenge:
    institution: str
    value: bytes
    issued_at: datetime


class Challenges:
    """Those that can still be used or told about; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._issued: dict[str, _IssuedChallenge] = {}
        # challenge value → (institution, question that used it, when)
        self._used: dict[bytes, tuple[str, str, datetime]] = {}

    def issue(self, institution: str, now: datetime) -> wire.Json:
        """Return fresh Parameters for one signature by a card at ``institution``."""
        reference, value = f"ch-{secrets.token_hex(8)}", secrets.token_bytes(32)
        oldest = now - 2 * WINDOW  # between one and two windows "expired" can still be told
        with self._lock:
            self._issued = {k: c for k, c in self._issued.items() if c.issued_at > oldest}
            self._used = {k: use for k, use in self._used.items() if use[2] > oldest}
            self._issued[reference] = _IssuedChallenge(institution, value, now)
        return wire.challenge(reference, value, now, now + WINDOW)

    def forget(self) -> None:
        """Lose all, as a restart does."""
        with self._lock:
            self._issued, self._used = {}, {}

    def check(self, challenge: SignedChallenge, institution: str, now: datetime) -> None:
        """Raise RefusalError for what was not issued, does not compute, or is too old."""
        if challenge.issuer is ChallengeIssuer.PAYER:
            self._check_own(challenge, institution, now)
        else:
            _check_desks(challenge, now)

    def _check_own(self, challenge: SignedChallenge, institution: str, now: datetime) -> None:
        with self._lock:
            issued = self._issued.get(challenge.reference)
        if issued is None or issued.institution != institution:
            raise RefusalError(RefusalCode.CHALLENGE_UNKNOWN)
        if issued.value != challenge.value:
            raise RefusalError(RefusalCode.CHALLENGE_WRONG)
        if now - issued.issued_at >= WINDOW:
            raise RefusalError(RefusalCode.CHALLENGE_EXPIRED)

    def use(
        self, challenge: SignedChallenge | None, institution: str, question_id: str, now: datetime
    ) -> None:
        """Mark a challenge as used by this question; raise RefusalError where another used it."""
        if challenge is None:
            return
        with self._lock:
            used = self._used.get(challenge.value)
            if used is not None and used[:2] != (institution, question_id):
                raise RefusalError(RefusalCode.CHALLENGE_USED)
            self._used[challenge.value] = (institution, question_id, now)


def _check_desks(challenge: SignedChallenge, now: datetime) -> None:
    age = now - challenge.issued_at
    if age >= WINDOW or age < -CLOCK_DIFFERENCE:
        raise RefusalError(RefusalCode.CHALLENGE_EXPIRED)
    if challenge.desk_id is None or challenge.nonce is None:
        raise invalid("a desk challenge names desk and nonce")
    if len(challenge.nonce) < _SHORTEST_NONCE:
        raise RefusalError(RefusalCode.CHALLENGE_WRONG, "nonce too short")
    expected = desk_challenge_value(
        challenge.desk_id, challenge.reference, challenge.issued_at, challenge.nonce
    )
    if expected != challenge.value:
        raise RefusalError(RefusalCode.CHALLENGE_WRONG)
