"""What the payer knows of the signed records on cards (券面事項確認): whose keys may sign them.

Nothing binds a record to the authentication certificate read beside it.  So the payer also holds
birth date and sex of the record against the person of the certificate.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from eligibility.codes import Sex
from eligibility.payer import OwnKeyEvidence
from eligibility.simulator.names import RefusalCode
from eligibility.simulator.people import Person
from eligibility.simulator.pki import SimulatorSetupError
from eligibility.simulator.refusals import RefusalError

_CERTIFICATE, _BODY, _CV_SIGNATURE = 0x7F21, 0x5F4E, 0x5F37
_BIRTHDATE, _SEX, _KEY = 0xDF22, 0xDF23, 0xDF24
_EXPONENT, _MODULUS = 0x90, 0x91
_KEY_IDS = 32
_MODULUS_SIZE = 256
_SEX_ON_CARD = {b"1": Sex.MALE, b"2": Sex.FEMALE}  # any other code there is Sex.NOT_SET here


class CardRecords:
    """The authorities above the keys that sign card records; without any, no record is trusted."""

    def __init__(self, issuers: Sequence[rsa.RSAPublicKey] = ()) -> None:
        self._issuers = tuple(issuers)

    @classmethod
    def load(cls, file: Path | None) -> CardRecords:
        """Read one public key (PEM), or none.  Raises SimulatorSetupError that names the file."""
        if file is None:
            return cls()
        try:
            key = serialization.load_pem_public_key(file.read_bytes())
        except OSError as error:
            msg = f"cannot read the record issuer's key {file}: {error.strerror}"
            raise SimulatorSetupError(msg) from error
        except ValueError as error:
            msg = f"{file} holds no PEM public key"
            raise SimulatorSetupError(msg) from error
        if not isinstance(key, rsa.RSAPublicKey):
            msg = f"{file} holds no RSA key"
            raise SimulatorSetupError(msg)
        return cls([key])

    def check(self, evidence: OwnKeyEvidence, person: Person) -> rsa.RSAPublicKey:
        """Return the card's own key, vouched for by the record of this person.

        Raises RefusalError: request-invalid, record-untrusted, record-altered, record-mismatch.
        """
        signer = self._signer(evidence.cv_certificate)
        signed = hashlib.sha256(evidence.key_group).digest()
        signed += evidence.pictures_digest + evidence.photo_digest
        if not _signed_by(signer, signed, evidence.record_signature):
            raise RefusalError(RefusalCode.RECORD_ALTERED)
        group = _objects(evidence.key_group, (_BIRTHDATE, _SEX, _KEY), "record-key-group")
        birthdate = f"{person.birthdate:%Y%m%d}".encode()
        if group[_BIRTHDATE] != birthdate or not _same_sex(group[_SEX], person.sex):
            raise RefusalError(RefusalCode.RECORD_MISMATCH)
        return _key(group[_KEY])

    def _signer(self, certificate: bytes) -> rsa.RSAPublicKey:
        outer = _objects(certificate, (_CERTIFICATE,), "cv-certificate")[_CERTIFICATE]
        parts = _objects(outer, (_BODY, _CV_SIGNATURE), "cv-certificate")
        body = parts[_BODY]
        if not any(_signed_by(issuer, body, parts[_CV_SIGNATURE]) for issuer in self._issuers):
            raise RefusalError(RefusalCode.RECORD_UNTRUSTED)
        return _key(body[_KEY_IDS:])


def _same_sex(on_card: bytes, sex: Sex) -> bool:
    return _SEX_ON_CARD.get(on_card, Sex.NOT_SET) is sex


def _signed_by(key: rsa.RSAPublicKey, message: bytes, signature: bytes) -> bool:
    try:
        key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def _key(encoded: bytes) -> rsa.RSAPublicKey:
    parts = _objects(encoded, (_EXPONENT, _MODULUS), "key")
    if len(parts[_MODULUS]) != _MODULUS_SIZE:
        raise RefusalError(RefusalCode.REQUEST_INVALID, "holder-evidence: key of another size")
    numbers = rsa.RSAPublicNumbers(
        int.from_bytes(parts[_EXPONENT]), int.from_bytes(parts[_MODULUS])
    )
    try:
        return numbers.public_key()
    except ValueError as error:
        raise RefusalError(RefusalCode.REQUEST_INVALID, "holder-evidence: no RSA key") from error


def _objects(encoded: bytes, tags: Sequence[int], what: str) -> dict[int, bytes]:
    """Return the values of exactly these BER-TLV objects, in this order and nothing else."""
    values = {}
    for tag in tags:
        head = tag.to_bytes(2 if tag > 0xFF else 1)
        rest = encoded[len(head) :]
        first = rest[0] if rest else 0
        width = {0x81: 1, 0x82: 2}.get(first, 0)
        start = 1 + width
        size = int.from_bytes(rest[1:start]) if width else first
        if not encoded.startswith(head) or first > 0x82 or first == 0x80:
            raise RefusalError(RefusalCode.REQUEST_INVALID, f"holder-evidence: {what}")
        if len(rest) < start + size:
            raise RefusalError(RefusalCode.REQUEST_INVALID, f"holder-evidence: {what} cut short")
        values[tag] = rest[start : start + size]
        encoded = rest[start + size :]
    if encoded:
        raise RefusalError(RefusalCode.REQUEST_INVALID, f"holder-evidence: more than {what}")
    return values
