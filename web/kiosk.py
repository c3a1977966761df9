"""The kiosk: a rendering of :class:`terminal.views.KioskView`, and what the patient answers.

One address shows whatever step the desk is at, so that the browser's history holds one page and a
reload never repeats anything.  Each command names the visit it is meant for: one that comes late,
twice or for another person changes nothing and is answered 409 with the present step.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from http import HTTPStatus

from flask import Blueprint, Flask, Response, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from eligibility.payer import IdentificationMethod
from face_auth.types import Guidance, Step
from terminal.config import KioskSection
from terminal.errors import UnknownVisitError, VisitStateError
from terminal.kiosk import ASKING_STEPS
from terminal.views import (
    CardPlace,
    FacePrompt,
    KioskNotice,
    KioskStep,
    KioskView,
)
from web.auth import terminal
from web.i18n import LANGUAGES, current_language, has_message, text
from web.security import Right, cookie_name, delete_cookie, requires, set_cookie

blueprint = Blueprint("kiosk", __name__, url_prefix="/kiosk")
Answer = AnyResponse | tuple[str, int]

CAP_HEIGHT_TO_DISTANCE = 0.0122  # 0.7 degrees: EN 301 549, 5.1.4
CAP_HEIGHT_OF_FONT = 0.733  # Noto Sans CJK, em
MM_PER_INCH = 25.4
ROOMY = 24.0  # rem: a panel whose sides are both longer has room for large headings
PIN_DIGITS = 4
TONE_AFTER = 5
"""Seconds that one who is about to take the card has before the first tone."""

STEP_NUMBERS = {
    KioskStep.READING: 1,
    KioskStep.CARD_PROBLEM: 1,
    KioskStep.CHOOSE: 2,
    KioskStep.FACE: 2,
    KioskStep.PIN: 2,
    KioskStep.PIN_ON_READER: 2,
    KioskStep.CHECKING_PIN: 2,
    **dict.fromkeys(ASKING_STEPS, 3),
    KioskStep.REGISTER: 3,
    KioskStep.CHECKING: 3,
    KioskStep.DONE: 4,
}
ANSWERED = frozenset({KioskStep.CHOOSE, KioskStep.PIN, *ASKING_STEPS, KioskStep.REGISTER})
LEFT_BY_TOUCH = ANSWERED | {KioskStep.FACE, KioskStep.PIN_ON_READER}
OFFERED = (IdentificationMethod.FACE, IdentificationMethod.PIN)
YES_OR_NO = {"yes": True, "no": False}
OWN_TITLES = frozenset(
    {
        KioskNotice.PIN_WRONG,
        KioskNotice.PIN_TIMED_OUT,
        KioskNotice.PIN_CANCELLED,
        KioskNotice.PIN_LENGTH,
        KioskNotice.STAFF_CALLED,
    }
)
TITLES_OF_STEPS = frozenset(
    {
        (KioskStep.PIN, KioskNotice.CARD_BUSY),
        (KioskStep.CHOOSE, KioskNotice.PIN_BLOCKED),
        (KioskStep.CHOOSE, KioskNotice.CARD_WITHOUT_PHOTO),
        (KioskStep.CHOOSE, KioskNotice.FACE_NOT_MATCHED),
        (KioskStep.CHOOSE, KioskNotice.FACE_NOT_POSSIBLE),
    }
)
TURNS = (Step.LEFT, Step.RIGHT)
TURNING = (Guidance.HOLD_STILL, Guidance.LOOK_STRAIGHT)
VISIT_COOKIE = "kiosk-visit"
PAGE = "kiosk/page.html"
REFRESH_SECONDS = 3
"""Until a page whose scripts did not come loads itself anew; they cancel it."""


@dataclass(frozen=True, slots=True)
class Screen:
    """What of a view has to be decided before it is drawn.

    ``key`` changes when the patient faces another screen, not when the same one is told anew;
    ``family``: the message ids' common part; ``asks``: the patient has to answer on the screen, so
    silence is asked about; ``may_leave``: the visit can be ended here; ``reminds``: the card that
    lies there is to be taken; ``step_number``: of the four steps shown above, or None.
    """

    key: str
    family: str
    title: str
    is_phone: bool
    asks: bool
    may_leave: bool
    reminds: bool
    offers_staff: bool
    step_number: int | None

    def said(self, message_id: str) -> str:
        """Return a message; where a phone lies there, the one that speaks of a phone if any does.

        Its id ends in ``.phone``.
        """
        return said(message_id, is_phone=self.is_phone)


def said(message_id: str, *, is_phone: bool, **values: str) -> str:
    """Return a message about what lies on the reader, see :meth:`Screen.said`."""
    of_phone = f"{message_id}.phone"
    return text(of_phone if is_phone and has_message(of_phone) else message_id, **values)


@dataclass(frozen=True, slots=True)
class PanelSize:
    """Sizes on one panel: ``root``, CSS px of 1 rem; ``mm``, CSS px of a millimetre."""

    root: int
    mm: float
    heading: float

    @classmethod
    def of(cls, section: KioskSection) -> PanelSize:
        """Work the sizes out from the panel's diagonal, pixels and viewing distance."""
        pixels = section.panel_pixels
        mm = math.hypot(*pixels) / (section.panel_inches * MM_PER_INCH)
        height = section.viewing_mm * CAP_HEIGHT_TO_DISTANCE / CAP_HEIGHT_OF_FONT
        root = round(height * mm)
        roomy = min(pixels) / root > ROOMY
        return cls(root, round(mm, 3), 1.9 if roomy else 1.2)

    @property
    def stylesheet(self) -> str:
        """The style sheet that carries them: the policy allows no inline style."""
        return (
            f":root {{ font-size: {self.root}px; --mm: {self.mm}px; --heading: {self.heading}; }}\n"
        )


def face_hint(prompt: FacePrompt | None) -> str:
    """Return the one thing to tell the patient before the camera, the last part of its message id.

    In the middle of a turn the head moves and does not look straight: that is no fault.
    """
    if prompt is None or prompt.preparing:
        return "staff-asked" if prompt is not None and prompt.staff_asked else "preparing"
    if prompt.step in TURNS and prompt.guidance in (None, *TURNING):
        return prompt.step.value
    return (prompt.guidance or prompt.step or Step.CENTRE).value


def place() -> str:
    """Return what this institution is called in a question: this clinic, this pharmacy."""
    return text(f"kiosk.place.{terminal().config.institution.kind}")


def screen_of(view: KioskView) -> Screen:
    """Return how ``view`` is titled and guarded, in the language of the request."""
    family = f"kiosk.{view.step}"
    key = f"{view.step} {view.visit_id or ''}"
    title = f"{family}.title"
    values: dict[str, str] = {}
    if view.step is KioskStep.CARD_PROBLEM:
        family = f"{family}.{view.notice or KioskNotice.CARD_UNREADABLE}"
        title = f"{family}.title"
        key = family
        if view.notice is KioskNotice.CARD_ELSEWHERE:
            title = f"kiosk.idle.{view.cards}.title"
    elif view.step is KioskStep.IDLE and view.cards is not CardPlace.HERE:
        family = f"{family}.{view.cards}"
        title = f"{family}.title"
    elif view.step is KioskStep.CONSENT:
        asked = "all" if view.combined else view.consent_item
        title = f"{family}.title.{asked}"
        values["place"] = place()
        key = f"{key} {asked}"
    elif view.step is KioskStep.MY_CONSENTS:
        values["place"] = place()
    elif view.step is KioskStep.DONE:
        title = f"{family}.{view.outcome}.title"
    elif view.step is KioskStep.FACE:
        title = f"{family}.{face_hint(view.face)}"
    elif view.notice in OWN_TITLES or (view.step, view.notice) in TITLES_OF_STEPS:
        title = f"{family}.{view.notice}.title"
    return Screen(
        key=key,
        family=family,
        title=said(title, is_phone=view.is_phone, **values),
        is_phone=view.is_phone,
        asks=view.step in ANSWERED,
        may_leave=view.step in LEFT_BY_TOUCH,
        reminds=view.card_present
        and (view.step is KioskStep.DONE or view.notice is KioskNotice.CARD_LEFT),
        offers_staff=view.tries_left == 1 and view.step in (KioskStep.PIN, KioskStep.PIN_ON_READER),
        step_number=STEP_NUMBERS.get(view.step) if view.cards is CardPlace.HERE else None,
    )


def _render(template: str, view: KioskView, sequence: int, message: str | None) -> str:
    section, institution = terminal().config.kiosk, terminal().config.institution
    return render_template(
        template,
        view=view,
        screen=screen_of(view),
        sequence=f"{terminal().bus.boot}:{sequence}",
        language=current_language(),
        languages={tag: LANGUAGES[tag] for tag in section.languages},
        first_language=section.languages[0],
        institution_name=institution.name,
        institution_kind=institution.kind,
        tone_after=TONE_AFTER if section.sound else None,
        message=message,
        face_hint=face_hint(view.face),
        place=place(),
    )


def render_step(view: KioskView, *, sequence: int = 0, message: str | None = None) -> str:
    """Return the part of the page that changes from step to step.

    ``sequence``: the newest event that ``view`` is sure to hold.
    """
    return _render("kiosk/frame.html", view, sequence, message)


def render_page(view: KioskView, *, sequence: int = 0, message: str | None = None) -> str:
    """Return the whole page of a step."""
    return _render(PAGE, view, sequence, message)


def _language_of(view: KioskView) -> bool:
    """Set the language of this answer; return whether the former patient's choice is over.

    A language is chosen by one person and ends with that person's visit.
    """
    first = terminal().config.kiosk.languages[0]
    over = view.visit_id is None and cookie_name(VISIT_COOKIE) in request.cookies
    if over or cookie_name("kiosk-language") not in request.cookies:
        g.language = first
    return over


def _shown(
    draw: str, *, status: HTTPStatus = HTTPStatus.OK, message: str | None = None
) -> Response:
    sequence = terminal().bus.sequence  # before the view: an event in between is told again
    view = terminal().desk.kiosk()
    over = _language_of(view)
    response = Response(_render(draw, view, sequence, message), status=status)
    if draw == PAGE:
        response.headers["Refresh"] = f"{_refreshed_in(view)}; url={url_for('kiosk.show')}"
    if over:
        delete_cookie(response, "kiosk-language")
        delete_cookie(response, VISIT_COOKIE)
    elif view.visit_id is not None and cookie_name(VISIT_COOKIE) not in request.cookies:
        set_cookie(response, VISIT_COOKIE, "1")
    return response


def _refreshed_in(view: KioskView) -> int:
    """Return the seconds after which a page without its scripts loads itself anew.

    What the patient types or reads is not taken away before the step ends.
    """
    if view.step not in ANSWERED or view.seconds_left is None:
        return REFRESH_SECONDS
    return math.ceil(view.seconds_left) + REFRESH_SECONDS


def now_at(*, status: HTTPStatus = HTTPStatus.CONFLICT, message: str | None = None) -> Response:
    """Return the page of the step that it is now, for a command that changed nothing."""
    return _shown(PAGE, status=status, message=message)


@blueprint.get("/")
@requires(Right.KIOSK)
def show() -> Response:
    """Show the step that the desk is at."""
    return _shown(PAGE)


@blueprint.get("/step")
@requires(Right.KIOSK)
def step() -> Response:
    """Return the changing part of the page alone, for the page's own script."""
    return _shown("kiosk/frame.html")


@blueprint.get("/size.css")
@requires(Right.PUBLIC)
def size() -> Response:
    """Return the sizes of this desk's panel as a style sheet."""
    sizes = PanelSize.of(terminal().config.kiosk)
    return Response(sizes.stylesheet, mimetype="text/css")


@blueprint.get("/face-preview")
@requires(Right.KIOSK)
def face_preview() -> Response:
    """Return what the camera sees now, one picture, while this visit stands before it; else 204."""
    picture = terminal().desk.face_preview(request.args.get("visit_id", ""))
    if picture is None:
        return Response(status=HTTPStatus.NO_CONTENT)
    return Response(picture, mimetype="image/jpeg")


@blueprint.post("/choose")
@requires(Right.KIOSK)
def choose() -> AnyResponse:
    """Go on with the way to be identified that was chosen; a way that is none changes nothing."""
    method = request.form.get("method", "")
    if method not in OFFERED:
        return now_at(status=HTTPStatus.BAD_REQUEST)
    terminal().desk.choose(visit_id(), IdentificationMethod(method))
    return go_on()


@blueprint.post("/pin")
@requires(Right.KIOSK)
def pin() -> AnyResponse:
    """Hand the typed PIN on, at once and in a form that can be wiped."""
    typed = bytearray(request.form.get("pin", "").encode())
    if len(typed) != PIN_DIGITS or not typed.isdigit():
        typed[:] = bytes(len(typed))
        return now_at(
            status=HTTPStatus.UNPROCESSABLE_ENTITY, message=text("kiosk.pin.not-four-digits")
        )
    terminal().desk.enter_pin(visit_id(), typed)
    return go_on()


@blueprint.post("/pin-on-reader")
@requires(Right.KIOSK)
def pin_on_reader() -> AnyResponse:
    """Let the reader ask for the PIN on its own keys."""
    terminal().desk.start_pin_entry(visit_id())
    return go_on()


@blueprint.post("/register")
@requires(Right.KIOSK)
def register() -> AnyResponse:
    """Take the answer whether the card shall be an insurance card; only a clear yes is a yes."""
    allow = YES_OR_NO.get(request.form.get("allow", ""))
    if allow is None:
        return now_at(status=HTTPStatus.BAD_REQUEST)
    terminal().desk.answer_registration(visit_id(), allow)
    return go_on()


@blueprint.post("/staff")
@requires(Right.KIOSK)
def staff() -> AnyResponse:
    """Call staff, for a visit or for one who has no card in the reader."""
    terminal().desk.call_staff(visit_id() or None)
    return go_on()


@blueprint.post("/leave")
@requires(Right.KIOSK)
def leave() -> AnyResponse:
    """End the patient's part."""
    terminal().desk.leave(visit_id())
    return go_on()


@blueprint.post("/still-there")
@requires(Right.KIOSK)
def still_there() -> AnyResponse:
    """Give the patient the whole time again."""
    terminal().desk.still_there(visit_id())
    return go_on()


@blueprint.errorhandler(VisitStateError)
@blueprint.errorhandler(UnknownVisitError)
def late(_error: VisitStateError | UnknownVisitError) -> Response:
    """Answer a command that no longer fits with the step that it is now."""
    return now_at()


def visit_id() -> str:
    """Return the visit that this command is meant for."""
    return request.form.get("visit_id", "")


def go_on() -> AnyResponse:
    """Return the way to the step that a command led to."""
    return redirect(url_for("kiosk.show"), HTTPStatus.SEE_OTHER)


def init(app: Flask) -> None:
    """Give ``app`` the kiosk's pages."""
    app.register_blueprint(blueprint)
