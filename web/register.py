"""The clinic's register of patients (患者台帳): searched, and imported from a file in two steps."""

from __future__ import annotations

from flask import Blueprint, Flask, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from eligibility.clinic_record import ClinicRecord
from terminal.register.entry import RegisterChange
from terminal.register.file import REGISTER_COLUMNS
from web.auth import log_in, terminal
from web.csv_import import CsvImport, label
from web.finding_words import said
from web.i18n import text
from web.security import Right, requires

blueprint = Blueprint("register", __name__)


def value(record: ClinicRecord, field: str) -> str:
    """Return what a record says in a field, as the pages write it."""
    found = getattr(record, field)
    if found is None:
        return text("staff.register.blank")
    if field == "sex":
        return said(field, found.value)
    return said(field, str(found)) if field == "birthdate" else str(found)


def changed_fields(change: RegisterChange) -> list[tuple[str, str, str]]:
    """Return label, former and new value of each field that a file changes."""
    return [
        (label(field), value(change.before, field), value(change.after, field))
        for field in change.fields
    ]


@blueprint.get("/staff/register")
@requires(Right.COVERAGE)
def patients() -> str:
    """Show the register from its beginning."""
    return _patients_page("", 1)


@blueprint.post("/staff/register")
@requires(Right.COVERAGE)
def find() -> str:
    """Show what a search finds; it is posted, since an address is kept where a name must not be."""
    number = request.form.get("page", "1")
    return _patients_page(
        request.form.get("text", ""), int(number) if number.isdecimal() and len(number) < 7 else 1
    )


def _patients_page(wanted: str, number: int) -> str:
    return render_template(
        "staff/register.html",
        found=terminal().register.search(log_in().actor, wanted, number),
        wanted=wanted.strip(),
        value=value,
        taken="taken" in request.args,
    )


@blueprint.post("/staff/register/import/take")
@requires(Right.COVERAGE)
def take() -> Response:
    """Take the file that was looked at, whole."""
    terminal().register.take(log_in().actor, request.form.get("preview", ""))
    return redirect(url_for("register.patients", taken=1), 303)


CsvImport(
    "register",
    REGISTER_COLUMNS,
    lambda data: terminal().register.look_at(log_in().actor, data),
    {"changed_fields": changed_fields, "value": value},
).add_to(blueprint)


def init(app: Flask) -> None:
    """Give ``app`` these pages."""
    app.register_blueprint(blueprint)
