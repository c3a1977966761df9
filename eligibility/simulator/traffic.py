"""The traffic of the simulator: how much is let through, and the list of what came."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

MOST_KEPT = 500


class RateLimit:
    """Lets so many requests a second through, spread evenly, with bursts of one second's worth."""

    def __init__(
        self, requests_per_second: float | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """``requests_per_second``: None lets everything through."""
        self.requests_per_second = requests_per_second
        self._clock = clock
        self._lock = threading.Lock()
        self._left = max(1.0, requests_per_second or 1.0)
        self._at = clock()

    def wait_for(self) -> float:
        """Take one request; return 0, or after how many seconds there is room for it."""
        rate = self.requests_per_second
        if rate is None:
            return 0.0
        with self._lock:
            now = self._clock()
            self._left = min(max(1.0, rate), self._left + (now - self._at) * rate)
            self._at = now
            if self._left >= 1:
                self._left -= 1
                return 0.0
            return (1 - self._left) / rate


@dataclass(frozen=True, slots=True)
class Request:
    """One request as the log keeps it: ids and codes only, nothing of any person.

    ``outcome``: the answer's outcome or refusal code; ``milliseconds``: until it was made.
    """

    at: datetime
    institution: str
    method: str
    path: str
    status: int
    milliseconds: float
    outcome: str = ""
    question: str = ""
    fault: str = ""


class RequestLog:
    """The last requests, the newest first; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: deque[Request] = deque(maxlen=MOST_KEPT)
        self._total = 0

    def add(self, request: Request) -> None:
        """Keep one request."""
        with self._lock:
            self._kept.appendleft(request)
            self._total += 1

    def clear(self) -> None:
        """Forget them all."""
        with self._lock:
            self._kept.clear()
            self._total = 0

    def as_dict(self) -> dict[str, Any]:
        """Return how many came, and the last of them as JSON knows it."""
        with self._lock:
            kept, total = list(self._kept), self._total
        rows = [asdict(one) | {"at": one.at.isoformat(timespec="milliseconds")} for one in kept]
        return {"total": total, "requests": rows}
