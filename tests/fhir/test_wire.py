"""What counts as a JSON answer at all."""

from __future__ import annotations

import pytest

from eligibility.errors import PayerProtocolError
from eligibility.fhir.wire import parse_json


@pytest.mark.parametrize(
    "body", [b'{"a": "\\ud800"}', b'{"a": [{"b": "x\\udfffy"}]}', b'{"\\uD83D": 1}']
)
def test_half_a_character_is_refused(body: bytes) -> None:
    """A lone surrogate is valid JSON and no text: it could not even be stored."""
    with pytest.raises(PayerProtocolError, match="half a character"):
        parse_json(body)


def test_a_pair_of_surrogates_is_one_character() -> None:
    """A character beyond the first plane may be escaped as its two halves."""
    assert parse_json(b'{"a": "\\ud842\\udfb7"}') == {"a": "𠮷"}
