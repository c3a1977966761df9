"""Which of the files that answer one question is taken.  Pure.

A question that was asked again may have several: the same facts said twice are one answer, facts
that differ are none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from eligibility.errors import (
    AnswerForAnotherPersonError,
    ConflictingAnswersError,
    EligibilityError,
    PayerProtocolError,
    PayerRefusedError,
)
from eligibility.model import AnswerOutcome, PayerAnswer
from eligibility.national.exchange import AsideReason, Reply

_NO_TIME = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Choice:
    """What becomes of the files.

    One of ``answer`` and ``error`` is set.  ``aside``: must not be taken, and why; ``spent``: say
    only that the payer is at work, and are of no use once that is known.
    """

    answer: PayerAnswer | None = None
    error: EligibilityError | None = None
    aside: tuple[Reply, ...] = ()
    reason: AsideReason = AsideReason.CONFLICTING
    spent: tuple[Reply, ...] = ()


def choose(
    question_id: str, replies: Sequence[Reply], read: Callable[[bytes], PayerAnswer]
) -> Choice:
    """Return what ``replies``, of which there is at least one, come to.

    ``read``: raises EligibilityError.
    """
    ends = [(reply, _end(reply, read)) for reply in replies]
    queued = tuple(reply for reply, end in ends if _is_queued(end))
    final = [(reply, end) for reply, end in ends if not _is_queued(end)]
    if not final:
        return _choice(ends[0][1], spent=queued)
    if len({_meaning(end) for _, end in final}) > 1:
        error = ConflictingAnswersError(question_id, len(final))
        return Choice(error=error, aside=tuple(reply for reply, _ in final), spent=queued)
    _reply, end = min(final, key=lambda item: _told_at(item[1]))
    match end:
        case AnswerForAnotherPersonError():
            others = tuple(one for one, _ in final)
            return Choice(error=end, aside=others, reason=AsideReason.ANOTHER_PERSON, spent=queued)
        case PayerProtocolError():
            others = tuple(one for one, _ in final)
            return Choice(error=end, aside=others, reason=AsideReason.UNREADABLE, spent=queued)
        case _:
            return _choice(end, spent=queued)


def _choice(end: PayerAnswer | EligibilityError, spent: tuple[Reply, ...]) -> Choice:
    if isinstance(end, PayerAnswer):
        return Choice(answer=end, spent=spent)
    return Choice(error=end, spent=spent)


def _end(reply: Reply, read: Callable[[bytes], PayerAnswer]) -> PayerAnswer | EligibilityError:
    try:
        return read(reply.content)
    except EligibilityError as error:
        return error


def _is_queued(end: PayerAnswer | EligibilityError) -> bool:
    return isinstance(end, PayerAnswer) and end.outcome is AnswerOutcome.QUEUED


def _meaning(end: PayerAnswer | EligibilityError) -> object:
    """Return what two files must have in common to say the same."""
    match end:
        case PayerAnswer():
            return meaning_of(end)
        case PayerRefusedError():
            return (type(end), end.code, end.words)
        case _:
            return type(end)


def meaning_of(answer: PayerAnswer) -> PayerAnswer:
    """Return an answer without what tells when and how it came."""
    return replace(answer, id="", received_at=_NO_TIME, original=b"", process_execution_time=None)


def _told_at(end: PayerAnswer | EligibilityError) -> datetime:
    told = end.process_execution_time if isinstance(end, PayerAnswer) else None
    return told or _NO_TIME
