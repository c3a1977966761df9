"""kill -9 of the desk between commit, file, answer and what is stored: nothing lost or doubled."""

from __future__ import annotations

import os
import random
import uuid
from collections import Counter
from pathlib import Path

import pytest

from eligibility.clinic_record import ClinicRecord
from eligibility.model import NumberSubject
from eligibility.simulator.faults import FaultKind
from terminal.config import load_config
from terminal.expected.appointment import insured_subject
from terminal.register.clinic_register import ClinicRegister
from terminal.register.file import write_register_file
from terminal.store import Store
from terminal.store.keys import new_key, write_key_file
from tests.clinic import STORE_ID, wait_for
from tests.desk_bulk import ordinary_people, record_of
from tests.national.clinic import now, opened_desk, write_national_config
from tests.national.desk import LinkedWorld, opened_link, subject_of
from tests.national.killing import (
    RECEPTION,
    Errand,
    killed,
    live_registering,
    look,
    opened_store,
)

pytestmark = pytest.mark.long


def insured(record: ClinicRecord) -> NumberSubject:
    """Return by what a patient is asked about."""
    subject = insured_subject(record)
    assert subject is not None
    return subject


def an_empty_desk(folder: Path, linked: LinkedWorld) -> Path:
    """Make a desk that asks over the folders; return its configuration."""
    folder.mkdir()
    linked.world.clock.moment = now()
    file = write_national_config(folder, linked)
    config = load_config(file)
    key = new_key()
    write_key_file(config.store.key_file, key)
    Store.create(config.store.path, key, STORE_ID)
    return file


def test_a_desk_that_is_killed_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """Each life is killed at some moment; the last one finishes: one confirmation for each."""
    chance = random.Random(20261130)  # noqa: S311  # moments to kill at
    desk = tmp_path / "desk"
    with opened_link(tmp_path / "link") as linked:
        file = an_empty_desk(desk, linked)
        people = tuple(
            (uuid.uuid4().hex, subject_of(coverage)) for _, coverage in list(linked.people())[:40]
        )
        errand = Errand(file, people)
        # some answers come only after the desk that asked is dead
        linked.fails(FaultKind.SLOW, seconds=0.05)
        for _ in range(4):
            assert killed(errand, chance, finish=False)
        linked.works()
        assert killed(errand, chance, finish=True) == len(people)
        found = look(errand)
        assert found["asked"] == len(people)
        assert found["again"]
        assert [found[what] for what in ("lost", "doubled", "wrong")] == [0, 0, 0]
        # one that was killed while it published left a part, which is removed once it is old
        for part in linked.folders.req.glob(".*"):
            os.utime(part, (part.stat().st_atime, part.stat().st_mtime - 120))
        with opened_desk(desk, linked):
            wait_for(lambda: linked.leftovers() == [], "empty folders")


def test_reference_numbers_of_a_desk_that_is_killed_are_handed_in_once(tmp_path: Path) -> None:
    """The reception number outlives each life: every number is taken, and in one batch only."""
    chance = random.Random(20261201)  # noqa: S311  # moments to kill at
    with opened_link(tmp_path / "link") as linked:
        file = an_empty_desk(tmp_path / "desk", linked)
        records = [
            record_of(one, f"K{n:03}") for n, one in enumerate(ordinary_people(linked.world, 60))
        ]
        errand = Errand(file, tuple((one.patient_number, insured(one)) for one in records))
        with opened_store(errand) as store:
            register = ClinicRegister(store, now)
            found = register.look_at(RECEPTION, write_register_file(records).encode())
            register.take(RECEPTION, found.id)
        linked.fails(FaultKind.SLOW, seconds=0.05)
        for _ in range(4):
            assert killed(errand, chance, finish=False, live=live_registering)
        linked.works()
        assert killed(errand, chance, finish=True, live=live_registering) == len(records)
        with opened_store(errand) as store:
            assert store.read(lambda tx: tx.reference_numbers.counts()) == {"accepted": 60}
            assert store.read(lambda tx: tx.reference_numbers.open_batch()) is None
        # under how many reception numbers the payer's side was told of each
        handed_in = Counter(
            search["ReferenceNumber"]
            for request, _ in linked.link._books.bulks.values()
            for search in request.searches
        )
        assert handed_in
        assert set(handed_in.values()) == {1}
