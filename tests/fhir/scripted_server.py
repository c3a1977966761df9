"""A TLS server on a real socket that does what a test tells it, well-formed or not."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from eligibility.fhir.client import PayerSettings
from eligibility.simulator.pki import PkiFiles, ThrowAwayCa, make_pki

Behaviour = Callable[["Exchange"], None]


def reply(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    """Return a whole HTTP answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


@dataclass
class Exchange:
    """One request as the server saw it, and the way to answer it.

    ``stopped`` is set when the test is over, so that no behaviour outlives it.
    """

    connection: socket.socket
    request: bytes
    stopped: threading.Event
    closed: bool = False

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.connection.sendall(data)

    def close(self) -> None:
        """Close the connection after this."""
        self.closed = True


class ScriptedServer:
    """Answers each request by ``behaviour``; counts connections and keeps the requests."""

    def __init__(
        self,
        files: PkiFiles,
        behaviour: Behaviour,
        *,
        tls: bool = True,
        host: str = "127.0.0.1",
    ) -> None:
        self.behaviour = behaviour
        self.connections = 0
        self.requests: list[bytes] = []
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []
        self._open: list[socket.socket] = []
        self._context: ssl.SSLContext | None = None
        if tls:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(files.server, files.server_key)
            self._context.load_verify_locations(files.ca)
            self._context.verify_mode = ssl.CERT_REQUIRED
        self._listener = socket.create_server((host, 0))
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopped.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()
        for thread in self._threads:
            thread.join(timeout=10)

    def _start(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._stopped.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            if self._context is not None:
                connection = self._context.wrap_socket(connection, server_side=True)
                self._open.append(connection)
            else:
                connection.recv(1)
                connection.sendall(reply(b"TLS, please", "400 Bad Request"))
            while not self._stopped.is_set():
                request = self._receive(connection)
                if not request:
                    break
                self.requests.append(request)
                exchange = Exchange(connection, request, self._stopped)
                self.behaviour(exchange)
                if exchange.closed:
                    break
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        connection.close()

    @staticmethod
    def _receive(connection: socket.socket) -> bytes:
        data = b""
        while b"\r\n\r\n" not in data:
            chunk = connection.recv(65536)
            if not chunk:
                return b""
            data += chunk
        head, _, body = data.partition(b"\r\n\r\n")
        length = 0
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        while len(body) < length:
            body += connection.recv(65536)
        return head + b"\r\n\r\n" + body


@dataclass(frozen=True)
class Trust:
    """A payer's certificates and the settings of a desk that trusts them."""

    files: PkiFiles

    def settings(self, port: int, **changes: object) -> PayerSettings:
        """Return settings for a payer on this port, with short limits."""
        values: dict[str, object] = {
            "base_url": f"https://localhost:{port}/fhir",
            "ca_file": self.files.ca,
            "client_certificate": self.files.client,
            "client_key": self.files.client_key,
            "connect_seconds": 2,
            "answer_seconds": 5,
        }
        return PayerSettings.model_validate(values | changes)


def make_trust(folder: Path) -> Trust:
    """Make the certificates of a payer and of one institution in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    return Trust(make_pki(folder, datetime.now(UTC)))


def another_ca(now: datetime | None = None) -> ThrowAwayCa:
    """Return an authority that nobody here trusts, or one of another time."""
    return ThrowAwayCa(now or datetime.now(UTC))
