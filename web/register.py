"""The clinic's register of patients (患者台帳): searched, and imported from a file in two steps."""

from __future__ import annotations

from flask import Blueprint, Flask, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from eligibility.clinic_record import ClinicRecord
from terminal.errors import CsvFileError
from terminal.register.clinic_register import RegisterPreview
from terminal.register.entry import RegisterChange
from terminal.register.file import REGISTER_COLUMNS, Column
from web.auth import log_in, terminal
from web.csv_forms import LARGEST_FORM, csv_limits, header_words, sent_file
from web.finding_words import said
from web.i18n import text
from web.security import Right, requires, takes_up_to

blueprint = Blueprint("register", __name__)
SHOWN = 50
"""How many patients of each kind a preview names; the others are counted."""
LABELS = {
    "patient_number": "field.patient-number",
    "name": "field.name",
    "name_kana": "field.name-kana",
    "birthdate": "field.birthdate",
    "sex": "field.sex",
    "post_number": "field.post-number",
    "address": "field.address",
    "insurer_number": "field.insurer-number",
    "insured_card_symbol": "field.symbol",
    "insured_identification_number": "field.number",
    "insured_branch_number": "field.branch",
}


def label(field: str) -> str:
    """Return what a field of the register is called on the pages."""
    return text(LABELS[field])


def value(record: ClinicRecord, field: str) -> str:
    """Return what a record says in a field, as the pages write it."""
    found = getattr(record, field)
    if found is None:
        return text("staff.register.blank")
    if field == "sex":
        return said(field, found.value)
    return said(field, str(found)) if field == "birthdate" else str(found)


def column_name(column: Column) -> str:
    """Return the header that a file may have, in the page's language where it has one."""
    return header_words(REGISTER_COLUMNS, column)


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


@blueprint.get("/staff/register/import")
@requires(Right.COVERAGE)
def choose_file() -> str:
    """Ask for a file, and say what it must be."""
    return _import_page()


def _import_page(problem: CsvFileError | None = None, *, nothing: bool = False) -> str:
    return render_template(
        "staff/register_import.html",
        columns=REGISTER_COLUMNS,
        column_name=column_name,
        label=label,
        problem=problem,
        nothing=nothing,
        limits=csv_limits(),
    )


@blueprint.post("/staff/register/import")
@requires(Right.COVERAGE)
@takes_up_to(LARGEST_FORM)
def look_at() -> str | tuple[str, int]:
    """Look at the chosen file and show what taking it would do, or line by line what is wrong."""
    data = sent_file()
    if not data:
        return _import_page(nothing=True), 422
    try:
        preview: RegisterPreview = terminal().register.look_at(log_in().actor, data)
    except CsvFileError as error:
        return _import_page(error), 422
    page = render_template(
        "staff/register_preview.html",
        preview_id=preview.id,
        file=preview.file,
        changes=preview.changes,
        shown=SHOWN,
        column_name=column_name,
        changed_fields=changed_fields,
        value=value,
    )
    return (page, 422) if preview.changes is None else page


@blueprint.post("/staff/register/import/take")
@requires(Right.COVERAGE)
def take() -> Response:
    """Take the file that was looked at, whole."""
    terminal().register.take(log_in().actor, request.form.get("preview", ""))
    return redirect(url_for("register.patients", taken=1), 303)


def init(app: Flask) -> None:
    """Give ``app`` these pages."""
    app.register_blueprint(blueprint)
