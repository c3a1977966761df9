"""Words of 被保険者資格申立書: the paper is Japanese, with the reader's language beside it."""

from __future__ import annotations

from datetime import date

from eligibility.codes import Sex
from terminal.declaration import Declaration, DeclarationReason
from web.i18n import DEFAULT_LANGUAGE, current_language, text

INSURANCES = ("association", "society", "mutual-aid", "national", "elderly", "other")
"""加入医療保険種別, as patients know them."""
SHARES = ("30", "20", "10", "unknown")


def japanese(message_id: str) -> str:
    """Return the words that the payer reads."""
    return text(f"declaration.{message_id}", language=DEFAULT_LANGUAGE)


def beside(message_id: str) -> str:
    """Return the same in the language of the request, empty where that is Japanese."""
    if current_language() == DEFAULT_LANGUAGE:
        return ""
    return text(f"declaration.{message_id}")


def day(value: date | None) -> str:
    """Return a day as it is written on the paper, with spaces to write in where it is not known."""
    if value is None:
        return "\u3000\u3000\u3000\u3000年\u3000\u3000月\u3000\u3000日"
    return f"{value.year}年{value.month}月{value.day}日"


def sexes(form: Declaration) -> list[tuple[str, bool]]:
    """Return the boxes for the sex (性別), and which is ticked."""
    return [("sex.male", form.sex is Sex.MALE), ("sex.female", form.sex is Sex.FEMALE)]


def reasons(form: Declaration) -> list[tuple[str, bool]]:
    """Return the boxes for why nothing could be confirmed, and which is ticked."""
    known = [(f"reason.{one}", form.reason is one) for one in DeclarationReason]
    return [*known, ("reason.other", False)]
