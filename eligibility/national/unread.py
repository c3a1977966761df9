"""What an answer said that no layout knows, for those who want to see all of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from eligibility.errors import PayerProtocolError
from eligibility.model import PayerAnswer
from eligibility.national.answers import ADAPTER
from eligibility.national.bulk import UNIT
from eligibility.national.confirmation import RESPONSE
from eligibility.national.fields import Layout, read_layout
from eligibility.national.results import CONFIRMATION_UNIT
from eligibility.national.wire import ROOT, RawElement, parse_message


def unread_elements(answer: PayerAnswer) -> tuple[RawElement, ...]:
    """Return the elements of a stored answer that were kept and not read, with their places.

    None of an answer that came over another interface.
    """
    return unread_in(answer.original) if answer.adapter == ADAPTER else ()


def unread_in(original: bytes) -> tuple[RawElement, ...]:
    """Return the same of the bytes of a message of this interface; none where it is no such one."""
    forms: tuple[tuple[Layout[Any], str], ...] = ((RESPONSE, ROOT), (CONFIRMATION_UNIT, UNIT))
    for layout, root in forms:
        try:
            return read_layout(layout, parse_message(original, root=root))[1]
        except (PayerProtocolError, ValueError):  # the other of both, or none
            continue
    return ()


def lines(element: RawElement) -> Iterator[tuple[str, str]]:
    """Yield each value in an element with the way to it, as ``MessageBody/Kind/Inner``."""
    way = "/".join((*element.place[1:], element.name))
    if element.text or not (element.children or element.attributes):
        yield way, element.text
    for name, value in element.attributes:
        yield f"{way}/@{name}", value
    for child in element.children:
        yield from lines(child)
