from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.card.apdu import CommandApdu
from terminal.virtual_card.commands import parse

BYTE = st.integers(0, 0xFF)


@pytest.mark.parametrize(
    ("command", "encoded"),
    [
        (CommandApdu(0x00, 0x20, 0x00, 0x80), "00200080"),
        (CommandApdu(0x00, 0xB0, 0x01, 0x00, le=256), "00B0010000"),
        (CommandApdu(0x00, 0xB0, 0x05, 0x00, le=37), "00B0050025"),
        (CommandApdu(0x00, 0xA4, 0x02, 0x0C, bytes.fromhex("000A")), "00A4020C02000A"),
        (CommandApdu(0x80, 0x2A, 0x00, 0x80, b"\x30\x00", le=256), "802A008002300000"),
    ],
)
def test_each_case_of_iso_7816_3_has_its_bytes(command: CommandApdu, encoded: str) -> None:
    """The four cases are encoded as the standard writes them."""
    assert command.encode().hex().upper() == encoded


@given(BYTE, BYTE, BYTE, BYTE, st.binary(max_size=255), st.none() | st.integers(1, 256))
def test_what_is_encoded_is_what_a_card_takes_apart(
    cla: int, ins: int, p1: int, p2: int, data: bytes, le: int | None
) -> None:
    """A card reads back the very fields, for any command of the short form."""
    taken = parse(CommandApdu(cla, ins, p1, p2, data, le).encode())
    assert (taken.cla, taken.ins, taken.p1, taken.p2) == (cla, ins, p1, p2)
    assert (taken.data, taken.expected) == (data, le)


@pytest.mark.parametrize(
    "fields",
    [
        {"cla": 256},
        {"p2": -1},
        {"data": bytes(256)},
        {"le": 0},
        {"le": 257},
    ],
)
def test_what_the_short_form_cannot_carry_is_refused(fields: dict[str, Any]) -> None:
    """A field out of range raises ValueError instead of other bytes."""
    with pytest.raises(ValueError, match=r"byte|255|Le"):
        CommandApdu(**{"cla": 0, "ins": 0xA4, "p1": 0, "p2": 0} | fields)


def test_the_data_of_a_command_is_not_shown() -> None:
    """A command's repr holds no data, which may be a PIN."""
    assert "1234" not in repr(CommandApdu(0, 0x20, 0, 0x80, b"1234"))
