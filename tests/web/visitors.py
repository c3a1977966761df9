"""Those who come to the pages: staff of each role, the kiosk, strangers."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from terminal.access.accounts import TERMINAL, Role
from tests.clinic import Clinic
from web.app import create_app

TOKEN = re.compile(r'name="csrf-token" content="([0-9a-f]{64})"')
PREVIEW = re.compile(r'name="preview" value="([0-9a-f]+)"')


class Visitor:
    """A browser: keeps cookies, sends the Origin and the token of the page it opened last."""

    def __init__(self, site: Site) -> None:
        """Open a fresh browser at ``site``."""
        self.site = site
        self.client: FlaskClient = site.app.test_client()
        self.token = ""

    def opens(self, path: str, **headers: str) -> TestResponse:
        """GET a page, without following where it leads."""
        answer = self.client.get(path, base_url=self.site.origin, headers=headers)
        found = TOKEN.search(answer.text) if answer.mimetype == "text/html" else None
        if found:
            self.token = found[1]
        return answer

    def sends(
        self, path: str, fields: dict[str, str] | None = None, **headers: str
    ) -> TestResponse:
        """POST a form, as the page would."""
        sent = {"Origin": self.site.origin, **headers}
        data = {"csrf_token": self.token, **(fields or {})}
        return self.client.post(path, base_url=self.site.origin, headers=sent, data=data)

    def chooses_file(self, path: str, data: bytes) -> TestResponse:
        """Open a page that imports a file, and choose one of this content, as its form does."""
        self.opens(path)
        parts = (
            b'--x\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n',
            self.token.encode(),
            b'\r\n--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n',
            data,
            b"\r\n--x--\r\n",
        )
        return self.client.post(
            path,
            base_url=self.site.origin,
            headers={"Origin": self.site.origin},
            data=b"".join(parts),
            content_type="multipart/form-data; boundary=x",
        )

    def takes_file(self, path: str, preview: str) -> TestResponse:
        """Press the button of the page that shows what taking the chosen file would do."""
        found = PREVIEW.search(preview)
        assert found is not None
        return self.sends(f"{path}/take", {"preview": found[1]})

    def logs_in(self, role: Role) -> Visitor:
        """Log in with the account of this role."""
        self.opens("/staff/login")
        answer = self.sends(
            "/staff/login", {"name": str(role), "password": self.site.passwords[role]}
        )
        assert answer.status_code == 303, answer.text
        self.opens("/staff/me")
        return self

    def enrols(self) -> Visitor:
        """Become the kiosk."""
        self.opens("/kiosk/enrol")
        code = self.site.clinic.terminal.kiosks.make_code(TERMINAL)
        answer = self.sends("/kiosk/enrol", {"code": code})
        assert answer.status_code == 303, answer.text
        return self

    def cookie(self, name: str) -> str | None:
        """Return the value of one of our cookies."""
        found = self.client.get_cookie(f"__Host-{name}", domain="localhost")
        return found.value if found else None

    def brings(self, name: str, value: str) -> None:
        """Send this cookie from now on."""
        self.client.set_cookie(f"__Host-{name}", value, domain="localhost")


@dataclass
class Site:
    """The pages of a clinic, and the passwords of its accounts, named as their roles."""

    clinic: Clinic
    app: Flask = field(init=False)
    origin: str = field(init=False)
    passwords: dict[Role, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make the pages and the accounts."""
        self.app = create_app(self.clinic.terminal)
        self.origin = self.clinic.config.web.origin
        for role in Role:
            password = secrets.token_urlsafe(18)
            self.clinic.terminal.access.create_account(
                TERMINAL, str(role), f"{role} one", role, password
            )
            self.passwords[role] = password

    def visitor(self) -> Visitor:
        """Return a fresh browser."""
        return Visitor(self)
