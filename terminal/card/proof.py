"""The holder's proof: a fresh challenge, signed by the card's authentication key.

RSA: PKCS#1 v1.5 with SHA-256.  The next card's ECDSA P-384 signatures can be checked already;
how that card is asked for them is not published.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from eligibility.payer import Challenge, ChallengeIssuer, desk_challenge_value
from terminal.card.certificates import load_certificate
from terminal.errors import CertificateReason, CertificateRejectedError

SHA256_PREFIX = bytes.fromhex("3031300D060960864801650304020105000420")
SHORTEST_NONCE = 16


def digest_info(message: bytes) -> bytes:
    """Return the DER DigestInfo (RFC 8017 section 9.2) of ``message`` under SHA-256: 51 bytes."""
    return SHA256_PREFIX + hashlib.sha256(message).digest()


def make_desk_challenge(desk_id: str, visit_id: str, now: datetime, nonce: bytes) -> Challenge:
    """Make the challenge of a desk whose payer does not answer.

    ``now`` is kept to the millisecond, as the value is computed.  Raises ValueError for a nonce of
    less than 16 bytes or a naive time.
    """
    if len(nonce) < SHORTEST_NONCE:
        msg = f"a nonce has at least {SHORTEST_NONCE} bytes, not {len(nonce)}"
        raise ValueError(msg)
    if now.tzinfo is None:
        msg = "the time of a challenge needs its zone"
        raise ValueError(msg)
    issued_at = now.replace(microsecond=now.microsecond // 1000 * 1000)
    return Challenge(
        value=desk_challenge_value(desk_id, visit_id, issued_at, nonce),
        issuer=ChallengeIssuer.DESK,
        issued_at=issued_at,
        reference=visit_id,
        desk_id=desk_id,
        nonce=nonce,
    )


def check_signature(certificate: bytes, message: bytes, signature: bytes) -> None:
    """Return if the key of ``certificate`` (DER) made ``signature`` over ``message``.

    Raises CertificateRejectedError: SIGNATURE_MISMATCH, or UNREADABLE for a certificate or key
    that cannot be used.
    """
    loaded = load_certificate(certificate)
    try:
        key = loaded.public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise CertificateRejectedError(CertificateReason.UNREADABLE) from error
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, message, ec.ECDSA(hashes.SHA384()))
        else:
            raise CertificateRejectedError(CertificateReason.UNREADABLE)
    except InvalidSignature as error:
        raise CertificateRejectedError(CertificateReason.SIGNATURE_MISMATCH) from error
