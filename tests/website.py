"""The pages of a clinic for tests: the real server on its real port, and who may come in."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from flask import Flask

from terminal.access.accounts import TERMINAL, Role
from tests.clinic import Clinic
from web.app import create_app
from web.server import WebServer, listen


@dataclass
class Website:
    """The clinic's pages at ``url``; ``passwords`` of the accounts named as their role."""

    clinic: Clinic
    url: str
    passwords: dict[Role, str] = field(default_factory=dict)

    def new_kiosk_code(self) -> str:
        """Return a one-time code that makes a browser the kiosk."""
        return self.clinic.terminal.kiosks.make_code(TERMINAL)


@contextmanager
def opened_website(clinic: Clinic, app: Flask | None = None) -> Iterator[Website]:
    """Serve the clinic's pages until the block ends; ``app``: in the place of what is usual."""
    web = clinic.config.web
    server = WebServer(app or create_app(clinic.terminal), listen(web.host, web.port))
    thread = threading.Thread(target=server.run, name="web")
    thread.start()
    website = Website(clinic, web.origin)
    try:
        for role in Role:
            password = secrets.token_urlsafe(18)
            clinic.terminal.access.create_account(TERMINAL, str(role), str(role), role, password)
            website.passwords[role] = password
        yield website
    finally:
        server.stop()
        thread.join()
