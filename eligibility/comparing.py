"""Two answers to the same question over two interfaces, held side by side field by field.  Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, datetime

from eligibility.codes import CodeTable, UnknownCode
from eligibility.errors import EligibilityError
from eligibility.model import CopayRatio, PayerAnswer

NOT_COMPARED = frozenset(
    {
        "id",
        "question_id",
        "adapter",
        "received_at",
        "original",
        "process_execution_time",
        "payer_patient",
        # each interface has words and codes of its own for how it processed a question
        "code",
        "message",
    }
)
"""Fields of an answer that say how it came, not what it says."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that the two say differently.

    ``place``: e.g. ``results[0].person.address``.  The values are health data, as text;
    None where a side says nothing.
    """

    place: str
    first: str | None = field(repr=False)
    second: str | None = field(repr=False)


def differences(first: PayerAnswer, second: PayerAnswer) -> tuple[Difference, ...]:
    """Return every field in which two answers differ; nothing is forgiven, not even a width."""
    return tuple(
        one
        for name in (item.name for item in fields(PayerAnswer))
        if name not in NOT_COMPARED
        for one in _between(name, getattr(first, name), getattr(second, name))
    )


def differences_of_failures(
    first: PayerAnswer | EligibilityError, second: PayerAnswer | EligibilityError
) -> tuple[Difference, ...]:
    """Return how the ends of two questions differ, of which at least one is an error.

    Errors are alike where they are of one kind: their words are each interface's own.
    """
    ends = [_end(first), _end(second)]
    return () if ends[0] == ends[1] else (Difference("end", *ends),)


def _end(end: PayerAnswer | EligibilityError) -> str:
    return "answer" if isinstance(end, PayerAnswer) else type(end).__name__


def _between(place: str, first: object, second: object) -> Iterator[Difference]:
    if first == second:
        return
    if isinstance(first, tuple) and isinstance(second, tuple):
        for number in range(max(len(first), len(second))):
            ours = first[number] if number < len(first) else None
            theirs = second[number] if number < len(second) else None
            yield from _between(f"{place}[{number}]", ours, theirs)
    elif is_record(first) and type(first) is type(second):
        for item in fields(first):  # type: ignore[arg-type]  # is_record says so
            yield from _between(
                f"{place}.{item.name}", getattr(first, item.name), getattr(second, item.name)
            )
    else:
        yield Difference(place, _text(first), _text(second))


def is_record(value: object) -> bool:
    """Whether a value has fields to be compared one by one."""
    return is_dataclass(value) and not isinstance(value, CopayRatio | UnknownCode | type)


def _text(value: object) -> str | None:
    match value:
        case None:
            return None
        case CodeTable() | UnknownCode():
            return str(value.value)
        case CopayRatio():
            return f"{value.percent} %"
        case date() | datetime():
            return value.isoformat()
        case _:
            # a whole record that the other side does not have: told by its kind
            return type(value).__name__ if is_record(value) else str(value)
