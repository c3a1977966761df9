"""失効リスト (CRL, RFC 5280 section 5): revocation lists from files that the institution keeps.

A list counts only with the signature of a configured CA, whole and in its own time; its signer is
found by the signature, since the generations of the JPKI CA share one name.  Lists by
municipality, as the JPKI's are, count only for the certificates that name their distribution point.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import CRLEntryExtensionOID, ExtensionOID

from terminal.card.certificates import (
    UNREADABLE,
    CertificateVerifier,
    is_strong_hash,
    may_sign_lists,
)
from terminal.card.revocation import CLOCK_TOLERANCE, NotChecked, Revocation, not_checked
from terminal.identification import RevocationState

log = logging.getLogger(__name__)

SUFFIXES = (".crl", ".pem", ".der")
LARGEST_LIST = 64 * 1024 * 1024

_PEM_LIST = re.compile(rb"-----BEGIN X509 CRL-----.*?-----END X509 CRL-----", re.DOTALL)
_UNDERSTOOD = frozenset({ExtensionOID.ISSUING_DISTRIBUTION_POINT, ExtensionOID.CRL_NUMBER})
_ENTRY_UNDERSTOOD = frozenset({CRLEntryExtensionOID.CRL_REASON})


class ListProblem(StrEnum):
    """Why a file cannot be used."""

    MISSING = "missing"
    UNREADABLE = "unreadable"
    TOO_LARGE = "too-large"
    UNKNOWN_SIGNER = "unknown-signer"
    DELTA = "delta"
    INDIRECT = "indirect"
    PARTIAL = "partial"
    NO_NEXT_UPDATE = "no-next-update"
    NOT_UNDERSTOOD = "not-understood"
    STALE = "stale"
    NOT_YET_VALID = "not-yet-valid"


class _RefusedError(Exception):
    def __init__(self, problem: ListProblem) -> None:
        super().__init__(problem)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class RevocationList:
    """A list with a good signature.

    ``places``: DER of the distribution points that it is for, empty where it is for all
    certificates of ``issuer``.
    """

    issuer: x509.Certificate
    this_update: datetime
    next_update: datetime
    serials: frozenset[int]
    places: frozenset[bytes]

    def covers(self, certificate: x509.Certificate) -> bool:
        """Whether a certificate of ``issuer`` that is not listed here is not revoked."""
        return not self.places or not self.places.isdisjoint(_places_of(certificate))

    def problem_at(self, now: datetime) -> ListProblem | None:
        """Return why it does not count at ``now``, None where it does."""
        if now > self.next_update:
            return ListProblem.STALE
        if now < self.this_update - CLOCK_TOLERANCE:
            return ListProblem.NOT_YET_VALID
        return None


@dataclass(frozen=True, slots=True)
class ListReport:
    """How a file is: its newest list's times, and what is wrong with it, None where nothing is."""

    file: Path
    this_update: datetime | None
    next_update: datetime | None
    problem: ListProblem | None


@dataclass(frozen=True, slots=True)
class _Loaded:
    stamp: tuple[int, int, int]
    lists: tuple[RevocationList, ...]
    problem: ListProblem | None


class RevocationLists:
    """The lists of the configured files and folders, read anew when a file changes."""

    def __init__(
        self, places: Sequence[Path], verifier: CertificateVerifier, now: Callable[[], datetime]
    ) -> None:
        """``places``: files, or folders of files that end in .crl, .pem or .der.

        Nothing is read before the first question.
        """
        self._paths = tuple(places)
        self._verifier = verifier
        self._now = now
        self._lock = threading.Lock()
        self._files: dict[Path, _Loaded] = {}

    def look_up(self, certificate: x509.Certificate, issuer: x509.Certificate) -> Revocation:
        """Return what the lists say; a certificate on hold (certificateHold) counts as revoked.

        A list that is out of date still proves what it lists, since the JPKI lifts no hold; it
        never proves that something is not listed.
        """
        of_issuer = [item for item in self._current() if item.issuer == issuer]
        listed = [item for item in of_issuer if certificate.serial_number in item.serials]
        if listed:
            return Revocation(RevocationState.REVOKED, max(item.this_update for item in listed))
        ours = [item for item in of_issuer if item.covers(certificate)]
        if not ours:
            return not_checked(NotChecked.NO_LIST)
        now = self._now()
        valid = [item for item in ours if item.problem_at(now) is None]
        if not valid:
            return not_checked(NotChecked.STALE, max(item.this_update for item in ours))
        return Revocation(RevocationState.GOOD, max(item.this_update for item in valid))

    def report(self) -> list[ListReport]:
        """Return how each file is, read anew where it changed."""
        now = self._now()
        with self._lock:
            self._refresh()
            return [_report(path, loaded, now) for path, loaded in sorted(self._files.items())]

    def close(self) -> None:
        """Nothing is held open."""

    def _current(self) -> list[RevocationList]:
        with self._lock:
            self._refresh()
            return [item for loaded in self._files.values() for item in loaded.lists]

    def _refresh(self) -> None:
        files = {path: self._files.get(path) for path in self._found()}
        self._files = {path: self._load(path, before) for path, before in files.items()}

    def _found(self) -> Iterator[Path]:
        for place in self._paths:
            try:
                inside = sorted(place.iterdir())
            except OSError:  # a file, or what cannot be read and is told as such
                yield place
                continue
            yield from (
                file
                for file in inside
                if file.suffix.lower() in SUFFIXES and not file.name.startswith(".")
            )

    def _load(self, path: Path, before: _Loaded | None) -> _Loaded:
        try:
            status = path.stat()
            stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
            if before is not None and before.stamp == stamp:
                return before
            loaded = _Loaded(stamp, tuple(_read_lists(path, self._verifier)), None)
        except FileNotFoundError:
            return _Loaded((0, 0, 0), (), ListProblem.MISSING)
        except OSError as error:
            log.warning("revocation list %s: %s", path, error.strerror)
            return _Loaded((0, 0, 0), (), ListProblem.UNREADABLE)
        except _RefusedError as error:
            log.warning("revocation list %s is not used: %s", path, error.problem)
            # what was read before is signed and ends by itself: it goes on to count until then
            return _Loaded(stamp, before.lists if before else (), error.problem)
        log.info("revocation list %s: read", path)
        return loaded


def _report(path: Path, loaded: _Loaded, now: datetime) -> ListReport:
    newest = max(loaded.lists, key=lambda item: item.this_update, default=None)
    if newest is None:
        return ListReport(path, None, None, loaded.problem)
    problem = loaded.problem or newest.problem_at(now)
    return ListReport(path, newest.this_update, newest.next_update, problem)


def _read_lists(path: Path, verifier: CertificateVerifier) -> Iterator[RevocationList]:
    """Yield the lists of a file.  Raises OSError, _RefusedError."""
    with path.open("rb") as file:
        content = file.read(LARGEST_LIST + 1)
    if len(content) > LARGEST_LIST:
        raise _RefusedError(ListProblem.TOO_LARGE)
    try:
        if b"-----BEGIN" in content:
            found = [x509.load_pem_x509_crl(part) for part in _PEM_LIST.findall(content)]
        else:
            found = [x509.load_der_x509_crl(content)]
        if not found:
            raise _RefusedError(ListProblem.UNREADABLE)
        for crl in found:
            yield _trusted(crl, verifier)
    except UNREADABLE as error:
        raise _RefusedError(ListProblem.UNREADABLE) from error


def _trusted(crl: x509.CertificateRevocationList, verifier: CertificateVerifier) -> RevocationList:
    """Return what a list says once its signature holds.  Raises _RefusedError, ValueError."""
    signer = next((anchor for anchor in verifier.anchors if _signed(crl, anchor)), None)
    if signer is None:
        raise _RefusedError(ListProblem.UNKNOWN_SIGNER)
    places = _scope(crl)
    next_update = crl.next_update_utc
    if next_update is None:
        raise _RefusedError(ListProblem.NO_NEXT_UPDATE)
    serials = set()
    for entry in crl:
        for extension in entry.extensions:
            if extension.oid == CRLEntryExtensionOID.CERTIFICATE_ISSUER:
                raise _RefusedError(ListProblem.INDIRECT)
            if extension.critical and extension.oid not in _ENTRY_UNDERSTOOD:
                raise _RefusedError(ListProblem.NOT_UNDERSTOOD)
        serials.add(entry.serial_number)
    return RevocationList(signer, crl.last_update_utc, next_update, frozenset(serials), places)


def _signed(crl: x509.CertificateRevocationList, anchor: x509.Certificate) -> bool:
    if crl.issuer != anchor.subject or not may_sign_lists(anchor):
        return False
    key = anchor.public_key()
    try:
        # an anchor's key is RSA or EC: may_sign_lists says so
        return is_strong_hash(crl.signature_hash_algorithm) and crl.is_signature_valid(
            key  # type: ignore[arg-type]
        )
    except UNREADABLE:
        return False


def _scope(crl: x509.CertificateRevocationList) -> frozenset[bytes]:
    """Return the distribution points that the list is for.  Raises _RefusedError."""
    extensions = crl.extensions
    places: frozenset[bytes] = frozenset()
    for extension in extensions:
        if extension.oid == ExtensionOID.DELTA_CRL_INDICATOR:
            raise _RefusedError(ListProblem.DELTA)
        if extension.critical and extension.oid not in _UNDERSTOOD:
            raise _RefusedError(ListProblem.NOT_UNDERSTOOD)
        if isinstance(extension.value, x509.IssuingDistributionPoint):
            places = _place_of(extension.value)
    return places


def _place_of(point: x509.IssuingDistributionPoint) -> frozenset[bytes]:
    if point.indirect_crl:
        raise _RefusedError(ListProblem.INDIRECT)
    if (
        point.only_some_reasons
        or point.only_contains_ca_certs
        or point.only_contains_attribute_certs
    ):
        raise _RefusedError(ListProblem.PARTIAL)
    if point.relative_name is not None:
        raise _RefusedError(ListProblem.NOT_UNDERSTOOD)
    return frozenset(_name(name) for name in point.full_name or ())


def _places_of(certificate: x509.Certificate) -> frozenset[bytes]:
    """Return the distribution points (CRLDP) that a certificate names."""
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except x509.ExtensionNotFound:
        return frozenset()
    # a point for some reasons only does not promise the whole state
    whole = [point for point in points if point.reasons is None and point.crl_issuer is None]
    return frozenset(_name(name) for point in whole for name in point.full_name or ())


def _name(name: x509.GeneralName) -> bytes:
    if isinstance(name, x509.DirectoryName):
        return name.value.public_bytes()
    return f"{type(name).__name__}:{name.value}".encode()
