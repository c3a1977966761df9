"""The throw-away certificates of the demo: one CA, the payer's server, the terminal's client.

Written once per directory; what is there already is left as it is.  The CA's subject says that it
is for tests only, so that a production configuration can refuse it.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from eligibility.numbers import luhn_check_digit

ORGANIZATION = "TEST ONLY eligibility-terminal demo"
DEFAULT_INSTITUTION = "131000000" + str(luhn_check_digit("131000000"))
_CA_DAYS = 3650
_LEAF_DAYS = 3650  # a demo that stood in a drawer for a year still starts


class SimulatorSetupError(Exception):
    """The simulator's directory cannot be made or used; the message names the file."""


@dataclass(frozen=True, slots=True)
class PkiFiles:
    """Where the certificates and keys are (PEM)."""

    directory: Path

    @property
    def ca(self) -> Path:
        """The CA's certificate: trust anchor of both sides."""
        return self.directory / "ca.pem"

    @property
    def server(self) -> Path:
        """The payer's server certificate."""
        return self.directory / "server.pem"

    @property
    def server_key(self) -> Path:
        """Its key."""
        return self.directory / "server.key"

    @property
    def client(self) -> Path:
        """The terminal's client certificate."""
        return self.directory / "client.pem"

    @property
    def client_key(self) -> Path:
        """Its key."""
        return self.directory / "client.key"

    @property
    def expired(self) -> Path:
        """A server certificate that has ended, for the fault of that name; may be missing."""
        return self.directory / "server-expired.pem"

    @property
    def expired_key(self) -> Path:
        """Its key."""
        return self.directory / "server-expired.key"

    def missing(self) -> list[Path]:
        """Return the files that are not there."""
        wanted = (self.ca, self.server, self.server_key, self.client, self.client_key)
        return [path for path in wanted if not path.is_file()]


def write_once(path: Path, content: bytes, *, private: bool = False) -> None:
    """Write a whole file or none; ``private`` files are readable by the owner only."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(
            temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600 if private else 0o644
        )
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        temporary.replace(path)
    except OSError as error:
        msg = f"cannot write {path}: {error.strerror}"
        raise SimulatorSetupError(msg) from error


def _name(common_name: str, serial_number: str | None = None) -> x509.Name:
    attributes = [
        x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANIZATION),
        x509.NameAttribute(NameOID.COMMON_NAME, common_name),
    ]
    if serial_number is not None:
        attributes.append(x509.NameAttribute(NameOID.SERIAL_NUMBER, serial_number))
    return x509.Name(attributes)


class ThrowAwayCa:
    """A CA whose key lives only as long as this object, so nobody can issue under it later."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._key = ec.generate_private_key(ec.SECP256R1())
        name = _name("Payer demo CA")
        self.certificate = (
            self._builder(name, self._key.public_key(), _CA_DAYS)
            .issuer_name(name)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(signing_certificates=True), critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False
            )
            .sign(self._key, hashes.SHA256())
        )

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, days: int, ago: int = 1
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._now - timedelta(days=ago))
            .not_valid_after(self._now + timedelta(days=days))
        )

    def issue(
        self,
        subject: x509.Name,
        usage: x509.ObjectIdentifier,
        alternative_names: Sequence[x509.GeneralName] = (),
        *,
        expired: bool = False,
    ) -> tuple[bytes, bytes]:
        """Return certificate and key of a leaf, both PEM; ``expired``: it ended yesterday."""
        key = ec.generate_private_key(ec.SECP256R1())
        days, ago = (-1, 400) if expired else (_LEAF_DAYS, 1)
        builder = (
            self._builder(subject, key.public_key(), days, ago)
            .issuer_name(self.certificate.subject)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signing_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()),
                critical=False,
            )
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
            )
        )
        if alternative_names:
            builder = builder.add_extension(
                x509.SubjectAlternativeName(alternative_names), critical=False
            )
        certificate = builder.sign(self._key, hashes.SHA256())
        return (
            certificate.public_bytes(serialization.Encoding.PEM),
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            ),
        )

    def issue_client(self, institution: str) -> tuple[bytes, bytes]:
        """Return certificate and key for the institution with this 10-digit code."""
        return self.issue(
            _name(f"Terminal of {institution}", institution), ExtendedKeyUsageOID.CLIENT_AUTH
        )

    def issue_server(self, *, expired: bool = False) -> tuple[bytes, bytes]:
        """Return certificate and key for localhost."""
        return self.issue(
            _name("localhost"),
            ExtendedKeyUsageOID.SERVER_AUTH,
            [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))],
            expired=expired,
        )


def _key_usage(*, signing_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signing_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signing_certificates,
        crl_sign=signing_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def make_pki(directory: Path, now: datetime, institution: str = DEFAULT_INSTITUTION) -> PkiFiles:
    """Make the CA, the server's and the terminal's certificates in ``directory``.

    All or nothing: does nothing where all five files are there, and refuses a directory that holds
    some of them, because the CA's key is not kept and nothing can be added under it.
    Raises SimulatorSetupError.
    """
    files = PkiFiles(directory)
    missing = files.missing()
    if not missing:
        return files
    present = {files.ca, files.server, files.server_key, files.client, files.client_key} - {
        *missing
    }
    if present:
        msg = (
            f"{directory} holds {len(present)} of the five certificate files but not "
            f"{missing[0].name}; remove them all to make new ones"
        )
        raise SimulatorSetupError(msg)
    ca = ThrowAwayCa(now)
    server, server_key = ca.issue_server()
    client, client_key = ca.issue_client(institution)
    expired, expired_key = ca.issue_server(expired=True)
    write_once(files.server_key, server_key, private=True)
    write_once(files.server, server)
    write_once(files.expired_key, expired_key, private=True)
    write_once(files.expired, expired)
    write_once(files.client_key, client_key, private=True)
    write_once(files.client, client)
    write_once(files.ca, ca.certificate.public_bytes(serialization.Encoding.PEM))
    return files
