"""What the log shows, and what it never does."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest

from terminal.logs import TRAFFIC, redact, set_up_logging


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """The log of this process, put back as it was afterwards."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    stream = io.StringIO()
    set_up_logging("DEBUG", stream)
    yield stream
    root.handlers[:], root.level = before, level


@pytest.mark.parametrize(
    "text",
    [
        "pin=4711",
        "PIN: 4711",
        '{"pin": "4711"}',
        "kiosk_code = '4711'",
        "password=4711, name=anna",
        "Authorization: Bearer 4711",
        "Cookie: a=1; session=4711",
        "Set-Cookie: session=4711; HttpOnly",
    ],
)
def test_the_value_of_a_secret_field_is_cut_out(text: str) -> None:
    """A secret under its own name does not reach the log, however it is written."""
    assert "4711" not in redact(text)
    assert "[redacted]" in redact(text)


@pytest.mark.parametrize("text", ["status_code=404", "visit v-1 opened", "shopping: 3"])
def test_other_text_stays_as_it_is(text: str) -> None:
    """Redaction does not make the log useless."""
    assert redact(text) == text


def test_named_arguments_extras_and_tracebacks_are_cut_too(written: io.StringIO) -> None:
    """No way to hand a value to the log goes past the redaction."""
    log = logging.getLogger("test.redaction")
    log.info(
        "refused %(pin)s in %(visit)s", {"pin": "4711", "visit": "v-1"}, extra={"code": "4711"}
    )
    try:
        int("password=4711")
    except ValueError:
        log.exception("failed")
    lines = written.getvalue()
    assert "4711" not in lines
    assert "v-1" in lines
    assert "Traceback" in lines


def test_times_are_utc_and_card_traffic_is_below_debug(written: io.StringIO) -> None:
    """A line begins with the time in UTC; card traffic needs a level of its own."""
    log = logging.getLogger("test.traffic")
    log.log(TRAFFIC, "00 A4 04 0C")
    assert written.getvalue() == ""
    logging.getLogger().setLevel(TRAFFIC)
    log.log(TRAFFIC, "00 A4 04 0C")
    moment, level, name, *_ = written.getvalue().split()
    assert moment.endswith("Z")
    assert (level, name) == ("TRAFFIC", "test.traffic")
