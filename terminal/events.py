"""The in-process bus: that something changed, never what.

Events carry ids alone, so that a page must ask for the data with its own rights.
"""

from __future__ import annotations

import queue
import threading
import uuid
from collections import deque
from dataclasses import dataclass
from enum import StrEnum


class Topic(StrEnum):
    """What changed."""

    VISIT = "visit"
    KIOSK = "kiosk"
    DEVICE = "device"
    BULK = "bulk"
    """A check of many people got further."""
    DISASTER = "disaster"
    """Disaster mode (災害時) was switched on, extended or ended."""
    CONSENT = "consent"
    """A visit's consent has just ended: pages that show what it opened go blank at once."""


@dataclass(frozen=True, slots=True)
class Event:
    """One change; ``sequence`` grows by one each, ``id`` is a visit id or empty."""

    sequence: int
    topic: Topic
    id: str = ""


class EventBus:
    """Publishes to any number of bounded subscriptions; a slow one loses events, never blocks.

    ``boot`` names this process's run: sequences of another boot cannot be compared.
    """

    KEPT = 256

    def __init__(self) -> None:
        """Make an empty bus."""
        self.boot = uuid.uuid4().hex[:12]
        self._lock = threading.Lock()
        self._sequence = 0
        self._recent: deque[Event] = deque(maxlen=self.KEPT)
        self._subscriptions: set[queue.Queue[Event]] = set()

    @property
    def sequence(self) -> int:
        """The sequence of the newest event, 0 before the first."""
        with self._lock:
            return self._sequence

    def publish(self, topic: Topic, ident: str = "") -> None:
        """Tell all subscribers."""
        with self._lock:
            self._sequence += 1
            event = Event(self._sequence, topic, ident)
            self._recent.append(event)
            for subscription in self._subscriptions:
                try:
                    subscription.put_nowait(event)
                except queue.Full:
                    pass

    def subscribe(self, since: int | None = None) -> queue.Queue[Event]:
        """Return a queue of events after ``since`` (None: from now on), kept ones first.

        A gap in the sequence tells the reader that it must load everything again.
        """
        subscription: queue.Queue[Event] = queue.Queue(maxsize=2 * self.KEPT)
        with self._lock:
            if since is not None:
                for event in self._recent:
                    if event.sequence > since:
                        subscription.put_nowait(event)
            self._subscriptions.add(subscription)
        return subscription

    def unsubscribe(self, subscription: queue.Queue[Event]) -> None:
        """Stop filling this queue."""
        with self._lock:
            self._subscriptions.discard(subscription)
