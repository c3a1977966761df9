"""Planted errors are found, wrong persons blocked, clean people left alone; a broken rule shows."""

from __future__ import annotations

from functools import cache

import pytest

from tests.benchmarks.truth import BREAKS, GOAL_FALSE_ALARMS, Truth, lines, measure, table

PEOPLE = 500


@cache
def truth(seed: int, rule: str | None = None) -> Truth:
    """Return what is found among a few hundred people."""
    return measure(PEOPLE, seed, rule)


@pytest.mark.parametrize("seed", [1, 7])
def test_what_differs_in_a_field_that_was_read_is_found(seed: int) -> None:
    """Nothing detectable is missed, no wrong person stays open, and no value is made up."""
    found = truth(seed)
    assert found.people >= PEOPLE
    assert (found.missed, found.not_blocked, found.guessed, found.linked_to_another) == (0, 0, 0, 0)
    assert sum(count.detectable for count in found.kinds.values()) > PEOPLE / 4
    for count in found.kinds.values():
        assert count.planted == count.detectable + count.undetectable.total()
        assert count.found == count.detectable


@pytest.mark.parametrize("seed", [1, 7])
def test_clean_people_are_left_alone(seed: int) -> None:
    """Of people with nothing planted hardly anything is found."""
    assert truth(seed).clean > PEOPLE / 4
    assert truth(seed).false_alarms < GOAL_FALSE_ALARMS


@pytest.mark.parametrize("rule", sorted(BREAKS))
def test_a_broken_rule_raises_the_missed(rule: str) -> None:
    """Each rule of the table is needed: without it something planted is missed."""
    assert truth(1, rule).missed > truth(1).missed


def test_the_table_says_why_the_rest_was_not_found() -> None:
    """Each kind has its line, and what could not be detected its reason."""
    found = truth(1)
    named = [line["name"] for line in lines(found, 1, None)]
    assert named[-1] == "truth"
    assert len(named) == len(set(named)) > 20
    for count in found.kinds.values():
        assert all(reason in table(found) for reason in count.undetectable)
