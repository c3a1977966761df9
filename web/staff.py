"""The staff's pages: today's list, one visit, and who looked at it."""

from __future__ import annotations

from flask import Blueprint, Flask, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from eligibility.calendar import JAPAN
from eligibility.consenting import ActingFor
from eligibility.model import FindingCode, Severity
from terminal.decision import DecisionBasis
from terminal.declaration import Declaration
from terminal.errors import NumberBEntryError, VisitStateError
from terminal.identification import VisualReason
from terminal.views import DayList, DeskNeed, VisitDetail
from web import (
    comparing,
    consent_words,
    coverage_words,
    deciding,
    declaring,
    finding_words,
    log_words,
    record,
    wording,
)
from web.auth import log_in, may, terminal
from web.card_entry import CardEntry
from web.forms import one_of
from web.i18n import text
from web.oral_form import OralEntry
from web.security import Right, requires

blueprint = Blueprint("staff", __name__)
QUIET = frozenset({DeskNeed.NOTHING, DeskNeed.PATIENT_IS_BUSY, DeskNeed.WAIT_FOR_PAYER})
URGENCY = tuple(DeskNeed)
DONE = {
    "identified": "staff.visit.identify.done",
    "asked": "staff.visit.ask-again.done",
    "acting": "staff.visit.acting.done",
    "decided": "staff.decide.done",
    "linked": "staff.record.linked",
    "unlinked": "staff.record.unlinked",
    "undone": "staff.record.undone",
    "named": "staff.right-name.done",
    "unnamed": "staff.right-name.withdrawn",
    "former-name": "staff.right-name.former",
    "stopped": "staff.sharing.stopped",
    "heard": "oral.done",
    "emergency-closed": "emergency.done.closed",
}
PAGES = (
    ("staff.today", Right.COVERAGE),
    ("enquiry.number", Right.COVERAGE),
    ("appointments.expected", Right.COVERAGE),
    ("register.patients", Right.COVERAGE),
    ("report.month", Right.STAFF),
    ("admin.devices", Right.STAFF),
    ("admin.accounts", Right.ADMINISTRATION),
    ("admin.kiosks", Right.ADMINISTRATION),
    ("disaster.disaster", Right.ADMINISTRATION),
    ("retention.retention", Right.ADMINISTRATION),
)


def desk_pages() -> list[tuple[str, str]]:
    """Return the pages of the menu that the one logged in may open: endpoint and label."""
    role = log_in().account.role
    return [
        (endpoint, text(f"staff.nav.{endpoint.partition('.')[2]}"))
        for endpoint, right in PAGES
        if may(role, right)
    ]


def _day() -> dict[str, object]:
    day: DayList = terminal().desk.today(log_in().actor)
    rows = day.rows
    needing = [row for row in rows if row.need not in QUIET]
    needing.sort(key=lambda row: (URGENCY.index(row.need), row.visit.opened_at))
    quiet = [row for row in rows if row.need in QUIET]
    return {
        "day": day,
        "needing": needing,
        "quiet": quiet,
        "payer_down": terminal().payer_is_silent,
        "misses_card_visits": terminal().misses_card_visits,
    }


@blueprint.get("/staff/")
@requires(Right.STAFF)
def home() -> Response:
    """Lead each role to its first page."""
    role = log_in().account.role
    endpoint = next(endpoint for endpoint, right in PAGES if may(role, right))
    return redirect(url_for(endpoint), 303)


@blueprint.get("/staff/today")
@requires(Right.COVERAGE)
def today() -> str:
    """Show today's visits: who needs staff on top, the rest quiet below."""
    return render_template("staff/today.html", **_day())


@blueprint.get("/staff/today/rows")
@requires(Right.COVERAGE)
def today_rows() -> str:
    """Return the part of today's page that changes."""
    return render_template("staff/today_rows.html", **_day())


@blueprint.get("/staff/visits/<visit_id>")
@requires(Right.COVERAGE)
def visit(visit_id: str) -> str:
    """Show one visit: what to settle first, then the coverage."""
    return visit_page(visit_id)


def visit_page(
    visit_id: str,
    missing: bool = False,
    entry: CardEntry | None = None,
    undecided: bool = False,
    no_patient: bool = False,
    no_name: bool = False,
    oral: OralEntry | None = None,
) -> str:
    """Return the page of one visit, with what was wrong in the form that was sent."""
    sequence = terminal().bus.sequence
    detail: VisitDetail = terminal().desk.visit(log_in().actor, visit_id)
    found = detail.row.confirmation.findings if detail.row.confirmation else ()
    return render_template(
        "staff/visit.html",
        detail=detail,
        row=detail.row,
        sequence=sequence,
        to_settle=sorted(
            (finding for finding in found if finding.severity is not Severity.NOTE),
            key=lambda finding: wording.SEVERITIES.index(finding.severity),
        ),
        notes=[finding for finding in found if finding.severity is Severity.NOTE],
        reasons=[(reason.value, text(f"visual-reason.{reason}")) for reason in VisualReason],
        relations=[
            ("", text("staff.visit.acting.nobody")),
            *((one.value, text(f"acting-for.{one}")) for one in ActingFor),
        ],
        missing=missing,
        undecided=undecided,
        record=terminal().record_links.view(log_in().actor, detail),
        no_patient=no_patient,
        before=terminal().found_before.beside(log_in().actor, detail),
        right_name=terminal().right_names.view(log_in().actor, visit_id),
        wants_name=any(one.code is FindingCode.NAME_HAS_REPLACED_CHARACTERS for one in found),
        no_name=no_name,
        deciding=deciding,
        asks_prescription=terminal().config.kiosk.prescription_choice,
        entry=entry or CardEntry(),
        oral=terminal().oral_consents.offer(log_in().actor, visit_id),
        oral_entry=oral or OralEntry(),
        done=DONE.get(request.args.get("done", "")),
    )


@blueprint.post("/staff/visits/<visit_id>/identify")
@requires(Right.COVERAGE)
def identify(visit_id: str) -> Response | tuple[str, int]:
    """Record that staff looked at card and holder, and why (目視確認)."""
    reason = one_of(VisualReason, request.form.get("reason"))
    if reason is None:
        return visit_page(visit_id, missing=True), 422
    terminal().desk.identify_visually(log_in().actor, visit_id, reason)
    return back_to(visit_id, "identified")


@blueprint.post("/staff/visits/<visit_id>/card")
@requires(Right.COVERAGE)
def compare_with_card(visit_id: str) -> Response | tuple[str, int]:
    """Try 照合番号B on the card in the reader; what comes of it is shown by the visit's page."""
    entry = CardEntry.read(request.form)
    code = bytearray(request.form.get("security_code", "").encode())
    if entry.birthdate is None or entry.expiry_year is None:
        code[:] = bytes(len(code))
        return visit_page(visit_id, entry=entry), 422
    try:
        terminal().desk.enter_number_b(
            log_in().actor, visit_id, entry.birthdate, entry.expiry_year, code
        )
    except NumberBEntryError as error:
        return visit_page(visit_id, entry=entry.refused(error)), 422
    return redirect(url_for("staff.visit", visit_id=visit_id, _anchor="on-card"), 303)


@blueprint.post("/staff/visits/<visit_id>/acting")
@requires(Right.COVERAGE)
def acting(visit_id: str) -> Response:
    """Record who acted for the holder; anything but a known relation is nobody."""
    relation = one_of(ActingFor, request.form.get("acting"))
    terminal().desk.record_acting(log_in().actor, visit_id, relation)
    return back_to(visit_id, "acting")


@blueprint.post("/staff/visits/<visit_id>/ask")
@requires(Right.COVERAGE)
def ask_again(visit_id: str) -> Response:
    """Ask the payer again now."""
    terminal().desk.ask_again(log_in().actor, visit_id)
    return back_to(visit_id, "asked")


@blueprint.post("/staff/visits/<visit_id>/decide")
@requires(Right.COVERAGE)
def decide(visit_id: str) -> Response | tuple[str, int]:
    """Record what staff go by while the payer gives no answer."""
    basis = one_of(DecisionBasis, request.form.get("basis"))
    percent = deciding.read_share(request.form.get("percent", ""))
    if basis is None or (basis in deciding.WITH_SHARE and percent is None):
        return visit_page(visit_id, undecided=True), 422
    terminal().decisions.decide(log_in().actor, visit_id, basis, percent)
    return back_to(visit_id, "decided")


@blueprint.post("/staff/visits/<visit_id>/close")
@requires(Right.COVERAGE)
def close(visit_id: str) -> Response:
    """Close a visit whose holder was never identified."""
    terminal().desk.close_visit(log_in().actor, visit_id)
    return redirect(url_for("staff.today"), 303)


def back_to(visit_id: str, done: str) -> Response:
    """Lead back to a visit's page, which says what was done: a key of ``DONE``."""
    return redirect(url_for("staff.visit", visit_id=visit_id, done=done), 303)


@blueprint.get("/staff/visits/<visit_id>/log")
@requires(Right.COVERAGE)
def who_looked(visit_id: str) -> str:
    """Show who did and saw what in this visit."""
    actor = log_in().actor
    detail: VisitDetail = terminal().desk.visit(actor, visit_id)
    looks = terminal().access.who_looked(actor, visit_id)
    return render_template("staff/log.html", row=detail.row, looks=looks)


@blueprint.get("/staff/visits/<visit_id>/declaration")
@requires(Right.COVERAGE)
def declaration(visit_id: str) -> str:
    """Show the declaration (被保険者資格申立書) of one visit, to be printed and signed."""
    detail: VisitDetail = terminal().desk.visit(log_in().actor, visit_id)
    if detail.declaration is None:
        msg = f"visit {visit_id} needs no declaration"
        raise VisitStateError(msg)
    return _declaration_page(detail.declaration, visit_id)


@blueprint.get("/staff/declaration")
@requires(Right.COVERAGE)
def blank_declaration() -> str:
    """Show the declaration with nothing filled in, for who could not tap at all."""
    return _declaration_page(Declaration(), None)


def _declaration_page(filled: Declaration, visit_id: str | None) -> str:
    return render_template(
        "staff/declaration.html",
        form=filled,
        visit_id=visit_id,
        words=declaring,
        today=terminal().now().astimezone(JAPAN).date(),
    )


def init(app: Flask) -> None:
    """Give ``app`` the staff's pages."""
    app.register_blueprint(blueprint)
    app.jinja_env.globals.update(
        desk_pages=desk_pages,
        wording=wording,
        finding_words=finding_words,
        answered=coverage_words,
        consent_words=consent_words,
        comparing=comparing,
        record_words=record,
        log_words=log_words,
        may=may,
        Right=Right,
    )
    app.context_processor(
        lambda: {"institution": terminal().config.institution.name, "now": terminal().now()}
    )
