"""What every request must pass and every answer must carry, whatever the page.

Order: the Host must be ours (else 421), reading under another of our names is sent to the
canonical one, then anything that changes must come from exactly our Origin and carry the form's
token.  Each view declares the right it needs; one that declares none cannot be opened.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import secrets
from collections.abc import Callable
from enum import StrEnum
from typing import IO, Any, TypeVar

from flask import Flask, Request, Response, abort, current_app, g, redirect, request
from werkzeug.wrappers import Response as AnyResponse

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; media-src 'self'; font-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
    "trusted-types 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    # under no-referrer browsers send forms with "Origin: null", which could not be checked
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
NO_STORE = "no-store"
STATIC_CACHE = "public, max-age=31536000, immutable"
HSTS = "max-age=31536000"
SAFE_METHODS = frozenset({"GET", "HEAD"})
ENTRY = "entry"
TOKEN_BYTES = 32
TOKEN_FIELD = "csrf_token"  # noqa: S105  # the name of a form field
TOKEN_HEADER = "X-CSRF-Token"  # noqa: S105  # the name of a header

View = TypeVar("View", bound=Callable[..., Any])


class Right(StrEnum):
    """What a view needs of the one who opens it."""

    PUBLIC = "public"
    STAFF = "staff"
    COVERAGE = "coverage"
    HISTORY = "history"
    EMERGENCY = "emergency"
    ADMINISTRATION = "administration"
    KIOSK = "kiosk"


def requires(right: Right) -> Callable[[View], View]:
    """Declare the right that a view needs; it is checked before the view is called."""

    def declare(view: View) -> View:
        view.right = right  # type: ignore[attr-defined]  # a mark on the function
        return view

    return declare


def takes_up_to(size: int) -> Callable[[View], View]:
    """Declare how many bytes a view takes, where a file may come that is larger than any form."""

    def declare(view: View) -> View:
        view.takes = size  # type: ignore[attr-defined]  # a mark on the function
        return view

    return declare


def allow_size() -> None:
    """Let a request be as large as its view declares; who may not open the view was sent away."""
    takes = getattr(current_app.view_functions.get(request.endpoint or ""), "takes", None)
    if takes is not None:
        request.max_content_length = takes


class RequestInMemory(Request):
    """A request whose files are never written to the disk: what they hold may be health data."""

    def _get_file_stream(self, *_size_and_type: Any, **_name: Any) -> IO[bytes]:
        return io.BytesIO()


class Origins:
    """The names that this server answers to, and the one it calls itself."""

    LOOPBACK = ("localhost", "127.0.0.1")

    def __init__(self, name: str, port: int) -> None:
        """A name beyond loopback is served over TLS by the terminator in front of us."""
        self.local = name in self.LOOPBACK
        self.origin = f"http://{name}:{port}" if self.local else f"https://{name}"
        self.canonical_host = self.origin.partition("://")[2]
        self.hosts = frozenset({self.canonical_host, *(f"{n}:{port}" for n in self.LOOPBACK)})


def origins() -> Origins:
    """Return the names of the running app."""
    own: Origins = current_app.extensions["origins"]
    return own


def cookie_name(name: str) -> str:
    """Return the cookie's full name: bound to exactly this host by its prefix."""
    return f"__Host-{name}"


def set_cookie(
    response: AnyResponse, name: str, value: str, *, max_age: float | None = None
) -> None:
    """Set a cookie that no script, other site or unencrypted host gets."""
    response.set_cookie(
        cookie_name(name),
        value,
        max_age=None if max_age is None else int(max_age),
        path="/",
        secure=True,
        httponly=True,
        samesite="Strict",
    )


def delete_cookie(response: AnyResponse, name: str) -> None:
    """Make the browser forget a cookie."""
    response.delete_cookie(
        cookie_name(name), path="/", secure=True, httponly=True, samesite="Strict"
    )


def new_token() -> str:
    """Return 256 random bits, as text for a cookie."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def _form_secret() -> str:
    """Return the cookie that this side's form token is bound to: the log-in's, else a visitor's."""
    side = "kiosk" if request.path.startswith("/kiosk") else "staff"
    own = request.cookies.get(cookie_name(side)) if g.get(f"has_{side}") else None
    if own:
        return own
    visitor: str | None = g.get("visitor") or request.cookies.get(cookie_name("visitor"))
    if not visitor:
        visitor = g.visitor = g.new_visitor = new_token()
    return visitor


def csrf_token() -> str:
    """Return the token that forms and scripts of this page must send back."""
    return hashlib.sha256(b"form-token-1\n" + _form_secret().encode()).hexdigest()


def check_host() -> AnyResponse | None:
    """Refuse foreign Host names (DNS rebinding), send reading under another own name home."""
    own = origins()
    host = request.environ.get("HTTP_HOST", "").lower()
    if host not in own.hosts:
        abort(421)
    if host != own.canonical_host and request.method in SAFE_METHODS:
        target = request.full_path if request.query_string else request.path
        return redirect(own.origin + target, 308)
    return None


def check_origin() -> None:
    """Refuse what another origin sends, embeds or links to; a link may lead to the entry only."""
    site = request.headers.get("Sec-Fetch-Site")
    reading = request.method in SAFE_METHODS
    foreign = site not in (None, "same-origin", "none")
    if foreign and not (reading and request.endpoint == ENTRY):
        abort(403)
    if not reading and request.headers.get("Origin") != origins().origin:
        abort(403)


def check_token() -> None:
    """Refuse a change that does not carry this page's token."""
    if request.method in SAFE_METHODS:
        return
    sent = request.headers.get(TOKEN_HEADER) or request.form.get(TOKEN_FIELD, "")
    if not hmac.compare_digest(sent.encode(), csrf_token().encode()):
        abort(403)


def add_headers(response: Response) -> Response:
    """Give every answer its policy; only hashed static files may be kept by the browser."""
    for name, value in HEADERS.items():
        response.headers[name] = value
    if not origins().local:
        response.headers["Strict-Transport-Security"] = HSTS
    hashed = request.endpoint == "static" and response.status_code in (200, 304)
    response.headers["Cache-Control"] = STATIC_CACHE if hashed and request.args else NO_STORE
    if g.get("new_visitor"):
        set_cookie(response, "visitor", g.new_visitor)
    return response


def init(app: Flask, name: str, port: int) -> None:
    """Put the checks that come before log-in in front of every view, the headers behind."""
    app.extensions["origins"] = Origins(name, port)
    app.before_request(check_host)
    app.before_request(check_origin)
    app.after_request(add_headers)
    app.jinja_env.globals["csrf_token"] = csrf_token
