"""The card's certificate authorities and certificates: a test hierarchy shaped like JPKI.

The organisation is ``JPKI-TEST`` and the policies are the test ones, so that a production desk
refuses every card that is issued here.
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID, ObjectIdentifier

from eligibility.calendar import JAPAN
from terminal.virtual_card.records import Face

AUTHENTICATION = "JPKI for user authentication"
SIGNATURE = "JPKI for digital signature"
AUTHENTICATION_POLICY = ObjectIdentifier("1.2.392.200149.8.5.1.0.30")
SIGNATURE_POLICY = ObjectIdentifier("1.2.392.200149.8.5.1.0.20")
_OTHER_NAMES = "1.2.392.200149.8.5.5."
# JPKI's is made daily; this one has to last as long as a demo that nobody issues anew.
_CRL_HOLDS = timedelta(days=30)
_ERA_DIGITS = ((date(2019, 5, 1), "5"), (date(1989, 1, 8), "4"), (date(1926, 12, 25), "3"))


@dataclass(frozen=True, slots=True)
class Authority:
    """A CA: its certificate and key."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey = field(repr=False)


@dataclass(frozen=True, slots=True)
class Validity:
    """From when until when, aware; the end is the last second of a Japanese day."""

    begin: datetime
    end: datetime


def new_key() -> rsa.RSAPrivateKey:
    """Return a fresh RSA-2048 key."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def end_of_day(day: date) -> datetime:
    """Return 23:59:59 of a day in Japan, in UTC."""
    return datetime.combine(day, time(23, 59, 59), JAPAN).astimezone(UTC)


def birthday(birthdate: date, year: int) -> date:
    """Return the birthday in this year; of 29 February the last day of the month."""
    try:
        return birthdate.replace(year=year)
    except ValueError:
        return date(year, 2, 28)


def nth_birthday_after(birthdate: date, day: date, count: int) -> date:
    """Return the ``count``-th birthday after this day."""
    first = day.year if birthday(birthdate, day.year) > day else day.year + 1
    return birthday(birthdate, first + count - 1)


def new_authority(unit: str, now: datetime) -> Authority:
    """Make a self-signed CA; ``unit``: AUTHENTICATION or SIGNATURE."""
    key = new_key()
    name = _name(
        (NameOID.COUNTRY_NAME, "JP"),
        (NameOID.ORGANIZATION_NAME, "JPKI-TEST"),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, unit),
        (
            NameOID.ORGANIZATIONAL_UNIT_NAME,
            "Japan Agency for Local Authority Information Systems",
        ),
    )
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    builder = (
        _begin(name, name, key.public_key())
        .not_valid_before(now - timedelta(days=7 * 365))
        .not_valid_after(end_of_day((now + timedelta(days=10 * 365)).date()))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(_usage(issue=True), critical=True)
        .add_extension(x509.SubjectAlternativeName([_service()]), critical=False)
        .add_extension(identifier, critical=False)
    )
    return Authority(builder.sign(key, hashes.SHA256()), key)


def revocation_list(authority: Authority, revoked: Sequence[int], now: datetime) -> bytes:
    """Return a CRL (PEM) of these serial numbers, which were revoked the day before."""
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority.certificate.subject)
        .last_update(now)
        .next_update(now + _CRL_HOLDS)
        .add_extension(identifier, critical=False)
        .add_extension(x509.CRLNumber(int(now.timestamp())), critical=False)
    )
    for serial in revoked:
        entry = x509.RevokedCertificateBuilder(serial, now - timedelta(days=1))
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign(authority.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def authentication_certificate(
    authority: Authority, key: rsa.RSAPublicKey, municipality: str, validity: Validity
) -> x509.Certificate:
    """Issue 利用者証明用電子証明書: it says nothing of the person, its serial is all."""
    subject = _holder(municipality, "003A")
    builder = _issue(authority, subject, key, validity, AUTHENTICATION_POLICY, municipality)
    return builder.add_extension(_usage(), critical=True).sign(authority.key, hashes.SHA256())


def signature_certificate(
    authority: Authority, key: rsa.RSAPublicKey, face: Face, validity: Validity
) -> x509.Certificate:
    """Issue 署名用電子証明書: it carries name, sex, birth date, address; no desk reads it."""
    subject = _holder(face.municipality, "003S")
    era = next((digit for begin, digit in _ERA_DIGITS if face.birthdate >= begin), "2")
    attributes = {1: face.name, 3: face.sex, 4: f"{era}{face.birthdate:%Y%m%d}", 5: face.address}
    names = [
        x509.OtherName(ObjectIdentifier(f"{_OTHER_NAMES}{number}"), _utf8_string(text))
        for number, text in attributes.items()
    ]
    builder = _issue(authority, subject, key, validity, SIGNATURE_POLICY, face.municipality)
    return (
        builder.add_extension(_usage(commit=True), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(authority.key, hashes.SHA256())
    )


def _issue(
    authority: Authority,
    subject: x509.Name,
    key: rsa.RSAPublicKey,
    validity: Validity,
    policy: ObjectIdentifier,
    municipality: str,
) -> x509.CertificateBuilder:
    issuer = authority.certificate
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    policies = x509.CertificatePolicies([x509.PolicyInformation(policy, None)])
    return (
        _begin(subject, issuer.subject, key)
        .not_valid_before(validity.begin)
        .not_valid_after(validity.end)
        .add_extension(policies, critical=True)
        .add_extension(x509.IssuerAlternativeName([_service()]), critical=False)
        .add_extension(identifier, critical=False)
        .add_extension(_distribution_point(issuer.subject, municipality), critical=False)
    )


def _begin(subject: x509.Name, issuer: x509.Name, key: rsa.RSAPublicKey) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
    )


def _holder(municipality: str, kind: str) -> x509.Name:
    alphabet = string.ascii_uppercase + string.digits
    number = "".join(secrets.choice(alphabet) for _ in range(14))
    return _name((NameOID.COUNTRY_NAME, "JP"), (NameOID.COMMON_NAME, number + municipality + kind))


def _service() -> x509.DirectoryName:
    return x509.DirectoryName(
        _name(
            (NameOID.COUNTRY_NAME, "JP"),
            (NameOID.ORGANIZATION_NAME, "公的個人認証サービス"),
        )
    )


def _distribution_point(issuer: x509.Name, municipality: str) -> x509.CRLDistributionPoints:
    """A directory name, not an address: there is nothing a desk could fetch."""
    units = issuer.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)
    name = _name(
        (NameOID.COUNTRY_NAME, "JP"),
        (NameOID.ORGANIZATION_NAME, "JPKI-TEST"),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, str(units[0].value)),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, "CRL Distribution Points"),
        (NameOID.COMMON_NAME, f"{municipality} CRLDP"),
    )
    return x509.CRLDistributionPoints(
        [x509.DistributionPoint([x509.DirectoryName(name)], None, None, None)]
    )


def _usage(*, issue: bool = False, commit: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not issue,
        content_commitment=commit,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=issue,
        crl_sign=issue,
        encipher_only=False,
        decipher_only=False,
    )


def _name(*parts: tuple[ObjectIdentifier, str]) -> x509.Name:
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts])


def _utf8_string(text: str) -> bytes:
    encoded = text.encode()
    size = bytes([len(encoded)]) if len(encoded) < 0x80 else bytes([0x81, len(encoded)])
    return b"\x0c" + size + encoded
