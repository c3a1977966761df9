"""Insurer numbers in words: the law's name, and a warning that refuses nothing."""

from __future__ import annotations

import pytest
from flask import Flask

from web.number_words import insurer_number


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
