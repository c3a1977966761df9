from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from terminal.card.tlv import parse, read_header
from terminal.errors import CardProtocolError
from terminal.virtual_card.records import tlv

TAGS = st.sampled_from([0x01, 0x30, 0x90, 0x91, 0x5F4E, 0x7F21, 0xDF22, 0xDF34, 0xFF20, 0xFF40])
CHILD_TAGS = TAGS.filter(lambda tag: tag < 0xFF00)


@pytest.mark.parametrize(
    ("head", "tag", "total"),
    [
        ("FF2065", 0xFF20, 3 + 0x65),
        ("DF2108", 0xDF21, 3 + 8),
        ("308204A1", 0x30, 4 + 0x04A1),
        ("7F2182022F", 0x7F21, 5 + 0x022F),
        ("DF2781F0", 0xDF27, 4 + 0xF0),
        ("011C", 0x01, 2 + 28),
    ],
)
def test_headers_as_they_stand_on_the_card(head: str, tag: int, total: int) -> None:
    """Tag and whole length are read from the first bytes of a file, before the rest is there."""
    header = read_header(bytes.fromhex(head))
    assert (header.tag, header.total) == (tag, total)


@given(TAGS, st.binary(max_size=70_000), st.binary(max_size=40))
@example(0xFF20, b"", b"\xff" * 8)
def test_an_object_is_read_back_whatever_follows_it(tag: int, value: bytes, after: bytes) -> None:
    """What was written comes back, and filler behind it changes nothing."""
    found = parse(tlv(tag, value) + after)
    assert (found.tag, found.value) == (tag, value)


@given(st.lists(st.tuples(CHILD_TAGS, st.binary(max_size=300)), max_size=8), st.binary(max_size=8))
def test_children_end_at_filler(children: list[tuple[int, bytes]], filler: bytes) -> None:
    """Children come back in order; the first byte 00 or FF ends them."""
    content = b"".join(tlv(tag, value) for tag, value in children)
    outer = parse(tlv(0xFF20, content + b"\xff" + filler))
    assert [(child.tag, child.value) for child in outer.children()] == children


@given(TAGS, st.binary(min_size=1, max_size=600), st.data())
def test_a_cut_object_is_an_error(tag: int, value: bytes, data: st.DataObject) -> None:
    """No object is made of less bytes than its header says."""
    whole = tlv(tag, value)
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]
    with pytest.raises(CardProtocolError):
        parse(cut)


@given(st.binary(max_size=400))
def test_wild_bytes_give_an_object_within_them_or_the_one_error(content: bytes) -> None:
    """Whatever a card sends, reading ends with an object inside the bytes or CardProtocolError."""
    try:
        found = parse(content)
        children = list(found.children())
    except CardProtocolError:
        return
    assert len(found.value) < len(content)
    assert sum(len(child.value) for child in children) <= len(found.value)


@pytest.mark.parametrize("head", ["", "DF", "3080", "308400000001", "DFFFFFFF01", "3082", "308204"])
def test_forms_that_cards_do_not_use_are_refused(head: str) -> None:
    """Indefinite and four-byte lengths, overlong tags and bare beginnings raise."""
    with pytest.raises(CardProtocolError):
        read_header(bytes.fromhex(head))


def test_a_missing_child_is_named() -> None:
    """Looking for a tag that is not there says which, and in what."""
    with pytest.raises(CardProtocolError, match=r"FF40 holds no DF34"):
        parse(tlv(0xFF40, tlv(0xDF35, b"1"))).find(0xDF34)
