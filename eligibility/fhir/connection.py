"""HTTPS to the payer: mutual TLS, kept alive, and bounded in time and size as a whole.

Built on httpcore (what httpx itself sends with), because a deadline over a whole exchange must
reach each read of the socket: a time-out per read lets an answer that drips byte by byte go on for
ever.  Nothing here follows redirects, keeps cookies, unpacks content or looks at proxy settings.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, NoReturn

import httpcore

from eligibility.errors import (
    PayerProtocolError,
    PayerTimeoutError,
    PayerTrustError,
    PayerUnavailableError,
)
from eligibility.fhir.wire import LARGEST_ANSWER

KEEP_ALIVE_SECONDS = 60
CONNECTIONS = 8

_deadline: ContextVar[float] = ContextVar("payer_deadline")

# What OpenSSL calls an alert about our own certificate.
_ALERTS_ABOUT_US = ("CERTIFICATE", "UNKNOWN_CA", "ACCESS_DENIED", "BAD_CERTIFICATE")
_EXPIRED, _HOSTNAME_MISMATCH, _IP_MISMATCH = 10, 62, 64
_END_OF_HEAD = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Where our side's trust comes from."""

    ca_file: Path
    client_certificate: Path
    client_key: Path

    def context(self) -> ssl.SSLContext:
        """Return a context that trusts the CA file alone and shows our certificate.

        Raises PayerTrustError naming the file that cannot be used.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            context.load_verify_locations(cafile=self.ca_file)
        except (OSError, ssl.SSLError) as error:
            raise _unusable(self.ca_file, error) from error
        try:
            self.client_key.read_bytes()
        except OSError as error:
            raise _unusable(self.client_key, error) from error
        try:
            # The empty password refuses an encrypted key instead of asking on the console.
            context.load_cert_chain(self.client_certificate, self.client_key, password="")
        except ssl.SSLError as error:
            both = f"{self.client_certificate} with {self.client_key}"
            raise _unusable(both, error) from error
        except OSError as error:
            raise _unusable(self.client_certificate, error) from error
        return context


def _unusable(what: Path | str, error: OSError) -> PayerTrustError:
    reason = getattr(error, "reason", None) or error.strerror or type(error).__name__
    return PayerTrustError(f"{what} cannot be used for TLS with the payer: {reason}")


# -- The deadline ----------------------------------------------------------------------------------


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """End everything that is sent or read inside after ``seconds``; the earliest deadline holds."""
    ends = min(time.monotonic() + seconds, _deadline.get(float("inf")))
    token = _deadline.set(ends)
    try:
        yield
    finally:
        _deadline.reset(token)


def _left(limit: float | None, error: type[Exception]) -> float:
    """Return the seconds that one socket call may take, at most ``limit``."""
    left = _deadline.get() - time.monotonic()
    if left <= 0:
        raise error("the deadline has passed")
    return left if limit is None else min(limit, left)


class _BoundedStream(httpcore.NetworkStream):
    """A stream each of whose calls ends at the deadline; counts what came since the last request.

    What follows an answer on its connection would be read as the answer to the next question, and
    so on for ever.  httpcore looks at the socket alone, not at what it has already read.
    """

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream
        self._head = b""
        self._count = 0
        self._spent = False

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = self._stream.read(max_bytes, _left(timeout, httpcore.ReadTimeout))
        self._count += len(data)
        if _END_OF_HEAD not in self._head:
            self._head += data
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._head, self._count = b"", 0
        self._stream.write(buffer, _left(timeout, httpcore.WriteTimeout))

    def end_answer(self, length: int | None) -> None:
        """Use this connection no more unless an answer of ``length`` was all that came."""
        head, end, _ = self._head.partition(_END_OF_HEAD)
        self._spent = length is None or self._count != len(head) + len(end) + length

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        limit = _left(timeout, httpcore.ConnectTimeout)
        return _BoundedStream(self._stream.start_tls(ssl_context, server_hostname, limit))

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable" and self._spent:
            return True  # to httpcore: this idle connection is over
        return self._stream.get_extra_info(info)


class BoundedBackend(httpcore.SyncBackend):
    """Opens connections whose calls end at the deadline."""

    def connect_tcp(  # noqa: D102 - inherited
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        limit = _left(timeout, httpcore.ConnectTimeout)
        return _BoundedStream(super().connect_tcp(host, port, limit, local_address, socket_options))


# -- The connection --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer as received."""

    status: int
    body: bytes


class Connection:
    """Exchanges requests for answers; safe to share between threads.

    The files are read at the first exchange, and again after each time that trust failed, so that a
    desk with a wrong file starts and says so, and goes on once it is corrected.  Looking the
    payer's name up is the operating system's and takes the time that it takes.
    """

    def __init__(
        self,
        files: TlsFiles,
        *,
        connect_seconds: float,
        answer_seconds: float,
        now: Callable[[], datetime],
    ) -> None:
        """``answer_seconds``: limit of one whole exchange, from the first byte to the last."""
        self._files = files
        self._connect_seconds = connect_seconds
        self._answer_seconds = answer_seconds
        self._now = now
        self._lock = threading.Lock()
        self._pool: httpcore.ConnectionPool | None = None

    def exchange(
        self, method: str, url: str, headers: Sequence[tuple[str, str]], body: bytes | None = None
    ) -> Answer:
        """Send one request and return its answer, whatever its status below 500 but 408 and 429.

        Sent again once, at once, only where a kept connection turned out to be closed: so only for
        requests that may come twice.  Raises PayerTrustError, PayerTimeoutError,
        PayerUnavailableError, or PayerProtocolError for what is not HTTP or too large.
        """
        with deadline(self._answer_seconds):
            try:
                return self._send(method, url, headers, body)
            except _StaleConnectionError:
                return self._send(method, url, headers, body, again=True)
            except PayerTrustError:
                self.close()
                raise

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.close()

    def _open_pool(self) -> httpcore.ConnectionPool:
        with self._lock:
            if self._pool is None:
                self._pool = httpcore.ConnectionPool(
                    ssl_context=self._files.context(),
                    max_connections=CONNECTIONS,
                    keepalive_expiry=KEEP_ALIVE_SECONDS,
                    network_backend=BoundedBackend(),
                )
            return self._pool

    def _send(
        self,
        method: str,
        url: str,
        headers: Sequence[tuple[str, str]],
        body: bytes | None,
        *,
        again: bool = False,
    ) -> Answer:
        fresh = False

        def trace(event: str, _: object) -> None:
            nonlocal fresh
            fresh = fresh or event == "connection.connect_tcp.started"

        limits = {
            "connect": self._connect_seconds,
            "read": self._answer_seconds,
            "write": self._answer_seconds,
            "pool": self._answer_seconds,
        }
        pool = self._open_pool()
        try:
            with pool.stream(
                method,
                url,
                headers=headers,
                content=body,
                extensions={"timeout": limits, "trace": trace},
            ) as response:
                return self._received(response)
        except (httpcore.ConnectTimeout, httpcore.ConnectError) as error:
            self._not_connected(error)
        except httpcore.TimeoutException as error:
            msg = f"the payer did not answer within {self._answer_seconds:g} s"
            raise PayerTimeoutError(msg) from error
        except httpcore.NetworkError as error:
            self._check_alert(error)
            if not fresh and not again:
                raise _StaleConnectionError from error
            msg = "the payer broke the connection off"
            raise PayerUnavailableError(msg) from error
        except httpcore.RemoteProtocolError as error:
            if "disconnected" in str(error) or "closed" in str(error):
                if not fresh and not again:
                    raise _StaleConnectionError from error
                msg = "the payer closed the connection before its answer was whole"
                raise PayerUnavailableError(msg) from error
            msg = "the payer's answer is not HTTP"
            raise PayerProtocolError(msg) from error

    def _received(self, response: httpcore.Response) -> Answer:
        status = response.status
        if status in (408, 429) or status >= 500:
            asked = retry_after(_header(response, b"retry-after"), self._now())
            msg = f"the payer cannot answer now (HTTP {status})"
            raise PayerUnavailableError(msg, retry_after=asked)
        if _header(response, b"content-encoding").lower() not in ("", "identity"):
            msg = "the payer's answer is packed, which was not asked for"
            raise PayerProtocolError(msg)
        body = bytearray()
        for chunk in response.iter_stream():
            body += chunk
            if len(body) > LARGEST_ANSWER:
                msg = f"the payer's answer is larger than {LARGEST_ANSWER} bytes"
                raise PayerProtocolError(msg)
        stated = _header(response, b"content-length")
        response.extensions["network_stream"].end_answer(len(body) if stated else None)
        return Answer(status, bytes(body))

    def _not_connected(self, error: Exception) -> NoReturn:
        cause = _socket_error(error)
        if isinstance(cause, ssl.SSLCertVerificationError):
            raise PayerTrustError(self._distrust(cause)) from error
        self._check_alert(error)
        if isinstance(cause, ssl.SSLError) and not isinstance(
            cause, ssl.SSLEOFError | ssl.SSLZeroReturnError | ssl.SSLSyscallError
        ):
            msg = f"the payer does not speak TLS as we need it: {cause.reason}"
            raise PayerTrustError(msg) from error
        if isinstance(error, httpcore.ConnectTimeout):
            msg = f"no connection to the payer within {self._connect_seconds:g} s"
            raise PayerUnavailableError(msg) from error
        raise PayerUnavailableError("the payer cannot be reached") from error

    def _distrust(self, error: ssl.SSLCertVerificationError) -> str:
        if error.verify_code == _EXPIRED:
            return "the payer's server certificate has expired"
        if error.verify_code in (_HOSTNAME_MISMATCH, _IP_MISMATCH):
            return "the payer's server certificate is for another name than base_url has"
        return f"{self._files.ca_file} does not vouch for the payer's server certificate"

    def _check_alert(self, error: Exception) -> None:
        """Raise PayerTrustError if the payer's TLS refused our certificate.

        With TLS 1.3 that comes as an alert at the first read, after the handshake.
        """
        cause = _socket_error(error)
        reason = getattr(cause, "reason", None) or ""
        if (
            isinstance(cause, ssl.SSLError)
            and "ALERT" in reason
            and any(word in reason for word in _ALERTS_ABOUT_US)
        ):
            msg = f"the payer does not accept {self._files.client_certificate}: {reason}"
            raise PayerTrustError(msg) from error


class _StaleConnectionError(Exception):
    """A kept connection was closed by the other side before our request reached it."""


def _socket_error(error: Exception) -> object:
    """Return what the socket raised: httpcore hands it on as its error's argument."""
    return error.args[0] if error.args else None


def _header(response: httpcore.Response, name: bytes) -> str:
    values = [value for key, value in response.headers if key.lower() == name]
    return values[0].decode("latin-1").strip() if values else ""


def retry_after(value: str, now: datetime) -> float | None:
    """Return the seconds of a Retry-After header (RFC 9110: seconds or a date), None if unclear."""
    if value.isascii() and value.isdigit():
        return float(value) if len(value) <= 9 else None
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):  # a year of thirty digits
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())
