"""What the payer knows of cards: whose certificate it is, and whether it holds today."""

from __future__ import annotations

import calendar
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from eligibility.model import CardSubject
from eligibility.simulator.names import RefusalCode
from eligibility.simulator.pki import SimulatorSetupError
from eligibility.simulator.refusals import RefusalError

GRACE_MONTHS = 3


class _IssuedCard(BaseModel):
    """One entry of the card issuer's list."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    person_id: str
    issuer: str
    serial: str
    status: Literal["issued", "revoked"] = "issued"


@dataclass(frozen=True, slots=True)
class CheckedCertificate:
    """A certificate that the payer accepts; ``in_grace``: expired, within the grace months."""

    person_id: str
    subject: CardSubject
    public_key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey
    in_grace: bool


def months_after(moment: datetime, months: int) -> datetime:
    """Return the same day and time ``months`` later, or that month's last day."""
    month = moment.month - 1 + months
    year, month = moment.year + month // 12, month % 12 + 1
    day = min(moment.day, calendar.monthrange(year, month)[1])
    return moment.replace(year=year, month=month, day=day)


class CardRegistry:
    """The card authorities that the payer trusts, and the cards it knows; thread-safe."""

    def __init__(
        self,
        authorities: Sequence[x509.Certificate],
        holders: Mapping[CardSubject, str],
        revoked: Sequence[CardSubject] = (),
    ) -> None:
        """``holders``: person id by certificate."""
        self._authorities = tuple(authorities)
        self._holders = dict(holders)
        self._revoked = set(revoked)
        self._lock = threading.Lock()

    @classmethod
    def load(cls, ca_file: Path, issued_file: Path) -> CardRegistry:
        """Read the card CA's certificates (PEM) and the issuer's list (JSON).

        Raises SimulatorSetupError that names the file.
        """
        try:
            authorities = x509.load_pem_x509_certificates(ca_file.read_bytes())
        except OSError as error:
            msg = f"cannot read the card CA {ca_file}: {error.strerror}"
            raise SimulatorSetupError(msg) from error
        except ValueError as error:
            msg = f"{ca_file} holds no PEM certificate"
            raise SimulatorSetupError(msg) from error
        try:
            cards = TypeAdapter(list[_IssuedCard]).validate_json(issued_file.read_bytes())
        except OSError as error:
            msg = f"cannot read the list of issued cards {issued_file}: {error.strerror}"
            raise SimulatorSetupError(msg) from error
        except ValidationError as error:
            msg = f"{issued_file} is no list of issued cards ({error.error_count()} faults)"
            raise SimulatorSetupError(msg) from error
        subjects = {card: CardSubject(card.issuer, card.serial) for card in cards}
        return cls(
            authorities,
            {subject: card.person_id for card, subject in subjects.items()},
            [subject for card, subject in subjects.items() if card.status == "revoked"],
        )

    def revoke(self, serial: str) -> bool:
        """Revoke the known certificate with this serial number; False where none has it."""
        with self._lock:
            found = [subject for subject in self._holders if subject.serial == serial]
            self._revoked.update(found)
        return bool(found)

    def restore(self, serial: str) -> None:
        """Take a revocation back: possible only here, for the next test or demo."""
        with self._lock:
            self._revoked = {subject for subject in self._revoked if subject.serial != serial}

    def check(self, der: bytes, named: CardSubject, now: datetime) -> CheckedCertificate:
        """Return whose certificate this is; raise RefusalError where it does not hold."""
        try:
            certificate = x509.load_der_x509_certificate(der)
            key = certificate.public_key()
            subject = CardSubject(
                certificate.issuer.rfc4514_string(), format(certificate.serial_number, "x")
            )
        except (ValueError, TypeError, x509.UnsupportedGeneralNameType) as error:
            raise RefusalError(RefusalCode.REQUEST_INVALID, "certificate unreadable") from error
        if subject != named:
            raise RefusalError(RefusalCode.CERTIFICATE_MISMATCH)
        if not any(_issued_by(certificate, authority, now) for authority in self._authorities):
            raise RefusalError(RefusalCode.CERTIFICATE_UNTRUSTED)
        if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
            raise RefusalError(RefusalCode.CERTIFICATE_UNTRUSTED, "key type")
        with self._lock:
            person_id = self._holders.get(subject)
            revoked = subject in self._revoked
        if person_id is None:
            raise RefusalError(RefusalCode.CERTIFICATE_UNKNOWN)
        if revoked:
            raise RefusalError(RefusalCode.CERTIFICATE_REVOKED)
        if now < certificate.not_valid_before_utc:
            raise RefusalError(RefusalCode.CERTIFICATE_NOT_YET_VALID)
        ends = certificate.not_valid_after_utc
        if now > months_after(ends, GRACE_MONTHS):
            raise RefusalError(RefusalCode.CERTIFICATE_EXPIRED)
        return CheckedCertificate(person_id, subject, key, in_grace=now > ends)


def _issued_by(certificate: x509.Certificate, authority: x509.Certificate, now: datetime) -> bool:
    """Whether ``authority`` may issue, holds now and signed ``certificate``."""
    try:
        constraints = authority.extensions.get_extension_for_class(x509.BasicConstraints)
        certificate.verify_directly_issued_by(authority)
    except (x509.ExtensionNotFound, InvalidSignature, ValueError, TypeError):
        return False
    moment = now.astimezone(UTC)
    return constraints.value.ca and (
        authority.not_valid_before_utc <= moment <= authority.not_valid_after_utc
    )


def check_signature(
    key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey, message: bytes, signature: bytes
) -> None:
    """Raise RefusalError unless ``key`` signed ``message`` with SHA-256."""
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
        else:
            key.verify(signature, message, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        raise RefusalError(RefusalCode.SIGNATURE_INVALID) from error
