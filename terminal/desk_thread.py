"""The desk's threads: one takes what needs the card, in order, the other looks at the clock."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable

from terminal.errors import VisitStateError

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.25
"""How often the clock is looked at."""


class DeskThread:
    """Runs pieces of work in order, and ``look`` beside them; no fault ends it.

    The clock has a thread of its own, since work may wait for a card or for a holder's fingers.
    """

    def __init__(self, look: Callable[[], None], trouble: Callable[[Exception], None]) -> None:
        """``trouble``: called with the fault of a piece of work, which was logged already."""
        self._look = look
        self._trouble = trouble
        self._work: queue.Queue[Callable[[], None] | None] = queue.Queue()
        self._stopping = threading.Event()
        self._threads = (
            threading.Thread(target=self._run, name="desk", daemon=True),
            threading.Thread(target=self._watch, name="desk clock", daemon=True),
        )

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Finish what was put, then end."""
        self._work.put(None)
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def put(self, work: Callable[[], None]) -> None:
        """Have this done after all that was put before."""
        self._work.put(work)

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            self._do(work)

    def _watch(self) -> None:
        while not self._stopping.wait(LOOK_SECONDS):
            self._do(self._look)

    def _do(self, work: Callable[[], None]) -> None:
        try:
            work()
        except VisitStateError as error:
            # staff or the clock were quicker: what they did stands
            log.info("%s", error)
        except Exception as error:
            # a fault in one visit must not stop the desk for all others
            log.exception("the desk goes on after a fault")
            self._trouble(error)
