"""The simulator as a running HTTPS server with client certificates required (cheroot)."""

from __future__ import annotations

import errno
import logging
import socket
import ssl
import tempfile
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from cheroot import wsgi
from cheroot.ssl.builtin import BuiltinSSLAdapter
from flask import Flask

from eligibility.simulator.app import closing_connections, make_app
from eligibility.simulator.bodies import LARGEST_BODY
from eligibility.simulator.card_records import CardRecords
from eligibility.simulator.cards import CardRegistry
from eligibility.simulator.control import make_control_app
from eligibility.simulator.faults import FaultKind, Faults
from eligibility.simulator.gateway import FaultyAdapter, FaultyGateway
from eligibility.simulator.link_application import DropFolders, LinkApplication
from eligibility.simulator.payer import SimulatedPayer
from eligibility.simulator.pki import PkiFiles, SimulatorSetupError, ThrowAwayCa
from eligibility.simulator.setup import load_population
from eligibility.simulator.traffic import RateLimit, RequestLog

log = logging.getLogger(__name__)

_THREADS = 8
_SOCKET_SECONDS = 10


class PortInUseError(SimulatorSetupError):
    """Another program listens on the port."""


class _LoggingServer(wsgi.Server):
    """cheroot that writes to the log, and whose port can be taken again at once.

    cheroot sets SO_REUSEADDR only where a port was named, so that a server that was given a free
    port could not come back on it while old connections linger.
    """

    def bind(self, family: int, type: int, proto: int = 0) -> socket.socket:
        """Bind a socket to ``bind_addr``; raises OSError, then nothing is left open."""
        listener = socket.socket(family, type, proto)
        try:
            if self.bind_addr[1] != 0:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(self.bind_addr)
            # after a free port was found, so that it is really free; connections inherit it
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError:
            listener.close()
            raise
        self.bind_addr = listener.getsockname()[:2]
        self.socket = listener
        return listener

    def error_log(self, msg: str = "", level: int = logging.INFO, traceback: bool = False) -> None:
        """Take one of the server's own messages."""
        log.log(level, "%s", msg, exc_info=traceback)


class _Server:
    """One cheroot server and the thread that runs it; start, stop, start again."""

    def __init__(
        self,
        name: str,
        app: Any,
        host: str,
        port: int,
        tls: Callable[[], BuiltinSSLAdapter] | None,
        gateway: type[FaultyGateway] | None = None,
    ) -> None:
        self._name, self._app, self._host, self.port = name, app, host, port
        self._tls = tls
        self._gateway = gateway
        self._server: wsgi.Server | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Bind and serve in a thread; the port is fixed from then on."""
        server = _LoggingServer(
            (self._host, self.port),
            self._app,
            numthreads=_THREADS,
            server_name=self._name,
            timeout=_SOCKET_SECONDS,
        )
        # above the application's own limit, which answers in FHIR
        server.max_request_body_size = 4 * LARGEST_BODY
        if self._gateway is not None:
            server.gateway = self._gateway
        if self._tls is not None:
            server.ssl_adapter = self._tls()
        try:
            server.prepare()
        except OSError as error:
            if error.errno == errno.EADDRINUSE or "already in use" in str(error):
                msg = f"port {self.port} is in use by another program"
                raise PortInUseError(msg) from error
            msg = f"cannot listen on {self._host}:{self.port}: {error}"
            raise SimulatorSetupError(msg) from error
        self.port = server.bind_addr[1]
        self._server = server
        self._thread = threading.Thread(target=server.serve, name=self._name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Close the port and end the thread; does nothing where it does not run."""
        if self._server is None or self._thread is None:
            return
        self._server.stop()
        self._thread.join()
        self._server = self._thread = None


def _adapter(files: PkiFiles, faults: Faults) -> BuiltinSSLAdapter:
    with tempfile.TemporaryDirectory() as name:
        other, other_key = Path(name, "other.pem"), Path(name, "other.key")
        certificate, key = ThrowAwayCa(utc_now()).issue_server()
        other.write_bytes(certificate)
        other_key.write_bytes(key)
        contexts = {
            None: _context(files, files.server, files.server_key),
            FaultKind.CERTIFICATE_WRONG: _context(files, other, other_key),
        }
    # a directory of an older release has none: then the right one is shown
    contexts[FaultKind.CERTIFICATE_EXPIRED] = (
        _context(files, files.expired, files.expired_key)
        if files.expired.is_file()
        else contexts[None]
    )
    return FaultyAdapter(str(files.server), str(files.server_key), contexts, faults)


def _context(files: PkiFiles, certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(certificate, key)
    context.load_verify_locations(files.ca)
    return context


def utc_now() -> datetime:
    """Return the present moment."""
    return datetime.now(UTC)


class RunningSimulator:
    """A payer that answers on https://localhost; a context manager.

    ``stop`` and ``start`` take it down and up again on the same port with its state kept;
    ``payer.forget()`` loses the state as a real restart does.
    """

    def __init__(
        self,
        directory: Path,
        port: int = 0,
        *,
        card_ca: Path,
        issued: Path,
        record_ca: Path | None = None,
        control_port: int | None = None,
        requests_per_second: float | None = None,
        drop_folder: Path | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """``port`` 0 takes a free one, ``control_port`` None offers no control.

        ``requests_per_second``: what is beyond is refused (429); None lets everything through.

        ``record_ca``: public key (PEM) above the signatures of card records; None trusts none.

        ``drop_folder``: speak the national interface too, through ``req``, ``res`` and ``face``
        below it.

        Raises SimulatorSetupError that names the file which is missing or wrong.
        """
        files = PkiFiles(directory)
        missing = files.missing()
        if missing:
            msg = f"{missing[0]} is missing; make it with: payer-simulator init --dir {directory}"
            raise SimulatorSetupError(msg)
        self.files = files
        self.faults = Faults()
        self.payer = SimulatedPayer(
            load_population(directory),
            CardRegistry.load(card_ca, issued),
            lambda: now() + self.faults.skew(),
            CardRecords.load(record_ca),
        )
        self.requests = RequestLog()
        self.limit = RateLimit(requests_per_second)
        app = closing_connections(
            make_app(self.payer, self.faults, self.requests, self.limit), self.faults
        )
        gateway = type("Gateway", (FaultyGateway,), {"faults": self.faults})
        try:
            _adapter(files, self.faults)
        except (ssl.SSLError, OSError) as error:
            msg = f"{files.server} or {files.ca} cannot be used: {error}"
            raise SimulatorSetupError(msg) from error
        self._server = _Server(
            "payer-simulator",
            app,
            "127.0.0.1",
            port,
            lambda: _adapter(files, self.faults),
            gateway,
        )
        self.link: LinkApplication | None = None
        if drop_folder is not None:
            try:
                self.link = LinkApplication(
                    DropFolders(drop_folder), self.payer, self.faults, self.requests
                )
            except OSError as error:
                msg = f"{drop_folder} cannot be used: {error.strerror}"
                raise SimulatorSetupError(msg) from error
        self._control: _Server | None = None
        if control_port is not None:
            control: Flask = make_control_app(
                self.payer, self.faults, self.requests, self.limit, self.link
            )
            self._control = _Server(
                "payer-simulator-control", control, "127.0.0.1", control_port, None
            )

    @property
    def port(self) -> int:
        """The HTTPS port; fixed once it was started."""
        return self._server.port

    @property
    def base_url(self) -> str:
        """The FHIR base, e.g. https://localhost:8602/fhir."""
        return f"https://localhost:{self._server.port}/fhir"

    @property
    def control_url(self) -> str | None:
        """Where faults are switched, or None."""
        return None if self._control is None else f"http://127.0.0.1:{self._control.port}"

    def start(self) -> None:
        """Listen; raises PortInUseError or SimulatorSetupError."""
        self._server.start()
        try:
            if self._control is not None:
                self._control.start()
        except SimulatorSetupError:
            self._server.stop()
            raise
        if self.link is not None:
            self.link.start()

    def stop(self) -> None:
        """Stop listening; requests that a fault holds back end first."""
        self.faults.clear()
        if self.link is not None:
            self.link.stop()
        self._server.stop()
        if self._control is not None:
            self._control.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
