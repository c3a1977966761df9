"""Looking at the simulator and switching its faults: plain HTTP on 127.0.0.1, for tests only.

``GET /`` is a page for people.  For programs: ``GET /faults``, ``PUT /faults`` with
``{"kind": …, "seconds"?: …, "times"?: …, "path"?: …}``, ``DELETE /faults``; ``GET /requests``,
``DELETE /requests``; ``GET /limit``, ``PUT /limit`` with ``{"requests_per_second": …}`` (null for
none); ``POST /revocations`` with ``{"serial": …}``;
``GET /disaster``, ``PUT /disaster`` with ``{"institution": …, "on": …}``; ``POST /forget``; where
drop folders are served, ``POST /visits`` with
``{"person": …, "consents"?: […], "institution"?: …, "fault"?: …, "seconds"?: …}``.
"""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, jsonify, render_template, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from eligibility.codes import ConsentCategory
from eligibility.simulator.faults import FaultKind, Faults
from eligibility.simulator.link_application import LinkApplication, person_named
from eligibility.simulator.payer import SimulatedPayer
from eligibility.simulator.pki import DEFAULT_INSTITUTION
from eligibility.simulator.reader_visits import (
    CONSENT_FIELDS,
    LATEST_SECONDS,
    VisitFault,
    visit_files,
)
from eligibility.simulator.traffic import RateLimit, RequestLog
from eligibility.simulator.wording import KINDS, VISIT_FAULTS, VISIT_WORDS, WORDS

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src data:; "
        "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_OWN_NAMES = frozenset({"127.0.0.1", "localhost"})


class _FaultOrder(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: FaultKind
    seconds: float = 0.0
    times: int | None = Field(default=None, ge=1)
    path: str = ""


class _Limit(BaseModel):
    model_config = ConfigDict(extra="forbid")

    requests_per_second: float | None = Field(gt=0, le=100_000, allow_inf_nan=False)


class _Revocation(BaseModel):
    model_config = ConfigDict(extra="forbid")

    serial: str = Field(pattern=r"^[0-9a-f]{1,64}$")


class _Disaster(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    institution: str = Field(pattern=r"^[0-9]{10}$")
    on: bool


class _Visit(BaseModel):
    """A card visit at the national reader; ``person``: a persona's name or a person's id."""

    model_config = ConfigDict(extra="forbid")

    person: str = Field(min_length=1, max_length=100)
    consents: tuple[str, ...] = ()
    institution: str = Field(default=DEFAULT_INSTITUTION, pattern=r"^[0-9]{10}$")
    fault: VisitFault | None = None
    seconds: float = Field(default=0.0, ge=0, le=LATEST_SECONDS, allow_inf_nan=False)


def make_control_app(
    payer: SimulatedPayer,
    faults: Faults,
    requests: RequestLog,
    limit: RateLimit,
    link: LinkApplication | None = None,
) -> Flask:
    """Return the WSGI application of the control port; ``link``: where drop folders are served."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = 4096

    @app.before_request
    def only_from_here() -> tuple[Response, int] | None:
        # no foreign page in a browser on this machine may rebind a name or send an order
        origin = request.headers.get("Origin", f"http://{request.host}")
        own = origin == f"http://{request.host}"
        if request.host.rsplit(":", 1)[0] not in _OWN_NAMES or not own:
            return _problem("only for programs on this machine", 403)
        return None

    @app.after_request
    def harden(response: Response) -> Response:
        response.headers.update(_HEADERS)
        return response

    @app.errorhandler(ValidationError)
    def invalid(error: ValidationError) -> tuple[Response, int]:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        return _problem(f"{'.'.join(map(str, first['loc']))}: {first['msg']}", 400)

    def state() -> Response:
        fault, times = faults.current()
        if fault is None:
            return jsonify(kind=None)
        return jsonify(kind=fault.kind, seconds=fault.seconds, times=times, path=fault.path)

    @app.get("/faults")
    def show() -> Response:
        return state()

    @app.put("/faults")
    def switch() -> Response | tuple[Response, int]:
        order = _FaultOrder.model_validate_json(request.get_data())
        try:
            faults.set(order.kind, seconds=order.seconds, times=order.times, path=order.path)
        except ValueError as error:
            return _problem(str(error), 400)
        return state()

    @app.delete("/faults")
    def clear() -> Response:
        faults.clear()
        return state()

    @app.post("/revocations")
    def revoke() -> Response | tuple[Response, int]:
        serial = _Revocation.model_validate_json(request.get_data()).serial
        if not payer.cards.revoke(serial):
            return _problem("no card has this certificate", 404)
        return jsonify(revoked=serial)

    @app.get("/disaster")
    def show_disaster() -> Response:
        return jsonify(institutions=list(payer.disaster.all_on()))

    @app.put("/disaster")
    def switch_disaster() -> Response:
        order = _Disaster.model_validate_json(request.get_data())
        payer.disaster.switch(order.institution, on=order.on)
        return show_disaster()

    @app.post("/visits")
    def push() -> Response | tuple[Response, int]:
        order = _Visit.model_validate_json(request.get_data())
        person = person_named(payer.population, order.person)
        if link is None or person is None:
            words = "no drop folders are served" if link is None else "no such person"
            return _problem(words, 404)
        try:
            consents = [ConsentCategory(one) for one in order.consents]  # type: ignore[call-arg]
        except ValueError:
            return _problem(f"consents: some of {', '.join(c.value for c in ConsentCategory)}", 400)
        files = visit_files(
            order.institution,
            person,
            consents,
            payer.now(),
            fault=order.fault,
            seconds=order.seconds,
        )
        return jsonify(told_as=link.push(files))

    @app.get("/requests")
    def show_requests() -> Response:
        return jsonify(requests.as_dict())

    @app.delete("/requests")
    def forget_requests() -> Response:
        requests.clear()
        return jsonify(requests.as_dict())

    @app.get("/limit")
    def show_limit() -> Response:
        return jsonify(requests_per_second=limit.requests_per_second)

    @app.put("/limit")
    def change_limit() -> Response:
        order = _Limit.model_validate_json(request.get_data())
        limit.requests_per_second = order.requests_per_second
        return show_limit()

    @app.get("/")
    def page() -> str:
        language = "en" if request.args.get("lang") == "en" else "ja"
        return render_template(
            "control.html",
            language=language,
            other="ja" if language == "en" else "en",
            words=WORDS[language],
            visit_words=VISIT_WORDS[language],
            kinds=[(kind.value, KINDS[kind][language == "en"]) for kind in FaultKind],
            visitors=_visitors(payer, language) if link is not None else [],
            consents=[(one.value, getattr(one, language)) for one in CONSENT_FIELDS],
            visit_faults=[(one.value, VISIT_FAULTS[one][language == "en"]) for one in VisitFault],
            institution=DEFAULT_INSTITUTION,
            people=len(payer.population.people),
            seed=payer.population.seed,
        )

    @app.post("/forget")
    def forget() -> Response:
        payer.forget()
        return jsonify(forgotten=True)

    return app


def _visitors(payer: SimulatedPayer, language: str) -> list[tuple[str, str]]:
    """Return who may come to the national reader: those with a card, each with a story."""
    return [
        (person.persona, f"{person.name}　{getattr(person.story, language)}")
        for person in payer.population.people
        if person.persona is not None
    ]


def _problem(words: str, status: int) -> tuple[Response, int]:
    body: dict[str, Any] = {"problem": words}
    return jsonify(body), status
