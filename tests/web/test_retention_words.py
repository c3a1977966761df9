"""What the log says of a deletion is read as words, and what nobody knows is shown as it is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from web.retention_words import history_words


@pytest.fixture(autouse=True)
def page() -> Iterator[None]:
    """Words are made while a page in Japanese is made."""
    with Flask("words").test_request_context("/staff/"):
        yield


@pytest.mark.parametrize(
    ("recorded", "words"),
    [
        ("expired:TKK=12,YZK=3", "同意の期限切れ、特定健診 12件、薬剤・処方 3件"),
        ("by-staff:YZK=0", "本人の申し出により職員が取りやめ、薬剤・処方 0件"),
        ("expired:", "同意の期限切れ"),
        ("expired:XXX=1", "同意の期限切れ、XXX=1"),
        ("something", "something"),
        (None, ""),
    ],
)
def test_a_deletion_is_told_in_words(recorded: str | None, words: str) -> None:
    """Why, then how much of each category."""
    assert history_words(recorded) == words
