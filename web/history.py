"""The pages of consented history: medicines, treatment, checkups; each look is written down.

What may be seen is asked anew for each page and each search, and nothing of it is kept here.
"""

from __future__ import annotations

from datetime import date, datetime

from flask import Blueprint, Flask, abort, make_response, render_template, request
from werkzeug.wrappers import Response

from eligibility.calendar import JAPAN
from eligibility.codes import ConsentCategory
from eligibility.history.analytes import bands_source
from eligibility.history.months import months_of_care
from eligibility.history.series import checkup_table
from eligibility.history.timeline import IngredientGroup
from terminal.views import OpenHistory, VisitDetail
from web import history_words as words
from web.auth import log_in, terminal
from web.drug_picture import drug_picture, legend
from web.history_files import file_choice
from web.history_pages import (
    DrugSelection,
    Period,
    care_page,
    drug_page,
    months_of,
    read_month,
)
from web.security import Right, requires

blueprint = Blueprint("history", __name__)

MEDICINES = frozenset({ConsentCategory.YZK})
CARE = frozenset({ConsentCategory.SRJ, ConsentCategory.SHJ})
CHECKUPS = frozenset({ConsentCategory.TKK})


@blueprint.get("/staff/visits/<visit_id>/history")
@requires(Right.HISTORY)
def drugs(visit_id: str) -> str:
    """Show medicines by ingredient, as far as the consent opens them now."""
    sequence, detail, opened = _look(visit_id, MEDICINES)
    selection = _selection()
    groups = () if opened is None else _groups(opened)
    return _page(
        "staff/history_drugs.html",
        detail,
        opened,
        sequence,
        periods=[(one.value, words.period(one)) for one in Period],
        months=months_of(groups),
        selection=selection,
        **({} if opened is None else _found(opened, selection)),
    )


@blueprint.get("/staff/visits/<visit_id>/history/rows")
@requires(Right.HISTORY)
def drug_rows(visit_id: str) -> str:
    """Return the part of the medicines' page that a search changes."""
    opened: OpenHistory = terminal().desk.history(log_in().actor, visit_id, MEDICINES)
    selection = _selection()
    return render_template(
        "staff/history_drugs_found.html",
        visit_id=visit_id,
        opened=opened,
        words=words,
        selection=selection,
        **_found(opened, selection),
    )


@blueprint.get("/staff/visits/<visit_id>/history/care")
@requires(Right.HISTORY)
def care(visit_id: str) -> str:
    """Show acts, operations and diagnoses by month and institution."""
    sequence, detail, opened = _look(visit_id, CARE)
    months = () if opened is None else months_of_care(opened.history)
    month = read_month(request.args.get("month", ""))
    shown, left_out = care_page(months, month)
    return _page(
        "staff/history_care.html",
        detail,
        opened,
        sequence,
        all_months=months,
        months=shown,
        chosen=month,
        left_out=left_out,
    )


@blueprint.get("/staff/visits/<visit_id>/history/checkups")
@requires(Right.HISTORY)
def checkups(visit_id: str) -> str:
    """Show five years of checkups side by side, and their trends."""
    sequence, detail, opened = _look(visit_id, CHECKUPS)
    year = request.args.get("until", "")
    until = int(year) if year.isascii() and year.isdigit() and len(year) == 4 else None
    table = None
    if opened is not None:
        table = checkup_table(opened.history.checkups, until, _today(opened))
    sex = words.sex_of(opened)
    return _page(
        "staff/history_checkups.html",
        detail,
        opened,
        sequence,
        table=table,
        sex=sex,
        charts=() if table is None else words.trends(table, sex),
        bands_source=bands_source(),
    )


@blueprint.get("/staff/history-print.css")
@requires(Right.HISTORY)
def print_sheet() -> Response:
    """Return the margins of a printed history: source, time and consent on each page.

    All of it is in the address, which the history's page wrote: nothing of a patient is read here.
    """
    try:
        fetched, ends = (datetime.fromisoformat(request.args[name]) for name in ("fetched", "ends"))
        consent = request.args["consent"]
    except (KeyError, ValueError):
        abort(404)
    if not consent.isalnum() or None in (fetched.tzinfo, ends.tzinfo):
        abort(404)
    emergency = "emergency" in request.args
    response = make_response(words.print_sheet(fetched, ends, consent, emergency=emergency))
    response.headers["Content-Type"] = "text/css; charset=utf-8"
    return response


def _look(
    visit_id: str, categories: frozenset[ConsentCategory]
) -> tuple[int, VisitDetail, OpenHistory | None]:
    """Return the stream's position, the visit, and the history where it is open."""
    sequence: int = terminal().bus.sequence
    actor = log_in().actor
    detail: VisitDetail = terminal().desk.visit(actor, visit_id)
    if detail.history_closed_because is not None:
        return sequence, detail, None
    return sequence, detail, terminal().desk.history(actor, visit_id, categories)


def _page(
    template: str,
    detail: VisitDetail,
    opened: OpenHistory | None,
    sequence: int,
    **more: object,
) -> str:
    return render_template(
        template,
        detail=detail,
        row=detail.row,
        visit_id=detail.row.visit.id,
        opened=opened,
        history=None if opened is None else opened.history,
        sequence=sequence,
        words=words,
        Category=ConsentCategory,
        files=file_choice(opened),
        **more,
    )


def _selection() -> DrugSelection:
    period = request.args.get("period", "")
    return DrugSelection(
        period=Period(period) if period in set(Period) else Period.SIX_MONTHS,
        query=request.args.get("q", "").strip(),
        month=read_month(request.args.get("month", "")),
    )


def _found(opened: OpenHistory, selection: DrugSelection) -> dict[str, object]:
    """Return what the table and the picture of medicines show."""
    today = _today(opened)
    page = drug_page(_groups(opened), selection, today)
    part = request.args.get("part", "")
    number = int(part) if part.isascii() and part.isdigit() and len(part) <= 3 else 1
    return {
        "page": page,
        "picture": drug_picture(page, selection, today, number),
        "legend": legend(),
    }


def _today(opened: OpenHistory) -> date:
    return opened.seen_at.astimezone(JAPAN).date()


def _groups(opened: OpenHistory) -> tuple[IngredientGroup, ...]:
    birthdate = None if opened.person is None else opened.person.birthdate
    return opened.history.drugs.groups(_today(opened), birthdate)


def init(app: Flask) -> None:
    """Add the history's pages to ``app``."""
    app.register_blueprint(blueprint)
