"""Parts for tests that need a card: people, ports, a wait."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date

from terminal.virtual_card.personas import CardCondition, Person, Story

PIN = b"1234"


def people() -> list[Person]:
    """Return one invented person for each condition of a card; the persona is its name."""
    return [
        Person(
            id=f"p-{number:04d}",
            persona=condition.value,
            name="試験 花子",
            name_kana="シケン ハナコ",
            birthdate=date(1980, 2, 17),
            sex="2",
            address="東京都千代田区霞が関1-2-3",
            story=Story(ja="試験のための人です。", en="Somebody for tests."),
            card_condition=condition,
        )
        for number, condition in enumerate(CardCondition, start=1)
    ]


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 10) -> None:
    """Return as soon as the condition holds; fail, naming ``what``, where it does not come."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.01)
