"""The month's report for staff: a page with charts, and the same figures as CSV."""

from __future__ import annotations

from flask import Blueprint, Flask, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from eligibility.calendar import CalendarMonth
from terminal.csv_writing import write_csv
from terminal.report.cells import HEADERS, cells
from terminal.report.month import named_month
from web import report_words as words
from web.auth import log_in, terminal
from web.i18n import show_month
from web.security import Right, requires

blueprint = Blueprint("report", __name__)


@blueprint.get("/staff/report")
@blueprint.get("/staff/report/<name>")
@requires(Right.STAFF)
def month(name: str | None = None) -> str | Response:
    """Show one month, else the running one; the form's choice leads to its month's address."""
    chosen = request.args.get("month")
    if chosen is not None:
        return redirect(url_for("report.month", name=str(named_month(chosen))), 303)
    asked = CalendarMonth.at(terminal().now()) if name is None else named_month(name)
    actor, reporting = log_in().actor, terminal().reporting
    report = reporting.of(actor, asked)
    months = sorted({asked, *reporting.months(actor)}, reverse=True)
    return render_template(
        "staff/report.html",
        report=report,
        months=[(str(one), show_month(one)) for one in months],
        words=words,
    )


@blueprint.get("/staff/report/<name>.csv")
@requires(Right.STAFF)
def as_csv(name: str) -> Response:
    """Hand out a month's figures: one a line, under fixed codes and in words."""
    asked = named_month(name)
    report = terminal().reporting.of(log_in().actor, asked)
    rows = (
        (
            str(asked),
            cell.part,
            cell.item,
            cell.detail,
            cell.value,
            cell.unit,
            words.cell_name(cell),
        )
        for cell in cells(report)
    )
    response = make_response(write_csv((*HEADERS, "name"), rows))
    response.headers["Content-Type"] = "text/csv; charset=utf-8"
    response.headers["Content-Disposition"] = f'attachment; filename="eligibility-{asked}.csv"'
    return response


def init(app: Flask) -> None:
    """Give ``app`` these pages."""
    app.register_blueprint(blueprint)
