"""Disaster mode (災害時): an administrator switches it on, extends and ends it."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, Flask, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from terminal.disaster_period import DisasterPeriod
from terminal.errors import DisasterReason, DisasterRefusedError
from web.auth import log_in, terminal
from web.i18n import text
from web.security import Right, requires

blueprint = Blueprint("disaster", __name__)
DAYS = (1, 2, 3, 5, 7)
DONE = {
    "on": "disaster.done.on",
    "extended": "disaster.done.extended",
    "off": "disaster.done.off",
}


@blueprint.get("/staff/disaster")
@requires(Right.ADMINISTRATION)
def disaster() -> str:
    """Show whether it is on, and the form to switch it."""
    return _page()


def _page(reason: str = "", error: DisasterReason | None = None) -> str:
    words = "" if error is None else text(f"disaster-reason.{error}")
    return render_template(
        "staff/disaster.html",
        current=terminal().disaster.current(),
        periods=terminal().disaster.recent(log_in().actor),
        days=[(str(one), _days(one)) for one in DAYS],
        reason=reason,
        errors={"days" if error is DisasterReason.TIME else "reason": words} if error else {},
        looks_without_consent=terminal().emergencies.recent(log_in().actor)[0],
        done=DONE.get(request.args.get("done", "")),
    )


def _days(count: int) -> str:
    return text("disaster.one-day") if count == 1 else text("disaster.days", count=count)


def _lasts() -> timedelta:
    days = request.form.get("days", "")
    return timedelta(days=int(days)) if days in {str(one) for one in DAYS} else timedelta()


@blueprint.post("/staff/disaster")
@requires(Right.ADMINISTRATION)
def switch_on() -> Response | tuple[str, int]:
    """Switch it on."""
    reason = request.form.get("reason", "")
    try:
        terminal().disaster.switch_on(log_in().actor, reason, _lasts())
    except DisasterRefusedError as error:
        return _page(reason, error.reason), 422
    return redirect(url_for("disaster.disaster", done="on"), 303)


@blueprint.post("/staff/disaster/extend")
@requires(Right.ADMINISTRATION)
def extend() -> Response | tuple[str, int]:
    """Let it go on for longer."""
    try:
        terminal().disaster.extend(log_in().actor, _lasts())
    except DisasterRefusedError as error:
        return _page(error=error.reason), 422
    return redirect(url_for("disaster.disaster", done="extended"), 303)


@blueprint.post("/staff/disaster/off")
@requires(Right.ADMINISTRATION)
def switch_off() -> Response:
    """End it now."""
    terminal().disaster.switch_off(log_in().actor)
    return redirect(url_for("disaster.disaster", done="off"), 303)


@blueprint.get("/staff/disaster/banner")
@requires(Right.STAFF)
def banner() -> str:
    """Return the banner as it is now, for a page that stands open."""
    return render_template("staff/disaster_banner_page.html")


def disaster_now() -> DisasterPeriod | None:
    """Return the period that is on, for the banner of every page of staff who are logged in."""
    return terminal().disaster.current() if g.get("log_in") else None


def init(app: Flask) -> None:
    """Give ``app`` these pages and the banner."""
    app.register_blueprint(blueprint)
    app.jinja_env.globals["disaster_now"] = disaster_now
