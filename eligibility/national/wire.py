"""XML as it arrives and as it is written: encoding by declaration, limits, no entities, no network.

Whatever cannot be read exactly is a :class:`~eligibility.errors.PayerProtocolError`; nothing is
completed, repaired or chosen.  Text is decoded here, strictly and by Python's own codecs: Shift_JIS
is read as cp932, which the parser's own table is not.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, NoReturn, TypeVar

from lxml import etree

from eligibility.errors import PayerProtocolError, QuestionNotWritableError

Node = Any
"""An element of lxml, which carries no types."""

ROOT = "XmlMsg"

MOST_DEPTH = 32
"""Levels of elements; the deepest known message has nine."""

_MOST_MARKS_OF_ATTRIBUTES = 4
"""``=`` for each ``<`` of the largest permitted message: the messages know no attributes."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a message may be before it is parsed at all: bytes, and elements."""

    most_bytes: int
    most_elements: int


SINGLE = Limits(4 * 1024 * 1024, 100_000)
"""For what is about one person; five years of medicines need a tenth."""
BULK = Limits(64 * 1024 * 1024, 1_000_000)
"""For 10,000 people at once, each with all that may be known of them."""


class XmlEncoding(Enum):
    """The encodings of the interface; the value is the name that a declaration gives."""

    UTF_8 = "UTF-8"
    SHIFT_JIS = "Shift_JIS"

    @property
    def codec(self) -> str:
        """Python's codec: what calls itself Shift_JIS here is Windows-31J."""
        return "cp932" if self is XmlEncoding.SHIFT_JIS else "utf-8"


_LABELS = {
    "utf-8": XmlEncoding.UTF_8,
    "utf8": XmlEncoding.UTF_8,
    "shift_jis": XmlEncoding.SHIFT_JIS,
    "shift-jis": XmlEncoding.SHIFT_JIS,
    "sjis": XmlEncoding.SHIFT_JIS,
    "x-sjis": XmlEncoding.SHIFT_JIS,
    "windows-31j": XmlEncoding.SHIFT_JIS,
    "ms932": XmlEncoding.SHIFT_JIS,
    "cp932": XmlEncoding.SHIFT_JIS,
    "ms_kanji": XmlEncoding.SHIFT_JIS,
}

_DECLARATION = re.compile(
    rb"""<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*(?:"1\.[0-9]"|'1\.[0-9]')"""
    rb"""(?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*["'](?P<label>[A-Za-z][\w.-]{0,30})["'])?"""
    rb"""(?:[ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*["'](?:yes|no)["'])?[ \t\r\n]*\?>"""
)
_BOM = b"\xef\xbb\xbf"
_OTHER_WIDTHS = (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<", b"\0\0")
# single bytes that Windows-31J leaves open and Python lets through
_NO_SHIFT_JIS = re.compile("[\x80\xa0\uf8f0-\uf8f3]")
# Unicode has two readings of these JIS X 0208 characters; cp932 writes only the second
_SECOND_READINGS = str.maketrans("〜‖−¢£¬—", "～∥－￠￡￢―")
_MARKUP_DECLARATION = re.compile(rb"<!(?!--|\[CDATA\[)")


def _unreadable(reason: str) -> NoReturn:
    raise ValueError(reason)


# -- Reading ---------------------------------------------------------------------------------------


def declared_encoding(body: bytes) -> XmlEncoding:
    """Return the encoding that the XML declaration names, UTF-8 where it names none.

    Raises ValueError for any other encoding and for a declaration that is none.
    """
    if body.startswith(_BOM):
        rest = body[len(_BOM) :]
        if _declared(rest) is not XmlEncoding.UTF_8:
            _unreadable("the message begins as UTF-8 and declares another encoding")
        return XmlEncoding.UTF_8
    if body.startswith(_OTHER_WIDTHS):
        _unreadable("the message is in an encoding that the interface does not have")
    return _declared(body)


def _declared(body: bytes) -> XmlEncoding:
    if not body.startswith(b"<?xml"):
        return XmlEncoding.UTF_8
    found = _DECLARATION.match(body)
    if found is None:
        _unreadable("the XML declaration cannot be read")
    label = (found["label"] or b"utf-8").decode("ascii").lower()
    if label not in _LABELS:
        _unreadable("the message declares an encoding that the interface does not have")
    return _LABELS[label]


def _text(body: bytes) -> str:
    """Return the message as text; raises ValueError where its bytes are not as declared."""
    encoding = declared_encoding(body)
    try:
        text = body.decode("utf-8-sig" if encoding is XmlEncoding.UTF_8 else encoding.codec)
    except UnicodeDecodeError:
        _unreadable(f"the message is not in {encoding.value}, as it declares")
    if text.startswith("\ufeff"):
        _unreadable("the message begins twice")
    if encoding is XmlEncoding.SHIFT_JIS:
        if _NO_SHIFT_JIS.search(text):
            _unreadable("the message is not in Shift_JIS, as it declares")
        if _could_be_utf_8(body):
            _unreadable("the message declares Shift_JIS, and its bytes are UTF-8")
    return text


def _could_be_utf_8(body: bytes) -> bool:
    """Whether bytes that are no ASCII are valid UTF-8: then either reading may be the wrong one."""
    if body.isascii():
        return False
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def parse_message(body: bytes, limits: Limits = SINGLE, root: str = ROOT) -> Node:
    """Return the root element of a message; ``root``: its name, where it is part of one.

    Raises PayerProtocolError, which keeps ``body`` unless that is larger than the limits.
    """
    if len(body) > limits.most_bytes:
        msg = f"the message is larger than {limits.most_bytes} bytes"
        raise PayerProtocolError(msg)
    return reading(body, lambda: _parse(body, limits, root))


def _parse(body: bytes, limits: Limits, name: str) -> Node:
    # neither byte can be the second of two in Shift_JIS, so both count what they are
    if body.count(b"<") > 2 * limits.most_elements:
        _unreadable(f"the message has more than {limits.most_elements} elements")
    if body.count(b"=") > max(1000, limits.most_elements // _MOST_MARKS_OF_ATTRIBUTES):
        _unreadable("the message has more attributes than any")
    if _MARKUP_DECLARATION.search(body):
        _unreadable("the message declares entities or a document type")
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        recover=False,
        # lifts the parser's own limits, which are lower than a bulk answer; ours stand above
        huge_tree=True,
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,
    )
    text = _text(body)
    try:
        root = etree.fromstring(text.encode(), parser)
    except (etree.XMLSyntaxError, UnicodeEncodeError) as error:
        # the parser's own words may quote the text
        code = getattr(error, "code", 0)
        _unreadable(f"the message is not well-formed XML (code {code})")
    if root.tag != name:
        _unreadable(f"the message's outermost element is not {name}")
    return root


Value = TypeVar("Value")


def reading(body: bytes, read: Callable[[], Value]) -> Value:
    """Return ``read()``, turning its ValueError into a PayerProtocolError that keeps ``body``.

    The error's message names elements and rules, never values: they are health data.
    """
    try:
        return read()
    except ValueError as error:
        msg = f"the message cannot be read: {error}"
        raise PayerProtocolError(msg, original=body) from None


# -- What nobody knows -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RawElement:
    """An element that no layout knows, kept as it came.

    ``place``: the names of the elements around it, from the outermost.  ``text``: all text that
    stands directly in it.
    """

    place: tuple[str, ...]
    name: str
    text: str = ""
    children: tuple[RawElement, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()


def raw(node: Node, place: tuple[str, ...]) -> RawElement:
    """Return an element with all inside it; raises ValueError where it is nested too deep."""
    name = str(node.tag)
    if len(place) >= MOST_DEPTH:
        _unreadable(f"elements are nested deeper than {MOST_DEPTH}")
    inside = (*place, name)
    texts = [node.text or "", *(child.tail or "" for child in node)]
    return RawElement(
        place,
        name,
        "".join(texts).strip(),
        tuple(raw(child, inside) for child in node),
        tuple((str(key), str(value)) for key, value in node.attrib.items()),
    )


def part_of(node: Node) -> bytes:
    """Return one element of a message as a document of its own, in UTF-8."""
    text: str = etree.tostring(node, encoding="unicode", with_tail=False)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode()


# -- Writing ---------------------------------------------------------------------------------------


class Writer:
    """Makes the elements of one message and checks that its encoding can carry them."""

    def __init__(self, encoding: XmlEncoding) -> None:
        self._encoding = encoding
        self.root: Node = etree.Element(ROOT)

    def element(self, parent: Node, name: str) -> Node:
        """Add an element to ``parent``."""
        return etree.SubElement(parent, name)

    def leaf(self, parent: Node, name: str, text: str) -> None:
        """Add an element that holds a text; raises QuestionNotWritableError naming it."""
        if self._encoding is XmlEncoding.SHIFT_JIS:
            text = text.translate(_SECOND_READINGS)
            if _NO_SHIFT_JIS.search(text):
                raise QuestionNotWritableError(name, self._encoding.value)
        try:
            text.encode(self._encoding.codec)
            etree.SubElement(parent, name).text = text
        except ValueError:  # one that no encoding of it holds, or that XML forbids
            raise QuestionNotWritableError(name, self._encoding.value) from None

    def message(self) -> bytes:
        """Return the message."""
        declaration = f'<?xml version="1.0" encoding="{self._encoding.value}" standalone="no"?>\n'
        text = declaration + etree.tostring(self.root, encoding="unicode")
        body: bytes = text.encode(self._encoding.codec)
        if self._encoding is XmlEncoding.SHIFT_JIS and _could_be_utf_8(body):
            # a few half-width kana alone: written by number, they can be read in one way only
            body = text.encode("ascii", "xmlcharrefreplace")
        return body
