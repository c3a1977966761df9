"""One request: published once, its answers waited for, read and cleared away."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from eligibility.errors import (
    AnswerForAnotherPersonError,
    EligibilityError,
    PayerProtocolError,
    PayerTimeoutError,
    PayerUnavailableError,
)
from eligibility.national.exchange import AsideReason, Reply, request_name
from eligibility.national.folder import Folder, checked_name
from eligibility.national.replies import Replies

T = TypeVar("T")


class Requests:
    """Asks through two folders; safe to share between threads."""

    def __init__(self, req: Folder, res: Folder, replies: Replies, answer_seconds: float) -> None:
        """``replies``: finds the answers in ``res``; ``answer_seconds``: how long one may take."""
        self._req = req
        self._res = res
        self._replies = replies
        self._answer_seconds = answer_seconds

    def exchange(self, kind: str, identifier: str, content: Callable[[], bytes]) -> list[Reply]:
        """Return the answers to a request, which is published unless one is there already.

        Raises PayerTimeoutError, FolderAwayError, PayerUnavailableError, PayerProtocolError.
        """
        name = checked_name(request_name(kind, identifier))
        with self._replies.awaiting(kind, identifier):
            replies = self._replies.take(kind, identifier, 0)
            if replies:
                return replies
            self._publish(name, content())
            replies = self._replies.take(kind, identifier, self._answer_seconds)
        if not replies:
            msg = f"no answer within {self._answer_seconds:g} s"
            raise PayerTimeoutError(msg)
        return replies

    def _publish(self, name: str, content: bytes) -> None:
        # one that still lies there is taken once the link application comes to it
        if self._req.read(name) == content:
            return
        try:
            self._req.publish(name, content)
        except OSError as error:
            msg = f"a request cannot be written: {error.strerror}"
            raise PayerUnavailableError(msg) from error

    def ask_once(
        self,
        kind: str,
        identifier: str,
        content: Callable[[], bytes],
        read: Callable[[bytes], T],
    ) -> T:
        """Return what the answer to a request says that may be sent again at any time.

        Its files are removed as soon as they are read: after a crash it is asked again.  Of
        several the newest counts, as the payer tells the same at a later time.
        """
        replies = self.exchange(kind, identifier, content)
        newest = max(replies, key=lambda reply: self._written_at(reply.name))
        try:
            result = read(newest.content)
        except (PayerProtocolError, AnswerForAnotherPersonError) as error:
            of_another = isinstance(error, AnswerForAnotherPersonError)
            reason = AsideReason.ANOTHER_PERSON if of_another else AsideReason.UNREADABLE
            self._replies.set_aside(kind, identifier, replies, reason)
            raise
        except EligibilityError:
            self._replies.discard(kind, identifier, replies)
            raise
        self._replies.discard(kind, identifier, replies)
        return result

    def _written_at(self, name: str) -> int:
        entry = self._res.entry(name)
        return 0 if entry is None else entry.modified_ns
