"""Looking without consent, in disaster mode: reason, second confirmation, and the list of it."""

from __future__ import annotations

import re
import uuid

from flask import Blueprint, Flask, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from terminal.emergency_desk import EmergencyOffer, checked_reason
from terminal.errors import DisasterModeOffError, DisclosureRefusedError
from terminal.views import VisitDetail
from web.auth import log_in, terminal
from web.i18n import text
from web.security import Right, requires

blueprint = Blueprint("emergency", __name__)
_ID = re.compile(r"[0-9a-f]{32}")


@blueprint.get("/staff/visits/<visit_id>/without-consent")
@requires(Right.EMERGENCY)
def ask(visit_id: str) -> str:
    """Show who was found, and the form for the reason."""
    return _page(visit_id)


def _page(
    visit_id: str,
    *,
    reason: str = "",
    error: str | None = None,
    access_id: str | None = None,
    unconfirmed: bool = False,
) -> str:
    """Return the form; with ``access_id`` the second step, where it is confirmed."""
    actor = log_in().actor
    offer: EmergencyOffer | None = terminal().emergencies.offer(actor, visit_id)
    if offer is None:
        raise DisasterModeOffError
    detail: VisitDetail = terminal().desk.visit(actor, visit_id)
    return render_template(
        "staff/emergency.html",
        detail=detail,
        row=detail.row,
        visit_id=visit_id,
        offer=offer,
        reason=reason,
        error=error,
        access_id=access_id,
        unconfirmed=unconfirmed,
        closed=request.args.get("done") == "closed",
    )


@blueprint.post("/staff/visits/<visit_id>/without-consent")
@requires(Right.EMERGENCY)
def take(visit_id: str) -> Response | tuple[str, int] | str:
    """Take the reason, ask once more, then open."""
    reason = request.form.get("reason", "")
    access_id = request.form.get("access", "")
    if request.form.get("step") == "back":
        return _page(visit_id, reason=reason)
    try:
        checked_reason(visit_id, reason)
    except DisclosureRefusedError as refused:
        words = text(f"disclosure-reason.{refused.reason}")
        return _page(visit_id, reason=reason, error=words), 422
    if not _ID.fullmatch(access_id):
        return _page(visit_id, reason=reason, access_id=uuid.uuid4().hex)
    if request.form.get("vital") != "yes":
        return _page(visit_id, reason=reason, access_id=access_id, unconfirmed=True), 422
    terminal().emergencies.open(log_in().actor, visit_id, access_id, reason)
    return redirect(url_for("history.drugs", visit_id=visit_id), 303)


@blueprint.post("/staff/visits/<visit_id>/without-consent/close")
@requires(Right.EMERGENCY)
def close(visit_id: str) -> Response:
    """Close what is open without consent."""
    terminal().emergencies.close(log_in().actor, visit_id)
    return redirect(url_for("staff.visit", visit_id=visit_id, done="emergency-closed"), 303)


@blueprint.get("/staff/without-consent")
@requires(Right.ADMINISTRATION)
def list_() -> str:
    """Show the administrator how often, by whom and why."""
    count, rows = terminal().emergencies.recent(log_in().actor)
    return render_template("staff/emergencies.html", count=count, rows=rows)


def init(app: Flask) -> None:
    """Give ``app`` these pages."""
    app.register_blueprint(blueprint)
