"""Live updates by Server-Sent Events: ids of what changed, never data.

An event's id is ``boot:sequence``.  A page tells the last one it knows (``?since=``, or
``Last-Event-ID`` when the browser reconnects); where the run of the program is another one or
events were lost in between, it gets ``reload`` and asks for everything again.  Each stream holds a
thread of the server, so they are capped: one too many gets 204 and the page polls instead.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator

from flask import Blueprint, Flask, Response, current_app, request

from terminal.events import EventBus, Topic
from web.auth import terminal
from web.security import Right, cookie_name, requires

blueprint = Blueprint("live", __name__)
STAFF_STREAMS = 14
KIOSK_STREAMS = 4
STAFF_TOPICS = frozenset({Topic.VISIT, Topic.DEVICE, Topic.BULK, Topic.CONSENT, Topic.DISASTER})
KIOSK_TOPICS = frozenset({Topic.KIOSK})
LOOK_EVERY = 1.0
RIGHT_EVERY = 5.0
HEARTBEAT_EVERY = 15.0
RETRY_MS = 1000


class Streams:
    """What the streams of one app share: the bus, a cap a side, and one word to end them all."""

    def __init__(self, bus: EventBus) -> None:
        """``bus``: where the events come from."""
        self.bus = bus
        self.places = {
            "staff": threading.BoundedSemaphore(STAFF_STREAMS),
            "kiosk": threading.BoundedSemaphore(KIOSK_STREAMS),
        }
        self.stopping = threading.Event()

    def stop(self) -> None:
        """End all streams within a second."""
        self.stopping.set()


class Stream:
    """One open stream: an iterator of text that gives its place back when it is closed.

    ``may_go_on`` is asked every few seconds whether the right still holds, ``gone`` each second
    whether the browser left.
    """

    def __init__(
        self,
        streams: Streams,
        side: str,
        topics: frozenset[Topic],
        since: str | None,
        may_go_on: Callable[[], bool],
        gone: Callable[[], bool],
    ) -> None:
        """The caller holds a place of ``side``; from here on it is this stream's to give back."""
        self._streams = streams
        self._place = streams.places[side]
        self._closed = False
        self._topics = topics
        self._may_go_on = may_go_on
        self._gone = gone
        self._last, self._missed = self._position(since)
        self._events = streams.bus.subscribe(since=self._last)
        self._text = self._run()

    def __iter__(self) -> Iterator[str]:
        """Return itself."""
        return self

    def __next__(self) -> str:
        """Return the next piece of text."""
        return next(self._text)

    def close(self) -> None:
        """Give the place back; called by the server in any case."""
        if not self._closed:
            self._closed = True
            self._streams.bus.unsubscribe(self._events)
            self._place.release()

    def _position(self, since: str | None) -> tuple[int, bool]:
        """Return the sequence to go on from, and whether the page's own cannot be compared."""
        present = self._streams.bus.sequence
        boot, _, number = (since or "").partition(":")
        if boot != self._streams.bus.boot or not number.isdecimal() or int(number) > present:
            return present, True
        return int(number), False

    def _run(self) -> Iterator[str]:
        yield f"retry: {RETRY_MS}\n\n"
        if self._missed:
            yield self._message("reload", self._last)
        beat = right = time.monotonic()
        while not self._streams.stopping.is_set() and not self._gone():
            now = time.monotonic()
            if now - right >= RIGHT_EVERY:
                right = now
                if not self._may_go_on():
                    yield self._message("ended", self._last)
                    return
            try:
                event = self._events.get(timeout=LOOK_EVERY)
            except queue.Empty:
                if now - beat >= HEARTBEAT_EVERY:
                    beat = now
                    yield ": here\n\n"
                continue
            if event.sequence != self._last + 1:
                yield self._message("reload", event.sequence)
            elif event.topic in self._topics:
                yield self._message(event.topic, event.sequence, event.id)
            self._last = event.sequence

    def _message(self, name: str, sequence: int, ident: str = "") -> str:
        return f"id: {self._streams.bus.boot}:{sequence}\nevent: {name}\ndata: {ident}\n\n"


def _answer(side: str, topics: frozenset[Topic], may_go_on: Callable[[], bool]) -> Response:
    streams: Streams = current_app.extensions["streams"]
    if not streams.places[side].acquire(blocking=False):
        return Response(status=204)
    stream = Stream(
        streams,
        side,
        topics,
        request.headers.get("Last-Event-ID") or request.args.get("since"),
        may_go_on,
        request.environ.get("waitress.client_disconnected", lambda: False),
    )
    return Response(stream, mimetype="text/event-stream")


@blueprint.get("/staff/live")
@requires(Right.STAFF)
def staff() -> Response:
    """Tell staff's pages which visits and devices changed; ends when the log-in ends."""
    access, token = terminal().access, request.cookies[cookie_name("staff")]
    return _answer("staff", STAFF_TOPICS, lambda: access.whose(token, seen=False) is not None)


@blueprint.get("/kiosk/live")
@requires(Right.KIOSK)
def kiosk() -> Response:
    """Tell the kiosk that its step changed; ends when the kiosk is revoked."""
    kiosks, token = terminal().kiosks, request.cookies[cookie_name("kiosk")]
    return _answer("kiosk", KIOSK_TOPICS, lambda: kiosks.whose(token) is not None)


def init(app: Flask, bus: EventBus) -> None:
    """Give ``app`` its streams."""
    app.extensions["streams"] = Streams(bus)
    app.register_blueprint(blueprint)
    app.jinja_env.globals.update(boot=bus.boot, live_position=lambda: bus.sequence)
