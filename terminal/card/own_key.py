"""Proof by the card's own key (券面事項確認), without a PIN: a genuine card is here, unaltered.

The signed record of the card's face (file 0002) holds the public half of a key that the card uses
for anybody.  Three steps, each of which is worthless without the others: the CV certificate (file
0004) stands under a configured record issuer, its key signed the record, and the card signs a fresh
challenge by the key in that record.

Facts (groups, keys, hashes) from measurements on physical JPKI test cards published by
soltia48/myna-card.  Issuers' keys are on no card: they come from configuration.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from eligibility.payer import (
    Challenge,
    HolderEvidence,
    IdentificationMethod,
    OwnKeyEvidence,
    ProofKind,
)
from terminal.card import protocol, tlv
from terminal.card.apdu import CommandApdu, Ins
from terminal.card.connection import CardConnection
from terminal.card.cv import CvCertificate, parse_cv_certificate
from terminal.card.proof import digest_info
from terminal.card.protocol import VISUAL_AID, ElementaryFile
from terminal.card.visual import CV_CERTIFICATE
from terminal.errors import CardProtocolError, OwnKeyReason, OwnKeyRejectedError

VISUAL_RECORD = ElementaryFile(VISUAL_AID, 0x0002)
RECORD_TAG = 0xFF20
BIRTHDATE_TAG, SEX_TAG, KEY_TAG = 0xDF22, 0xDF23, 0xDF24
NAME_TAG, ADDRESS_TAG, PHOTO_TAG, SIGNATURE_TAG = 0xDF25, 0xDF26, 0xDF27, 0xDF28
EXPONENT_TAG, MODULUS_TAG = 0x90, 0x91
MODULUS_SIZE = 256

KEY_GROUP = (BIRTHDATE_TAG, SEX_TAG, KEY_TAG)
PICTURE_GROUP = (NAME_TAG, ADDRESS_TAG)
PHOTO_GROUP = (PHOTO_TAG,)


@dataclass(frozen=True, slots=True)
class SignedRecord:
    """The signed part of file 0002.  Expiry and security code stand outside of the signature.

    ``key_group``, ``picture_group``, ``photo_group``: the bytes of birth date, sex and key, of the
    pictures of name and address, and of the photo, with tags and lengths, as they were signed.
    """

    key_group: bytes = field(repr=False)
    picture_group: bytes = field(repr=False)
    photo_group: bytes = field(repr=False)
    signature: bytes = field(repr=False)
    own_key: rsa.RSAPublicKey = field(repr=False)

    @property
    def signed(self) -> bytes:
        """What the signature covers: the SHA-256 of each group, one behind the other."""
        groups = (self.key_group, self.picture_group, self.photo_group)
        return b"".join(hashlib.sha256(group).digest() for group in groups)


def parse_signed_record(content: bytes) -> SignedRecord:
    """Take the signed parts out of file 0002 without judging them.

    Each object must stand there exactly once: of two, one would be checked and the other believed.
    Raises CardProtocolError.
    """
    outer = tlv.parse(content)
    if outer.tag != RECORD_TAG:
        msg = f"expected the record of the card's face, found data object {outer.tag:X}"
        raise CardProtocolError(msg)
    encoded, values = {}, {}
    rest = outer.value
    for child in outer.children():
        if child.tag in values:
            msg = f"data object {child.tag:X} stands twice in the record"
            raise CardProtocolError(msg)
        total = tlv.read_header(rest).total
        encoded[child.tag], values[child.tag] = rest[:total], child.value
        rest = rest[total:]
    try:
        return SignedRecord(
            key_group=b"".join(encoded[tag] for tag in KEY_GROUP),
            picture_group=b"".join(encoded[tag] for tag in PICTURE_GROUP),
            photo_group=b"".join(encoded[tag] for tag in PHOTO_GROUP),
            signature=values[SIGNATURE_TAG],
            own_key=parse_key(values[KEY_TAG]),
        )
    except KeyError as error:
        msg = f"the record holds no {error.args[0]:X}"
        raise CardProtocolError(msg) from None


def parse_key(encoded: bytes) -> rsa.RSAPublicKey:
    """Return an RSA-2048 key as the card writes it (90 exponent, 91 modulus).

    Raises CardProtocolError.
    """
    parts = tlv.Tlv(KEY_TAG, encoded)
    exponent, modulus = parts.find(EXPONENT_TAG), parts.find(MODULUS_TAG)
    if len(modulus) != MODULUS_SIZE:
        msg = f"RSA key of {len(modulus)} bytes, not {MODULUS_SIZE}"
        raise CardProtocolError(msg)
    try:
        return rsa.RSAPublicNumbers(int.from_bytes(exponent), int.from_bytes(modulus)).public_key()
    except ValueError as error:
        msg = "no RSA key"
        raise CardProtocolError(msg) from error


class RecordIssuers:
    """The keys of the authorities above CV certificates (``[card] record_issuers``)."""

    def __init__(self, keys: Sequence[rsa.RSAPublicKey], *, allow_test: bool) -> None:
        """``allow_test``: whether the test hierarchy counts; never in production."""
        self._keys = tuple(keys)
        self._allow_test = allow_test

    @classmethod
    def load(cls, files: Sequence[Path], *, allow_test: bool) -> RecordIssuers:
        """Read the keys, one PEM public key a file.  Raises OSError, ValueError."""
        return cls([load_issuer_key(file.read_bytes()) for file in files], allow_test=allow_test)

    def signer(self, certificate: CvCertificate) -> rsa.RSAPublicKey:
        """Return the key that ``certificate`` vouches for.

        Raises OwnKeyRejectedError: UNKNOWN_ISSUER, TEST_HIERARCHY; CardProtocolError.
        """
        body = certificate.issuer_key_id + certificate.subject_key_id + certificate.key
        if not any(_signed_by(key, body, certificate.signature) for key in self._keys):
            raise OwnKeyRejectedError(OwnKeyReason.UNKNOWN_ISSUER)
        if certificate.is_test and not self._allow_test:
            raise OwnKeyRejectedError(OwnKeyReason.TEST_HIERARCHY)
        return parse_key(certificate.key)


def load_issuer_key(pem: bytes) -> rsa.RSAPublicKey:
    """Return the RSA public key in ``pem``.  Raises ValueError."""
    key = serialization.load_pem_public_key(pem)
    if not isinstance(key, rsa.RSAPublicKey):
        msg = "a record issuer has an RSA key"
        raise ValueError(msg)  # noqa: TRY004  # wrong content, as any other
    return key


@dataclass(frozen=True, slots=True)
class OwnKeyProof:
    """What the card's own key proved about one challenge.

    Proved: a genuine card was there when the challenge was signed, and birth date, sex, the
    pictures of name and address, and the photo of its record are as the issuer signed them.

    Not proved (:class:`eligibility.payer.Unproved`): that the card holds the key of the
    authentication certificate read beside (CERTIFICATE_KEY: nothing binds the two), nor that who
    brought the card is its holder (HOLDER: somebody must look, or a camera).  Expiry and security
    code stand in the record unsigned.

    ``record``: what the payer needs of the record; of its pictures and photo only the digests, so
    that none is kept for as long as the proof.
    """

    challenge: Challenge
    signature: bytes = field(repr=False)
    own_key: rsa.RSAPublicKey = field(repr=False)
    record: OwnKeyEvidence = field(repr=False)

    def evidence(self, method: IdentificationMethod, identified_at: datetime) -> HolderEvidence:
        """Return what the payer needs to check it all itself; no picture is in it.

        ``method``: how the holder was matched to the card; NONE if nobody did.
        """
        return HolderEvidence(
            method=method,
            proof=ProofKind.OWN_KEY,
            identified_at=identified_at,
            challenge=self.challenge,
            signature=self.signature,
            own_key=self.record,
        )


def prove_own_key(
    connection: CardConnection, record: bytes, issuers: RecordIssuers, challenge: Challenge
) -> OwnKeyProof:
    """Let the card sign ``challenge`` by its own key, and check all that makes this a proof.

    券面事項確認 must be selected; ``record``: file 0002 as read after 照合番号B, under the same
    hold on the card as the authentication certificate, so that both come from one card.

    Raises OwnKeyRejectedError with the reason, CardProtocolError, and CardRemovedError,
    CardUnreadableError or ReaderError as the connection does.
    """
    signed = parse_signed_record(record)
    cv_certificate = protocol.read_object(connection, CV_CERTIFICATE)
    signer = issuers.signer(parse_cv_certificate(cv_certificate))
    if not _signed_by(signer, signed.signed, signed.signature):
        raise OwnKeyRejectedError(OwnKeyReason.RECORD_ALTERED)
    command = CommandApdu(
        0x80,
        Ins.PERFORM_SECURITY_OPERATION,
        0x00,
        0x00,
        digest_info(challenge.value),
        le=protocol.BLOCK,
    )
    signature = protocol.send(connection, command, "sign by the card's own key")
    if not _signed_by(signed.own_key, challenge.value, signature):
        raise OwnKeyRejectedError(OwnKeyReason.SIGNATURE_MISMATCH)
    shown = OwnKeyEvidence(
        cv_certificate=cv_certificate,
        key_group=signed.key_group,
        pictures_digest=hashlib.sha256(signed.picture_group).digest(),
        photo_digest=hashlib.sha256(signed.photo_group).digest(),
        record_signature=signed.signature,
    )
    return OwnKeyProof(challenge, signature, signed.own_key, shown)


def _signed_by(key: rsa.RSAPublicKey, message: bytes, signature: bytes) -> bool:
    """Whether ``key`` made this PKCS#1 v1.5 signature with SHA-256."""
    try:
        key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True
