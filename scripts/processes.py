"""Processes that are started together and end together; used by the demo and the benchmarks."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

READY_SECONDS = 30.0
STOP_SECONDS = 5.0


class DemoError(Exception):
    """The demo cannot go on; the message is one sentence for the person at the keyboard."""


@dataclass
class Child:
    """One process of the demo; ``ready`` says whether it serves."""

    name: str
    command: list[str]
    ready: Callable[[], bool]
    log: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it in a process group of its own that dies with us."""
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_die_with_parent,  # no thread runs yet
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )

    def stop(self) -> None:
        """End it, and whatever it started."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            print(f"demo: {self.name} did not end in {STOP_SECONDS:.0f} s and was killed.")
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def check(self) -> None:
        """Raise DemoError if it has ended."""
        if self.process is not None and self.process.poll() is not None:
            lines = self.log.read_text(errors="replace").splitlines()[-15:]
            said = "\n".join(f"    {line}" for line in lines) or "    nothing"
            code = self.process.returncode
            msg = f"{self.name} ended by itself (exit code {code}); it said last:\n{said}"
            raise DemoError(msg)


def _die_with_parent() -> None:
    set_death_signal = 1  # PR_SET_PDEATHSIG
    ctypes.CDLL(None).prctl(set_death_signal, signal.SIGTERM)


@contextlib.contextmanager
def running(children: list[Child], stopping: threading.Event) -> Iterator[None]:
    """Start all processes in order, wait until each is ready, end them in the opposite order.

    Raises DemoError if one ends by itself or is not ready in time.
    """
    try:
        for child in children:
            child.start()
        deadline = time.monotonic() + READY_SECONDS
        for child in children:
            while not child.ready():
                for each in children:
                    each.check()
                if stopping.wait(0.02):
                    raise DemoError("stopped before it was ready.")
                if time.monotonic() > deadline:
                    msg = f"{child.name} was not ready in {READY_SECONDS:.0f} s; see {child.log}"
                    raise DemoError(msg)
        yield
    finally:
        for child in reversed(children):
            child.stop()
