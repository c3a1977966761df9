"""The payer's consents: as received, registered, ended, and what they open now."""

from __future__ import annotations

import hashlib
import secrets
import threading
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import Field

from eligibility.codes import ConsentCategory, ConsentLapse, PrescriptionIssue
from eligibility.consenting import DISASTER_CATEGORIES, ActingFor, OralReason
from eligibility.model import ConsentDecision
from eligibility.simulator import names, wire
from eligibility.simulator.bodies import (
    Coding,
    Concept,
    Element,
    Extension,
    Identifier,
    Instant,
    Text,
    canonical,
    identifier,
    invalid,
    only,
    read,
)
from eligibility.simulator.challenges import CLOCK_DIFFERENCE, WINDOW
from eligibility.simulator.names import RefusalCode, ext
from eligibility.simulator.refusals import RefusalError
from eligibility.simulator.requests import QUESTION_ID, patient_id_of

_DECISIONS = {"permit": ConsentDecision.YES, "deny": ConsentDecision.NO}
_GIVER = "#giver"


def digest_of(parsed: dict[str, Any]) -> bytes:
    """Return the digest by which a repeated body is known again."""
    return hashlib.sha256(canonical(parsed)).digest()


class _Reference(Element):
    reference: Text


class _CategoryProvision(Element):
    type: Literal["permit", "deny"]
    code: list[Concept] = Field(min_length=1, max_length=1)


class _Provision(Element):
    type: Literal["deny"]
    provision: list[_CategoryProvision] = Field(default_factory=list, max_length=20)


class _Giver(Element):
    resource_type: Literal["RelatedPerson"] = Field(alias="resourceType")
    id: Literal["giver"]
    patient: _Reference
    relationship: list[Concept] = Field(min_length=1, max_length=1)


class _ConsentBody(Element):
    resource_type: Literal["Consent"] = Field(alias="resourceType")
    contained: list[_Giver] = Field(default_factory=list, max_length=1)
    extension: list[Extension] = Field(default_factory=list, max_length=5)
    identifier: list[Identifier] = Field(min_length=1, max_length=10)
    status: Literal["active", "inactive"]
    patient: _Reference
    date_time: Instant = Field(alias="dateTime")
    performer: list[_Reference] = Field(default_factory=list, max_length=1)
    provision: _Provision


@dataclass(frozen=True, slots=True)
class ConsentRequest:
    """A consent as received; ``body`` is what it was read from.

    ``acting_for``: who gave it for the patient; ``prescription``: the form that was chosen with it;
    ``ended_at`` and ``lapse``: where it is told as withdrawn.  ``oral``: why it was given by mouth.
    """

    id: str
    patient_id: str
    given_at: datetime
    decisions: dict[ConsentCategory, ConsentDecision]
    body: dict[str, Any]
    acting_for: ActingFor | None = None
    prescription: PrescriptionIssue | None = None
    ended_at: datetime | None = None
    lapse: ConsentLapse | None = None
    oral: OralReason | None = None


@dataclass(frozen=True, slots=True)
class RegisteredConsent:
    """A consent that the payer keeps; ``ended_at``: when it was withdrawn, before ``ends_at``."""

    digest: bytes
    answer: wire.Json
    request: ConsentRequest
    ends_at: datetime
    ended_at: datetime | None = None
    lapse: ConsentLapse | None = None

    @property
    def spoken_at(self) -> datetime:
        """When the patient last said what holds."""
        return self.ended_at or self.request.given_at

    def opens(self, category: ConsentCategory, now: datetime) -> bool:
        """Whether this lets ``category`` be seen now."""
        said_yes = self.request.decisions[category] is ConsentDecision.YES
        return said_yes and self.ended_at is None and now < self.ends_at


def read_consent(parsed: dict[str, Any]) -> ConsentRequest:
    """Read a Consent; raise RefusalError (request-invalid)."""
    body = read(_ConsentBody, parsed)
    consent_id = identifier(body.identifier, names.ID_CONSENT).value
    if not QUESTION_ID.fullmatch(consent_id):
        raise invalid("consent identifier")
    decisions: dict[ConsentCategory, ConsentDecision] = {}
    for provision in body.provision.provision:
        coding = only(
            provision.code[0].coding,
            lambda item: item.system == names.CS_CONSENT_CATEGORY,
            "consent category",
        )
        category = _code(ConsentCategory, coding)
        if category in decisions:
            raise invalid("consent category given twice")
        decisions[category] = _DECISIONS[provision.type]
    oral = _oral_of(body)
    if oral is not None and not decisions.keys() <= set(DISASTER_CATEGORIES):
        raise invalid("a consent by mouth is about what a disaster opens")
    ended_at, lapse = _end_of(body)
    return ConsentRequest(
        consent_id,
        patient_id_of(body.patient.reference),
        body.date_time,
        decisions,
        parsed,
        _giver_of(body),
        _prescription_of(body),
        ended_at,
        lapse,
        oral,
    )


def _code(table: type[Any], coding: Coding) -> Any:
    try:
        return table(coding.code)
    except ValueError as error:
        raise invalid(f"{table.__name__} unknown") from error


def _giver_of(body: _ConsentBody) -> ActingFor | None:
    """Return who gave a consent for its patient; the performer must be the one who is told of."""
    named = [one.reference for one in body.performer]
    if not body.contained and not named:
        return None
    if named != [_GIVER] or not body.contained:
        raise invalid("performer")
    giver = body.contained[0]
    if giver.patient.reference != body.patient.reference:
        raise invalid("the giver's patient is another")
    coding = only(
        giver.relationship[0].coding,
        lambda item: item.system == names.CS_ACTING_FOR,
        "relationship",
    )
    found: ActingFor = _code(ActingFor, coding)
    return found


def _extension(found: list[Extension], name: str) -> Extension | None:
    named = [one for one in found if one.url == ext(name)]
    if len(named) > 1:
        raise invalid(f"{name} given twice")
    return named[0] if named else None


def _coded(extension: Extension | None, table: type[Any], system: str) -> Any:
    if extension is None or extension.coding is None or extension.coding.system != system:
        raise invalid(f"{table.__name__} missing")
    return _code(table, extension.coding)


def _prescription_of(body: _ConsentBody) -> PrescriptionIssue | None:
    extension = _extension(body.extension, "prescription-issue-select")
    if extension is None:
        return None
    found: PrescriptionIssue = _coded(extension, PrescriptionIssue, names.CS_PRESCRIPTION)
    return found


def _oral_of(body: _ConsentBody) -> OralReason | None:
    extension = _extension(body.extension, "oral-consent")
    if extension is None:
        return None
    try:
        return OralReason(extension.code or "")
    except ValueError as error:
        raise invalid("oral-consent: no reason") from error


def _end_of(body: _ConsentBody) -> tuple[datetime | None, ConsentLapse | None]:
    extension = _extension(body.extension, "consent-end")
    if (extension is None) is (body.status == "inactive"):
        raise invalid("an end belongs to an inactive consent")
    if extension is None:
        return None, None
    parts = {part.url: part for part in extension.extension}
    at = parts["at"].moment if "at" in parts else None
    if at is None:
        raise invalid("consent-end: no moment")
    return at, _coded(parts.get("reason"), ConsentLapse, names.CS_CONSENT_LAPSE)


class Consents:
    """Identified patients and their consents; each call raises RefusalError; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # (institution, patient) → until when a consent may be registered; found: one by mouth
        self._identified: dict[tuple[str, str], datetime] = {}
        self._found: dict[tuple[str, str], datetime] = {}
        self._kept: dict[tuple[str, str], RegisteredConsent] = {}

    def forget(self) -> None:
        """Lose all, as a restart does."""
        with self._lock:
            self._identified.clear()
            self._found.clear()
            self._kept.clear()

    def forget_old(self, now: datetime, kept: timedelta) -> None:
        """Lose what ended ``kept`` before ``now``."""
        with self._lock:
            self._identified = {
                key: until for key, until in self._identified.items() if until > now
            }
            self._found = {key: until for key, until in self._found.items() if until > now}
            self._kept = {key: one for key, one in self._kept.items() if one.ends_at > now - kept}

    def identify(self, institution: str, patient_id: str, now: datetime) -> None:
        """Let an institution register consents of a patient whom a card identified there."""
        with self._lock:
            self._identified[institution, patient_id] = now + WINDOW

    def find(self, institution: str, patient_id: str, now: datetime) -> None:
        """Note that an institution found this one person without a card, in disaster mode."""
        with self._lock:
            self._found[institution, patient_id] = now + WINDOW

    def was_found(self, institution: str, patient_id: str, now: datetime) -> bool:
        """Whether an answer in disaster mode named this one person to the institution lately."""
        with self._lock:
            until = self._found.get((institution, patient_id))
        return until is not None and now < until

    def register(
        self, institution: str, request: ConsentRequest, now: datetime
    ) -> tuple[wire.Json, bool]:
        """Register a Consent; return it and whether it is new.

        The caller sees to it that one by mouth comes in disaster mode.
        """
        if request.ended_at is not None:
            raise invalid("status: a new consent is active")
        digest = digest_of(request.body)
        with self._lock:
            kept = self._kept.get((institution, request.id))
            if kept is not None:
                if kept.digest != digest:
                    raise RefusalError(RefusalCode.CONSENT_CONFLICT)
                return kept.answer, False
            age = now - request.given_at
            if age >= WINDOW or age < -CLOCK_DIFFERENCE:
                raise invalid("dateTime: older than 24 h or in the future")
            known = self._identified if request.oral is None else self._found
            until = known.get((institution, request.patient_id))
            if until is None or now >= until:
                raise RefusalError(RefusalCode.IDENTIFICATION_MISSING)
            ends_at = request.given_at + WINDOW
            answer = wire.registered_consent(
                request.body, f"pc-{secrets.token_hex(8)}", request.given_at, ends_at
            )
            self._kept[institution, request.id] = RegisteredConsent(
                digest, answer, request, ends_at
            )
        return answer, True

    def end(self, institution: str, ref: str, request: ConsentRequest) -> wire.Json:
        """End a registered consent; return it as it is now.  Again: the same."""
        with self._lock:
            kept = self._kept.get((institution, request.id))
            if kept is None or kept.answer["id"] != ref:
                raise RefusalError(RefusalCode.NOT_FOUND)
            same = (kept.request.patient_id, kept.request.decisions, kept.request.given_at)
            if same != (request.patient_id, request.decisions, request.given_at):
                raise RefusalError(RefusalCode.CONSENT_CONFLICT)
            if request.ended_at is None:
                raise invalid("status: only an end can be told")
            if kept.ended_at is None:
                kept = replace(
                    kept,
                    ended_at=request.ended_at,
                    lapse=request.lapse,
                    answer={
                        **kept.answer,
                        "status": "inactive",
                        "extension": request.body["extension"],
                    },
                )
                self._kept[institution, request.id] = kept
            return kept.answer

    def all(self) -> list[RegisteredConsent]:
        """Return everything that is kept, in the order of registration."""
        with self._lock:
            return list(self._kept.values())

    def of_patient(self, institution: str, patient_id: str) -> list[RegisteredConsent]:
        """Return what is kept of a patient, the latest word last."""
        with self._lock:
            found = [
                one
                for (whose, _id), one in self._kept.items()
                if whose == institution and one.request.patient_id == patient_id
            ]
        # registered later counts as newer where both were given at the same moment
        return sorted(found, key=lambda one: one.spoken_at)

    def has_spoken(self, institution: str, patient_id: str, now: datetime) -> bool:
        """Whether a patient said yes or no here lately: then no emergency stands for it."""
        return any(now < one.ends_at for one in self.of_patient(institution, patient_id))

    def check(
        self, institution: str, patient_id: str, category: ConsentCategory, now: datetime
    ) -> None:
        """Return if the latest word on ``category`` lets it be seen now."""
        speaking = [
            one
            for one in self.of_patient(institution, patient_id)
            if category in one.request.decisions
        ]
        if not speaking or not speaking[-1].opens(category, now):
            raise RefusalError(RefusalCode.CONSENT_MISSING)

    def prescription_of(
        self, institution: str, patient_id: str, now: datetime
    ) -> PrescriptionIssue | None:
        """Return the form of prescription that the patient chose last here, if not too long ago."""
        chosen = [
            one.request.prescription
            for one in self.of_patient(institution, patient_id)
            if one.request.prescription is not None and now < one.ends_at
        ]
        return chosen[-1] if chosen else None
