"""Parts for tests that need a card: people, ports, a wait."""

from __future__ import annotations

import random
import socket
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


def free_port_pair() -> int:
    """Return a port that is free together with the next one, below those given out by chance."""
    for _ in range(200):
        port = random.randrange(20000, 32000)  # noqa: S311  # any will do
        try:
            with socket.socket() as first, socket.socket() as second:
                first.bind(("0.0.0.0", port))  # noqa: S104  # where vpcd listens
                second.bind(("0.0.0.0", port + 1))  # noqa: S104
        except OSError:
            continue
        return port
    raise RuntimeError("no two free ports")


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 10) -> None:
    """Return as soon as the condition holds; fail, naming ``what``, where it does not come."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.01)
