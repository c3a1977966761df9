"""Consented history as a file: the form on the history's pages, and the file itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus

from flask import Blueprint, Flask, abort, make_response, render_template, request
from werkzeug.wrappers import Response

from terminal.errors import ExportReason, ExportRefusedError
from terminal.history_export import LONGEST_REASON, ExportForm
from terminal.views import OpenHistory
from web.auth import log_in, terminal
from web.forms import one_of
from web.i18n import text
from web.security import Right, requires

blueprint = Blueprint("history_files", __name__)


@dataclass(frozen=True, slots=True)
class FileChoice:
    """What the form offers, pairs of form and words, under which consent; and what was entered.

    ``longest``: characters of the reason; ``error``: what is wrong with it.
    """

    options: tuple[tuple[str, str], ...]
    consent: str
    asks_why: bool
    chosen: str | None = None
    why: str = ""
    error: str | None = None
    longest: int = LONGEST_REASON


@blueprint.post("/staff/visits/<visit_id>/history/file")
@requires(Right.HISTORY)
def take(visit_id: str) -> Response | tuple[str, int]:
    """Hand out a file of what the consent that the page named opens now."""
    form = one_of(ExportForm, request.form.get("form"))
    if form is None:
        abort(400)
    consent, why = request.form.get("consent", ""), request.form.get("why", "")
    files = terminal().history_files
    try:
        file = files.take(log_in().actor, visit_id, consent, form, why)
    except ExportRefusedError as error:
        words = text(f"export-reason.{error.reason}")
        may_mend = error.reason is ExportReason.NO_REASON
        choice = FileChoice(_options(ExportForm), consent, files.asks_why, form, why, words)
        page = render_template(
            "staff/history_file.html", visit_id=visit_id, files=choice, may_mend=may_mend
        )
        return page, HTTPStatus.UNPROCESSABLE_ENTITY if may_mend else HTTPStatus.CONFLICT
    response = make_response(file.content)
    response.headers["Content-Type"] = f"{file.media_type}; charset=utf-8"
    response.headers["Content-Disposition"] = f'attachment; filename="{file.name}"'
    return response


def file_choice(opened: OpenHistory | None) -> FileChoice | None:
    """Return what may be taken of what is open, None for nothing."""
    files = terminal().history_files
    if opened is None or opened.consent is None or not (forms := files.forms(opened)):
        return None
    return FileChoice(_options(forms), opened.consent.id, files.asks_why)


def _options(forms: Iterable[ExportForm]) -> tuple[tuple[str, str], ...]:
    return tuple((form.value, text(f"export-form.{form}")) for form in forms)


def init(app: Flask) -> None:
    """Give ``app`` the file."""
    app.register_blueprint(blueprint)
