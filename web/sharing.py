"""What a patient shares, at the desk: its end at their word, and the list of who looked."""

from __future__ import annotations

from flask import Blueprint, Flask, redirect, render_template, url_for
from werkzeug.wrappers import Response

from terminal.access_list import Look, Looked
from web.auth import log_in, terminal
from web.i18n import show_moment, text
from web.security import Right, requires
from web.wording import category_words

blueprint = Blueprint("sharing", __name__)


@blueprint.post("/staff/visits/<visit_id>/stop-sharing")
@requires(Right.COVERAGE)
def stop(visit_id: str) -> Response:
    """End what the visit's patient shares, at their word."""
    terminal().desk.sharing.stop_by_staff(log_in().actor, visit_id)
    return redirect(url_for("staff.visit", visit_id=visit_id, done="stopped"), 303)


@blueprint.get("/staff/visits/<visit_id>/who-looked")
@requires(Right.COVERAGE)
def access_list(visit_id: str) -> str:
    """Show who looked at the visit's patient, at all visits, to be printed for them."""
    found = terminal().access_lists.take(log_in().actor, visit_id)
    return render_template(
        "staff/access_list.html", found=found, visit_id=visit_id, who=who, what=what, why=why
    )


def who(look: Look) -> str:
    """Return who looked: by role, and by name where the institution says so."""
    if look.by is None:
        return text("staff.access-list.terminal" if look.by_machine else "staff.access-list.former")
    role = text(f"role.{look.by.role}")
    if terminal().config.institution.access_list == "name":
        return f"{look.by.display_name}（{role}）"
    return role


def what(look: Look) -> str:
    """Return what was seen; of the history, its categories."""
    return text(f"looked.{look.what}", categories=category_words(look.categories))


def why(look: Look) -> str:
    """Return why: the visit that it was for, and the consent that opened it."""
    if look.what is Looked.ACCESS_LIST:
        return text("staff.access-list.why.asked")
    visit = show_moment(look.visit_at)
    if look.emergency_reason is not None:
        return text("staff.access-list.why.emergency", time=visit, reason=look.emergency_reason)
    if look.consent_at is None:
        return text("staff.access-list.why.visit", time=visit)
    return text("staff.access-list.why.consent", time=visit, given=show_moment(look.consent_at))


def init(app: Flask) -> None:
    """Give ``app`` these pages."""
    app.register_blueprint(blueprint)
