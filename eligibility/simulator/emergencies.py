"""History without consent in a disaster, where nobody can be asked: opened, and until when."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import Field

from eligibility.codes import ConsentCategory, InformationConsent
from eligibility.consenting import DISASTER_CATEGORIES
from eligibility.simulator import names, wire
from eligibility.simulator.bodies import (
    Coding,
    Element,
    Identifier,
    Instant,
    Text,
    invalid,
    only,
    read,
)
from eligibility.simulator.challenges import CLOCK_DIFFERENCE
from eligibility.simulator.consents import digest_of
from eligibility.simulator.names import RefusalCode
from eligibility.simulator.refusals import RefusalError
from eligibility.simulator.requests import QUESTION_ID, Reference, patient_id_of

LIVES = timedelta(hours=2)


class _Parameter(Element):
    name: Text
    identifier: Identifier | None = Field(default=None, alias="valueIdentifier")
    reference: Reference | None = Field(default=None, alias="valueReference")
    coding: Coding | None = Field(default=None, alias="valueCoding")
    moment: Instant | None = Field(default=None, alias="valueInstant")


class _Body(Element):
    resource_type: Literal["Parameters"] = Field(alias="resourceType")
    parameter: list[_Parameter] = Field(max_length=20)

    def named(self, name: str) -> _Parameter:
        """Return the one parameter of a name; raise RefusalError."""
        return only(self.parameter, lambda item: item.name == name, name)


@dataclass(frozen=True, slots=True)
class EmergencyRequest:
    """An access as received; ``body`` is what it was read from."""

    id: str
    patient_id: str
    opened_at: datetime
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Kept:
    digest: bytes
    answer: wire.Json
    patient_id: str
    ends_at: datetime


def read_emergency(parsed: dict[str, Any]) -> EmergencyRequest:
    """Read the Parameters of ``$open-without-consent``; raise RefusalError (request-invalid)."""
    body = read(_Body, parsed)
    access = body.named("access").identifier
    patient = body.named("patient").reference
    coding = body.named("consent").coding
    opened_at = body.named("opened-at").moment
    if access is None or access.system != names.ID_EMERGENCY or patient is None:
        raise invalid("access or patient missing")
    if not QUESTION_ID.fullmatch(access.value) or opened_at is None:
        raise invalid("access or opened-at")
    unobtainable = (names.CS_INFORMATION_CONSENT, InformationConsent.UNOBTAINABLE.value)
    if coding is None or (coding.system, coding.code) != unobtainable:
        raise invalid("consent: only where it cannot be obtained")
    return EmergencyRequest(access.value, patient_id_of(patient.reference), opened_at, parsed)


class Emergencies:
    """What institutions opened without consent; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, str], _Kept] = {}

    def forget(self) -> None:
        """Lose all, as a restart does."""
        with self._lock:
            self._kept.clear()

    def open(self, institution: str, request: EmergencyRequest, now: datetime) -> wire.Json:
        """Open a patient's history; the same id and content have one answer.

        Raises RefusalError.
        """
        digest = digest_of(request.body)
        with self._lock:
            kept = self._kept.get((institution, request.id))
            if kept is not None:
                if kept.digest != digest:
                    raise RefusalError(RefusalCode.CONSENT_CONFLICT)
                return kept.answer
            age = now - request.opened_at
            if age >= LIVES or age < -CLOCK_DIFFERENCE:
                raise invalid("opened-at: too old, or in the future")
            ends_at = request.opened_at + LIVES
            answer = wire.opened_without_consent(
                request.id, request.patient_id, f"pe-{secrets.token_hex(8)}", ends_at
            )
            self._kept[institution, request.id] = _Kept(digest, answer, request.patient_id, ends_at)
        return answer

    def opens(
        self, institution: str, patient_id: str, category: ConsentCategory, now: datetime
    ) -> bool:
        """Whether this institution may see ``category`` of the patient without consent now."""
        with self._lock:
            kept = list(self._kept.items())
        return category in DISASTER_CATEGORIES and any(
            whose == institution and one.patient_id == patient_id and now < one.ends_at
            for (whose, _id), one in kept
        )
