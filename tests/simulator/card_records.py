"""An authority of signed card records (券面事項確認), and cards that prove their own key."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from datetime import date

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from eligibility.payer import OwnKeyEvidence
from terminal.virtual_card import records
from tests.simulator.desk import Desk, text_of

_PICTURES, _PHOTO = b"pictures of name and address", b"photo"


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass(frozen=True)
class RecordAuthority:
    """Signs records; all cards share one own key, since making one is slow."""

    issuer: rsa.RSAPrivateKey = field(default_factory=_new_key)
    signer: rsa.RSAPrivateKey = field(default_factory=_new_key)
    own_key: rsa.RSAPrivateKey = field(default_factory=_new_key)

    @property
    def public_pem(self) -> bytes:
        """The issuer's public key."""
        return self.issuer.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    @property
    def cv_certificate(self) -> bytes:
        """The certificate of the key that signs records."""
        return records.cv_certificate(b"6" * 16, b"7" * 16, self.signer.public_key(), self.issuer)

    def record(self, birthdate: date, sex: str) -> OwnKeyEvidence:
        """Return what a card with this record shows; ``sex``: the card's code."""
        group = (
            records.tlv(0xDF22, f"{birthdate:%Y%m%d}".encode())
            + records.tlv(0xDF23, sex.encode())
            + records.tlv(0xDF24, records.key_record(self.own_key.public_key()))
        )
        return self.signed(group)

    def signed(self, group: bytes) -> OwnKeyEvidence:
        """Return a record whose first group is these bytes."""
        return OwnKeyEvidence(
            cv_certificate=self.cv_certificate,
            key_group=group,
            pictures_digest=hashlib.sha256(_PICTURES).digest(),
            photo_digest=hashlib.sha256(_PHOTO).digest(),
            record_signature=records.sign_groups(self.signer, [group, _PICTURES, _PHOTO]),
        )

    def signs(self, value: bytes) -> bytes:
        """Return a card's signature by its own key."""
        return self.own_key.sign(value, padding.PKCS1v15(), hashes.SHA256())


def own_key_evidence(
    desk: Desk,
    authority: RecordAuthority,
    record: OwnKeyEvidence,
    method: str = "face",
    challenge: dict[str, str] | None = None,
) -> list[dict[str, str]]:
    """Return the parts of holder evidence by the own key over a payer's challenge."""
    challenge = challenge or desk.gets_challenge()
    left = ["certificate-key", *(["holder"] if method == "none" else [])]
    octets = {
        "challenge-value": base64.b64decode(challenge["value"]),
        "signature": authority.signs(base64.b64decode(challenge["value"])),
        "cv-certificate": record.cv_certificate,
        "record-key-group": record.key_group,
        "record-pictures-digest": record.pictures_digest,
        "record-photo-digest": record.photo_digest,
        "record-signature": record.record_signature,
    }
    return [
        *desk.evidence(method, "own-key"),
        {"url": "challenge-issuer", "valueCode": "payer"},
        {"url": "challenge-reference", "valueString": challenge["reference"]},
        {"url": "challenge-issued-at", "valueInstant": challenge["issuedAt"]},
        *({"url": url, "valueBase64Binary": text_of(value)} for url, value in octets.items()),
        *({"url": "not-proved", "valueCode": code} for code in left),
    ]
