from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from terminal.events import EventBus, Topic


@given(before=st.integers(0, 40), since=st.integers(0, 40), later=st.integers(0, 40))
def test_a_subscriber_gets_each_event_after_the_one_it_knows_once(
    before: int, since: int, later: int
) -> None:
    """Whatever was published before and after the subscription, the sequence has no gap."""
    bus = EventBus()
    for number in range(before):
        bus.publish(Topic.VISIT, f"v-{number}")
    known = min(since, before)
    subscription = bus.subscribe(known)
    for _ in range(later):
        bus.publish(Topic.KIOSK)
    received = [subscription.get_nowait().sequence for _ in range(subscription.qsize())]
    assert received == list(range(known + 1, before + later + 1))


def test_a_subscriber_that_does_not_read_holds_nobody_up() -> None:
    """A full queue loses events, which the gap in the sequence tells; the bus goes on."""
    bus = EventBus()
    subscription = bus.subscribe()
    for _ in range(5 * EventBus.KEPT):
        bus.publish(Topic.VISIT)
    assert bus.sequence == 5 * EventBus.KEPT
    assert subscription.qsize() < 5 * EventBus.KEPT


def test_nothing_comes_after_unsubscribing() -> None:
    """A left subscription stays as it was."""
    bus = EventBus()
    subscription = bus.subscribe()
    bus.unsubscribe(subscription)
    bus.publish(Topic.DEVICE)
    assert subscription.empty()
