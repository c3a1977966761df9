"""Who is asking: log-in of staff, the kiosk's cookie, and the right that each view demands."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from flask import (
    Blueprint,
    Flask,
    abort,
    current_app,
    g,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.wrappers import Response

from terminal.access.accounts import KioskEnrolment, Role
from terminal.access.staff import LogIn
from terminal.errors import LoginRefusedError, LoginThrottledError, RoleError
from web.errors import page_for
from web.i18n import own_path
from web.security import (
    Right,
    allow_size,
    check_token,
    cookie_name,
    delete_cookie,
    requires,
    set_cookie,
)

if TYPE_CHECKING:
    from terminal.app import Terminal

blueprint = Blueprint("auth", __name__)
DEVICE_LIFE = timedelta(days=180)
KIOSK_LIFE = timedelta(days=365)
SELF_REFRESH = "X-Refresh"
SELF_MADE = frozenset({"live.staff"})


def terminal() -> Terminal:
    """Return the terminal behind the running app."""
    found: Terminal = current_app.extensions["terminal"]
    return found


def log_in() -> LogIn:
    """Return the log-in of this request; only views that demand a staff right may call it."""
    found: LogIn = g.log_in
    return found


def may(role: Role, right: Right) -> bool:
    """Whether ``role`` has a staff right."""
    if right is Right.COVERAGE:
        return role.may_see_coverage
    if right is Right.HISTORY:
        return role.may_see_history
    if right is Right.EMERGENCY:
        return role.may_open_without_consent
    if right is Right.ADMINISTRATION:
        return role is Role.ADMINISTRATOR
    return right is Right.STAFF


def staff_log_in(*, seen: bool) -> LogIn | None:
    """Return the log-in that the request's staff cookie opens."""
    token = request.cookies.get(cookie_name("staff"))
    return terminal().access.whose(token, seen=seen) if token else None


def kiosk_enrolment() -> KioskEnrolment | None:
    """Return the kiosk that the request's kiosk cookie stands for."""
    token = request.cookies.get(cookie_name("kiosk"))
    return terminal().kiosks.whose(token) if token else None


def check_right() -> Response | None:
    """Let a view be called only by one who has the right it declares.

    Who asks is found out for pages that do not exist, too: they look like all others.
    """
    if request.endpoint == "static":
        return None
    at_kiosk = request.path.startswith("/kiosk")
    if at_kiosk:
        g.has_kiosk = kiosk_enrolment() is not None
    else:
        by_itself = SELF_REFRESH in request.headers or request.endpoint in SELF_MADE
        g.log_in = staff_log_in(seen=not by_itself)
        g.has_staff = g.log_in is not None
    if request.endpoint is None:
        return None
    right = getattr(current_app.view_functions[request.endpoint], "right", None)
    if right is Right.PUBLIC:
        return None
    if right is None or (right is Right.KIOSK) != at_kiosk:
        abort(403)
    if at_kiosk:
        return None if g.has_kiosk else _sent_to("auth.enrol")
    if g.log_in is None:
        return _sent_to("auth.login")
    if not may(g.log_in.account.role, right):
        msg = f"{g.log_in.account.role} may not open {request.endpoint}"
        raise RoleError(msg)
    return None


def _sent_to(endpoint: str) -> Response:
    """Lead a person to the way in; tell a script 401."""
    if request.method != "GET" or request.headers.get("Sec-Fetch-Dest", "document") != "document":
        abort(401)
    if endpoint == "auth.login" and request.path != "/staff/":
        return redirect(url_for(endpoint, next=request.path), 303)
    return redirect(url_for(endpoint), 303)


@blueprint.get("/staff/login")
@requires(Right.PUBLIC)
def login() -> str | Response:
    """Show the log-in form."""
    if g.log_in is not None:
        return redirect(own_path(request.args.get("next", "")), 303)
    return render_template("login.html", next=request.args.get("next", ""), name="")


@blueprint.post("/staff/login")
@requires(Right.PUBLIC)
def try_login() -> Response | tuple[str, int]:
    """Log in with a fresh token; one that came along ends."""
    name, password = request.form.get("name", ""), request.form.get("password", "")
    back = request.form.get("next", "")
    device = request.cookies.get(cookie_name("device"))
    try:
        new = terminal().access.log_in(name, password, device)
    except (LoginRefusedError, LoginThrottledError) as error:
        page = page_for(error)
        body = render_template("login.html", next=back, name=name, problem=page)
        return body, page.status
    if g.log_in is not None:
        terminal().access.log_out(g.log_in)
    response = redirect(own_path(back), 303)
    set_cookie(response, "staff", new.token)
    set_cookie(response, "device", new.device, max_age=DEVICE_LIFE.total_seconds())
    return response


@blueprint.post("/staff/logout")
@requires(Right.STAFF)
def logout() -> Response:
    """End this log-in on the server and forget its cookie."""
    terminal().access.log_out(log_in())
    response = redirect(url_for("auth.login"), 303)
    delete_cookie(response, "staff")
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


@blueprint.post("/staff/seen")
@requires(Right.STAFF)
def seen() -> tuple[str, int]:
    """Note that a person works at this page without opening another one."""
    return "", 204


@blueprint.get("/kiosk/enrol")
@requires(Right.PUBLIC)
def enrol() -> str | Response:
    """Ask for the one-time code that makes this browser the kiosk."""
    if g.has_kiosk:
        return redirect("/kiosk/", 303)
    return render_template("enrol.html")


@blueprint.post("/kiosk/enrol")
@requires(Right.PUBLIC)
def try_enrol() -> Response | tuple[str, int]:
    """Use the code up and give this browser the kiosk's cookie."""
    try:
        token = terminal().kiosks.enrol(request.form.get("code", ""))
    except (LoginRefusedError, LoginThrottledError) as error:
        page = page_for(error)
        return render_template("enrol.html", problem=page), page.status
    response = redirect("/kiosk/", 303)
    set_cookie(response, "kiosk", token, max_age=KIOSK_LIFE.total_seconds())
    return response


def init(app: Flask) -> None:
    """Put the check of rights, then of form tokens, in front of every view."""
    app.register_blueprint(blueprint)
    app.before_request(check_right)
    app.before_request(allow_size)
    app.before_request(check_token)
