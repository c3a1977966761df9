"""When the background may ask: behind the desk, by the desk's line, and never in its way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from eligibility.errors import PayerUnavailableError
from eligibility.retry import AskingPolicy, Breaker
from terminal.payer.background import BackgroundLine, Tried
from terminal.payer.line import PayerLine

START = datetime(2026, 11, 24, 1, tzinfo=UTC)
ASKED = Tried(1)
DOWN = PayerUnavailableError("down")


class Place:
    """A desk's line with the background's beside it, and their clock."""

    def __init__(self) -> None:
        """Nothing was asked yet."""
        self.now = START
        self.desk_is_asking = False
        self.line = PayerLine(AskingPolicy(), Breaker(), lambda: self.now)
        self.background = BackgroundLine(
            self.line, lambda: self.now, lambda: self.desk_is_asking, self.spoke
        )

    def spoke(self) -> None:
        """Note that the payer answered something."""
        self.line.spoke()

    def goes_on(self, **time: float) -> None:
        """Let time pass."""
        self.now += timedelta(**time)


@pytest.fixture
def place() -> Place:
    """A line that was never used."""
    return Place()


def test_it_waits_while_the_desk_asks(place: Place) -> None:
    """Whatever the payer does, somebody at the desk goes first."""
    assert place.background.wait(ASKED) == 0
    place.desk_is_asking = True
    assert place.background.wait(ASKED) > 0


def test_its_own_failure_holds_back_itself_alone(place: Place) -> None:
    """The desk's questions go out as before; the background waits, and tries again by itself."""
    place.background.failed(ASKED, DOWN)
    assert place.background.is_held
    assert not place.line.is_silent
    assert place.line.held_until(ASKED, by_hand=False) is None
    place.goes_on(seconds=AskingPolicy().silent.first_seconds)
    assert place.background.wait(ASKED) == 0


def test_a_retry_after_is_kept_to(place: Place) -> None:
    """What the payer asks for is never undercut."""
    place.background.failed(ASKED, PayerUnavailableError("busy", retry_after=1800))
    place.goes_on(seconds=1799)
    assert place.background.wait(ASKED) > 0


def test_while_the_desks_line_is_closed_it_waits_for_that(place: Place) -> None:
    """A payer that did not answer the desk is not asked from here until the line says so."""
    place.line.failed(ASKED, None)
    assert place.background.wait(ASKED) > 0
    assert place.background.is_held
    place.goes_on(hours=3)
    assert place.background.wait(ASKED) == 0
    place.background.failed(ASKED, DOWN)
    assert place.line.is_silent
    assert place.background.wait(ASKED) > 0


def test_when_the_payer_speaks_to_the_desk_what_waited_goes_on(place: Place) -> None:
    """An answer to somebody else lets the background go on earlier than by its own time."""
    for failures in range(3):
        place.background.failed(Tried(failures + 1), DOWN)
    place.goes_on(seconds=1)
    place.spoke()
    place.goes_on(seconds=AskingPolicy().longest_drain_seconds)
    assert place.background.wait(ASKED) == 0
    place.background.spoke()
    assert not place.background.is_held
