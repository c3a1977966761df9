"""OCSP (RFC 6960): a responder that the institution is connected to is asked for one certificate.

The address stands in the configuration alone.  An answer counts with the signature of the CA
itself or of a responder to which that CA gave id-kp-OCSPSigning, with our nonce (RFC 8954), in its
own time.
"""

from __future__ import annotations

import hmac
import logging
import secrets
import ssl
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpcore
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, SignatureAlgorithmOID

from eligibility.fhir.connection import BoundedBackend, deadline
from terminal.card.certificates import UNREADABLE, is_strong_hash, issued
from terminal.card.revocation import CLOCK_TOLERANCE, NotChecked, Revocation, not_checked
from terminal.identification import RevocationState

log = logging.getLogger(__name__)

LARGEST_ANSWER = 64 * 1024
LARGEST_CACHE = 4096
NONCE_BYTES = 32

_HEADERS = (
    (b"Content-Type", b"application/ocsp-request"),
    (b"Accept", b"application/ocsp-response"),
)
_PKCS1 = frozenset(
    {
        SignatureAlgorithmOID.RSA_WITH_SHA256,
        SignatureAlgorithmOID.RSA_WITH_SHA384,
        SignatureAlgorithmOID.RSA_WITH_SHA512,
    }
)


class _NoAnswerError(Exception):
    """The responder gave no answer; the message says why."""


class _UntrustedError(Exception):
    """An answer that proves nothing; the message says why."""


@dataclass(frozen=True, slots=True)
class _Cached:
    revocation: Revocation
    until: datetime


class OcspResponder:
    """Asks one responder; safe to share between threads."""

    def __init__(
        self,
        url: str,
        *,
        seconds: float,
        now: Callable[[], datetime],
        ca_file: Path | None = None,
    ) -> None:
        """``seconds``: limit of one whole exchange.  ``ca_file``: who vouches for an HTTPS server;
        the system's own list where None.

        Raises OSError (ssl.SSLError is one) for a file that cannot be used.
        """
        context = ssl.create_default_context(cafile=ca_file)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._url = url
        self._seconds = seconds
        self._now = now
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[bytes, int], _Cached] = OrderedDict()
        self._problem: NotChecked | None = None
        # Looks at no proxy settings and follows no redirects.  A connection serves one question: a
        # kept one may have been closed by the time that the next card comes.
        self._pool = httpcore.ConnectionPool(
            ssl_context=context,
            max_connections=4,
            max_keepalive_connections=0,
            network_backend=BoundedBackend(),
        )

    @property
    def problem(self) -> NotChecked | None:
        """Why the last question got no usable answer, None while it did or none was asked."""
        return self._problem

    def look_up(self, certificate: x509.Certificate, issuer: x509.Certificate) -> Revocation:
        """Return what the responder says, or said in an answer whose time has not passed."""
        key = (issuer.fingerprint(hashes.SHA256()), certificate.serial_number)
        with self._lock:
            cached = self._known.get(key)
        if cached is not None and self._now() <= cached.until:
            return cached.revocation
        try:
            found, until = self._ask(certificate, issuer)
        except _NoAnswerError as error:
            log.warning("revocation: no answer from the responder: %s", error)
            self._problem = NotChecked.NO_ANSWER
            return not_checked(NotChecked.NO_ANSWER)
        except _UntrustedError as error:
            log.warning("revocation: the responder's answer proves nothing: %s", error)
            self._problem = NotChecked.UNTRUSTED_ANSWER
            return not_checked(NotChecked.UNTRUSTED_ANSWER)
        self._problem = None
        if until is not None and found.why is None:
            self._remember(key, _Cached(found, until))
        return found

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()

    def _remember(self, key: tuple[bytes, int], cached: _Cached) -> None:
        with self._lock:
            self._known[key] = cached
            self._known.move_to_end(key)
            while len(self._known) > LARGEST_CACHE:
                self._known.popitem(last=False)

    def _ask(
        self, certificate: x509.Certificate, issuer: x509.Certificate
    ) -> tuple[Revocation, datetime | None]:
        nonce = secrets.token_bytes(NONCE_BYTES)
        request = (
            ocsp.OCSPRequestBuilder()
            # names the certificate, protects nothing: the one hash that every responder knows
            .add_certificate(certificate, issuer, hashes.SHA1())  # noqa: S303
            .add_extension(x509.OCSPNonce(nonce), critical=False)
            .build()
        )
        body = self._exchange(request.public_bytes(Encoding.DER))
        try:
            response = ocsp.load_der_ocsp_response(body)
            if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
                msg = f"it answers {response.response_status.name}"
                raise _NoAnswerError(msg)
            _check_signature(response, issuer, self._now())
            _check_nonce(response, nonce)
            return _judge(response, request, self._now())
        except UNREADABLE as error:
            raise _UntrustedError("it is not OCSP as we know it") from error

    def _exchange(self, body: bytes) -> bytes:
        limits = dict.fromkeys(("connect", "read", "write", "pool"), self._seconds)
        try:
            with (
                deadline(self._seconds),
                self._pool.stream(
                    "POST",
                    self._url,
                    headers=list(_HEADERS),
                    content=body,
                    extensions={"timeout": limits},
                ) as response,
            ):
                if response.status != 200:
                    msg = f"HTTP {response.status}"
                    raise _NoAnswerError(msg)
                received = bytearray()
                for chunk in response.iter_stream():
                    received += chunk
                    if len(received) > LARGEST_ANSWER:
                        msg = f"it is larger than {LARGEST_ANSWER} bytes"
                        raise _UntrustedError(msg)
                return bytes(received)
        except httpcore.TimeoutException as error:
            msg = f"none within {self._seconds:g} s"
            raise _NoAnswerError(msg) from error
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise _NoAnswerError(type(error).__name__) from error


def _check_nonce(response: ocsp.OCSPResponse, nonce: bytes) -> None:
    try:
        answered = response.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce
    except x509.ExtensionNotFound as error:
        raise _UntrustedError("it does not repeat our nonce") from error
    if not hmac.compare_digest(answered, nonce):
        raise _UntrustedError("it is for another nonce than ours")


def _check_signature(response: ocsp.OCSPResponse, issuer: x509.Certificate, now: datetime) -> None:
    """Return if the CA or a responder that it named signed.  Raises _UntrustedError."""
    candidates = [issuer, *(item for item in response.certificates if item != issuer)]
    signer = next((item for item in candidates if _is_named(response, item)), None)
    if signer is None:
        raise _UntrustedError("nobody we know signed it")
    if signer is not issuer:
        _check_delegate(signer, issuer, now)
    algorithm = response.signature_hash_algorithm
    if algorithm is None or not is_strong_hash(algorithm):
        raise _UntrustedError("its signature is weak")
    key, signed, text = signer.public_key(), response.signature, response.tbs_response_bytes
    try:
        if isinstance(key, rsa.RSAPublicKey) and response.signature_algorithm_oid in _PKCS1:
            key.verify(signed, text, padding.PKCS1v15(), algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signed, text, ec.ECDSA(algorithm))
        else:
            raise _UntrustedError("its signature is of no kind that is used")
    except InvalidSignature as error:
        raise _UntrustedError("its signature is wrong") from error


def _is_named(response: ocsp.OCSPResponse, certificate: x509.Certificate) -> bool:
    """Whether the response says that this certificate's key signed it."""
    if response.responder_name is not None:
        return response.responder_name == certificate.subject
    return response.responder_key_hash == _key_hash(certificate)


def _key_hash(certificate: x509.Certificate) -> bytes:
    """Return SHA-1 over the key's BIT STRING, as a responder id holds it (RFC 6960 4.2.1)."""
    return x509.SubjectKeyIdentifier.from_public_key(certificate.public_key()).digest


def _check_delegate(signer: x509.Certificate, issuer: x509.Certificate, now: datetime) -> None:
    if not issued(signer, issuer):
        raise _UntrustedError("its signer was not named by the card's CA")
    try:
        purposes = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound as error:
        raise _UntrustedError("its signer may not answer for the CA") from error
    if ExtendedKeyUsageOID.OCSP_SIGNING not in purposes:
        raise _UntrustedError("its signer may not answer for the CA")
    if not signer.not_valid_before_utc <= now <= signer.not_valid_after_utc:
        raise _UntrustedError("its signer's certificate is not valid now")


def _judge(
    response: ocsp.OCSPResponse, request: ocsp.OCSPRequest, now: datetime
) -> tuple[Revocation, datetime | None]:
    """Return the state that a signed answer tells, and until when it may be told again."""
    single = next((item for item in response.responses if _same_question(item, request)), None)
    if single is None:
        raise _UntrustedError("it is about another certificate")
    as_of, until = single.this_update_utc, single.next_update_utc
    if as_of > now + CLOCK_TOLERANCE:
        raise _UntrustedError("it comes from the future")
    # without a next update it was made for this moment, which the nonce proves
    if now > (until if until is not None else as_of + CLOCK_TOLERANCE):
        return not_checked(NotChecked.STALE, as_of), None
    status = single.certificate_status
    if status is ocsp.OCSPCertStatus.UNKNOWN:
        return not_checked(NotChecked.UNKNOWN_TO_RESPONDER, as_of), None
    revoked = status is ocsp.OCSPCertStatus.REVOKED
    state = RevocationState.REVOKED if revoked else RevocationState.GOOD
    return Revocation(state, as_of), until


def _same_question(single: ocsp.OCSPSingleResponse, request: ocsp.OCSPRequest) -> bool:
    return (
        single.serial_number == request.serial_number
        and single.hash_algorithm.name == request.hash_algorithm.name
        and single.issuer_name_hash == request.issuer_name_hash
        and single.issuer_key_hash == request.issuer_key_hash
    )
