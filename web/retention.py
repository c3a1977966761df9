"""Deletion of what is older than it is kept: what would go, the button, what the last runs did."""

from __future__ import annotations

from flask import Blueprint, Flask, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from terminal.retention.run import Erasable
from web import retention_words as words
from web.auth import log_in, terminal
from web.i18n import text
from web.security import Right, requires

blueprint = Blueprint("retention", __name__)
WAIT_SECONDS = 3.0
"""For so long the button waits for the end; what takes longer is looked at again."""
DONE = {"ended": "retention.done.ended", "begun": "retention.done.begun"}


@blueprint.get("/staff/retention")
@requires(Right.ADMINISTRATION)
def retention() -> str:
    """Show what is kept for how long, what would be deleted now, and what was deleted lately."""
    return _page()


def _page(typed: str = "", error: str | None = None) -> str:
    retaining, actor = terminal().retention, log_in().actor
    preview = retaining.preview(actor)
    return render_template(
        "staff/retention.html",
        settings=retaining.settings,
        preview=preview,
        visits=preview.counts.get(Erasable.VISITS, 0),
        runs=retaining.recent(actor),
        under_way=retaining.is_under_way,
        words=words,
        typed=typed,
        error=error,
        done=DONE.get(request.args.get("done", "")),
    )


@blueprint.post("/staff/retention")
@requires(Right.ADMINISTRATION)
def delete() -> Response | tuple[str, int]:
    """Delete now, where the count of visits was typed in as it is now."""
    retaining, actor = terminal().retention, log_in().actor
    visits = retaining.preview(actor).counts.get(Erasable.VISITS, 0)
    typed = request.form.get("visits", "").strip()
    if not typed.isdecimal() or int(typed) != visits:
        return _page(typed, text("retention.confirm.differs", count=visits)), 422
    run = retaining.begin(actor, WAIT_SECONDS)
    return redirect(url_for("retention.retention", done="begun" if run is None else "ended"), 303)


def init(app: Flask) -> None:
    """Give ``app`` this page."""
    app.register_blueprint(blueprint)
