from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, utils

from eligibility.payer import ChallengeIssuer, desk_challenge_value
from terminal.card.proof import check_signature, digest_info, make_desk_challenge
from terminal.errors import CertificateReason, CertificateRejectedError
from tests.card.authority import Leaf, ec_key, rsa_key

MESSAGE = b"a fresh challenge"
NOW = datetime(2026, 11, 24, 1, 2, 3, 456_789, tzinfo=UTC)


def test_digest_info_is_the_standard_s_bytes() -> None:
    """The prefix of RFC 8017 for SHA-256, then the hash: 51 bytes."""
    info = digest_info(MESSAGE)
    assert info.hex().startswith("3031300d060960864801650304020105000420")
    assert info[19:] == hashlib.sha256(MESSAGE).digest()
    assert len(info) == 51


def test_padding_the_digest_info_is_the_ordinary_signature() -> None:
    """A key that only pads our DigestInfo gives a sha256WithRSA signature, which is accepted."""
    signature = rsa_key("leaf").sign(digest_info(MESSAGE), padding.PKCS1v15(), utils.NoDigestInfo())
    check_signature(Leaf().der, MESSAGE, signature)
    assert signature == rsa_key("leaf").sign(MESSAGE, padding.PKCS1v15(), hashes.SHA256())


@pytest.mark.parametrize("wrong", ["message", "key", "bit", "empty", "bare"])
def test_any_other_signature_is_a_mismatch(wrong: str) -> None:
    """Another message, key, bit, length or padding: SIGNATURE_MISMATCH."""
    key = rsa_key("impostor" if wrong == "key" else "leaf")
    signed = b"another" if wrong == "message" else MESSAGE
    signature = key.sign(signed, padding.PKCS1v15(), hashes.SHA256())
    if wrong == "bit":
        signature = signature[:-1] + bytes((signature[-1] ^ 1,))
    elif wrong == "empty":
        signature = b""
    elif wrong == "bare":
        digest = hashlib.sha256(MESSAGE).digest()
        signature = key.sign(digest, padding.PKCS1v15(), utils.NoDigestInfo())
    with pytest.raises(CertificateRejectedError) as refusal:
        check_signature(Leaf().der, MESSAGE, signature)
    assert refusal.value.reason is CertificateReason.SIGNATURE_MISMATCH


def test_an_elliptic_signature_is_checked_with_sha_384() -> None:
    """The next card's ECDSA P-384 signature holds, and a wrong one does not."""
    certificate = Leaf(key=ec_key("leaf")).der
    signature = ec_key("leaf").sign(MESSAGE, ec.ECDSA(hashes.SHA384()))
    check_signature(certificate, MESSAGE, signature)
    with pytest.raises(CertificateRejectedError, match="signature-mismatch"):
        check_signature(certificate, b"another", signature)


def test_a_key_of_another_kind_or_no_certificate_is_unreadable() -> None:
    """What cannot be checked is refused as unreadable, never accepted."""
    edwards_key = ed25519.Ed25519PrivateKey.generate()
    for certificate in (b"no certificate", Leaf(key=edwards_key).der):
        with pytest.raises(CertificateRejectedError, match="unreadable"):
            check_signature(certificate, MESSAGE, b"")


def test_a_desk_challenge_can_be_computed_again_by_the_payer() -> None:
    """Its value is the agreed hash of desk, visit, time and nonce, the time in milliseconds."""
    nonce = bytes(range(16))
    challenge = make_desk_challenge("desk-1", "v-1", NOW, nonce)
    assert challenge.issuer is ChallengeIssuer.DESK
    assert (challenge.desk_id, challenge.reference, challenge.nonce) == ("desk-1", "v-1", nonce)
    assert challenge.issued_at == NOW.replace(microsecond=456_000)
    assert challenge.value == desk_challenge_value("desk-1", "v-1", challenge.issued_at, nonce)
    assert challenge.value != make_desk_challenge("desk-1", "v-2", NOW, nonce).value


def test_a_short_nonce_or_a_naive_time_makes_no_challenge() -> None:
    """Both would let an old signature be used again."""
    with pytest.raises(ValueError, match="16 bytes"):
        make_desk_challenge("desk-1", "v-1", NOW, bytes(15))
    with pytest.raises(ValueError, match="zone"):
        make_desk_challenge("desk-1", "v-1", NOW.replace(tzinfo=None), bytes(16))
