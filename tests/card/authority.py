"""Certificates of every good and bad kind, as a CA of the JPKI's form would issue them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

BEGIN = datetime(2025, 10, 27, 3, 0, tzinfo=UTC)
END = datetime(2030, 2, 17, 14, 59, 59, tzinfo=UTC)
POLICY = "1.2.392.200149.8.5.1.3.30"
TEST_POLICY = "1.2.392.200149.8.5.1.0.30"
SIGNATURE_POLICY = "1.2.392.200149.8.5.1.1.20"

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


@cache
def rsa_key(name: str) -> rsa.RSAPrivateKey:
    """Return the RSA key of this name, made once in a run."""
    del name
    return rsa.generate_private_key(65537, 2048)


@cache
def ec_key(name: str) -> ec.EllipticCurvePrivateKey:
    """Return the P-384 key of this name, made once in a run."""
    del name
    return ec.generate_private_key(ec.SECP384R1())


def name_of(organization: str) -> x509.Name:
    """Return the one name that all generations of the CA bear."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "JPKI for user authentication"),
        ]
    )


def usage(**bits: bool) -> x509.KeyUsage:
    """Return a key usage with these bits set."""
    names = (
        "digital_signature content_commitment key_encipherment data_encipherment key_agreement"
        " key_cert_sign crl_sign encipher_only decipher_only"
    )
    return x509.KeyUsage(**{name: bits.get(name, False) for name in names.split()})


@dataclass(frozen=True)
class Authority:
    """A self-signed CA."""

    key: Key = field(default_factory=lambda: rsa_key("ca"))
    organization: str = "JPKI"
    may_issue: bool = True
    may_list: bool = True

    @property
    def certificate(self) -> x509.Certificate:
        """The CA's own certificate."""
        name = name_of(self.organization)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.key.public_key())
            .serial_number(1)
            .not_valid_before(datetime(2023, 7, 16, tzinfo=UTC))
            .not_valid_after(datetime(2033, 7, 15, 14, 59, 59, tzinfo=UTC))
            .add_extension(
                usage(key_cert_sign=self.may_issue, crl_sign=self.may_issue and self.may_list),
                critical=True,
            )
        )
        return builder.sign(self.key, hashes.SHA256())

    @property
    def pem(self) -> bytes:
        """The CA's own certificate, PEM."""
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def der(self) -> bytes:
        """The CA's own certificate, DER."""
        return self.certificate.public_bytes(Encoding.DER)


@dataclass(frozen=True)
class Leaf:
    """An authentication certificate that is right in everything that is not changed."""

    issuer: Authority = field(default_factory=Authority)
    key: Key = field(default_factory=lambda: rsa_key("leaf"))
    serial: int = 0x0A1B2C
    begin: datetime = BEGIN
    end: datetime = END
    usage: x509.KeyUsage | None = field(default_factory=lambda: usage(digital_signature=True))
    policy: str | None = POLICY
    is_ca: bool = False
    critical_purpose: bool = False
    issuer_name: x509.Name | None = None
    lists_at: x509.GeneralName | None = None

    def but(self, **changes: object) -> Leaf:
        """Return the same with something changed."""
        return replace(self, **changes)  # type: ignore[arg-type]  # fields by name

    @property
    def der(self) -> bytes:
        """The certificate, DER."""
        subject = x509.NameAttribute(NameOID.COMMON_NAME, "997794E9AGCIEG13221003A")
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"), subject]))
            .issuer_name(self.issuer_name or name_of(self.issuer.organization))
            .public_key(self.key.public_key())
            .serial_number(self.serial)
            .not_valid_before(self.begin)
            .not_valid_after(self.end)
        )
        if self.usage is not None:
            builder = builder.add_extension(self.usage, critical=True)
        if self.policy is not None:
            policy = x509.PolicyInformation(ObjectIdentifier(self.policy), None)
            builder = builder.add_extension(x509.CertificatePolicies([policy]), critical=True)
        if self.is_ca:
            builder = builder.add_extension(x509.BasicConstraints(True, None), critical=True)
        if self.critical_purpose:
            purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
            builder = builder.add_extension(purpose, critical=True)
        if self.lists_at is not None:
            point = x509.DistributionPoint([self.lists_at], None, None, None)
            builder = builder.add_extension(x509.CRLDistributionPoints([point]), critical=False)
        digest = (
            hashes.SHA384()
            if isinstance(self.issuer.key, ec.EllipticCurvePrivateKey)
            else hashes.SHA256()
        )
        return builder.sign(self.issuer.key, digest).public_bytes(Encoding.DER)
