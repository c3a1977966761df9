"""What was deleted and why, as the audit log and the page of retention tell it, in words."""

from __future__ import annotations

from eligibility.codes import ConsentCategory, UnknownCode, read_code
from eligibility.consenting import ConsentEnd
from terminal.kept_history import HistoryEnd
from terminal.retention.run import Counts, Erasable
from web.i18n import show_number, text
from web.wording import label


def history_words(recorded: str | None) -> str:
    """Return why a history was deleted and how much it was, of what the audit log recorded.

    What was recorded in a way that is not known here is shown as it is.
    """
    why, _, counts = (recorded or "").partition(":")
    for prefix, kind in (("history-end", HistoryEnd), ("consent-end", ConsentEnd)):
        if why in set(kind):
            parts = [text(f"{prefix}.{why}"), *(_count(one) for one in counts.split(",") if one)]
            return text("retention.and").join(parts)
    return recorded or ""


def _count(recorded: str) -> str:
    """Return ``YZK=3`` in words."""
    code, _, count = recorded.partition("=")
    category = read_code(ConsentCategory, code)
    if isinstance(category, UnknownCode) or not count.isdecimal():
        return recorded
    return text("retention.history.count", what=label(category), count=int(count))


def count_rows(counts: Counts) -> list[tuple[str, str]]:
    """Return what is counted and how much of it there is, without what is none."""
    return [
        (text(f"erasable.{kind}"), show_number(counts[kind]))
        for kind in Erasable
        if counts.get(kind)
    ]


def count_words(counts: Counts) -> str:
    """Return counts in one line, empty for nothing."""
    return text("retention.and").join(
        text("retention.counted", what=what, count=count) for what, count in count_rows(counts)
    )
