"""Words and marks for the card's word on its holder beside the payer's; nothing is decided here."""

from __future__ import annotations

from eligibility.holder import Comparison, Match
from eligibility.model import NotRead
from terminal.identification import HolderRecord, NumberBEntry
from terminal.views import NumberBState, VisitDetail
from web.finding_words import ELEMENTS, said
from web.i18n import show_moment, text
from web.wording import Mark


def holder_mark(detail: VisitDetail) -> Mark:
    """Return how far the comparison with the card is: ◇ until it was read, ■ where it differs."""
    number_b = detail.number_b
    if number_b is not None and number_b.state is NumberBState.READING:
        return Mark("waiting", text("staff.card.reading"))
    if detail.holder is None:
        return Mark("waiting", text("staff.card.not-read"))
    kinds = [match_mark(one).kind for one in detail.compared]
    if "invalid" in kinds:
        return Mark("invalid", text("staff.card.differs"))
    if "attention" in kinds:
        return Mark("attention", text("staff.card.look"))
    if "valid" in kinds:
        return Mark("valid", text("staff.card.fits"))
    return Mark("waiting", text("staff.card.read"))


def match_mark(one: Comparison) -> Mark:
    """Return a field's mark: ● same, ■ differs, ▲ to be looked at, ◇ nothing to compare."""
    kind = {
        Match.SAME: "valid",
        Match.WRITTEN_OTHERWISE: "attention",
        Match.DIFFERS: "invalid",
        Match.UNDETERMINED: "attention",
    }.get(one.match, "waiting")
    if one.field == "address" and one.match is Match.DIFFERS:
        kind = "attention"  # a payer's address may be older than the card's
    return Mark(kind, text(f"match.{one.match}"))


def compared_rows(detail: VisitDetail) -> list[tuple[str, str, str, Mark]]:
    """Return field, the card's value, the payer's and the mark, one line a field."""
    if detail.row.withheld:
        no_word = "staff.card.withheld"
    elif detail.answer is None:
        no_word = "staff.card.no-answer"
    else:
        no_word = "staff.card.several" if len(detail.answer.results) > 1 else "field.none"
    return [
        (
            text(ELEMENTS[one.field]),
            text("match.not-read")
            if isinstance(one.on_card, NotRead)
            else said(one.field, one.on_card),
            text(no_word)
            if isinstance(one.from_payer, NotRead)
            else said(one.field, one.from_payer),
            match_mark(one),
        )
        for one in detail.compared
    ]


def holder_read(holder: HolderRecord, name: str | None) -> str:
    """Return when the card was read, and by whom or how."""
    if holder.entry is NumberBEntry.CAMERA:
        who = text(f"number-b-entry.{holder.entry}")
    else:
        who = name or text("staff.log.unknown")
    return text("staff.card.read-by", time=show_moment(holder.read_at), who=who)
