"""Faults that the simulator can be told to have, while it runs."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    """What goes wrong."""

    SLOW = "slow"
    DOWN = "down"
    UNAVAILABLE = "unavailable"
    MALFORMED = "malformed"
    ANOTHER_PATIENT = "another-patient"
    REFUSE = "refuse"
    QUEUED = "queued"
    PARTIAL = "partial"


@dataclass(frozen=True, slots=True)
class Fault:
    """``seconds``: of SLOW, before the answer; ``path``: only requests whose path ends so."""

    kind: FaultKind
    seconds: float = 0.0
    path: str = ""


class Faults:
    """The fault that is switched on, if any; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._fault: Fault | None = None
        self._times: int | None = None
        self._ended = threading.Event()

    def set(
        self,
        kind: FaultKind | str,
        *,
        seconds: float = 0.0,
        times: int | None = None,
        path: str = "",
    ) -> None:
        """Switch a fault on, for ``times`` requests or until :meth:`clear`.

        Raises ValueError for an unknown kind or a number that makes no sense.
        """
        if not 0 <= seconds <= 600:
            msg = "seconds: 0 to 600"
            raise ValueError(msg)
        if times is not None and times < 1:
            msg = "times: 1 or more"
            raise ValueError(msg)
        fault = Fault(FaultKind(kind), seconds, path)
        with self._lock:
            self._end_waits()
            self._fault, self._times = fault, times

    def clear(self) -> None:
        """Switch the fault off; requests that SLOW holds are answered now."""
        with self._lock:
            self._end_waits()
            self._fault, self._times = None, None

    def current(self) -> tuple[Fault | None, int | None]:
        """Return the fault and for how many more requests it holds (None: all)."""
        with self._lock:
            return self._fault, self._times

    def take(self, path: str) -> Fault | None:
        """Return the fault that this request has, and count it."""
        with self._lock:
            fault = self._fault
            if fault is None or not path.endswith(fault.path):
                return None
            if self._times is not None:
                self._times -= 1
                if self._times == 0:
                    self._fault, self._times = None, None
            return fault

    def wait(self, seconds: float) -> None:
        """Wait as SLOW does; ends early when the fault is changed or cleared."""
        with self._lock:
            ended = self._ended
        ended.wait(seconds)

    def _end_waits(self) -> None:
        self._ended.set()
        self._ended = threading.Event()
