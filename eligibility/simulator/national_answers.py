"""What the payer decides about one request of the national interface."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from eligibility.calendar import JAPAN
from eligibility.codes import QualificationValidity, ReferenceClassification
from eligibility.model import Coverage, NumberSubject
from eligibility.numbers import normalise_insurer_number
from eligibility.simulator.faults import Fault, FaultKind
from eligibility.simulator.holdings import holding_of
from eligibility.simulator.listed import listed
from eligibility.simulator.national_wire import (
    NationalRequest,
    RequestUnreadableError,
    Tree,
    number_asked,
    result_of,
)
from eligibility.simulator.people import Person
from eligibility.simulator.population import Population
from eligibility.simulator.searching import holding_by_number

_DONE, _WORKING, _FAILED = "1", "2", "9"
_FINE, _WRONG = "1", "2"
_REFUSALS = {
    FaultKind.REFUSE: ("SIM0101", "照会を受け付けられません。"),
    FaultKind.TOO_MANY: ("SIM0429", "照会が集中しています。"),
}

Answered = tuple[str, list[Tree], list[Tree]]
"""An outcome for the log, more elements of the header, and the body."""


Insured = tuple[str, str, str]
"""Insurer number, number and branch, by which reference numbers are registered."""


@dataclass(slots=True)
class Books:
    """What the payer remembers of this institution: bulk questions and reference numbers."""

    bulks: dict[str, tuple[NationalRequest, datetime]] = field(default_factory=dict)
    receptions: dict[tuple[str, str], str] = field(default_factory=dict)
    references: dict[Insured, str] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


def answer(
    kind: str,
    request: NationalRequest,
    population: Population,
    books: Books,
    now: datetime,
    fault: Fault | None,
) -> Answered:
    """Answer one request of a kind, with the fault that it is to have."""
    what = None if fault is None else fault.kind
    if what in _REFUSALS:
        return _refused(*_REFUSALS[what])
    if what is FaultKind.QUEUED:
        return "queued", [("SegmentOfResult", _WORKING)], []
    try:
        if kind == "OQSsiquc01":
            return _single(request, population, books, now, what)
        if kind in ("OQSmuquc01", "OQSmuimm01", *_lists("01")):
            return _received(request, books, now)
        if kind in _lists("02"):
            return _listed(kind[:-2], request, population, books, now)
        if kind == "OQSmuquc02":
            return _collected(request, population, books, now, what)
        if kind == "OQSsiimm01":
            return _registered(request, books)
        if kind == "OQSmuimm02":
            return _registered_together(request, books, what)
    except RequestUnreadableError as error:
        return _refused("SIM0001", f"要求が不正です。({error})")
    return _refused("SIM0002", "対応していない要求です。")


def in_order(classification: ReferenceClassification) -> list[Tree]:
    """Return the header's elements of an answer that went well."""
    return [("SegmentOfResult", _DONE), ("ReferenceClassification", classification.value)]


def status(code: str = "00000000", message: str = "正常終了") -> list[Tree]:
    """Return the elements of a body that say how one person's question went."""
    return [
        ("ProcessingResultStatus", _FINE),
        ("ProcessingResultCode", code),
        ("ProcessingResultMessage", message),
    ]


def _refused(code: str, words: str) -> Answered:
    header: list[Tree] = [
        ("SegmentOfResult", _FAILED),
        ("ErrorCode", code),
        ("ErrorMessage", words),
    ]
    return code, header, []


def _single(
    request: NationalRequest,
    population: Population,
    books: Books,
    now: datetime,
    fault: FaultKind | None,
) -> Answered:
    if len(request.searches) != 1:
        raise RequestUnreadableError("one QualificationConfirmSearchInfo")
    body = _person(request.searches[0], population, books, now, fault)
    return "complete", in_order(ReferenceClassification.INSURED_NUMBER), body


def _person(
    search: Mapping[str, str],
    population: Population,
    books: Books,
    now: datetime,
    fault: FaultKind | None,
) -> list[Tree]:
    subject = NumberSubject(*number_asked(search))
    echo: Sequence[Tree] = [(name, value) for name, value in search.items() if value]
    if fault is FaultKind.ERROR:
        return [
            ("ProcessingResultStatus", _WRONG),
            ("ProcessingResultCode", "SIM9999"),
            ("ProcessingResultMessage", "処理できませんでした。"),
            ("QualificationConfirmSearchInfo", echo),
        ]
    if fault is FaultKind.ANOTHER_PATIENT:
        other = _another(population, subject, now)
        echo = [
            ("InsurerNumber", other.insurer.number),
            ("InsuredIdentificationNumber", other.number),
            ("Birthdate", f"{other.birthdate:%Y%m%d}"),
        ]
        subject = NumberSubject(other.insurer.number, other.number, other.birthdate)
    consent = search.get("LimitApplicationCertificateRelatedConsFlg") != "0"
    holding, person = holding_by_number(
        population.people, subject, now.astimezone(JAPAN).date(), limit_consent=consent
    )
    with books.lock:
        reference = books.references.get(
            (
                subject.insurer_number,
                subject.insured_identification_number,
                subject.insured_branch_number or "",
            )
        )
    if reference is None and person is not None:
        reference = person.reference_number
    return [
        *status(message=holding.message),
        ("QualificationValidity", holding.validity.value),
        ("QualificationConfirmSearchInfo", echo),
        ("ResultList", [result_of(one) for one in holding.results] or None),
        ("ReferenceNumber", reference if holding.person_found else None),
        (
            "PrescriptionIssueSelect",
            None if person is None or person.prescription is None else person.prescription.value,
        ),
    ]


def _another(population: Population, subject: NumberSubject, now: datetime) -> Person:
    """Return another person who is insured, for the fault that mixes people up."""
    today = now.astimezone(JAPAN).date()
    return next(
        person
        for person in population.people
        if person.number != subject.insured_identification_number
        and holding_of(person, today).validity is QualificationValidity.VALID
        and person.linked is None
    )


def _received(request: NationalRequest, books: Books, now: datetime) -> Answered:
    """Take a bulk question; the same one again gets the same 受付番号."""
    if not request.searches:
        raise RequestUnreadableError("QualificationConfirmSearchInfo")
    key = (request.institution, request.identifier)
    with books.lock:
        reception = books.receptions.setdefault(key, secrets.token_hex(8))
        books.bulks.setdefault(reception, (request, now))
    header = in_order(ReferenceClassification.INSURED_NUMBER)
    return "received", [*header, ("ReceptionNumber", reception)], []


def _collected(
    request: NationalRequest,
    population: Population,
    books: Books,
    now: datetime,
    fault: FaultKind | None,
) -> Answered:
    reception = request.header.get("ReceptionNumber") or request.body.get("ReceptionNumber")
    with books.lock:
        found = books.bulks.get(reception or "")
    if found is None or found[0].institution != request.institution:
        return _refused("SIM0404", "受付番号がありません。")
    units: list[Tree] = []
    errors = 0
    searches = found[0].searches
    if fault is FaultKind.PARTIAL:
        searches = searches[: max(1, len(searches) // 2)]
    for search in searches:
        try:
            body = _person(search, population, books, now, fault)
        except RequestUnreadableError as error:
            errors += 1
            body = [
                ("ProcessingResultStatus", _WRONG),
                ("ProcessingResultCode", "SIM0001"),
                ("ProcessingResultMessage", f"要求が不正です。({error})"),
                ("QualificationConfirmSearchInfo", list(search.items())),
            ]
        units.append(("BulkConfirmUnit", body))
    header = [
        *in_order(ReferenceClassification.INSURED_NUMBER),
        ("ReceptionNumber", reception),
        ("NumberOfProcessingResult", str(len(units))),
        ("NumberOfNormalProcessing", str(len(units) - errors)),
        ("NumberOfError", str(errors)),
    ]
    return "complete", header, units


def _lists(step: str) -> tuple[str, ...]:
    return tuple(f"{prefix}{step}" for prefix in ("OQSmutic", "OQSmuhvq", "OQSmuonq"))


def _listed(
    prefix: str,
    request: NationalRequest,
    population: Population,
    books: Books,
    now: datetime,
) -> Answered:
    """Tell who stands on a list that was asked for under a 受付番号."""
    reception = request.body.get("ReceptionNumber") or ""
    with books.lock:
        found = books.bulks.get(reception)
    if found is None or found[0].institution != request.institution:
        return _refused("SIM0404", "受付番号がありません。")
    units: list[Tree] = []
    for person, holding in listed(prefix, found[0].searches[0], population, now):
        body: list[Tree] = [
            *status(message=holding.message),
            ("QualificationValidity", holding.validity.value),
            ("ResultList", [result_of(one) for one in holding.results]),
            ("ReferenceNumber", _reference(holding.results, books) or person.reference_number),
        ]
        units.append(("BulkConfirmUnit", body))
    header = [("SegmentOfResult", _DONE), ("ReceptionNumber", reception)]
    return "complete", [*header, ("NumberOfProcessingResult", str(len(units)))], units


def _reference(results: Sequence[Coverage], books: Books) -> str | None:
    """Return the number that this institution registered for whom the results are of."""
    with books.lock:
        for one in results:
            number, branch = one.insured_identification_number, one.insured_branch_number
            found = books.references.get((one.insurer_number, number or "", branch or ""))
            if found is not None:
                return found
    return None


def _registered(request: NationalRequest, books: Books) -> Answered:
    """Register one 照会番号."""
    if len(request.searches) != 1:
        raise RequestUnreadableError("one ReferenceNumberRegistrationInfo")
    search = request.searches[0]
    _register(search, books)
    body: list[Tree] = [*status(), ("ReferenceNumberRegistrationInfo", list(search.items()))]
    return "registered", [("SegmentOfResult", _DONE)], body


def _registered_together(
    request: NationalRequest, books: Books, fault: FaultKind | None
) -> Answered:
    """Register what was handed in under a 受付番号; each has its own result."""
    reception = request.body.get("ReceptionNumber") or ""
    with books.lock:
        found = books.bulks.get(reception)
    if found is None or found[0].institution != request.institution:
        return _refused("SIM0404", "受付番号がありません。")
    searches = found[0].searches
    if fault is FaultKind.PARTIAL:
        searches = searches[: max(1, len(searches) // 2)]
    units: list[Tree] = []
    for search in searches:
        try:
            _register(search, books)
            said = status()
        except RequestUnreadableError as error:
            said = [
                ("ProcessingResultStatus", _WRONG),
                ("ProcessingResultCode", "SIM0001"),
                ("ProcessingResultMessage", f"要求が不正です。({error})"),
            ]
        echo: Tree = ("ReferenceNumberRegistrationInfo", list(search.items()))
        units.append(("BulkRegistrationUnit", [echo, *said]))
    return "registered", [("SegmentOfResult", _DONE), ("ReceptionNumber", reception)], units


def _register(search: Mapping[str, str], books: Books) -> None:
    reference = search.get("ReferenceNumber", "")
    if not reference:
        raise RequestUnreadableError("ReferenceNumber")
    try:
        insurer = normalise_insurer_number(search.get("InsurerNumber", "").strip())
    except ValueError as error:
        raise RequestUnreadableError("InsurerNumber") from error
    number = search.get("InsuredIdentificationNumber", "")
    if not number:
        raise RequestUnreadableError("InsuredIdentificationNumber")
    with books.lock:
        books.references[insurer, number, search.get("InsuredBranchNumber", "")] = reference
