"""Two public persons' portraits, and cards that bear one of them: wiring, not accuracy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pytest

from tests.sitting import read_sitters, with_photo

if TYPE_CHECKING:
    from tests.clinic import Stage
    from tests.face.heads import Sitter


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
