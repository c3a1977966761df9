"""kill -9 of the desk between commit, file, answer and confirmation: nothing lost or doubled."""

from __future__ import annotations

import os
import random
import uuid
from pathlib import Path

from eligibility.simulator.faults import FaultKind
from terminal.config import load_config
from terminal.store import Store
from terminal.store.keys import new_key, write_key_file
from tests.clinic import STORE_ID, wait_for
from tests.national.clinic import now, opened_desk, write_national_config
from tests.national.desk import opened_link, subject_of
from tests.national.killing import Errand, killed, look


def test_a_desk_that_is_killed_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """Each life is killed at some moment; the last one finishes: one confirmation for each."""
    chance = random.Random(20261130)  # noqa: S311  # moments to kill at
    desk = tmp_path / "desk"
    desk.mkdir()
    with opened_link(tmp_path / "link") as linked:
        linked.world.clock.moment = now()
        file = write_national_config(desk, linked)
        config = load_config(file)
        key = new_key()
        write_key_file(config.store.key_file, key)
        Store.create(config.store.path, key, STORE_ID)
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
