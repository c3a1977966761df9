"""Who stands on the lists that the payer keeps for an institution.

Tickets are those that people hold.  Who consented at home or for an online examination is made up
from each person's id, so that the same people are on the same lists each time.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from eligibility.benefits import RegisteredConsent
from eligibility.calendar import JAPAN
from eligibility.codes import InformationConsent, QualificationValidity
from eligibility.simulator.holdings import Holding, holding_of
from eligibility.simulator.national_wire import RequestUnreadableError
from eligibility.simulator.people import Person
from eligibility.simulator.population import Population

ONE_IN = 20
SPREAD_DAYS = 60
CONSENT_LASTS = timedelta(days=90)
"""How long such a consent is open is not known: this is the simulator's own."""
_FLAGS = {"OQSmuhvq": "2", "OQSmuonq": "3"}
Entry = tuple[Person, Holding]


def listed(
    prefix: str, search: Mapping[str, str], population: Population, now: datetime
) -> Iterator[Entry]:
    """Yield who stands on the list that ``search`` asks for, each with what is held of them.

    ``prefix``: of the messages, e.g. ``OQSmutic``.  Raises RequestUnreadableError.
    """
    today = now.astimezone(JAPAN).date()
    if prefix == "OQSmutic":
        month = _day(search, "MedicalTreatmentMonth", "%Y%m")
        yield from _with_tickets(population, month, today)
        return
    if search.get("MedicalTreatmentFlag") != _FLAGS[prefix]:
        raise RequestUnreadableError("MedicalTreatmentFlag")
    name = "Consent"
    if prefix == "OQSmuonq" and "ExaminationDateFrom" in search:
        name = "Examination"
    first, last = (_day(search, f"{name}Date{end}", "%Y%m%d") for end in ("From", "To"))
    if last < first:
        raise RequestUnreadableError(f"{name}DateTo")
    for person in population.people:
        consented = consent_day(prefix, person, today)
        if consented is not None and first <= consented <= last:
            yield person, _consenting(holding_of(person, today), consented)


def consent_day(prefix: str, person: Person, today: date) -> date | None:
    """Return when somebody consented at home or for an online examination, None where not."""
    number = zlib.crc32(f"{prefix} {person.id}".encode())
    holding = holding_of(person, today)
    if number % ONE_IN or holding.validity is not QualificationValidity.VALID:
        return None
    return today - timedelta(days=number // ONE_IN % SPREAD_DAYS)


def _with_tickets(population: Population, month: date, today: date) -> Iterator[Entry]:
    for person in population.people:
        holding = holding_of(person, today)
        months = {
            ticket.medical_treatment_month
            for coverage in holding.results
            for ticket in coverage.medical_tickets
        }
        if month in months:
            yield person, holding


def _consenting(holding: Holding, consented: date) -> Holding:
    given_at = datetime.combine(consented, time(10), JAPAN)
    consent = RegisteredConsent(InformationConsent.GIVEN, given_at, given_at + CONSENT_LASTS)
    results = tuple(
        replace(one, pharmacists_info=consent, diagnosis_info=consent) for one in holding.results
    )
    return replace(holding, results=results)


def _day(search: Mapping[str, str], name: str, form: str) -> date:
    try:
        return datetime.strptime(search.get(name, ""), form).date()  # noqa: DTZ007  # a day
    except ValueError as error:
        raise RequestUnreadableError(name) from error
