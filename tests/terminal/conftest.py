"""A desk without a kiosk; two public persons' portraits, and cards that bear one of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.sitting import read_sitters, with_photo

if TYPE_CHECKING:
    from tests.clinic import Stage
    from tests.desk_outbox import DeskOutbox
    from tests.face.heads import Sitter
    from tests.fhir.desk import World


@pytest.fixture
def desk(world: World, tmp_path: Path) -> Iterator[DeskOutbox]:
    """A desk that asks this payer; its clock is the payer's."""
    from tests.desk_outbox import DeskOutbox

    opened = DeskOutbox(tmp_path / "desk.db", world.payer(), world.anchor, world.clock)
    opened.start()
    yield opened
    opened.stop()


@pytest.fixture(scope="session")
def people() -> tuple[Mapping[str, Sitter], bytes]:
    """Persons a and b, and a card photo of a."""
    return read_sitters()


@pytest.fixture(scope="session")
def sitters(people: tuple[Mapping[str, Sitter], bytes]) -> Mapping[str, Sitter]:
    """Persons a and b."""
    return people[0]


@pytest.fixture(scope="session")
def photographed(
    stage: Stage,
    people: tuple[Mapping[str, Sitter], bytes],
    tmp_path_factory: pytest.TempPathFactory,
) -> Stage:
    """Cards of which some bear the photo of person a."""
    folder = tmp_path_factory.mktemp("photographed") / "cards"
    photos = dict.fromkeys(("ordinary", "face-only", "pin-blocked"), people[1])
    return with_photo(stage, folder, {**photos, "elderly": b""})
