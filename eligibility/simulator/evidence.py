"""The holder evidence of a request: what was proved, by which challenge and signature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from eligibility.payer import (
    ChallengeIssuer,
    IdentificationMethod,
    OwnKeyEvidence,
    ProofKind,
    unproved,
)
from eligibility.simulator.bodies import Extension, Item, invalid


@dataclass(frozen=True, slots=True)
class SignedChallenge:
    """The challenge as the question carries it, with the card's signature over ``value``."""

    issuer: ChallengeIssuer
    reference: str
    value: bytes
    issued_at: datetime
    desk_id: str | None
    nonce: bytes | None
    signature: bytes


_NOT_PROVED = "not-proved"


class _Evidence:
    """The parts of the holder evidence by name, each at most once but for ``not-proved``."""

    def __init__(self, parts: Sequence[Extension]) -> None:
        self.not_proved = [part.code for part in parts if part.url == _NOT_PROVED]
        self._parts = {part.url: part for part in parts if part.url != _NOT_PROVED}
        if len(self._parts) + len(self.not_proved) != len(parts):
            raise invalid("holder-evidence: a part is given twice")

    def has(self, name: str) -> bool:
        return name in self._parts

    def _part(self, name: str) -> Extension:
        try:
            return self._parts[name]
        except KeyError:
            raise invalid(f"holder-evidence: no {name}") from None

    def code(self, name: str) -> str:
        return self._given(name, self._part(name).code)

    def text(self, name: str) -> str:
        return self._given(name, self._part(name).text)

    def octets(self, name: str) -> bytes:
        return self._given(name, self._part(name).octets)

    def moment(self, name: str) -> datetime:
        return self._given(name, self._part(name).moment)

    @staticmethod
    def _given(name: str, value: Item | None) -> Item:
        if value is None:
            raise invalid(f"holder-evidence: {name} has no value of its kind")
        return value


_CHALLENGE_PARTS = ("challenge-issuer", "challenge-reference", "challenge-value", "signature")
_SIGNED_PROOFS = (ProofKind.AUTH_KEY, ProofKind.OWN_KEY)


def _signed_challenge(evidence: _Evidence) -> SignedChallenge:
    try:
        issuer = ChallengeIssuer(evidence.code("challenge-issuer"))
    except ValueError as error:
        raise invalid("holder-evidence: challenge-issuer") from error
    by_desk = issuer is ChallengeIssuer.DESK
    return SignedChallenge(
        issuer=issuer,
        reference=evidence.text("challenge-reference"),
        value=evidence.octets("challenge-value"),
        issued_at=evidence.moment("challenge-issued-at"),
        desk_id=evidence.text("desk-id") if by_desk else None,
        nonce=evidence.octets("nonce") if by_desk else None,
        signature=evidence.octets("signature"),
    )


def _own_key(
    evidence: _Evidence, method: IdentificationMethod, proof: ProofKind
) -> OwnKeyEvidence | None:
    """Return the parts of the proof own-key, which come with that proof and no other."""
    if proof is not ProofKind.OWN_KEY:
        if evidence.not_proved or evidence.has("cv-certificate"):
            raise invalid("holder-evidence: a record without the proof own-key")
        return None
    if sorted(map(str, evidence.not_proved)) != sorted(unproved(method, proof)):
        raise invalid("holder-evidence: not-proved")
    return OwnKeyEvidence(
        cv_certificate=evidence.octets("cv-certificate"),
        key_group=evidence.octets("record-key-group"),
        pictures_digest=evidence.octets("record-pictures-digest"),
        photo_digest=evidence.octets("record-photo-digest"),
        record_signature=evidence.octets("record-signature"),
    )


@dataclass(frozen=True, slots=True)
class ReceivedEvidence:
    """Evidence as received."""

    method: IdentificationMethod
    proof: ProofKind
    challenge: SignedChallenge | None
    own_key: OwnKeyEvidence | None


def read_evidence(parts: Sequence[Extension]) -> ReceivedEvidence:
    """Read the parts of ``holder-evidence``; raise RefusalError (request-invalid)."""
    evidence = _Evidence(parts)
    try:
        method = IdentificationMethod(evidence.code("method"))
        proof = ProofKind(evidence.code("proof"))
    except ValueError as error:
        raise invalid("holder-evidence: method or proof") from error
    evidence.moment("identified-at")
    challenge = None
    if proof in _SIGNED_PROOFS:
        challenge = _signed_challenge(evidence)
    elif any(evidence.has(part) for part in _CHALLENGE_PARTS):
        raise invalid("holder-evidence: a signature without a proof by it")
    return ReceivedEvidence(method, proof, challenge, _own_key(evidence, method, proof))
