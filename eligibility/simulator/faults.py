"""Faults that the simulator can be told to have, while it runs."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class FaultKind(StrEnum):
    """What goes wrong."""

    SLOW = "slow"
    DOWN = "down"
    RESET = "reset"
    HALF_REPLY = "half-reply"
    DUPLICATE_REPLY = "duplicate-reply"
    UNAVAILABLE = "unavailable"
    TOO_MANY = "too-many"
    MALFORMED = "malformed"
    BAD_ENCODING = "bad-encoding"
    ANOTHER_PATIENT = "another-patient"
    REFUSE = "refuse"
    QUEUED = "queued"
    PARTIAL = "partial"
    ERROR = "error"
    CERTIFICATE_EXPIRED = "certificate-expired"
    CERTIFICATE_WRONG = "certificate-wrong"
    CLOCK_SKEW = "clock-skew"


OF_CONNECTIONS = frozenset({FaultKind.CERTIFICATE_EXPIRED, FaultKind.CERTIFICATE_WRONG})
"""Faults that a new connection has, not a request."""

LARGEST_DELAY = 600.0
LARGEST_SKEW = 2 * 86_400.0


@dataclass(frozen=True, slots=True)
class Fault:
    """``seconds``: of SLOW, before the answer; of CLOCK_SKEW, how far the payer's clock is ahead.

    ``path``: only requests whose path ends so.
    """

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
        skew = FaultKind(kind) is FaultKind.CLOCK_SKEW
        least, most = (-LARGEST_SKEW, LARGEST_SKEW) if skew else (0.0, LARGEST_DELAY)
        if not least <= seconds <= most:
            msg = f"seconds: {least:g} to {most:g}"
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
            if fault is None or fault.kind in OF_CONNECTIONS or not path.endswith(fault.path):
                return None
            return self._counted(fault)

    def take_of_connection(self) -> Fault | None:
        """Return the fault that a new connection has, and count it."""
        with self._lock:
            fault = self._fault
            if fault is None or fault.kind not in OF_CONNECTIONS:
                return None
            return self._counted(fault)

    def _counted(self, fault: Fault) -> Fault:
        if self._times is not None:
            self._times -= 1
            if self._times == 0:
                self._fault, self._times = None, None
        return fault

    def skew(self) -> timedelta:
        """Return how far the payer's clock is ahead now."""
        fault, _times = self.current()
        if fault is None or fault.kind is not FaultKind.CLOCK_SKEW:
            return timedelta()
        return timedelta(seconds=fault.seconds)

    def wait(self, seconds: float) -> None:
        """Wait as SLOW does; ends early when the fault is changed or cleared."""
        with self._lock:
            ended = self._ended
        ended.wait(seconds)

    def _end_waits(self) -> None:
        self._ended.set()
        self._ended = threading.Event()
