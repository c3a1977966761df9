"""A few threads that send questions to the payer, the most urgent first."""

from __future__ import annotations

import itertools
import queue
import threading
from collections.abc import Callable

Urgency = tuple[int, float]
"""Smaller is sent sooner; by class first, then by time within it."""

_STOP: Urgency = (-1, 0.0)


class Senders:
    """Runs ``send`` for each question id that is put; ``send`` lets no error out."""

    def __init__(self, count: int, send: Callable[[str], None]) -> None:
        """``count``: how many questions may be under way at once."""
        self._send = send
        self._waiting: queue.PriorityQueue[tuple[Urgency, int, str | None]] = queue.PriorityQueue()
        self._order = itertools.count()
        self._threads = [
            threading.Thread(target=self._run, name=f"payer-{number}", daemon=True)
            for number in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def put(self, urgency: Urgency, question_id: str) -> None:
        """Have this question sent, after all that are more urgent."""
        self._waiting.put((urgency, next(self._order), question_id))

    def stop(self) -> None:
        """Wait for what is under way; what was not begun is left out."""
        for _ in self._threads:
            self._waiting.put((_STOP, next(self._order), None))
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while True:
            _, _, question_id = self._waiting.get()
            if question_id is None:
                return
            self._send(question_id)
