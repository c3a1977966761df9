"""Asking without a card: the forms by insured number and, in disaster mode, by name."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from flask import Blueprint, Flask, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from eligibility.calendar import JAPAN
from eligibility.clinic_record import ClinicRecord
from eligibility.codes import Sex
from eligibility.model import NumberSubject, PersonSubject
from terminal.desk_enquiry import DOCUMENTS_WITH_NUMBER
from terminal.errors import DisasterModeOffError, UnknownPatientError
from terminal.views import VisitDetail
from terminal.visit import is_nameless
from web import enquiry_words
from web.auth import log_in, terminal
from web.enquiry_form import NumberEntry, PersonEntry
from web.i18n import text
from web.security import Right, requires
from web.wording import label

blueprint = Blueprint("enquiry", __name__)


def _today() -> date:
    return terminal().now().astimezone(JAPAN).date()


@blueprint.get("/staff/enquiry")
@requires(Right.COVERAGE)
def number() -> str:
    """Show the form by number, empty or with what an earlier visit was asked with."""
    visit_id = request.args.get("from", "")
    return _number_page(_entry_from(visit_id) if visit_id else NumberEntry.blank())


def _entry_from(visit_id: str) -> NumberEntry:
    detail: VisitDetail = terminal().desk.visit(log_in().actor, visit_id)
    results = detail.answer.results if detail.answer is not None else ()
    place = request.args.get("candidate", "")
    if place.isdecimal() and len(place) < 4 and int(place) < len(results):
        return NumberEntry.of(results[int(place)], follows=visit_id)
    subject = detail.row.visit.subject
    if isinstance(subject, NumberSubject):
        return NumberEntry.of(subject, follows=visit_id)
    return NumberEntry.blank(follows=visit_id if is_nameless(detail.row.visit) else "")


@blueprint.post("/staff/enquiry/patient")
@requires(Right.COVERAGE)
def of_patient() -> str:
    """Show the form with what the clinic has on file of a patient; posted, as the register is."""
    found = terminal().enquiry_desk.patient(log_in().actor, request.form.get("patient", ""))
    return _number_page(NumberEntry.of(found.record), found.record)


@blueprint.post("/staff/enquiry")
@requires(Right.COVERAGE)
def ask_by_number() -> Response | tuple[str, int]:
    """Open a visit by number and ask the payer, or show what to correct."""
    entry = NumberEntry.read(request.form, _today())
    if entry.errors or entry.seen is None:
        return _number_page(entry), 422
    if entry.wants_a_look:
        return _number_page(entry.asked_about()), 422
    terminal().enquiry_desk.ask_by_number(
        log_in().actor,
        entry.visit,
        entry.subject(_today()),
        entry.seen,
        patient_number=entry.patient or None,
        follows=entry.follows or None,
    )
    return redirect(url_for("staff.visit", visit_id=entry.visit), 303)


def _number_page(entry: NumberEntry, record: ClinicRecord | None = None) -> str:
    if entry.patient and record is None:
        try:
            record = terminal().enquiry_desk.patient(log_in().actor, entry.patient).record
        except UnknownPatientError:
            entry = replace(entry, patient="")
    return render_template(
        "staff/enquiry.html",
        entry=entry,
        record=record,
        documents=[(one.value, text(f"document.{one}")) for one in DOCUMENTS_WITH_NUMBER],
        may_ask=terminal().enquiry_desk.may_ask_by_number,
    )


@blueprint.get("/staff/enquiry/name")
@requires(Right.COVERAGE)
def name() -> str:
    """Show the form by name; in disaster mode only."""
    visit_id = request.args.get("from", "")
    entry = PersonEntry.blank()
    if visit_id:
        detail: VisitDetail = terminal().desk.visit(log_in().actor, visit_id)
        subject = detail.row.visit.subject
        if isinstance(subject, PersonSubject):
            entry = PersonEntry.of_subject(subject, visit_id)
    return _name_page(entry)


@blueprint.post("/staff/enquiry/name")
@requires(Right.COVERAGE)
def ask_by_name() -> Response | tuple[str, int]:
    """Open a visit by name and ask the payer, or show what to correct."""
    entry = PersonEntry.read(request.form, _today())
    if entry.errors:
        return _name_page(entry), 422
    terminal().enquiry_desk.ask_by_person(
        log_in().actor, entry.visit, entry.subject(_today()), follows=entry.follows or None
    )
    return redirect(url_for("staff.visit", visit_id=entry.visit), 303)


def _name_page(entry: PersonEntry) -> str:
    if not terminal().disaster.is_on():
        raise DisasterModeOffError
    return render_template(
        "staff/enquiry_name.html",
        entry=entry,
        sexes=[(one.value, label(one)) for one in Sex],
        may_ask=terminal().enquiry_desk.may_ask_by_person,
    )


def init(app: Flask) -> None:
    """Give ``app`` these pages, and all pages the words about such visits."""
    app.register_blueprint(blueprint)
    app.jinja_env.globals.update(
        enquiry_words=enquiry_words,
        is_nameless=is_nameless,
        may_ask_by_name=lambda: terminal().enquiry_desk.may_ask_by_person,
    )
