from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal import visit as module
from terminal.errors import VisitStateError
from terminal.visit import TRANSITIONS, Visit, VisitEvent, VisitOrigin, VisitState, after

NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
ENDS = (VisitState.FINISHED, VisitState.ABANDONED)


def _visit(state: VisitState) -> Visit:
    return Visit("v-1", "desk-1", VisitOrigin.CARD, NOW, state=state)


def test_the_drawing_shows_each_transition_and_no_other() -> None:
    """The table in the module's docstring is the transition table."""
    drawn = {
        (VisitState[match[1]], VisitEvent[match[2]]): VisitState[match[3]]
        for match in re.finditer(r"(\w+) +──(\w+)──▶ +(\w+)", module.__doc__ or "")
    }
    assert drawn == TRANSITIONS


@pytest.mark.parametrize("state", ENDS)
@pytest.mark.parametrize("event", VisitEvent)
def test_an_ended_visit_stays_as_it_is(state: VisitState, event: VisitEvent) -> None:
    """Nothing happens to a visit that is over."""
    with pytest.raises(VisitStateError):
        after(_visit(state), event)


@given(st.lists(st.sampled_from(VisitEvent), max_size=8))
def test_a_holder_is_identified_once_at_most(events: list[VisitEvent]) -> None:
    """However commands come in, a visit is identified once and its version counts each change."""
    visit, identified, changes = _visit(VisitState.OPENED), 0, 0
    for event in events:
        try:
            visit = after(visit, event)
        except VisitStateError:
            continue
        changes += 1
        identified += event is VisitEvent.IDENTIFY
    assert identified <= 1
    assert visit.version == 1 + changes
