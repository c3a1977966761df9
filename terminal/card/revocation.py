"""失効確認: whether the authentication certificate was revoked, as far as this desk can know.

The status of JPKI certificates goes only to verifiers that the law registers or approves, and the
certificate names no address to ask.  So the desk asks what it is configured with, files or a
responder (:mod:`terminal.card.revocation_lists`, :mod:`terminal.card.ocsp`), and says "not
checked" for all else: then the payer's own check is the only one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from cryptography import x509

from terminal.card.certificates import CertificateVerifier, load_certificate
from terminal.identification import RevocationState

CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far ahead of ours the clock of who made a list or an answer may be."""


class NotChecked(StrEnum):
    """Why the state of a certificate is not known."""

    NOT_CONFIGURED = "not-configured"
    NO_LIST = "no-list"
    STALE = "stale"
    UNKNOWN_TO_RESPONDER = "unknown-to-responder"
    NO_ANSWER = "no-answer"
    UNTRUSTED_ANSWER = "untrusted-answer"
    CERTIFICATE_EXPIRED = "certificate-expired"
    TOO_LATE = "too-late"


@dataclass(frozen=True, slots=True)
class Revocation:
    """What is known of a certificate.

    ``as_of``: the moment for which its issuer said so (thisUpdate), also where that is too old to
    count.  ``why``: why it was not checked, None where it was.
    """

    state: RevocationState
    as_of: datetime | None = None
    why: NotChecked | None = None


def not_checked(why: NotChecked, as_of: datetime | None = None) -> Revocation:
    """Return that nothing is known, and why."""
    return Revocation(RevocationState.NOT_CHECKED, as_of, why)


class RevocationSource(Protocol):
    """Something that may know the state of certificates."""

    def look_up(self, certificate: x509.Certificate, issuer: x509.Certificate) -> Revocation:
        """Return what is known of ``certificate``, which ``issuer`` signed.  May block, bounded."""
        ...

    def close(self) -> None:
        """Release connections."""
        ...


class RevocationChecker:
    """Asks the configured sources in their order."""

    def __init__(
        self, verifier: CertificateVerifier, sources: Sequence[RevocationSource] = ()
    ) -> None:
        """``verifier``: knows which CA signed a certificate."""
        self._verifier = verifier
        self._sources = tuple(sources)

    def check(self, certificate: bytes) -> Revocation:
        """Return the state of ``certificate`` (DER); may block as long as the sources may.

        The first source that knows it as revoked or good decides; else the first reason stands.
        Of a certificate that had expired "good" says nothing: issuers drop those from their lists
        (RFC 5280 section 3.3).  Raises CertificateRejectedError for one that no anchor signed.
        """
        loaded = load_certificate(certificate)
        issuer = self._verifier.issuer_of(loaded)
        unknown: Revocation | None = None
        for source in self._sources:
            found = source.look_up(loaded, issuer)
            if found.state is RevocationState.REVOKED:
                return found
            if found.state is RevocationState.GOOD:
                if found.as_of is None or loaded.not_valid_after_utc >= found.as_of:
                    return found
                found = not_checked(NotChecked.CERTIFICATE_EXPIRED, found.as_of)
            unknown = unknown or found
        return unknown or not_checked(NotChecked.NOT_CONFIGURED)

    def close(self) -> None:
        """Release what the sources hold."""
        for source in self._sources:
            source.close()
