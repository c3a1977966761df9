"""A desk that asks the simulated link application through the product's own adapter."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from eligibility.asking import NumberQuestion
from eligibility.model import Coverage, NumberSubject, PayerAnswer
from eligibility.national.client import NationalPayer
from eligibility.national.confirmation import KIND
from eligibility.national.exchange import AskedQuestion, reply_name
from eligibility.national.settings import NationalSettings
from eligibility.simulator.faults import FaultKind
from eligibility.simulator.holdings import holding_of
from eligibility.simulator.link_application import DropFolders, LinkApplication
from eligibility.simulator.people import Person
from eligibility.simulator.pki import DEFAULT_INSTITUTION
from tests.clinic import wait_for
from tests.fhir.desk import World, opened_world
from tests.national.exchange import Book


@dataclass
class LinkedWorld:
    """The running payer with its drop folders, and the adapters of desks."""

    world: World
    folders: DropFolders
    opened: list[NationalPayer] = field(default_factory=list)

    @property
    def link(self) -> LinkApplication:
        """The link application."""
        assert self.world.running.link is not None
        return self.world.running.link

    def fails(self, kind: FaultKind, **more: object) -> None:
        """Have the payer's side go wrong."""
        self.world.running.faults.set(kind, **more)  # type: ignore[arg-type]

    def works(self) -> None:
        """Have it work again."""
        self.world.running.faults.clear()

    def payer(self, book: Book | None = None, **changes: object) -> NationalPayer:
        """Return the adapter of a desk."""
        values: dict[str, object] = {
            "req_dir": self.folders.req,
            "res_dir": self.folders.res,
            "face_dir": self.folders.face,
            "poll_seconds": 0.2,
            "answer_seconds": 5,
        }
        settings = NationalSettings.model_validate(values | changes)
        made = NationalPayer(
            settings, DEFAULT_INSTITUTION, now=self.world.clock, book=book or Book()
        )
        self.opened.append(made)
        return made

    def people(self, validity: str = "1") -> Iterator[tuple[Person, Coverage]]:
        """Yield those who have one result with this validity code, each with it."""
        for person in self.world.running.payer.population.people:
            holding = holding_of(person, self.world.today)
            if (
                holding.validity.value == validity
                and len(holding.results) == 1
                and person.linked is None
            ):
                yield person, holding.results[0]

    def somebody(self, validity: str = "1") -> tuple[Person, Coverage]:
        """Return the first of them."""
        return next(self.people(validity))

    def question(self, coverage: Coverage, question_id: str | None = None) -> NumberQuestion:
        """Return a new question about whom a qualification belongs to."""
        return NumberQuestion(
            question_id or uuid.uuid4().hex, subject_of(coverage), self.world.today
        )

    def has_read_all(self, book: Book, answer: PayerAnswer) -> None:
        """Wait until the adapter has read every answer that lies there now.

        By what it removes, as answers that are stored already: made of ``answer``, under another
        question's id.  The look that removes the first may have begun too early.
        """
        for _ in range(2):
            marker = uuid.uuid4().hex
            content = answer.original.replace(answer.question_id.encode(), marker.encode())
            digest = hashlib.sha256(content).hexdigest()
            book.asked[marker] = AskedQuestion(is_open=False, replies=frozenset({digest}))
            file = self.folders.res / reply_name(KIND, marker)
            file.write_bytes(content)
            wait_for(lambda: not file.exists(), "a look at all answers")  # noqa: B023  # at once

    def leftovers(self) -> list[str]:
        """Return what lies in the folders of requests and answers."""
        return sorted(
            one.name for folder in (self.folders.req, self.folders.res) for one in folder.iterdir()
        )


def subject_of(coverage: Coverage) -> NumberSubject:
    """Return by what its holder is asked about."""
    assert coverage.insured_identification_number is not None
    return NumberSubject(
        coverage.insurer_number,
        coverage.insured_identification_number,
        coverage.person.birthdate,
        coverage.insured_card_symbol,
        coverage.insured_branch_number,
    )


def kinds_sent(linked: LinkedWorld) -> list[str]:
    """Return the kinds of the requests that the link application took, in order."""
    return [one["path"] for one in linked.world.running.requests.as_dict()["requests"]][::-1]


@contextmanager
def opened_link(folder: Path, *, control: bool = False) -> Iterator[LinkedWorld]:
    """Run the payer simulator with drop folders; ``folder`` is empty.

    ``control``: offer its control port too.
    """
    (folder / "payer").mkdir(parents=True)
    with opened_world(folder / "payer", folder / "oqs", control=control) as world:
        linked = LinkedWorld(world, DropFolders(folder / "oqs"))
        try:
            yield linked
        finally:
            for payer in linked.opened:
                payer.close()
