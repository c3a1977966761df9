"""Registration of patient numbers at the payer (照会番号), one patient or all at once."""

from __future__ import annotations

from flask import Blueprint, Flask, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from terminal.errors import UnknownPatientError
from web.auth import log_in, terminal
from web.security import Right, requires

blueprint = Blueprint("reference_numbers", __name__)
DONE = {
    "one": "staff.reference.one-done",
    "all": "staff.reference.all-done",
    "nobody": "staff.reference.nobody",
}


def _page(number: str = "", *, unknown: bool = False) -> str:
    return render_template(
        "staff/reference_numbers.html",
        standing=terminal().reference_numbers.standing(log_in().actor),
        number=number,
        unknown=unknown,
        done=DONE.get(request.args.get("done", "")),
    )


@blueprint.get("/staff/register/reference-numbers")
@requires(Right.COVERAGE)
def overview() -> str:
    """Show how far registration got."""
    return _page()


@blueprint.post("/staff/register/reference-numbers")
@requires(Right.COVERAGE)
def register_one() -> Response | tuple[str, int]:
    """Register one patient's number."""
    number = request.form.get("patient_number", "")
    try:
        terminal().reference_numbers.register_one(log_in().actor, number)
    except UnknownPatientError:
        return _page(number.strip(), unknown=True), 422
    return redirect(url_for("reference_numbers.overview", done="one"), 303)


@blueprint.post("/staff/register/reference-numbers/all")
@requires(Right.COVERAGE)
def register_all() -> Response:
    """Register everybody of the register who is not yet."""
    count = terminal().reference_numbers.register_all(log_in().actor)
    done = "all" if count else "nobody"
    return redirect(url_for("reference_numbers.overview", done=done), 303)


def init(app: Flask) -> None:
    """Give ``app`` these pages."""
    app.register_blueprint(blueprint)
