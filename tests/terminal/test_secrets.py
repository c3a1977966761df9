"""PIN and 照合番号B leave no trace: two visits that differ in one alone leave the same behind."""

from __future__ import annotations

import io
import json
import logging
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.cookies import SimpleCookie
from pathlib import Path

import httpx
import pytest

from terminal.access.accounts import Role
from terminal.logs import TRAFFIC, set_up_logging
from terminal.store.connection import connect
from terminal.store.keys import read_key_file
from terminal.views import KioskStep, NumberBState, OwnKeyState
from terminal.virtual_card import issuing
from tests.clinic import PIN, Clinic, Stage, opened_clinic, wait_for
from tests.website import opened_website

CSRF = re.compile(r'name="csrf[-_]token" (?:content|value)="([0-9a-f]{64})"')
CHANGING = (
    (re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d:\d\d(\.\d+)?(Z|\+\d\d:?\d\d)?)?"), "<time>"),
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "<id>"),
    (re.compile(r"[A-Za-z0-9+/=_-]{20,}"), "<random>"),
    (re.compile(r"\b[a-z]{1,2}-[0-9a-f]{16}\b"), "<id>"),
    (re.compile(r'"(monotonic_ms|seq)":\d+'), "<place>"),
    (re.compile(r"""(?<="milliseconds":)\d+|(?<='answered', )'\d+'"""), "<milliseconds>"),
    (re.compile(r"\bat=\d+\.\d+"), "at=<moment>"),
    (re.compile(r"Virtual PCD \d\d \d\d"), "<reader>"),
    (re.compile(r"localhost:\d+|127\.0\.0\.1:\d+"), "<address>"),
)


@dataclass(frozen=True)
class Traces:
    """What a visit left, without what differs from visit to visit anyway."""

    log: list[str]
    store: list[str]
    browser: list[str]

    def tell(self, secret: str) -> list[str]:
        """Return the lines that hold ``secret``."""
        return [line for line in self.log + self.store + self.browser if secret in line]


def without_changing(text: str) -> str:
    """Return ``text`` with ids, times and random values made the same."""
    for pattern, name in CHANGING:
        text = pattern.sub(name, text)
    return text


def rows_of(path: Path, key: bytes) -> Iterator[str]:
    """Yield every row of every table, blobs as text."""
    db = connect(path, key, read_only=True)
    try:
        for table in db.table_names():
            # the chain of the audit log binds order and times, which differ
            what = "record" if table == "audit" else "*"
            for row in db.conn.execute(f"SELECT {what} FROM [{table}]"):  # noqa: S608  # own names
                cells = (c.decode(errors="replace") if isinstance(c, bytes) else c for c in row)
                if table not in ("accounts", "audit_head"):  # made anew with random passwords
                    yield f"{table} {[str(cell) for cell in cells]}"
    finally:
        db.conn.close()


class PlainBrowser:
    """A browser over the real HTTP port that keeps cookies and the page's token."""

    def __init__(self, url: str) -> None:
        self.cookies: dict[str, str] = {}
        self.pages: list[str] = []
        self._url = url
        self._client = httpx.Client(base_url=url, trust_env=False)

    def close(self) -> None:
        """End the connections."""
        self._client.close()

    def shows(self, path: str) -> None:
        """Open a page, and keep what it shows."""
        self.pages.append(self._ask("GET", path).text)

    def sends(self, page: str, path: str, **fields: str) -> None:
        """Open ``page`` and send a form from there to ``path``."""
        token = CSRF.search(self._ask("GET", page).text)
        assert token is not None
        headers = {"Origin": self._url}
        answer = self._ask("POST", path, headers, {"csrf_token": token[1], **fields})
        assert answer.status_code == 303, answer.text

    def _ask(
        self,
        method: str,
        path: str,
        headers: dict[str, str] | None = None,
        fields: dict[str, str] | None = None,
    ) -> httpx.Response:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent = {**(headers or {}), **({"Cookie": cookies} if cookies else {})}
        answer = self._client.request(method, path, headers=sent, data=fields)
        for line in answer.headers.get_list("set-cookie"):
            self.cookies |= {name: part.value for name, part in SimpleCookie(line).items()}
        self.pages.append(f"{answer.headers}")
        return answer


@contextmanager
def talkative_log() -> Iterator[io.StringIO]:
    """Log everything there is while the block runs."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    stream = io.StringIO()
    set_up_logging(TRAFFIC, stream)
    try:
        yield stream
    finally:
        root.handlers[:], root.level = before, level


def visit(clinic: Clinic, pins: list[str]) -> list[str]:
    """Type ``pins`` one after the other at the kiosk, refuse all consent; return what it got."""
    with opened_website(clinic) as website:
        browser = PlainBrowser(website.url)
        browser.sends("/kiosk/enrol", "/kiosk/enrol", code=website.new_kiosk_code())
        view = clinic.patient.taps("ordinary")
        for tries, pin in enumerate(pins):
            view = clinic.patient.sees(KioskStep.PIN)
            assert view.tries_left == 3 - tries
            browser.sends("/kiosk/", "/kiosk/pin", visit_id=view.visit_id or "", pin=pin)
        view = clinic.patient.sees(KioskStep.CONSENT)
        browser.sends(
            "/kiosk/", "/kiosk/consent", visit_id=view.visit_id or "", item="all", allow="no"
        )
        clinic.patient.sees(KioskStep.DONE)
        clinic.reception.sees_answer()
        clinic.patient.takes_card()
        browser.close()
        return [*browser.pages, str(browser.cookies)]


def comparing(clinic: Clinic, codes: list[str]) -> list[str]:
    """Let staff type 照合番号B with each of these codes, then look; return what the desk got."""
    face = clinic.stage.face_of("pin-blocked")
    with opened_website(clinic) as website:
        browser = PlainBrowser(website.url)
        password = website.passwords[Role.RECEPTION]
        browser.sends("/staff/login", "/staff/login", name="reception", password=password)
        clinic.patient.taps("pin-blocked")
        path = f"/staff/visits/{clinic.reception.row().visit.id}"
        for code in codes:
            parts = {
                "birthdate": face.person.birthdate.isoformat(),
                "expiry_year": str(face.expires_on.year),
            }
            browser.sends(path, f"{path}/card", **parts, security_code=code)
            wait_for(lambda: number_b(clinic) is not NumberBState.READING, "the card")
            browser.shows(path)
        detail = clinic.reception.opens(path.rpartition("/")[2])
        assert detail.holder is not None
        assert detail.number_b is not None
        assert detail.number_b.own_key is OwnKeyState.PROVED
        browser.sends(path, f"{path}/identify", reason="pin-locked")
        clinic.reception.sees_answer()
        reached = {one.target for one in clinic.patient.card.trace.entries()}
        assert {"text/0002", "visual/0002"} <= reached
        assert not reached & {"text/0001", "visual/0001", "visual/0005"}
        browser.shows(path)
        browser.close()
        clinic.patient.takes_card()
        return [*browser.pages, str(browser.cookies)]


def number_b(clinic: Clinic) -> NumberBState | None:
    """Return what came of the number in the newest visit."""
    detail = clinic.reception.opens(clinic.reception.row().visit.id)
    assert detail.number_b is not None
    return detail.number_b.state


def traces_of(
    folder: Path,
    stage: Stage,
    *secrets: str,
    hold: Callable[[Clinic, list[str]], list[str]] = visit,
    card: str = "",
) -> Traces:
    """Hold a visit in a clinic of its own and return what it left.

    ``card``: lines of that section of the configuration.
    """
    folder.mkdir()
    with talkative_log() as log:
        with opened_clinic(folder, stage, card=card) as clinic:
            seen = hold(clinic, list(secrets))
            path, key = clinic.config.store.path, read_key_file(clinic.config.store.key_file)
        stored = sorted(set(map(without_changing, rows_of(path, key))))
    lines = sorted(map(without_changing, log.getvalue().splitlines()))
    return Traces(lines, stored, [without_changing(text) for text in seen])


def test_two_visits_that_differ_in_the_pin_alone_leave_the_same_traces(
    tmp_path: Path, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wrong PIN, then the right one; then another wrong one, and a card whose PIN is another."""
    first = traces_of(tmp_path / "first", stage, "7391", PIN)
    monkeypatch.setattr(issuing, "DEMO_PIN", b"6085")
    second = traces_of(tmp_path / "second", stage, "9246", "6085")
    assert any("00200080 +5 bytes" in line for line in first.log)
    assert first.log == second.log
    assert first.store == second.store
    for pin in ("7391", PIN, "9246", "6085"):
        assert first.tell(pin) == second.tell(pin) == []
    planted = Traces([*first.log, without_changing("refused 7391")], first.store, first.browser)
    assert planted.tell("7391") == ["refused 7391"]


def with_code(stage: Stage, folder: Path, code: str) -> Stage:
    """Return the same cards, but for the security code that one of them bears."""
    shutil.copytree(stage.cards_dir, folder)
    file = folder / "cards" / "pin-blocked.json"
    stored = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps(stored | {"security_code": code}), encoding="utf-8")
    return replace(stage, cards_dir=folder)


def test_two_visits_that_differ_in_number_b_alone_leave_the_same_traces(
    tmp_path: Path, stage: Stage
) -> None:
    """A wrong code, then the right one; then another wrong one, and a card with another code.

    Of the Individual Number nothing is read in such a visit, neither as text nor as a picture.
    """
    issuers = f'record_issuers = ["{stage.cards_dir / "record-ca.pem"}"]'
    traces = [
        traces_of(
            tmp_path / right,
            with_code(stage, tmp_path / f"cards-{right}", right),
            *(wrong, right),
            hold=comparing,
            card=issuers,
        )
        for wrong, right in (("7391", "5824"), ("9246", "6085"))
    ]
    first, second = traces
    assert any("00200080 +15 bytes" in line for line in first.log)
    assert any("holders" in row for row in first.store)
    assert first.log == second.log
    assert first.store == second.store
    assert any("入力した内容がカードと合いません" in page for page in first.browser)
    for code in ("7391", "5824", "9246", "6085"):
        assert first.tell(code) == second.tell(code) == []
