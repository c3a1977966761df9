"""The payer's lists: asked for once, fetched after a restart too, shown with who is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from eligibility.asking import ListKind
from eligibility.clinic_record import ClinicRecord
from eligibility.errors import NotSupportedError
from eligibility.simulator.faults import FaultKind
from terminal.access.accounts import Actor, Role
from terminal.audit import Act
from terminal.errors import RoleError, UnknownPayerListError
from terminal.events import EventBus
from terminal.lists.fetching import PayerListFetching
from terminal.lists.list_desk import KEPT, PayerListDesk
from terminal.lists.payer_list import PayerList
from terminal.payer.exchange_book import DeskExchangeBook
from terminal.payer.question import QuestionProblem
from terminal.payer.two_steps import BatchState
from tests.clinic import wait_for
from tests.desk_bulk import DeskBulk
from tests.desk_outbox import RECEPTION
from tests.national.desk import LinkedWorld, kinds_sent, opened_link

FIRST, LAST = date(2026, 10, 1), date(2026, 11, 24)


@pytest.fixture
def linked(tmp_path: Path) -> Iterator[LinkedWorld]:
    """The payer behind its link application."""
    with opened_link(tmp_path / "link") as linked:
        yield linked


class Lister:
    """A desk that asks for lists."""

    def __init__(self, path: Path, linked: LinkedWorld) -> None:
        """``path``: of the store, made where there is none."""
        self.linked = linked
        self.base = DeskBulk(path, linked.payer(), linked.world.clock)
        self.fetching = PayerListFetching(
            self.base.store,
            self.base.payer,
            EventBus(),
            linked.world.clock,
            line=self.base.line,
            desk_is_asking=lambda: self.base.desk_is_asking,
            payer_spoke=self.base._payer_spoke,
        )
        self.desk = PayerListDesk(
            self.base.store, linked.world.clock, is_supported=True, kick=self.fetching.kick
        )
        self.fetching.start()

    def asks(self, kind: ListKind = ListKind.HOME_VISITS) -> PayerList:
        """Ask for who consented lately, or has a ticket."""
        first = LAST if kind is ListKind.ASSISTANCE else FIRST
        return self.desk.ask(RECEPTION, kind, first, LAST)

    def now(self, list_id: str) -> PayerList:
        """Return how far a list got."""
        return self.base.store.read(lambda tx: tx.payer_lists.get(list_id))

    def sees_end(self, list_id: str) -> PayerList:
        """Wait until a list is there, or is given up."""

        def ended() -> PayerList | None:
            found = self.now(list_id)
            if found.state is BatchState.ENDED:
                return found
            self.linked.world.clock.moves_on(seconds=30)
            self.fetching.kick()
            return None

        return wait_for(ended, "the end of a list")

    def acts(self) -> list[Act]:
        """Return what the audit log tells, the oldest first."""
        return [row.act for row in self.base.store.read(lambda tx: tx.audit.recent(200))][::-1]

    def stop(self) -> None:
        """End the desk's process."""
        self.fetching.stop()
        self.base.stop()


@pytest.fixture
def lister(tmp_path: Path, linked: LinkedWorld) -> Iterator[Lister]:
    """A desk with an empty store."""
    lister = Lister(tmp_path / "desk.db", linked)
    yield lister
    lister.stop()


def test_who_stands_on_a_list_is_shown_and_written_down(lister: Lister) -> None:
    """With the clinic's own patient where that is certain; each person looked at is in the log."""
    asked = lister.asks(ListKind.ASSISTANCE)
    ended = lister.sees_end(asked.id)
    assert ended.count
    opened = lister.desk.opened(RECEPTION, asked.id)
    assert len(opened.people) == ended.count
    assert {one.patient_number for one in opened.people} == {None}
    # a record is certain by its reference number, and by a name that can be read
    answer = next(
        one.answer
        for one in opened.people
        if one.answer.reference_number
        and len({result.person for result in one.answer.results}) == 1
        and "●" not in one.answer.results[0].person.name
    )
    person, number = answer.results[0].person, answer.reference_number or ""
    lister.base.knows([ClinicRecord(number, person.name, person.birthdate)])
    again = lister.desk.opened(RECEPTION, asked.id)
    assert [one.patient_number for one in again.people].count(number) == 1
    acts = lister.acts()
    assert acts.count(Act.PAYER_LIST_SEEN) == 2 * ended.count
    assert (acts.count(Act.PAYER_LIST_ASKED), acts.count(Act.PAYER_LIST_ENDED)) == (1, 1)


def test_a_restart_fetches_by_the_reception_number_that_was_kept(
    tmp_path: Path, linked: LinkedWorld
) -> None:
    """And the same list is not asked for again while it is on its way."""
    path = tmp_path / "desk.db"
    linked.fails(FaultKind.QUEUED, path="OQSmuhvq02")
    first = Lister(path, linked)
    asked = first.asks()
    wait_for(lambda: first.now(asked.id).reception_number, "a reception number")
    assert first.asks().id == asked.id
    assert DeskExchangeBook(first.base.store, linked.world.clock).question(asked.id)
    kept = first.now(asked.id).reception_number
    first.stop()
    linked.works()
    second = Lister(path, linked)
    ended = second.sees_end(asked.id)
    assert (ended.reception_number, ended.problem) == (kept, None)
    assert kinds_sent(linked).count("OQSmuhvq01") == 1
    assert second.asks().id != asked.id
    second.stop()


def test_a_refusal_is_told_in_the_payers_words(lister: Lister) -> None:
    """It ends there; nobody stands on such a list."""
    lister.linked.fails(FaultKind.REFUSE)
    asked = lister.asks()
    ended = lister.sees_end(asked.id)
    assert (ended.problem, ended.refusal_code) == (QuestionProblem.PAYER_REFUSED, "SIM0101")
    assert ended.refusal_words
    assert not ended.is_there
    assert lister.desk.opened(RECEPTION, asked.id).people == ()


@pytest.mark.parametrize(
    ("fault", "problem"),
    [(FaultKind.MALFORMED, QuestionProblem.PAYER_UNREADABLE), (FaultKind.QUEUED, None)],
)
def test_what_cannot_be_read_is_given_up_and_what_takes_long_is_not(
    lister: Lister, fault: FaultKind, problem: QuestionProblem | None
) -> None:
    """Unreadable three times it ends; while the payer works on it, it is waited for."""
    lister.linked.fails(fault, path="OQSmuonq02")
    asked = lister.asks(ListKind.ONLINE)
    if problem is None:
        wait_for(lambda: lister.now(asked.id).state is BatchState.RECEIVED, "the reception")
        lister.linked.works()
    ended = lister.sees_end(asked.id)
    assert ended.problem is problem
    assert ended.is_there is (problem is None)


def test_a_list_goes_with_its_people_after_its_time(lister: Lister) -> None:
    """It says how things were; the log says that it went, and not who stood on it."""
    asked = lister.asks()
    lister.sees_end(asked.id)
    assert lister.desk.delete_old() == 0
    lister.linked.world.clock.moves_on(hours=(KEPT + timedelta(hours=1)).total_seconds() / 3600)
    assert lister.desk.delete_old() == 1
    with pytest.raises(UnknownPayerListError):
        lister.desk.opened(RECEPTION, asked.id)
    assert lister.desk.recent(RECEPTION) == []
    assert lister.base.store.read(lambda tx: tx.payer_lists.entries(asked.id)) == []
    assert lister.acts()[-1] is Act.PAYER_LIST_DELETED


def test_who_may_ask_and_what_may_be_asked(lister: Lister) -> None:
    """Not an administrator; not where the interface knows no lists; no days that no list has."""
    administrator = Actor("a", Role.ADMINISTRATOR, "管理者")
    asked = lister.asks()
    for act in (
        lambda: lister.desk.ask(administrator, ListKind.ONLINE, FIRST, LAST),
        lambda: lister.desk.recent(administrator),
        lambda: lister.desk.opened(administrator, asked.id),
    ):
        with pytest.raises(RoleError):
            act()
    unable = PayerListDesk(lister.base.store, lister.linked.world.clock, is_supported=False)
    with pytest.raises(NotSupportedError):
        unable.ask(RECEPTION, ListKind.ONLINE, FIRST, LAST)
    with pytest.raises(ValueError, match="before it begins"):
        lister.desk.ask(RECEPTION, ListKind.ONLINE, LAST, FIRST)
