"""Consent by mouth on the visit's page, in disaster mode."""

from __future__ import annotations

from flask import Blueprint, Flask, request
from werkzeug.wrappers import Response

from web import oral_form
from web.auth import log_in, terminal
from web.oral_form import OralEntry
from web.security import Right, requires
from web.staff import back_to, visit_page

blueprint = Blueprint("oral", __name__)


@blueprint.post("/staff/visits/<visit_id>/oral-consent")
@requires(Right.COVERAGE)
def record(visit_id: str) -> Response | tuple[str, int]:
    """Record what was said by mouth, or show what to correct."""
    entry = OralEntry.read(request.form)
    if entry.errors or entry.reason is None:
        return visit_page(visit_id, oral=entry), 422
    terminal().oral_consents.record(
        log_in().actor, visit_id, entry.said, entry.reason, entry.acting
    )
    return back_to(visit_id, "heard")


def init(app: Flask) -> None:
    """Give ``app`` this form."""
    app.register_blueprint(blueprint)
    app.jinja_env.globals.update(oral_form=oral_form)
