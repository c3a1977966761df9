"""TCP ports for servers of tests: no other test, beside or before, is given the same one.

A port that the kernel chose and that was let go again may be given to anybody meanwhile: to a
connection of the browser, to a test in another process.  So these stand below those that the
kernel gives out (``ip_local_port_range``), and each process has a block of its own for its life.
"""

from __future__ import annotations

import fcntl
import itertools
import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

FIRST, BLOCK, BLOCKS = 20000, 200, 60
"""20000 to 31999; Linux gives out 32768 and above by itself."""


class _Block:
    """A process's ports, handed out in turn; a lock on a file tells other processes of it."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        folder = Path(tempfile.gettempdir()) / f"eligibility-test-ports-{os.getuid()}"
        folder.mkdir(exist_ok=True)
        for number in range(BLOCKS):
            # never closed: the lock ends with the process
            lock = os.open(folder / str(number), os.O_RDWR | os.O_CREAT)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(lock)
                continue
            first = FIRST + number * BLOCK
            self.turn: Iterator[int] = itertools.cycle(range(first, first + BLOCK))
            return
        raise RuntimeError("every block of ports is taken")


_block: _Block | None = None


def free_ports(count: int) -> int:
    """Return the first of so many ports in a row that nobody listens on."""
    global _block  # one for each process
    if _block is None or _block.pid != os.getpid():
        _block = _Block()
    row: list[int] = []
    for port in itertools.islice(_block.turn, 2 * BLOCK):
        follows = not row or port == row[-1] + 1
        row = [] if not _is_free(port) else [*row, port] if follows else [port]
        if len(row) == count:
            return row[0]
    raise RuntimeError(f"no {count} free ports in a row")


def free_port() -> int:
    """Return a port that nobody listens on."""
    return free_ports(1)


def _is_free(port: int) -> bool:
    """Whether a server could listen there, on one address or on all."""
    with socket.socket() as probe:
        try:
            probe.bind(("0.0.0.0", port))  # noqa: S104  # where vpcd listens
        except OSError:
            return False
    return True
