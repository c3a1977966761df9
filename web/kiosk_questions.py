"""What an identified patient answers at the kiosk: who answers, consents, prescription.

As all commands of the kiosk each names its visit; anything but a clear answer changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from flask import Blueprint, Flask, request
from werkzeug.wrappers import Response

from eligibility.codes import PrescriptionIssue
from eligibility.consenting import ActingFor
from terminal.errors import UnknownVisitError, VisitStateError
from terminal.kiosk_questions import KioskQuestions
from terminal.views import ConsentItem
from web.auth import terminal
from web.forms import one_of
from web.kiosk import YES_OR_NO, go_on, now_at, visit_id
from web.security import Right, requires

blueprint = Blueprint("kiosk_questions", __name__, url_prefix="/kiosk")

ALL = "all"
MYSELF = "myself"


def _questions() -> KioskQuestions:
    return terminal().desk.questions


@blueprint.post("/consent")
@requires(Right.KIOSK)
def consent() -> Response:
    """Take the answer to one question, or to all items together."""
    allow = YES_OR_NO.get(request.form.get("allow", ""))
    asked = request.form.get("item", "")
    item = one_of(ConsentItem, asked)
    if allow is None or (item is None and asked != ALL):
        return now_at(status=HTTPStatus.BAD_REQUEST)
    if item is None:
        _questions().answer_all(visit_id(), allow)
    else:
        _questions().answer_consent(visit_id(), item, allow)
    return go_on()


@blueprint.post("/consent/one-by-one")
@requires(Right.KIOSK)
def one_by_one() -> Response:
    """Ask each item by itself."""
    _questions().one_by_one(visit_id())
    return go_on()


@blueprint.post("/consent/for-another")
@requires(Right.KIOSK)
def for_another() -> Response:
    """Let one who answers for another say so."""
    _questions().ask_who_acts(visit_id())
    return go_on()


@blueprint.post("/guardian")
@requires(Right.KIOSK)
def guardian() -> Response:
    """Take who answers: the holder, or by which relation."""
    who = request.form.get("acting", "")
    acting = one_of(ActingFor, who)
    if acting is None and who != MYSELF:
        return now_at(status=HTTPStatus.BAD_REQUEST)
    _questions().act_for(visit_id(), acting)
    return go_on()


@blueprint.post("/my-consents")
@requires(Right.KIOSK)
def my_consents() -> Response:
    """Go on with what is shared, stop it, or choose anew."""
    does: dict[str, Callable[[str], None]] = {
        "keep": _questions().keep_sharing,
        "stop": _questions().stop_sharing,
        "again": _questions().choose_again,
    }
    do = does.get(request.form.get("choice", ""))
    if do is None:
        return now_at(status=HTTPStatus.BAD_REQUEST)
    do(visit_id())
    return go_on()


@blueprint.post("/prescription")
@requires(Right.KIOSK)
def prescription() -> Response:
    """Take the form of prescription that is wanted."""
    chosen = request.form.get("form", "")
    form = next((one for one in PrescriptionIssue if one.value == chosen), None)
    if form is None:
        return now_at(status=HTTPStatus.BAD_REQUEST)
    _questions().choose_prescription(visit_id(), form)
    return go_on()


@blueprint.errorhandler(VisitStateError)
@blueprint.errorhandler(UnknownVisitError)
def late(_error: VisitStateError | UnknownVisitError) -> Response:
    """Answer a command that no longer fits with the step that it is now."""
    return now_at()


def init(app: Flask) -> None:
    """Give ``app`` what answers the kiosk's questions."""
    app.register_blueprint(blueprint)
