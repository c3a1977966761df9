"""Faults below HTTP: half a reply, two replies, a reset; and which certificate is shown."""

from __future__ import annotations

import errno
import os
import socket
import ssl
import struct
from typing import Any

from cheroot import wsgi
from cheroot.ssl.builtin import BuiltinSSLAdapter
from werkzeug.test import run_wsgi_app

from eligibility.simulator.faults import FaultKind, Faults

_RAW = frozenset({FaultKind.RESET, FaultKind.HALF_REPLY, FaultKind.DUPLICATE_REPLY})


class FaultyGateway(wsgi.Gateway_10):
    """Hands a request to the application, and its answer to the connection, spoilt if so told."""

    faults: Faults

    def respond(self) -> None:
        """Answer one request."""
        fault, _times = self.faults.current()
        path = self.env.get("PATH_INFO", "")
        if fault is None or fault.kind not in _RAW or not path.endswith(fault.path):
            super().respond()
            return
        body, status, headers = run_wsgi_app(self.req.server.wsgi_app, self.env, buffered=True)
        head = "".join(f"{name}: {value}\r\n" for name, value in headers)
        reply = f"HTTP/1.1 {status}\r\n{head}\r\n".encode("latin-1") + b"".join(body)
        self.req.sent_headers = True
        if fault.kind is FaultKind.DUPLICATE_REPLY:
            self.req.conn.wfile.write(reply + reply)
            return
        if fault.kind is FaultKind.HALF_REPLY:
            self.req.conn.wfile.write(reply[: len(reply) // 2])
        else:
            _reset(self.req.conn.socket)
        # the server takes this for a lost peer: it closes and says nothing
        raise ConnectionResetError(errno.ECONNRESET, f"fault: {fault.kind}")


def _reset(connection: socket.socket) -> None:
    """End a TCP connection by RST, and leave the server a socket that it may close."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    other, end = socket.socketpair()
    with other, end:
        os.dup2(other.fileno(), connection.fileno())


class FaultyAdapter(BuiltinSSLAdapter):
    """Shows the right server certificate, or one that has expired or that nobody vouches for."""

    def __init__(
        self,
        certificate: str,
        private_key: str,
        contexts: dict[FaultKind | None, ssl.SSLContext],
        faults: Faults,
    ) -> None:
        """``contexts``: by the fault that shows them, None is the right one."""
        super().__init__(certificate, private_key)
        self.context = contexts[None]
        self._contexts = contexts
        self._faults = faults

    def wrap(self, sock: socket.socket) -> tuple[ssl.SSLSocket, dict[str, Any]]:
        """Do the handshake of one new connection."""
        fault = self._faults.take_of_connection()
        self.context = self._contexts[None if fault is None else fault.kind]
        wrapped: tuple[ssl.SSLSocket, dict[str, Any]] = super().wrap(sock)  # type: ignore[no-untyped-call]
        return wrapped
