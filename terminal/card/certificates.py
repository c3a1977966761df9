"""利用者証明用電子証明書: whether the authentication certificate holds, and whom it stands for.

Anchors come from configuration: a CA that was read from the card proves nothing.  The generations
of the JPKI CA share one name, so the issuer is found by the signature.  Revocation is judged
in :mod:`terminal.card.revocation`.
"""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import MAXYEAR, datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtensionOID, NameOID, ObjectIdentifier

from eligibility.model import CardSubject
from terminal.errors import CertificateReason, CertificateRejectedError

TEST_ORGANIZATION = "JPKI-TEST"
POLICY = ObjectIdentifier("1.2.392.200149.8.5.1.3.30")
TEST_POLICY = ObjectIdentifier("1.2.392.200149.8.5.1.0.30")
GRACE_MONTHS = 3
SMALLEST_RSA_KEY = 2048

UNREADABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)
"""What reading a spoilt certificate, list or answer may raise."""

_HASHES = (hashes.SHA256, hashes.SHA384, hashes.SHA512)
_CRITICAL_UNDERSTOOD = frozenset(
    {
        ExtensionOID.KEY_USAGE,
        ExtensionOID.CERTIFICATE_POLICIES,
        ExtensionOID.BASIC_CONSTRAINTS,
    }
)


@dataclass(frozen=True, slots=True)
class VerifiedCertificate:
    """A certificate that holds.

    ``in_grace``: it expired less than three months ago, in which eligibility is still answered,
    medical data is not.
    """

    subject: CardSubject
    not_before: datetime
    not_after: datetime
    issuer_is_test: bool
    in_grace: bool


def subject_of(certificate: bytes) -> CardSubject:
    """Return issuer and serial of ``certificate`` (DER), without judging it.

    Raises CertificateRejectedError(UNREADABLE).
    """
    return _subject(load_certificate(certificate))


def end_of_grace(not_after: datetime) -> datetime:
    """Return the moment three calendar months after ``not_after``, at the last day if need be.

    One insurer counts from the end of the month; the shorter reading is taken, and the payer
    decides.
    """
    month = not_after.month - 1 + GRACE_MONTHS
    year, month = not_after.year + month // 12, month % 12 + 1
    if year > MAXYEAR:  # RFC 5280's way to say that a certificate never expires
        return not_after
    day = min(not_after.day, calendar.monthrange(year, month)[1])
    return not_after.replace(year=year, month=month, day=day)


class CertificateVerifier:
    """Checks authentication certificates against configured anchors.

    ``allow_test``: whether certificates and anchors of the test hierarchy (O=JPKI-TEST) count.
    """

    def __init__(self, anchors: Sequence[bytes], *, allow_test: bool) -> None:
        """``anchors``: PEM (one or more) or DER each.

        Raises ValueError, naming the position, for what is no CA certificate.
        """
        self._allow_test = allow_test
        self._anchors = [
            anchor
            for position, content in enumerate(anchors, start=1)
            for anchor in _load_anchors(content, position)
        ]

    @property
    def anchors(self) -> Sequence[x509.Certificate]:
        """The CA certificates that are trusted."""
        return tuple(self._anchors)

    def issuer_of(self, leaf: x509.Certificate) -> x509.Certificate:
        """Return the anchor that signed ``leaf``.

        Raises CertificateRejectedError(UNKNOWN_ISSUER).
        """
        for anchor in self._anchors:
            if issued(leaf, anchor):
                return anchor
        raise CertificateRejectedError(CertificateReason.UNKNOWN_ISSUER)

    def verify(self, certificate: bytes, now: datetime) -> VerifiedCertificate:
        """Return what ``certificate`` (DER) says if it holds at ``now`` (aware).

        Raises CertificateRejectedError with the first reason of: UNREADABLE, TEST_HIERARCHY,
        UNKNOWN_ISSUER, WRONG_USAGE, NOT_YET_VALID, EXPIRED (more than three months ago).
        """
        leaf = load_certificate(certificate)
        is_test = _is_test(leaf.issuer)
        if is_test and not self._allow_test:
            raise CertificateRejectedError(CertificateReason.TEST_HIERARCHY)
        self.issuer_of(leaf)
        if not _is_for_authentication(leaf, is_test=is_test):
            raise CertificateRejectedError(CertificateReason.WRONG_USAGE)
        not_before, not_after = leaf.not_valid_before_utc, leaf.not_valid_after_utc
        if now < not_before:
            raise CertificateRejectedError(CertificateReason.NOT_YET_VALID)
        if now > end_of_grace(not_after):
            raise CertificateRejectedError(CertificateReason.EXPIRED)
        return VerifiedCertificate(
            subject=_subject(leaf),
            not_before=not_before,
            not_after=not_after,
            issuer_is_test=is_test,
            in_grace=now > not_after,
        )


def load_certificate(certificate: bytes) -> x509.Certificate:
    """Read ``certificate`` (DER).  Raises CertificateRejectedError(UNREADABLE)."""
    try:
        loaded = x509.load_der_x509_certificate(certificate)
        _ = loaded.extensions, loaded.issuer, loaded.subject
    except UNREADABLE as error:
        raise CertificateRejectedError(CertificateReason.UNREADABLE) from error
    if loaded.serial_number <= 0:
        raise CertificateRejectedError(CertificateReason.UNREADABLE)
    return loaded


def _load_anchors(content: bytes, position: int) -> list[x509.Certificate]:
    try:
        if b"-----BEGIN" in content:
            found = x509.load_pem_x509_certificates(content)
        else:
            found = [x509.load_der_x509_certificate(content)]
        may_sign = all(_usage(anchor).key_cert_sign for anchor in found)
    except (ValueError, x509.ExtensionNotFound) as error:
        msg = f"anchor {position} is no CA certificate"
        raise ValueError(msg) from error
    if not may_sign:
        msg = f"anchor {position} may not issue certificates"
        raise ValueError(msg)
    return found


def _subject(certificate: x509.Certificate) -> CardSubject:
    return CardSubject(certificate.issuer.rfc4514_string(), format(certificate.serial_number, "x"))


def _is_test(name: x509.Name) -> bool:
    return any(
        part.value == TEST_ORGANIZATION
        for part in name.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    )


def is_strong_hash(algorithm: hashes.HashAlgorithm | None) -> bool:
    """Whether signatures over this hash count."""
    return isinstance(algorithm, _HASHES)


def may_sign_lists(anchor: x509.Certificate) -> bool:
    """Whether a CA may sign revocation lists (cRLSign)."""
    return _is_strong(anchor) and _usage(anchor).crl_sign


def issued(leaf: x509.Certificate, anchor: x509.Certificate) -> bool:
    """Whether the key of ``anchor`` signed ``leaf``, which names it as its issuer."""
    try:
        if not _is_strong(anchor) or not is_strong_hash(leaf.signature_hash_algorithm):
            return False
        leaf.verify_directly_issued_by(anchor)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _is_strong(certificate: x509.Certificate) -> bool:
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return key.key_size >= SMALLEST_RSA_KEY
    return isinstance(key, ec.EllipticCurvePublicKey)


def _usage(certificate: x509.Certificate) -> x509.KeyUsage:
    return certificate.extensions.get_extension_for_class(x509.KeyUsage).value


def _is_for_authentication(leaf: x509.Certificate, *, is_test: bool) -> bool:
    extensions = leaf.extensions
    try:
        usage = _usage(leaf)
        policies = extensions.get_extension_for_class(x509.CertificatePolicies).value
        strong = _is_strong(leaf)
    except (x509.ExtensionNotFound, ValueError, UnsupportedAlgorithm):
        return False
    if any(item.critical and item.oid not in _CRITICAL_UNDERSTOOD for item in extensions):
        return False
    only_signs = usage.digital_signature and not (
        usage.content_commitment
        or usage.key_encipherment
        or usage.data_encipherment
        or usage.key_agreement
        or usage.key_cert_sign
        or usage.crl_sign
    )
    accepted = {POLICY, TEST_POLICY} if is_test else {POLICY}
    named = {policy.policy_identifier for policy in policies}
    return strong and only_signs and bool(accepted & named) and not _is_ca(leaf)


def _is_ca(certificate: x509.Certificate) -> bool:
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    except x509.ExtensionNotFound:
        return False
    return constraints.value.ca
