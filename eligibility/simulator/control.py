"""Switching faults while the simulator runs: plain HTTP on 127.0.0.1, for demo and tests only.

``GET /faults``, ``PUT /faults`` with ``{"kind": …, "seconds"?: …, "times"?: …, "path"?: …}``,
``DELETE /faults``; ``POST /revocations`` with ``{"serial": …}``; ``POST /forget``.
"""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, jsonify, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from eligibility.simulator.faults import FaultKind, Faults
from eligibility.simulator.payer import SimulatedPayer

_OWN_NAMES = frozenset({"127.0.0.1", "localhost"})


class _FaultOrder(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: FaultKind
    seconds: float = Field(default=0.0, ge=0, le=600)
    times: int | None = Field(default=None, ge=1)
    path: str = ""


class _Revocation(BaseModel):
    model_config = ConfigDict(extra="forbid")

    serial: str = Field(pattern=r"^[0-9a-f]{1,64}$")


def make_control_app(payer: SimulatedPayer, faults: Faults) -> Flask:
    """Return the WSGI application of the control port."""
    app = Flask("eligibility.simulator.control", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = 4096

    @app.before_request
    def only_from_here() -> tuple[Response, int] | None:
        # a page in a browser on this machine may neither rebind a name nor post a form
        if request.host.rsplit(":", 1)[0] not in _OWN_NAMES or "Origin" in request.headers:
            return _problem("only for programs on this machine", 403)
        return None

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
    def switch() -> Response:
        order = _FaultOrder.model_validate_json(request.get_data())
        faults.set(order.kind, seconds=order.seconds, times=order.times, path=order.path)
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

    @app.post("/forget")
    def forget() -> Response:
        payer.forget()
        return jsonify(forgotten=True)

    return app


def _problem(words: str, status: int) -> tuple[Response, int]:
    body: dict[str, Any] = {"problem": words}
    return jsonify(body), status
