"""Rows about people without a card: found by insured number, and older stores brought up to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Migrations

from eligibility.codes import Sex
from eligibility.errors import AnswerForAnotherPersonError
from eligibility.model import NumberSubject, PersonSubject, Subject
from terminal.audit import Act
from terminal.desk_enquiry import DeskEnquiry, DocumentSeen
from terminal.disaster_period import DisasterPeriod
from terminal.errors import StoreError, VisitStateError
from terminal.payer.question import QuestionKind
from terminal.register.record_link import LinkChoice, RecordLink
from terminal.register.right_name import RightName
from terminal.store import Store, schema
from terminal.visit import VisitOrigin
from tests.store.builders import (
    MORNING,
    TANAKA,
    a_confirmation,
    a_consent,
    a_question,
    a_visit,
    an_answer,
    an_entry,
    confirm_visit,
)

SAKURA = NumberSubject("06123456", "１２３", date(2018, 4, 2), "見－０１", "02")
TWIN = replace(SAKURA, insured_branch_number="03")
BY_NAME = PersonSubject("見本　桜子", date(2018, 4, 2), Sex.FEMALE)


def confirmed(store: Store, ident: str, subject: Subject, **changes: Any) -> None:
    """Store a visit without a card, with question, answer and confirmation."""
    visit = a_visit(f"v-{ident}", origin=VisitOrigin.NUMBER, subject=subject, **changes)
    answer = an_answer(f"a-{ident}", f"q-{ident}", subject=subject)

    def work(tx: Any) -> None:
        tx.visits.add(visit)
        tx.outbox.add(a_question(f"q-{ident}", visit.id, kind=QuestionKind.NUMBER_ELIGIBILITY))
        tx.answers.add(answer)
        tx.confirmations.add(a_confirmation(f"c-{ident}", visit.id, answer_id=answer.id))
        tx.audit.append(an_entry(visit.id, act=Act.CONFIRMED, subject=subject))

    store.write(work)


def live(store: Store, subject: Subject) -> list[str]:
    """Return the ids of the live confirmations for a subject."""
    return [one.id for one in store.read(lambda tx: tx.confirmations.live_for(subject))]


def test_an_answer_is_found_by_its_number(store: Store) -> None:
    """Insurer, symbol, number, branch and birth date find it, in whichever width they are typed."""
    confirmed(store, "1", SAKURA)
    typed = replace(SAKURA, insured_identification_number="123", insured_card_symbol="見-01")
    assert live(store, SAKURA) == live(store, typed) == ["c-1"]
    assert store.read(lambda tx: tx.answers.get("a-1")).subject == SAKURA
    assert live(store, TANAKA) == []


@pytest.mark.parametrize(
    "other",
    [
        TWIN,
        replace(SAKURA, insured_branch_number=None),
        replace(SAKURA, birthdate=date(2018, 4, 3)),
        replace(SAKURA, insured_identification_number="124"),
        replace(SAKURA, insured_card_symbol=None),
        replace(SAKURA, insurer_number="06139463"),
    ],
)
def test_no_other_number_is_the_same(store: Store, other: NumberSubject) -> None:
    """A twin, a number asked without its branch, or any other part, is somebody else."""
    confirmed(store, "1", SAKURA)
    assert live(store, other) == []
    assert store.read(lambda tx: tx.visits.of_subject(other, MORNING)) == []


def test_a_name_is_nobody_known(store: Store) -> None:
    """Two questions by the same name may be about two people: nothing of the first is found."""
    confirmed(store, "1", BY_NAME)
    assert live(store, BY_NAME) == []
    assert store.read(lambda tx: tx.visits.of_subject(BY_NAME, MORNING)) == []


def test_an_answer_for_another_number_is_never_stored(store: Store) -> None:
    """A visit opened with one twin's number takes no answer for the other."""

    def work(tx: Any) -> None:
        tx.visits.add(a_visit(origin=VisitOrigin.NUMBER, subject=SAKURA))
        tx.outbox.add(a_question())
        tx.answers.add(an_answer(subject=TWIN))

    with pytest.raises(AnswerForAnotherPersonError):
        store.write(work)


@pytest.mark.parametrize("origin", [VisitOrigin.NUMBER, VisitOrigin.DISASTER])
def test_a_visit_without_a_card_can_have_no_consent(store: Store, origin: VisitOrigin) -> None:
    """Nobody showed there who they are: whoever sends a consent for such a visit is refused."""
    subject = SAKURA if origin is VisitOrigin.NUMBER else BY_NAME
    store.write(lambda tx: tx.visits.add(a_visit(origin=origin, subject=subject)))
    with pytest.raises(VisitStateError, match="no consent"):
        store.write(lambda tx: tx.consents.add(a_consent(subject=subject)))


def test_links_and_names_are_remembered_for_a_number(store: Store) -> None:
    """What staff linked and entered for a number holds at its next visit, not for the twin."""
    link = RecordLink("l-1", SAKURA, LinkChoice.LINKED, MORNING, "s-1", "v-1", "10042")
    name = RightName("n-1", SAKURA, "見本　櫻子", MORNING, "s-1", "v-1")

    def work(tx: Any) -> None:
        tx.record_links.add(link)
        tx.right_names.add(name)

    store.write(work)
    assert store.read(lambda tx: tx.record_links.of_subject(SAKURA)) == [link]
    assert store.read(lambda tx: tx.right_names.of_subject(SAKURA)) == [name]
    assert store.read(lambda tx: tx.record_links.of_subject(TWIN)) == []
    assert store.read(lambda tx: tx.right_names.of_subject(TWIN)) == []


def test_audit_tells_numbers_apart_without_naming_them(store: Store) -> None:
    """Each number has its own keyed hash; none of its parts stands in the log."""
    confirmed(store, "1", SAKURA)
    confirmed(store, "2", TWIN)
    records = store.read(lambda tx: tx.audit.recent(2))
    assert len({one.subject_hash for one in records}) == 2
    assert SAKURA.insured_identification_number not in str(records)


def test_enquiries_and_periods_come_back(store: Store) -> None:
    """What was seen in hand, and each period of disaster mode, are kept as they were."""
    enquiry = DeskEnquiry("v-1", DocumentSeen.CERTIFICATE, "s-1", MORNING)
    period = DisasterPeriod("d-1", "地震", MORNING, MORNING + timedelta(days=1), "s-1")
    later = replace(period, ends_at=MORNING + timedelta(days=2))

    def work(tx: Any) -> None:
        tx.visits.add(a_visit(origin=VisitOrigin.NUMBER, subject=SAKURA))
        tx.desk_enquiries.add(enquiry)
        tx.disaster_periods.add(period)
        tx.disaster_periods.save(later)

    store.write(work)
    assert store.read(lambda tx: tx.desk_enquiries.of_visit("v-1")) == enquiry
    assert store.read(lambda tx: tx.disaster_periods.latest()) == later


@pytest.fixture
def former(
    tmp_path: Path, key: bytes, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], Store]]:
    """Opens a store that the release before people without a card has made, as this release."""
    path = tmp_path / "former.db"
    opened: list[Store] = []

    def open_it() -> Store:
        store = Store.open(
            path, key, "s", desk_id="desk-1", now=lambda: MORNING, monotonic=lambda: 0.0
        )
        opened.append(store)
        return store

    with monkeypatch.context() as patch:
        migrations = Migrations("eligibility-terminal")
        steps = schema.STEPS[: schema.STEPS.index(schema.step_0010_without_card)]
        for each in steps:
            migrations()(each)
        patch.setattr(schema, "STEPS", steps)
        patch.setattr(schema, "MIGRATIONS", migrations)
        Store.create(path, key, "s")
        store = open_it()
        for number in range(40):
            confirm_visit(store, str(number), original=b"x" * 9000)
        link = RecordLink("l-1", TANAKA, LinkChoice.LINKED, MORNING, "s-1", "v-1", "10042")
        store.write(lambda tx: tx.record_links.add(link))
        store.write(
            lambda tx: tx.right_names.add(
                RightName("n-1", TANAKA, "田中　花子", MORNING, "s-1", "v-1")
            )
        )
        store.close()
    yield open_it
    for each_store in opened:
        each_store.close()


def test_an_older_store_keeps_all_it_holds(former: Callable[[], Store]) -> None:
    """Answers, links and names of cards are there as before, found by certificate, whole."""
    store = former()
    assert store.check().ok
    assert len(live(store, TANAKA)) == 20
    answer = store.read(lambda tx: tx.answers.get("a-7"))
    assert (answer.subject, answer.original) == (TANAKA, b"x" * 9000)
    assert [one.id for one in store.read(lambda tx: tx.record_links.of_subject(TANAKA))] == ["l-1"]
    assert store.read(lambda tx: tx.right_names.of_subject(TANAKA))


def test_an_older_store_takes_people_without_a_card(former: Callable[[], Store]) -> None:
    """After it was brought up, a number is stored and found beside the cards, also reopened."""
    store = former()
    confirmed(store, "n", SAKURA)
    store.close()
    store = former()
    assert live(store, SAKURA) == ["c-n"]
    verdict = store.check()
    assert verdict.ok
    assert verdict.orphans == 0


def test_references_hold_after_it_was_brought_up(former: Callable[[], Store]) -> None:
    """A confirmation still needs its answer: the step leaves the foreign keys as they were."""
    store = former()
    with pytest.raises(StoreError, match="a-none"):
        store.write(
            lambda tx: tx.confirmations.add(a_confirmation("c-x", "v-1", answer_id="a-none"))
        )
