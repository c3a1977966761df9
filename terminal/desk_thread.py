"""The desk's thread: takes what needs the card, one after the other, and looks at the clock."""

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
    """Runs pieces of work in order, and ``look`` between them; no fault ends it."""

    def __init__(self, look: Callable[[], None], trouble: Callable[[Exception], None]) -> None:
        """``trouble``: called with the fault of a piece of work, which was logged already."""
        self._look = look
        self._trouble = trouble
        self._work: queue.Queue[Callable[[], None] | None] = queue.Queue()
        self._thread = threading.Thread(target=self._run, name="desk", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Finish what was put, then end."""
        self._work.put(None)
        self._thread.join()

    def put(self, work: Callable[[], None]) -> None:
        """Have this done after all that was put before."""
        self._work.put(work)

    def _run(self) -> None:
        while True:
            try:
                work = self._work.get(timeout=LOOK_SECONDS)
            except queue.Empty:
                work = self._look
            if work is None:
                return
            try:
                work()
            except VisitStateError as error:
                # staff or the clock were quicker: what they did stands
                log.info("%s", error)
            except Exception as error:
                # a fault in one visit must not stop the desk for all others
                log.exception("the desk goes on after a fault")
                self._trouble(error)
