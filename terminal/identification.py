"""Who the holder is and how that was established (本人確認)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from eligibility.consenting import ActingFor
from eligibility.model import NOT_READ, HolderAttributes, NotRead
from eligibility.payer import HolderEvidence, IdentificationMethod, ProofKind


class RevocationState(StrEnum):
    """What is known about revocation of the certificate."""

    GOOD = "good"
    REVOKED = "revoked"
    NOT_CHECKED = "not-checked"


class AttributesSource(StrEnum):
    """Where name, birth date and sex of the holder come from."""

    CARD = "card"
    PAYER = "payer"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Identification:
    """How one visit's holder was identified.

    ``actor``: the staff account's id for STAFF_VISUAL, else ``"holder"``; ``acting_for``: the
    relation of who acted for the holder, as told at the kiosk or by staff; ``reason``: why staff
    looked (never free text from a kiosk).
    ``certificate``: DER.  ``revocation_as_of``: the moment for which the issuer told the state of
    ``revocation``; with NOT_CHECKED that of a list too old to count, if there was one.
    """

    visit_id: str
    evidence: HolderEvidence
    actor: str
    certificate: bytes = field(repr=False)
    revocation: RevocationState = RevocationState.NOT_CHECKED
    attributes_source: AttributesSource = AttributesSource.NONE
    acting_for: ActingFor | None = None
    reason: str | None = None
    revocation_as_of: datetime | None = None

    @property
    def method(self) -> IdentificationMethod:
        """The method, as the payer is told it."""
        return self.evidence.method

    @property
    def proof(self) -> ProofKind:
        """What the card proved, as the payer is told it."""
        return self.evidence.proof


class NumberBEntry(StrEnum):
    """How 照合番号B came to the desk."""

    STAFF = "staff"
    CAMERA = "camera"


@dataclass(frozen=True, slots=True)
class HolderRecord:
    """What the card of a visit says of its holder, opened by 照合番号B (券面入力補助).

    ``expires_on``: the card's last day in Japan; ``actor``: who entered the number, as in the
    audit log.  The number itself is kept nowhere.
    """

    visit_id: str
    attributes: HolderAttributes = field(repr=False)
    read_at: datetime
    actor: str
    entry: NumberBEntry
    expires_on: date | NotRead = NOT_READ


class VisualReason(StrEnum):
    """Why staff looked instead of the card's own proof (目視確認)."""

    PIN_FORGOTTEN = "pin-forgotten"
    PIN_LOCKED = "pin-locked"
    NO_PIN = "no-pin"
    FACE_NOT_CONFIRMED = "face-not-confirmed"
    CANNOT_OPERATE = "cannot-operate"
    CONDITION = "condition"
