"""Pages about the desk itself: devices, one's own log-ins, accounts and kiosks."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Flask, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from terminal.access.accounts import Role
from terminal.access.kiosk import CODE_LIFE
from terminal.access.staff import handle
from terminal.errors import AccountReason, AccountRefusedError, LoginRefusedError
from terminal.health import HealthState
from web.auth import log_in, terminal
from web.forms import one_of
from web.i18n import text
from web.security import Right, origins, requires
from web.wording import Mark

blueprint = Blueprint("admin", __name__)
HEALTH_KINDS = {
    HealthState.PASS: ("valid", "mark.ok"),
    HealthState.WARN: ("attention", "mark.warning"),
    HealthState.FAIL: ("invalid", "mark.failed"),
}
WORST_FIRST = (HealthState.FAIL, HealthState.WARN, HealthState.PASS)
LOGIN_REASONS = frozenset(
    {AccountReason.NAME_FORM, AccountReason.NAME_TAKEN, AccountReason.INDIVIDUAL_NUMBER}
)
DONE = {
    "created": "staff.accounts.made-now",
    "changed": "staff.accounts.changed",
    "password": "staff.me.changed",
    "revoked": "staff.kiosks.revoked",
}


def _done() -> str | None:
    return DONE.get(request.args.get("done", ""))


def health_mark(state: HealthState) -> Mark:
    """Return the mark of a check: ● well, ▲ look at it, ■ does not work."""
    kind, message = HEALTH_KINDS[state]
    return Mark(kind, text(message))


@blueprint.get("/staff/devices")
@requires(Right.STAFF)
def devices() -> str:
    """Show what works and what does not, the worst first, each with its next step."""
    checks = sorted(terminal().health(), key=lambda check: WORST_FIRST.index(check.state))
    well = all(check.state is HealthState.PASS for check in checks)
    return render_template("staff/devices.html", checks=checks, well=well, health_mark=health_mark)


# -- one's own log-ins --


@blueprint.get("/staff/me")
@requires(Right.STAFF)
def me() -> str:
    """Show where one is logged in, and the form for another password."""
    return _me_page()


def _me_page(errors: dict[str, str] | None = None) -> str:
    own = log_in()
    return render_template(
        "staff/me.html",
        sessions=[(handle(session), session) for session in terminal().access.log_ins(own)],
        this=handle(own.session),
        errors=errors or {},
        done=_done(),
    )


@blueprint.post("/staff/me/revoke")
@requires(Right.STAFF)
def revoke_log_in() -> Response:
    """End one of one's own log-ins."""
    terminal().access.revoke(log_in(), request.form.get("log_in", ""))
    return redirect(url_for("admin.me"), 303)


@blueprint.post("/staff/me/password")
@requires(Right.STAFF)
def change_password() -> Response | tuple[str, int]:
    """Change one's own password."""
    present, new = request.form.get("present", ""), request.form.get("new", "")
    if new != request.form.get("again"):
        return _me_page({"again": text("staff.me.differ")}), 422
    try:
        terminal().access.change_password(log_in(), present, new)
    except LoginRefusedError:
        return _me_page({"present": text("staff.me.wrong")}), 422
    except AccountRefusedError as error:
        return _me_page({"new": text(f"account-reason.{error.reason}")}), 422
    return redirect(url_for("admin.me", done="password"), 303)


# -- accounts --


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What was typed into the form for a new account, without the password."""

    login: str = ""
    name: str = ""
    role: str = ""


@blueprint.get("/staff/accounts")
@requires(Right.ADMINISTRATION)
def accounts() -> str:
    """Show all accounts and the form for a new one."""
    return _accounts_page()


def _accounts_page(
    typed: NewAccount | None = None, errors: dict[str, str] | None = None, refused: str = ""
) -> str:
    return render_template(
        "staff/accounts.html",
        accounts=terminal().access.accounts(log_in().actor),
        roles=[(role.value, text(f"role.{role}")) for role in Role],
        typed=typed or NewAccount(),
        errors=errors or {},
        refused=refused,
        done=_done(),
    )


@blueprint.post("/staff/accounts")
@requires(Right.ADMINISTRATION)
def create_account() -> Response | tuple[str, int]:
    """Make an account."""
    form = request.form
    typed = NewAccount(form.get("login", ""), form.get("name", ""), form.get("role", ""))
    role = one_of(Role, typed.role)
    if role is None:
        return _accounts_page(typed, {"role": text("staff.accounts.role.missing")}), 422
    try:
        terminal().access.create_account(
            log_in().actor, typed.login, typed.name, role, form.get("password", "")
        )
    except AccountRefusedError as error:
        field = "login" if error.reason in LOGIN_REASONS else "password"
        return _accounts_page(typed, {field: text(f"account-reason.{error.reason}")}), 422
    return redirect(url_for("admin.accounts", done="created"), 303)


@blueprint.post("/staff/accounts/<account_id>/<any(disable, enable):change>")
@requires(Right.ADMINISTRATION)
def change_account(account_id: str, change: str) -> Response | tuple[str, int]:
    """Close an account, or open it again."""
    access, actor = terminal().access, log_in().actor
    act = access.disable_account if change == "disable" else access.enable_account
    try:
        act(actor, account_id)
    except AccountRefusedError as error:
        return _accounts_page(refused=text(f"account-reason.{error.reason}")), 409
    return redirect(url_for("admin.accounts", done="changed"), 303)


# -- kiosks --


@blueprint.get("/staff/kiosks")
@requires(Right.ADMINISTRATION)
def kiosks() -> str:
    """Show the enrolled kiosks."""
    return _kiosks_page()


def _kiosks_page(code: str = "") -> str:
    return render_template(
        "staff/kiosks.html",
        kiosks=terminal().kiosks.enrolled(log_in().actor),
        code=code,
        until=terminal().now() + CODE_LIFE,
        address=f"{origins().origin}/kiosk/",
        done=_done(),
    )


@blueprint.post("/staff/kiosks/code")
@requires(Right.ADMINISTRATION)
def make_kiosk_code() -> str:
    """Make a one-time code and show it this once."""
    return _kiosks_page(terminal().kiosks.make_code(log_in().actor))


@blueprint.post("/staff/kiosks/<kiosk_id>/revoke")
@requires(Right.ADMINISTRATION)
def revoke_kiosk(kiosk_id: str) -> Response:
    """Make a browser no kiosk any more."""
    terminal().kiosks.revoke(log_in().actor, kiosk_id)
    return redirect(url_for("admin.kiosks", done="revoked"), 303)


def init(app: Flask) -> None:
    """Give ``app`` these pages."""
    app.register_blueprint(blueprint)
