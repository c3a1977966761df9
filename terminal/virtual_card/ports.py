"""Is a TCP port free?"""

from __future__ import annotations

import socket

from terminal.errors import PortInUseError


def check_free(host: str, port: int) -> None:
    """Return if a server may listen there.  Raises PortInUseError."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            raise PortInUseError(host, port) from None
