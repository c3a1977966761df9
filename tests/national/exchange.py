"""A drop folder for tests of the transport, with messages that are as simple as can be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from eligibility.errors import PayerProtocolError
from eligibility.national.exchange import AskedQuestion, SetAside
from eligibility.national.folder import Folder
from eligibility.national.replies import Replies
from tests.clinic import wait_for

KIND = "OQSsiquc01"


def message(identifier: str, words: str = "answer") -> bytes:
    """Return a message that repeats the question's number, and that ends visibly."""
    return f"<{identifier}>{words}</>".encode()


def identify(content: bytes) -> str:
    """Return the number that a message repeats; raises PayerProtocolError where it is not whole."""
    text = content.decode("utf-8", "replace")
    if not text.startswith("<") or not text.endswith("</>"):
        raise PayerProtocolError("not whole", original=content)
    return text[1 : text.index(">")]


@dataclass
class Book:
    """What a desk remembers, in memory."""

    asked: dict[str, AskedQuestion] = field(default_factory=dict)
    aside: list[SetAside] = field(default_factory=list)
    keeps: bool = True

    def question(self, question_id: str) -> AskedQuestion | None:
        """Return what is known of a question."""
        return self.asked.get(question_id)

    def set_aside(self, one: SetAside) -> bool:
        """Keep it."""
        self.aside.append(one)
        return self.keeps

    @property
    def told(self) -> list[tuple[str, str]]:
        """What was set aside, and why."""
        return [(one.name, one.reason.value) for one in self.aside]


@dataclass
class Looks:
    """How many looks at all of the folder have ended."""

    ended: int = 0

    def end(self) -> None:
        """Count one."""
        self.ended += 1


@dataclass
class Exchange:
    """An answers' folder with its reader."""

    path: Path
    replies: Replies
    book: Book
    looks: Looks

    def looks_through(self) -> None:
        """Wait until the reader has looked at everything that lies in the folder now."""
        self.replies.start()
        before = self.looks.ended
        # the look that is under way may have begun too early
        wait_for(lambda: self.looks.ended >= before + 2, "a look at everything")

    def put(self, name: str, content: bytes) -> Path:
        """Write a file as another program does: under its name, in one go."""
        file = self.path / name
        file.write_bytes(content)
        return file

    def reply(self, identifier: str, words: str = "answer", suffix: str = "") -> Path:
        """Answer a question under the likely name."""
        return self.put(f"{KIND}res_{identifier}{suffix}.xml", message(identifier, words))

    def names(self) -> list[str]:
        """Return what lies in the folder."""
        return sorted(one.name for one in self.path.iterdir())


@contextmanager
def opened_exchange(
    path: Path,
    *,
    shared: bool = True,
    poll_seconds: float = 0.2,
    settle_seconds: float = 0.3,
    book: Book | None = None,
) -> Iterator[Exchange]:
    """Read answers in ``path``."""
    path.mkdir(exist_ok=True)
    book = book or Book()
    looks = Looks()
    replies = Replies(
        Folder(path),
        poll_seconds,
        (KIND,),
        identify,
        book,
        lambda: datetime.now(UTC),
        shared=shared,
        settle_seconds=settle_seconds,
        besides=looks.end,
    )
    try:
        yield Exchange(path, replies, book, looks)
    finally:
        replies.close()
