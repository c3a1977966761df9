"""What staff enter once for a card's holder: the clinic's own record, and the right name."""

from __future__ import annotations

from flask import Blueprint, Flask, request
from werkzeug.wrappers import Response

from terminal.errors import RightNameRefusedError, UnknownPatientError
from web.auth import log_in, terminal
from web.security import Right, requires
from web.staff import back_to, visit_page

blueprint = Blueprint("linking", __name__)


@blueprint.post("/staff/visits/<visit_id>/record")
@requires(Right.COVERAGE)
def link_record(visit_id: str) -> Response | tuple[str, int]:
    """Link the visit's holder to a patient of the clinic's register."""
    number = request.form.get("patient_number", "")
    try:
        terminal().record_links.link(log_in().actor, visit_id, number)
    except UnknownPatientError:
        return visit_page(visit_id, no_patient=True), 422
    return back_to(visit_id, "linked")


@blueprint.post("/staff/visits/<visit_id>/record/unlink")
@requires(Right.COVERAGE)
def unlink_record(visit_id: str) -> Response:
    """Link the visit's holder to nobody of the register."""
    terminal().record_links.unlink(log_in().actor, visit_id)
    return back_to(visit_id, "unlinked")


@blueprint.post("/staff/visits/<visit_id>/record/undo")
@requires(Right.COVERAGE)
def undo_record(visit_id: str) -> Response:
    """Take the last link or unlink of this visit back."""
    terminal().record_links.undo(log_in().actor, visit_id)
    return back_to(visit_id, "undone")


@blueprint.post("/staff/visits/<visit_id>/name")
@requires(Right.COVERAGE)
def enter_name(visit_id: str) -> Response | tuple[str, int]:
    """Keep the right name of the holder, where the payer's cannot be written."""
    try:
        name = request.form.get("right_name", "")
        terminal().right_names.enter(log_in().actor, visit_id, name)
    except RightNameRefusedError:
        return visit_page(visit_id, no_name=True), 422
    return back_to(visit_id, "named")


@blueprint.post("/staff/visits/<visit_id>/name/withdraw")
@requires(Right.COVERAGE)
def withdraw_name(visit_id: str) -> Response:
    """Take the entered name back; the one before it holds again."""
    holds = terminal().right_names.withdraw(log_in().actor, visit_id)
    return back_to(visit_id, "unnamed" if holds is None else "former-name")


def init(app: Flask) -> None:
    """Give ``app`` these forms' targets."""
    app.register_blueprint(blueprint)
