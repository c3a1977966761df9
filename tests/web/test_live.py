"""Streams over a real waitress: ids only, ended rights, caps, and a clean stop."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from terminal.access.accounts import Role
from terminal.access.staff import handle
from terminal.events import Topic
from tests.clinic import wait_for
from tests.web.visitors import Site
from web import live
from web.server import WebServer, listen


@dataclass
class Served:
    """The pages of a site behind a real server."""

    site: Site
    server: WebServer
    thread: threading.Thread

    def stream(self, cookie: str, path: str = "/staff/live", since: str = "") -> Listener:
        """Open a stream with this Cookie header."""
        return Listener(self.site, cookie, f"{path}?since={since}")


class Listener:
    """One open stream, read line by line."""

    def __init__(self, site: Site, cookie: str, path: str) -> None:
        """Connect; ``status`` is the answer's."""
        web = site.clinic.config.web
        self.connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=15)
        headers = {"Host": f"localhost:{web.port}", "Cookie": cookie}
        self.connection.request("GET", path, headers=headers)
        self.answer = self.connection.getresponse()
        self.status = self.answer.status

    def hears(self) -> dict[str, str]:
        """Return the next event's fields, empty at the end of the stream."""
        fields: dict[str, str] = {}
        while line := self.answer.readline().decode():
            name, _, value = line.strip().partition(": ")
            if name:
                fields[name] = value
            elif "event" in fields:
                return fields
            else:
                fields = {}
        return {}

    def leaves(self) -> None:
        """Close the connection as a closed tab does."""
        self.answer.close()
        self.connection.close()


@pytest.fixture
def served(site: Site) -> Iterator[Served]:
    """The site's pages behind a real server, stopped at the end."""
    web = site.clinic.config.web
    site.app.extensions["streams"] = live.Streams(site.clinic.terminal.bus)
    server = WebServer(site.app, listen(web.host, web.port))
    thread = threading.Thread(target=server.run)
    thread.start()
    yield Served(site, server, thread)
    if thread.is_alive():
        server.stop()
        thread.join()


def staff_cookie(site: Site) -> str:
    """Log in and return the Cookie header."""
    return f"__Host-staff={site.visitor().logs_in(Role.RECEPTION).cookie('staff')}"


def kiosk_cookie(site: Site) -> str:
    """Enrol and return the Cookie header."""
    return f"__Host-kiosk={site.visitor().enrols().cookie('kiosk')}"


def test_staff_hear_ids_only(served: Served) -> None:
    """An event names what changed by its id; kiosk events are not for staff."""
    bus = served.site.clinic.terminal.bus
    listener = served.stream(staff_cookie(served.site), since=f"{bus.boot}:{bus.sequence}")
    bus.publish(Topic.KIOSK)
    bus.publish(Topic.VISIT, "v-1")
    assert listener.hears() == {
        "id": f"{bus.boot}:{bus.sequence}",
        "event": "visit",
        "data": "v-1",
    }
    listener.leaves()


def test_the_kiosk_hears_no_visit(served: Served) -> None:
    """The kiosk is told that its step changed and learns of no visit."""
    bus = served.site.clinic.terminal.bus
    since = f"{bus.boot}:{bus.sequence}"
    listener = served.stream(kiosk_cookie(served.site), "/kiosk/live", since)
    bus.publish(Topic.VISIT, "v-1")
    bus.publish(Topic.KIOSK)
    heard = listener.hears()
    assert heard["event"] == "kiosk"
    assert heard.get("data", "") in ("", "data:")
    listener.leaves()


def test_nothing_between_page_and_stream_is_lost(served: Served) -> None:
    """What happened after the page was made and before the stream began is told first."""
    bus = served.site.clinic.terminal.bus
    since = f"{bus.boot}:{bus.sequence}"
    bus.publish(Topic.VISIT, "v-between")
    listener = served.stream(staff_cookie(served.site), since=since)
    assert listener.hears()["data"] == "v-between"
    listener.leaves()


@pytest.mark.parametrize("since", ["", "another-boot:1", "{boot}:999999", "{boot}:x"])
def test_an_unknown_position_means_reload(served: Served, since: str) -> None:
    """A position of another run, from the future or unreadable makes the page load anew."""
    bus = served.site.clinic.terminal.bus
    listener = served.stream(staff_cookie(served.site), since=since.format(boot=bus.boot))
    assert listener.hears()["event"] == "reload"
    listener.leaves()


def test_a_gap_means_reload(served: Served) -> None:
    """Where more happened than is kept, the page loads everything anew."""
    bus = served.site.clinic.terminal.bus
    since = f"{bus.boot}:{bus.sequence}"
    for _ in range(bus.KEPT + 1):
        bus.publish(Topic.VISIT, "v")
    listener = served.stream(staff_cookie(served.site), since=since)
    assert listener.hears()["event"] == "reload"
    listener.leaves()


@pytest.mark.parametrize("cookie", ["", "__Host-staff=forged"])
def test_strangers_hear_nothing(served: Served, cookie: str) -> None:
    """Without a log-in there is no stream, nor with the kiosk's cookie."""
    for brought in (cookie, kiosk_cookie(served.site)):
        listener = served.stream(brought)
        assert listener.status in (303, 401)
        listener.leaves()


def test_a_stream_ends_with_its_log_in(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """A log-in that is revoked elsewhere ends its open streams."""
    monkeypatch.setattr(live, "RIGHT_EVERY", 0.0)
    site = served.site
    visitor = site.visitor().logs_in(Role.RECEPTION)
    token = visitor.cookie("staff") or ""
    bus = site.clinic.terminal.bus
    listener = served.stream(f"__Host-staff={token}", since=f"{bus.boot}:{bus.sequence}")
    log_in = site.clinic.terminal.access.whose(token)
    assert log_in is not None
    site.clinic.terminal.access.revoke(log_in, handle(log_in.session))
    assert listener.hears()["event"] == "ended"
    assert listener.hears() == {}


def test_one_stream_too_many_is_told_to_poll(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over the cap the answer is 204, and a tab that closes gives its place back."""
    streams = served.site.app.extensions["streams"]
    monkeypatch.setitem(streams.places, "staff", threading.BoundedSemaphore(1))
    cookie = staff_cookie(served.site)
    first = served.stream(cookie)
    assert served.stream(cookie).status == 204
    first.leaves()

    def place_is_back() -> bool:
        listener = served.stream(cookie)
        listener.leaves()
        return listener.status == 200

    wait_for(place_is_back, "the closed tab's place")


def test_a_stop_ends_open_streams(served: Served) -> None:
    """Stopping the server ends its streams and frees the address."""
    listener = served.stream(staff_cookie(served.site))
    served.server.stop()
    served.thread.join(timeout=30)
    assert not served.thread.is_alive()
    while listener.hears():
        pass
    web = served.site.clinic.config.web
    listen(web.host, web.port).close()
