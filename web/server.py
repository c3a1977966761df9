"""The HTTP server of one terminal: waitress, one process, one socket.

Threads are many because each live stream holds one; the look-ahead lets a stream notice within a
second that its browser has gone.
"""

from __future__ import annotations

import errno
import socket

from flask import Flask
from waitress import wasyncore
from waitress.server import create_server

from terminal.csv_file import LARGEST_FILE
from terminal.errors import PortInUseError
from web.live import Streams

BACKLOG = 128
LARGEST_BODY = LARGEST_FILE + 64 * 1024
SETTINGS = {
    "threads": 24,
    "channel_request_lookahead": 1,
    "ident": None,
    "connection_limit": 200,
    "channel_timeout": 60,
    "cleanup_interval": 10,
    "max_request_header_size": 16 * 1024,
    # the largest file and the form around it; the app itself takes less wherever it can
    "max_request_body_size": LARGEST_BODY,
    # a body is never written to the disk while it comes in
    "inbuf_overflow": LARGEST_BODY + 1,
    "asyncore_use_poll": True,
    "clear_untrusted_proxy_headers": True,
}
LAST_SECONDS = 2.0


def listen(host: str, port: int) -> socket.socket:
    """Take the address before anything else is started.  Raises PortInUseError."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortInUseError(host, port) from error
        raise
    return listener


class WebServer:
    """Serves an app on a listening socket until it is stopped, open streams included."""

    def __init__(self, app: Flask, listener: socket.socket) -> None:
        """``listener``: from :func:`listen`; it is closed at the end."""
        self._streams: Streams = app.extensions["streams"]
        self._server = create_server(app, sockets=[listener], **SETTINGS)

    def run(self) -> None:
        """Serve; returns once :meth:`stop` was called from another thread."""
        wasyncore.loop(timeout=1, use_poll=True, map=self._server._map)

    def stop(self) -> None:
        """End the streams, let running requests finish for 2 s, then close everything."""
        self._streams.stop()
        self._server.task_dispatcher.shutdown(timeout=LAST_SECONDS)
        # the loop's own thread closes: nobody else may touch its map
        try:
            self._server.trigger.pull_trigger(lambda: wasyncore.close_all(self._server._map))
        except OSError as error:
            # the loop was awake already: it closed everything before it could be woken
            if error.errno != errno.EBADF:
                raise
