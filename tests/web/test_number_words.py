"""Numbers in words: the law's name, and warnings that refuse nothing."""

from __future__ import annotations

import pytest
from flask import Flask

from web.number_words import insurer_number, recipient_number


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("06139463", "06139463（健保組合）"),
        ("00138123", "00138123（国民健康保険）"),
        ("12138012", "12138012（生活保護法（医療扶助））"),
        ("81130007", "81130007"),
        (
            "06139464",
            "06139464（健保組合）　検証番号が合いません（写し間違いがないかお確かめください）",
        ),
    ],
)
def test_a_number_is_told_with_its_law_and_its_doubt(number: str, words: str) -> None:
    """The number itself always stands there, as it is."""
    with Flask("words").test_request_context("/staff/"):
        assert insurer_number(number) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("1234566", "1234566"),
        ("１２３４５６６", "１２３４５６６"),
        ("1234567", "1234567　検証番号が合いません（検証番号のない受給者番号もあります）"),
        ("12345", "12345　検証番号が合いません（検証番号のない受給者番号もあります）"),
    ],
)
def test_a_recipients_number_is_told_with_its_doubt(number: str, words: str) -> None:
    """Medical assistance: seven digits, the last of which is made from the others."""
    with Flask("words").test_request_context("/staff/"):
        assert recipient_number(number) == words
