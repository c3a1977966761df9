"""A desk in a disaster: people without a card, found at a payer that has opened this way."""

from __future__ import annotations

import uuid
from datetime import timedelta

from eligibility.codes import ConsentCategory
from eligibility.consenting import DISASTER_CATEGORIES, ActingFor, OralReason
from eligibility.model import Consent, ConsentDecision, NumberSubject, PersonSubject
from eligibility.simulator.people import Person
from terminal.access.accounts import Actor, Role
from terminal.desk_enquiry import DocumentSeen
from terminal.payer.freshness import Freshness
from terminal.payer.question import QuestionState
from terminal.views import HistoryClosed, OpenHistory, VisitDetail
from terminal.visit_book import VisitBook
from tests.clinic import wait_for
from tests.desk_outbox import RECEPTION, DeskOutbox

ADMINISTRATOR = Actor("admin", Role.ADMINISTRATOR, "管理者")
DOCTOR = Actor("doctor", Role.CLINICIAN, "医師")
PHARMACIST = Actor("pharmacist", Role.PHARMACIST, "薬剤師")
DAY = timedelta(days=1)
WORDS = "意識がなく、付き添いもいない"


def named(person: Person) -> PersonSubject:
    """Return somebody by name, birth date and sex."""
    return PersonSubject(person.name, person.birthdate, person.sex)


def finds(desk: DeskOutbox, subject: NumberSubject | PersonSubject) -> str:
    """Ask about somebody and wait for the answer; return the visit's id."""
    visit_id = uuid.uuid4().hex
    if isinstance(subject, PersonSubject):
        desk.enquiry_desk.ask_by_person(RECEPTION, visit_id, subject)
    else:
        desk.enquiry_desk.ask_by_number(RECEPTION, visit_id, subject, DocumentSeen.CERTIFICATE)
    desk.sees(desk.question(visit_id), lambda one: one.state is QuestionState.ANSWERED, "an answer")
    return visit_id


def hears(
    desk: DeskOutbox,
    visit_id: str,
    *yes: ConsentCategory,
    acting_for: ActingFor | None = None,
) -> Consent:
    """Record a yes to these, and a no to the rest of what a disaster opens."""
    said = {
        one: ConsentDecision.YES if one in yes else ConsentDecision.NO
        for one in DISASTER_CATEGORIES
    }
    return desk.oral_consents.record(RECEPTION, visit_id, said, OralReason.CARD_LOST, acting_for)


def book(desk: DeskOutbox) -> VisitBook:
    """Return the desk's visits as staff see them."""
    return VisitBook(desk.store, desk.disclosure, desk.bus, desk.now, Freshness.ALWAYS)


def opens(desk: DeskOutbox, visit_id: str, actor: Actor = DOCTOR) -> VisitDetail:
    """Return the visit as this one sees it."""
    return book(desk).visit(actor, visit_id)


def closed(desk: DeskOutbox, visit_id: str, actor: Actor = DOCTOR) -> HistoryClosed | None:
    """Return why its history is closed to this one."""
    return opens(desk, visit_id, actor).history_closed_because


def looks(desk: DeskOutbox, visit_id: str, actor: Actor = DOCTOR) -> OpenHistory:
    """Wait until the history has come, and look at it."""
    waiting = (HistoryClosed.FETCHING, HistoryClosed.NOT_FETCHED)
    wait_for(lambda: closed(desk, visit_id, actor) not in waiting, "the history")
    return book(desk).history.look(actor, visit_id)
