"""XML from outside: one typed error for whatever cannot be trusted, bounded in time and memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eligibility.errors import PayerProtocolError
from eligibility.national.confirmation import read_response
from eligibility.national.header import identifier_of
from eligibility.national.wire import (
    BULK,
    MOST_DEPTH,
    SINGLE,
    Limits,
    XmlEncoding,
    parse_message,
)
from tests.national.samples import FACE, message

DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="no"?>'
BOMB = (
    '<!DOCTYPE XmlMsg [<!ENTITY a "aaaaaaaaaa">'
    + "".join(
        f'<!ENTITY {new} "{f"&{old};" * 10}">'
        for old, new in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + "]>"
)


@pytest.mark.parametrize("encoding", XmlEncoding)
@pytest.mark.parametrize("reader", [read_response, parse_message, identifier_of])
def test_a_file_cut_off_at_any_byte_is_no_message(
    encoding: XmlEncoding, reader: Callable[[bytes], object]
) -> None:
    """Half a file, as while another program writes it, is never taken for a whole one."""
    body = message(encoding=encoding).rstrip()
    reader(body)
    for end in range(len(body)):
        with pytest.raises(PayerProtocolError) as refused:
            reader(body[:end])
        assert refused.value.original == body[:end]


@pytest.mark.parametrize(
    "text",
    [
        FACE.replace("<XmlMsg>", f"{BOMB}<XmlMsg>").replace("見本　太郎", "&i;"),
        FACE.replace("<XmlMsg>", '<!DOCTYPE XmlMsg SYSTEM "file:///etc/passwd"><XmlMsg>'),
        FACE.replace(
            "<XmlMsg>", '<!DOCTYPE XmlMsg [<!ENTITY x SYSTEM "file:///etc/hostname">]><XmlMsg>'
        ).replace("見本　太郎", "&x;"),
        FACE.replace(
            "<XmlMsg>", '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/p">%p;]><XmlMsg>'
        ),
        FACE.replace("<XmlMsg>", "<!doctype XmlMsg><XmlMsg>"),
        FACE.replace("見本　太郎", "&undeclared;"),
    ],
)
@pytest.mark.parametrize("encoding", XmlEncoding)
def test_entities_and_document_types_are_refused_unread(text: str, encoding: XmlEncoding) -> None:
    """Nothing is expanded, opened or fetched: there is no message with a document type."""
    with pytest.raises(PayerProtocolError):
        read_response(message(text, encoding))


def test_the_five_entities_of_xml_itself_and_numbers_are_read() -> None:
    """They need no document type, and name one character each."""
    body = message(FACE.replace("見本　太郎", "&lt;&amp;&gt;&apos;&quot;&#x898B;<![CDATA[<本>]]>"))
    response = read_response(body)
    assert response.body is not None
    assert response.body.results[0].coverage.person.name == "<&>'\"見<本>"


@pytest.mark.parametrize(
    "label", ["Shift_JIS", "shift_jis", "SJIS", "Windows-31J", "MS932", "cp932", "x-sjis"]
)
def test_every_name_of_shift_jis_is_read_as_windows_does(label: str) -> None:
    """①, 髙 and － are in what Japanese programs call Shift_JIS."""
    text = FACE.replace("UTF-8", label).replace("見本　太郎", "①髙－～")
    response = read_response(text.encode("cp932"))
    assert response.body is not None
    assert response.body.results[0].coverage.person.name == "①髙－～"


@pytest.mark.parametrize(
    "body",
    [
        message().decode().encode("cp932"),
        message(encoding=XmlEncoding.SHIFT_JIS).decode("cp932").encode(),
        message().decode().encode("utf-16"),
        FACE.replace("UTF-8", "UTF-16").encode("utf-16"),
        FACE.replace("UTF-8", "UTF-16").encode("utf-16-le"),
        FACE.encode("utf-32"),
        FACE.replace("UTF-8", "EUC-JP").encode("euc-jp"),
        FACE.replace("UTF-8", "ISO-2022-JP").encode("iso2022_jp_ext"),
        FACE.replace("UTF-8", "ISO-8859-1").encode(),
        FACE.replace("UTF-8", "utf-7").encode(),
        b"\xef\xbb\xbf" + message(encoding=XmlEncoding.SHIFT_JIS),
        b"\xef\xbb\xbf\xef\xbb\xbf" + message(),
        b" " + message(),
        message().replace(b'encoding="UTF-8"', b'encoding="UTF-8'),
        message().replace("見".encode(), "見".encode()[:2]),
        message().replace("見".encode(), b"\xed\xa0\x80"),
        message().replace("見".encode(), b"\xc0\xbc"),
        message(encoding=XmlEncoding.SHIFT_JIS).replace("見".encode("cp932"), b"\x80"),
        message(encoding=XmlEncoding.SHIFT_JIS).replace("見".encode("cp932"), b"\xa0"),
        message(encoding=XmlEncoding.SHIFT_JIS).replace("見".encode("cp932"), b"\xff"),
        message(encoding=XmlEncoding.SHIFT_JIS).replace("郎".encode("cp932"), b"\x81"),
        message().replace("見".encode(), b"\x01"),
        message().replace("見".encode(), b"\0"),
        message().replace("見".encode(), b"&#0;"),
        message().replace("見".encode(), b"&#xD800;"),
        b"",
        b"\0",
    ],
)
def test_an_encoding_other_than_declared_is_refused(body: bytes) -> None:
    """Declared UTF-8 and written Shift_JIS, or the other way: never shown as wrong characters."""
    with pytest.raises(PayerProtocolError):
        read_response(body)


def test_the_declaration_alone_says_the_encoding() -> None:
    """The payer's own code for it is read, told and never acted upon."""
    for code in "0129":
        for encoding in XmlEncoding:
            text = FACE.replace("<CharacterCodeIdentifier>0", f"<CharacterCodeIdentifier>{code}")
            response = read_response(message(text, encoding))
            assert response.header.character_code_identifier == code
            assert response.body == read_response(message()).body


def test_a_message_without_a_declaration_or_with_a_mark_is_utf_8() -> None:
    """As XML itself says."""
    assert read_response(message(FACE.removeprefix(DECLARATION).lstrip())) == read_response(
        b"\xef\xbb\xbf" + message()
    )


def _nested(depth: int) -> str:
    return FACE.replace("<MessageBody>", "<MessageBody>" + "<x>" * depth + "</x>" * depth)


def test_deep_nesting_is_refused() -> None:
    """As deep as no message is, and a thousand times deeper."""
    read_response(message(_nested(MOST_DEPTH - 2)))
    for depth in (MOST_DEPTH - 1, 1000, 100_000, 1_000_000):
        with pytest.raises(PayerProtocolError):
            read_response(message(_nested(depth)))


def giants(limits: Limits) -> Iterator[tuple[str, bytes]]:
    """Yield messages that are as large as a hostile writer can make them, by what they are of."""
    size = limits.most_bytes - len(FACE.encode()) - 100
    end = "</MessageBody>"

    def filled(item: str, most: int = size) -> bytes:
        return message(FACE.replace(end, item * (most // len(item.encode())) + end))

    yield "bytes", message() + b" " * 100_000_000
    yield "elements", filled("<x/>")
    yield (
        "attributes",
        message(
            FACE.replace(end, "<x " + "".join(f'a{n}="" ' for n in range(size // 11)) + "/>" + end)
        ),
    )
    yield "one text", message(FACE.replace("見本　太郎", "x" * size))
    yield "one element's name", message(FACE.replace(end, f"<{'x' * (size // 2 - 9)}/>{end}"))
    yield "results", filled("<ResultOfQualificationConfirmation/>")
    yield "comments", filled("<!---->")
    yield "instructions", filled("<?x?>")
    yield "sections", filled("<![CDATA[]]>")
    yield "numbers", message(FACE.replace("見本　太郎", "&#65;" * (size // 5)))


@pytest.mark.parametrize("name", [name for name, _ in giants(Limits(10_000, 1))])
def test_a_giant_costs_no_more_than_its_own_size_allows(name: str) -> None:
    """A hostile message is refused, or read, within a small multiple of what it may be at most."""
    body = next(body for one, body in giants(SINGLE) if one == name)
    tracemalloc.start()
    try:
        try:
            read_response(body)
        except PayerProtocolError:
            pass
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 12 * SINGLE.most_bytes
    if len(body) > SINGLE.most_bytes:
        assert peak < 1024 * 1024


def test_an_error_keeps_the_original_unless_it_is_too_large_to_keep() -> None:
    """What cannot be read is not lost; a hundred megabytes are not held for it."""
    with pytest.raises(PayerProtocolError) as refused:
        read_response(b"<XmlMsg>")
    assert refused.value.original == b"<XmlMsg>"
    with pytest.raises(PayerProtocolError) as refused:
        read_response(b" " * (SINGLE.most_bytes + 1))
    assert refused.value.original == b""


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_our_own_error(body: bytes) -> None:
    """Noise is refused."""
    with pytest.raises(PayerProtocolError):
        read_response(body)


def test_a_bulk_message_may_be_larger_than_the_parsers_own_limits() -> None:
    """Ten megabytes and more of one message are read; the limits of a single one hold for it."""
    one = FACE[FACE.index("<ResultOf") : FACE.index("</ResultList>")]
    body = message(FACE.replace("</ResultList>", one * 12_000 + "</ResultList>"))
    assert len(body) > 10_000_000
    assert len(parse_message(body, BULK)[0][0]) == 12_001
    with pytest.raises(PayerProtocolError):
        parse_message(body)
