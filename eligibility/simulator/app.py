"""The payer's HTTP face: paths, headers and statuses of the FHIR profile; decides nothing."""

from __future__ import annotations

import errno
import json
import logging
import math
import re
import time
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from cryptography import x509
from cryptography.x509.oid import NameOID
from flask import Flask, Request, Response, g, request
from werkzeug.exceptions import HTTPException

from eligibility.history import Record
from eligibility.simulator import wire, wire_history
from eligibility.simulator.bodies import LARGEST_BODY, invalid, parse_json
from eligibility.simulator.faults import Fault, FaultKind, Faults
from eligibility.simulator.names import REFUSALS, RefusalCode
from eligibility.simulator.payer import SimulatedPayer
from eligibility.simulator.recorded import RESOURCE_CATEGORIES
from eligibility.simulator.refusals import RefusalError
from eligibility.simulator.requests import QUESTION_ID, patient_id_of
from eligibility.simulator.traffic import RateLimit, RequestLog
from eligibility.simulator.traffic import Request as TakenRequest

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/fhir+json"
_ACCEPTED_TYPES = frozenset({MEDIA_TYPE, "application/json"})
_LARGEST_PAGE = 200
_DEFAULT_PAGE = 50
_RETRY_AFTER = 2
_INSTITUTION = re.compile(r"[0-9]{10}")
_SUBMIT = "/fhir/CoverageEligibilityRequest/$submit"
_HTTP_REFUSALS = {
    400: RefusalCode.REQUEST_INVALID,
    404: RefusalCode.NOT_FOUND,
    405: RefusalCode.METHOD_NOT_ALLOWED,
    413: RefusalCode.REQUEST_TOO_LARGE,
    415: RefusalCode.MEDIA_TYPE_UNSUPPORTED,
}


def make_app(
    payer: SimulatedPayer, faults: Faults, log_of_requests: RequestLog, limit: RateLimit
) -> Flask:
    """Return the WSGI application; the server in front has checked the client certificate."""
    app = Flask("eligibility.simulator", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY

    @app.before_request
    def have_fault() -> Response | None:
        g.started = time.perf_counter()
        g.institution = _institution(request)
        wait = limit.wait_for()
        if wait > 0:
            raise RefusalError(RefusalCode.TOO_MANY_REQUESTS, retry_after=math.ceil(wait))
        g.fault = faults.take(request.path)
        return _before(g.fault, faults)

    @app.after_request
    def finish(response: Response) -> Response:
        response.headers["Cache-Control"] = "no-store"
        response.date = payer.now()
        fault = g.get("fault")
        if fault is not None and fault.kind is FaultKind.BAD_ENCODING:
            response.set_data(response.get_data().decode().encode("cp932", "replace"))
        log_of_requests.add(
            TakenRequest(
                payer.now(),
                g.get("institution", ""),
                request.method,
                request.path,
                response.status_code,
                round((time.perf_counter() - g.started) * 1000, 1) if "started" in g else 0.0,
                outcome=g.get("outcome", ""),
                question=request.headers.get("Idempotency-Key", "")[:100],
                fault="" if fault is None else fault.kind,
            )
        )
        log.info(
            "%s %s %d institution %s",
            request.method,
            request.path,
            response.status_code,
            g.get("institution", "-"),
        )
        return response

    @app.errorhandler(RefusalError)
    def refuse(error: RefusalError) -> Response:
        log.info("refused: %s", error)
        g.outcome = error.code
        return _refusal(error.code, retry_after=error.retry_after)

    @app.errorhandler(HTTPException)
    def refuse_http(error: HTTPException) -> Response:
        status = error.code or 500
        code = _HTTP_REFUSALS.get(status)
        if code is None:
            code = RefusalCode.REQUEST_INVALID if status < 500 else RefusalCode.UNAVAILABLE
        g.outcome = code
        return _refusal(code, status=status)

    _add_routes(app, payer)
    return app


def _add_routes(app: Flask, payer: SimulatedPayer) -> None:
    since = payer.now()

    @app.get("/fhir/metadata")
    def metadata() -> Response:
        return _json(wire.capability_statement(_base(), since))

    @app.post("/fhir/$issue-challenge")
    def issue_challenge() -> Response:
        return _json(payer.issue_challenge(g.institution))

    @app.post(_SUBMIT)
    def submit() -> Response:
        parsed = _body()
        answer = payer.answer(g.institution, _key(), parsed, g.fault)
        g.outcome = answer["outcome"]
        return _json(answer)

    @app.post("/fhir/$register-card")
    def register_card() -> Response:
        parsed = _body()
        return _json(payer.register_card(g.institution, _key(), parsed, g.fault))

    @app.post("/fhir/$register-reference-numbers")
    def register_reference_numbers() -> Response:
        return _json(payer.register_reference_numbers(g.institution, _body()))

    @app.post("/fhir/Consent")
    def register_consent() -> Response:
        registered, new = payer.register_consent(g.institution, _body())
        response = _json(registered, 201 if new else 200)
        response.headers["Location"] = f"{_base()}/Consent/{registered['id']}"
        return response

    @app.put("/fhir/Consent/<ref>")
    def end_consent(ref: str) -> Response:
        return _json(payer.end_consent(g.institution, ref, _body()))

    @app.post("/fhir/$open-without-consent")
    def open_without_consent() -> Response:
        return _json(payer.open_without_consent(g.institution, _body()))

    def history(resource: str) -> Callable[[], Response]:
        return lambda: _history_page(payer, resource)

    for resource in RESOURCE_CATEGORIES:
        app.add_url_rule(f"/fhir/{resource}", resource, history(resource))


def _history_page(payer: SimulatedPayer, resource: str) -> Response:
    patient_id = patient_id_of(request.args.get("patient", ""))
    count = _whole_number("_count", _DEFAULT_PAGE, _LARGEST_PAGE)
    page = _whole_number("_page", 1, 1_000_000)
    category = request.args.get("category")
    found = payer.history(g.institution, resource, patient_id, category)
    start = (page - 1) * count

    def link(number: int) -> str:
        query = {"patient": f"Patient/{patient_id}", "_count": count, "_page": number}
        if category is not None:
            query["category"] = category
        return f"{_base()}/{resource}?{urlencode(query)}"

    more = start + count < len(found)
    return _json(
        wire_history.bundle(
            _base(),
            _resources(found[start : start + count], start, resource, patient_id),
            len(found),
            link(page),
            link(page + 1) if more else None,
        )
    )


def _resources(
    records: Sequence[Record], start: int, resource: str, patient_id: str
) -> list[wire.Json]:
    """Return the entries of one page; by fault the last one is somebody else's."""
    key = f"{resource.lower()}-{patient_id.removeprefix('pt-')}"
    entries = [
        wire_history.resource(record, f"{key}-{start + number}", patient_id)
        for number, record in enumerate(records, 1)
    ]
    if entries and g.fault is not None and g.fault.kind is FaultKind.ANOTHER_PATIENT:
        entries[-1]["subject"] = {"reference": "Patient/pt-SOMEBODY"}
    return entries


def _whole_number(name: str, default: int, largest: int) -> int:
    text = request.args.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,7}", text) or not 1 <= int(text) <= largest:
        raise invalid(f"{name}: 1 to {largest}")
    return int(text)


def _base() -> str:
    return f"{request.host_url}fhir"


def _key() -> str:
    key = request.headers.get("Idempotency-Key", "")
    if not QUESTION_ID.fullmatch(key):
        raise invalid("Idempotency-Key")
    return key


def _body() -> dict[str, Any]:
    if request.mimetype not in _ACCEPTED_TYPES:
        raise RefusalError(RefusalCode.MEDIA_TYPE_UNSUPPORTED)
    return parse_json(request.get_data())


@lru_cache(maxsize=64)
def _serial_number(pem: str) -> str:
    subject = x509.load_pem_x509_certificate(pem.encode()).subject
    values = [item.value for item in subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)]
    return str(values[0]) if len(values) == 1 else ""


def _institution(incoming: Request) -> str:
    """Return the institution code in the client certificate's subject."""
    pem = incoming.environ.get("SSL_CLIENT_CERT", "")
    code = _serial_number(pem) if pem else ""
    if not _INSTITUTION.fullmatch(code):
        raise RefusalError(RefusalCode.INSTITUTION_UNKNOWN)
    return code


def _json(content: wire.Json, status: int = 200) -> Response:
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return Response(body, status, content_type=f"{MEDIA_TYPE}; charset=utf-8")


def _refusal(
    code: RefusalCode, *, status: int | None = None, retry_after: int | None = None
) -> Response:
    response = _json(wire.refusal(code), status or REFUSALS[code][0])
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response


def _before(fault: Fault | None, faults: Faults) -> Response | None:
    """Do what a fault does before any work; the other kinds change the answer."""
    if fault is None:
        return None
    if fault.kind is FaultKind.SLOW:
        faults.wait(fault.seconds)
    elif fault.kind is FaultKind.UNAVAILABLE:
        raise RefusalError(RefusalCode.UNAVAILABLE, retry_after=_RETRY_AFTER)
    elif fault.kind is FaultKind.TOO_MANY:
        raise RefusalError(RefusalCode.TOO_MANY_REQUESTS, retry_after=_RETRY_AFTER)
    elif fault.kind is FaultKind.MALFORMED:
        return Response(
            '{"resourceType":"CoverageEligibilityResponse","outcome":"comp',
            content_type=f"{MEDIA_TYPE}; charset=utf-8",
        )
    return None


def closing_connections(app: WSGIApplication, faults: Faults) -> WSGIApplication:
    """Wrap ``app`` so that the fault DOWN closes the connection without an answer."""

    def wrapped(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        fault, _times = faults.current()
        down = fault is not None and fault.kind is FaultKind.DOWN
        if down and faults.take(environ.get("PATH_INFO", "")) is not None:
            # the server takes this for a lost peer: it closes and says nothing
            raise ConnectionResetError(errno.ECONNRESET, "fault: down")
        return app(environ, start_response)

    return wrapped
