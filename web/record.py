"""Words and marks for card, payer and the clinic's own record side by side; nothing is decided."""

from __future__ import annotations

from eligibility.clinic_record import ClinicRecord
from eligibility.holder import NOTHING_READ
from eligibility.model import Coverage, Finding, NotRead, Severity
from eligibility.register import Ground, is_about_record
from eligibility.results import insurances, results_meant
from terminal.register.file import Column
from terminal.register.record_link import LinkChoice, RecordView
from terminal.views import VisitDetail
from web.csv_import import label
from web.finding_words import said
from web.i18n import show_moment, text
from web.wording import Mark

FIELDS = tuple(column.value for column in Column if column is not Column.POST_NUMBER)
_OF_CARD = frozenset({"name", "birthdate", "sex", "address"})
_OF_PERSON = frozenset({*_OF_CARD, "name_kana"})
_UNDER_INSURER = frozenset(
    {"insured_card_symbol", "insured_identification_number", "insured_branch_number"}
)
"""What says nothing under another insurer, and is not compared then."""
_CODED = frozenset({"birthdate", "sex"})


def record_mark(record: RecordView, detail: VisitDetail) -> Mark:
    """Return how visit and register stand: ■ another person, ▲ look, ● linked, ◇ nobody."""
    if record.record is None:
        return Mark("waiting", text("staff.record.nobody"))
    found = _findings(detail)
    if any(one.severity is Severity.STOP for one in found):
        return Mark("invalid", text("staff.record.another"))
    if any(one.severity is Severity.WARN for one in found):
        return Mark("attention", text("staff.record.differs"))
    if found:
        return Mark("attention", text("staff.card.look"))
    if not _held_against(detail):
        return Mark("waiting", text("staff.record.not-compared"))
    return Mark("valid", text("staff.record.fits"))


def how_linked(record: RecordView) -> str:
    """Return by whom and when the visit was linked, or that it was found by 照会番号."""
    if record.link is None:
        return text("staff.record.by-reference")
    linked = record.link.choice is LinkChoice.LINKED
    return text(
        "staff.record.by-hand" if linked else "staff.record.unlinked-by",
        who=record.link_made_by or text("staff.log.unknown"),
        time=show_moment(record.link.made_at),
    )


def ground_words(grounds: frozenset[Ground]) -> str:
    """Return why a record may be the person's."""
    return "、".join(text(f"ground.{ground}") for ground in Ground if ground in grounds)


def compared_rows(
    record: ClinicRecord, detail: VisitDetail
) -> list[tuple[str, str, str, str, Mark]]:
    """Return field, the card's, the payer's and the register's value and the mark, a line each.

    Of several results the payer's value is each that one of them says; the record fits if it fits
    one.
    """
    results = _held_against(detail)
    # the gravest comes first, and counts
    found = {one.field: one for one in reversed(_findings(detail))}
    other_insurer = "insurer_number" in found
    rows = []
    for field in FIELDS:
        ours = _ours(record, field)
        card, payer = _on_card(detail, field), _from_payer(results, detail, field)
        nothing = other_insurer and field in _UNDER_INSURER
        nothing |= not results or ours is None or (card is None and payer is None)
        rows.append(
            (
                label(field) if field != "patient_number" else text("staff.record.number"),
                text("staff.record.blank") if card is None else card,
                text("staff.record.blank") if payer is None else payer,
                text("staff.register.blank") if ours is None else ours,
                _mark(found.get(_finding_field(field)), nothing=nothing),
            )
        )
    return rows


def _held_against(detail: VisitDetail) -> tuple[Coverage, ...]:
    """Return the results that the record is compared with."""
    return () if detail.answer is None else results_meant(detail.answer)


def _finding_field(field: str) -> str:
    return "reference_number" if field == "patient_number" else field


def _mark(found: Finding | None, *, nothing: bool) -> Mark:
    if found is not None and found.severity is Severity.STOP:
        return Mark("invalid", text("match.differs"))
    if found is not None:
        return Mark("attention", text("staff.record.look"))
    if nothing:
        return Mark("waiting", text("staff.record.not-compared"))
    return Mark("valid", text("staff.record.no-difference"))


def _findings(detail: VisitDetail) -> list[Finding]:
    confirmation = detail.row.confirmation
    return [one for one in (confirmation.findings if confirmation else ()) if is_about_record(one)]


def _ours(record: ClinicRecord, field: str) -> str | None:
    return _words(field, getattr(record, field))


def _on_card(detail: VisitDetail, field: str) -> str | None:
    attributes = NOTHING_READ if detail.holder is None else detail.holder.attributes
    value = getattr(attributes, field) if field in _OF_CARD else None
    return None if isinstance(value, NotRead) else _words(field, value)


def _from_payer(results: tuple[Coverage, ...], detail: VisitDetail, field: str) -> str | None:
    if field == "patient_number":
        return detail.answer.reference_number if detail.answer is not None and results else None
    if field in _OF_PERSON:
        told = [_words(field, getattr(one.person, field)) for one in results]
    else:
        told = [_words(field, getattr(one, field)) for one in insurances(results)]
    each = list(dict.fromkeys(one for one in told if one is not None))
    return text("staff.record.or").join(each) or None


def _words(field: str, value: object) -> str | None:
    if value is None or value == "":
        return None
    code = getattr(value, "value", value)
    return said(field, str(code)) if field in _CODED else str(code)
