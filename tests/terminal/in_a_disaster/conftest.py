"""A desk and its payer, both in disaster mode."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from eligibility.simulator.pki import DEFAULT_INSTITUTION
from tests.desk_outbox import DeskOutbox
from tests.disaster_desk import ADMINISTRATOR, DAY
from tests.fhir.desk import World


@pytest.fixture
def world(world: World) -> Iterator[World]:
    """The payer, which has disaster mode on for this institution."""
    disaster = world.running.payer.disaster
    disaster.switch(DEFAULT_INSTITUTION, on=True)
    yield world
    disaster.switch(DEFAULT_INSTITUTION, on=False)


@pytest.fixture
def desk(world: World, tmp_path: Path) -> Iterator[DeskOutbox]:
    """A desk in disaster mode."""
    opened = DeskOutbox(tmp_path / "desk.db", world.payer(), world.anchor, world.clock)
    opened.start()
    opened.disaster.switch_on(ADMINISTRATOR, "地震", DAY)
    yield opened
    opened.stop()
