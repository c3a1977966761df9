"""What the drop folders and the desk tell each other of files that are no plain answer."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

log = logging.getLogger(__name__)

_REPLY = re.compile(r"(?P<kind>[A-Za-z0-9]{6,16}?)res_(?P<rest>.{1,200})\.xml", re.IGNORECASE)

Key = tuple[str, str]
"""Kind of message and ArbitraryFileIdentifier."""


def request_name(kind: str, identifier: str) -> str:
    """Return the name of the file that asks, e.g. ``OQSsiquc01req_….xml``."""
    return f"{kind}req_{identifier}.xml"


def reply_name(kind: str, identifier: str) -> str:
    """Return the name that the answer to such a request is looked for under first."""
    return f"{kind}res_{identifier}.xml"


def kind_of(name: str) -> str | None:
    """Return the kind of message that a reply's name tells, None where it is no reply's."""
    found = _REPLY.fullmatch(name)
    return None if found is None else found["kind"]


def hinted(name: str, identifiers: Collection[str]) -> bool:
    """Whether a name repeats one of these numbers."""
    return any(identifier in name for identifier in identifiers)


def is_named(name: str, key: Key) -> bool:
    """Whether a name is one that the answer to such a request may have."""
    return kind_of(name) == key[0] and key[1] in name


@dataclass(frozen=True, slots=True)
class Reply:
    """One file that answers a question, as it was read."""

    name: str
    content: bytes = field(repr=False)

    @property
    def sha256(self) -> str:
        """Digest of the content (hex)."""
        return hashlib.sha256(self.content).hexdigest()


class AsideReason(StrEnum):
    """Why a file is not taken for an answer."""

    NOT_A_FILE = "not-a-file"
    TOO_LARGE = "too-large"
    NO_ACCESS = "no-access"
    UNREADABLE = "unreadable"
    """Still not a message after nobody wrote to it any more."""
    LATE = "late"
    """The question has ended, with another answer or with none."""
    CONFLICTING = "conflicting"
    ANOTHER_PERSON = "another-person"
    REFUSED = "refused"
    """A card visit that ended in an error of the payer's."""
    FOREIGN = "foreign"
    """An answer to a question that this desk never asked."""
    STALE = "stale"
    """So old that it can answer nothing."""


@dataclass(frozen=True, slots=True)
class SetAside:
    """A file that is not taken for an answer.

    ``content`` is None where it was not read: then it is left where it lies.  ``question_id``:
    whose answer it says to be, where that could be read.
    """

    name: str
    reason: AsideReason
    size: int
    content: bytes | None = field(default=None, repr=False)
    question_id: str | None = None

    @property
    def sha256(self) -> str | None:
        """Digest of the content, None where it was not read."""
        return None if self.content is None else hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """What the desk knows of a question of its own.

    ``replies``: SHA-256 (hex) of what came as answers to it and is stored.
    """

    is_open: bool
    replies: frozenset[str] = frozenset()


class ExchangeBook(Protocol):
    """The desk's memory, which outlives the files."""

    def question(self, question_id: str) -> AskedQuestion | None:
        """Return what is known of a question, None where this desk never asked it."""
        ...

    def set_aside(self, one: SetAside) -> bool:
        """Keep a file that is no answer, and tell of it; return whether it is kept."""
        ...


class NoBook:
    """Remembers nothing: for programs that ask without a desk behind them."""

    def question(self, question_id: str) -> AskedQuestion | None:
        """Know no question."""
        return None

    def set_aside(self, one: SetAside) -> bool:
        """Keep nothing, so that the file stays where it is."""
        log.warning("%s is not taken: %s", one.name, one.reason)
        return False
