"""The tray's page and its JSON control, on 127.0.0.1 only.

``GET /state``, ``GET /trace?card=SLUG`` (all cards without ``card``), ``POST /insert`` and
``POST /reset`` with ``{"card": SLUG}``, ``POST /remove`` with ``{}``, ``POST /before-camera`` with
``{"who": "same" | "other" | "print" | "nobody"}``, ``POST /script`` with
``{"card": SLUG, "steps": [{"do": "remove", "at": 5}]}`` for the next insertion (see
:class:`terminal.virtual_card.script.Step`).  Every POST is answered with the new state.  Refused
are other Host names (DNS rebinding) and POSTs from other pages (Origin).
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from cheroot import wsgi
from flask import Flask, Response, jsonify, render_template, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from werkzeug.exceptions import BadRequest, Forbidden, HTTPException

from terminal.virtual_card.ports import check_free
from terminal.virtual_card.script import Step
from terminal.virtual_card.tray import BeforeCamera, Tray, TrayCard, UnknownTrayCardError
from terminal.virtual_card.wording import LANGUAGES, WORDS

HOST = "127.0.0.1"
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class _Script(BaseModel):
    """The body of ``POST /script``."""

    model_config = ConfigDict(extra="forbid")

    card: str
    steps: list[Step] = Field(max_length=32)


def create_app(tray: Tray, port: int) -> Flask:
    """Return the tray's web application for this port of 127.0.0.1."""
    app = Flask(__name__)
    app.json.ensure_ascii = False  # type: ignore[attr-defined]  # of the default provider
    app.config["MAX_CONTENT_LENGTH"] = 4096
    own_host = f"{HOST}:{port}"

    @app.before_request
    def guard() -> None:
        if request.host != own_host:
            raise Forbidden("wrong Host")
        if request.method == "POST":
            origin = request.headers.get("Origin")
            if origin is not None and origin != f"http://{own_host}":
                raise Forbidden("wrong Origin")
            if not request.is_json:
                raise BadRequest("send application/json")

    @app.after_request
    def harden(response: Response) -> Response:
        response.headers.update(_HEADERS)
        return response

    @app.errorhandler(HTTPException)
    def refuse(error: HTTPException) -> tuple[Response, int]:
        return jsonify(error=error.description), error.code or 500

    @app.errorhandler(UnknownTrayCardError)
    def unknown(error: UnknownTrayCardError) -> tuple[Response, int]:
        return jsonify(error=f"no card {error} in the tray"), 404

    @app.get("/")
    def page() -> str:
        wanted = request.args.get("lang", LANGUAGES[0])
        language = wanted if wanted in LANGUAGES else LANGUAGES[0]
        return render_template(
            "tray.html",
            cards=[_tile(card, language) for card in tray.cards],
            language=language,
            other=LANGUAGES[1 - LANGUAGES.index(language)],
            words=WORDS[language],
            portraits=tray.portraits,
            visitors=list(BeforeCamera),
        )

    @app.get("/state")
    def state() -> Response:
        return jsonify(_state(tray))

    @app.get("/trace")
    def trace() -> Response:
        wanted = request.args.get("card")
        slugs = [card.slug for card in tray.cards] if wanted is None else [wanted]
        return jsonify({slug: [asdict(item) for item in tray.trace(slug)] for slug in slugs})

    @app.post("/insert")
    def insert() -> Response:
        tray.insert(_slug())
        return jsonify(_state(tray))

    @app.post("/remove")
    def remove() -> Response:
        tray.remove()
        return jsonify(_state(tray))

    @app.post("/reset")
    def reset() -> Response:
        tray.reset(_slug())
        return jsonify(_state(tray))

    @app.post("/before-camera")
    def before_camera() -> Response:
        body = request.get_json()
        who = body.get("who") if isinstance(body, dict) else None
        if tray.portraits is None or who not in set(BeforeCamera):
            raise BadRequest(
                f'send {{"who": one of {", ".join(BeforeCamera)}}} to a tray with a camera'
            )
        tray.before_camera = BeforeCamera(who)
        return jsonify(_state(tray))

    @app.post("/script")
    def script() -> Response:
        try:
            wanted = _Script.model_validate(request.get_json())
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            place = ".".join(str(part) for part in first["loc"])
            raise BadRequest(f"{place}: {first['msg']}") from None
        tray.script(wanted.card, wanted.steps)
        return jsonify(_state(tray))

    return app


def _slug() -> str:
    body = request.get_json()
    slug = body.get("card") if isinstance(body, dict) else None
    if not isinstance(slug, str):
        raise BadRequest('send {"card": SLUG}')
    return slug


def _state(tray: Tray) -> dict[str, Any]:
    return {
        "on_reader": tray.on_reader,
        "reader_connected": tray.reader_connected,
        "before_camera": None if tray.portraits is None else tray.before_camera.value,
        "cards": [
            _card(card) | {"script": [str(step) for step in tray.script_of(card.slug)]}
            for card in tray.cards
        ],
    }


def _card(card: TrayCard) -> dict[str, Any]:
    person = card.person
    return {
        "slug": card.slug,
        "kind": card.kind.value,
        "name": None if person is None else person.name,
        "name_kana": None if person is None else person.name_kana,
        "birthdate": None if person is None else person.birthdate.isoformat(),
        "sex": None if person is None else person.sex,
        "condition": None if person is None else person.card_condition.value,
        "not_after": None if card.not_after is None else card.not_after.isoformat(),
        "pin_tries_left": card.pin_tries_left,
        "story": {"ja": card.story.ja, "en": card.story.en},
    }


def _tile(card: TrayCard, language: str) -> dict[str, Any]:
    """What the page shows of a card and will not change."""
    words, person = WORDS[language], card.person
    shown = _card(card) | {"story": getattr(card.story, language)}
    if person is None:
        return shown | {"label": words[card.slug], "detail": []}
    born, sex = person.birthdate, words[f"sex_{person.sex}"]
    if language == "ja":
        birth = f"{born.year}年{born.month}月{born.day}日{words['born']}"
    else:
        birth = f"{words['born']} {born.isoformat()}"
    return shown | {"label": person.name, "detail": [person.name_kana, f"{birth}・{sex}"]}


class TrayServer:
    """The tray's HTTP server."""

    def __init__(self, tray: Tray, port: int) -> None:
        """Take the port.  Raises PortInUseError."""
        check_free(HOST, port)  # cheroot's own error would leave a socket open
        self._server = wsgi.Server(
            (HOST, port), create_app(tray, port), numthreads=4, server_name="tray"
        )
        self._server.shutdown_timeout = 1
        self._server.prepare()

    def serve(self) -> None:
        """Answer until :meth:`stop`."""
        self._server.serve()

    def stop(self) -> None:
        """End; may be called from another thread."""
        self._server.stop()
