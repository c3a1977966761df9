"""The web application over one terminal: pages for staff and for the kiosk."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask, render_template, url_for

from web import (
    admin,
    appointments,
    auth,
    disaster,
    emergency,
    enquiry,
    errors,
    forms,
    history,
    history_files,
    i18n,
    kiosk,
    kiosk_questions,
    linking,
    live,
    oral,
    payer_lists,
    proof,
    reference_numbers,
    register,
    report,
    retention,
    security,
    sharing,
    staff,
)
from web.security import ENTRY, Right, requires

if TYPE_CHECKING:
    from terminal.app import Terminal

LARGEST_REQUEST = 64 * 1024


@cache
def _hash_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def create_app(terminal: Terminal) -> Flask:
    """Return the WSGI application that shows ``terminal``; it starts and stops nothing."""
    app = Flask("web")
    app.request_class = security.RequestInMemory
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_REQUEST
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.extensions["terminal"] = terminal
    security.init(app, terminal.config.web.name, terminal.config.web.port)
    i18n.init(app)
    auth.init(app)
    forms.init(app)
    errors.init(app)
    live.init(app, terminal.bus)
    staff.init(app)
    linking.init(app)
    admin.init(app)
    history.init(app)
    history_files.init(app)
    register.init(app)
    appointments.init(app)
    reference_numbers.init(app)
    payer_lists.init(app)
    report.init(app)
    retention.init(app)
    proof.init(app)
    enquiry.init(app)
    disaster.init(app)
    oral.init(app)
    emergency.init(app)
    sharing.init(app)
    kiosk.init(app)
    kiosk_questions.init(app)
    static = Path(app.static_folder or "")

    def static_url(name: str) -> str:
        """Return the address of a static file, with its hash: it may be kept for ever."""
        return url_for("static", filename=name, v=_hash_of(static / name))

    app.jinja_env.globals["static_url"] = static_url

    @app.get("/", endpoint=ENTRY)
    @requires(Right.PUBLIC)
    def entry() -> str:
        """Show the ways in; the only page that another site may link to."""
        return render_template("entry.html")

    return app
