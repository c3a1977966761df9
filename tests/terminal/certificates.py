"""Certificates by organisation, for configurations."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def certificate(
    organisation: str, issuer: str | None = None, ends: datetime | None = None
) -> x509.Certificate:
    """Return a certificate with these organisations in subject and issuer."""
    key = ec.generate_private_key(ec.SECP256R1())
    end = ends or datetime.now(UTC) + timedelta(days=365)

    def name(words: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, words)])

    return (
        x509.CertificateBuilder()
        .subject_name(name(organisation))
        .issuer_name(name(issuer or organisation))
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(end - timedelta(days=400))
        .not_valid_after(end)
        .sign(key, hashes.SHA256())
    )


def pem(organisation: str, issuer: str | None = None) -> bytes:
    """Return such a certificate in PEM."""
    return certificate(organisation, issuer).public_bytes(serialization.Encoding.PEM)
