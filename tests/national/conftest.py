"""A payer behind drop folders."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.national.desk import LinkedWorld, opened_link


@pytest.fixture
def linked(tmp_path: Path) -> Iterator[LinkedWorld]:
    """A payer behind drop folders."""
    with opened_link(tmp_path) as linked:
        yield linked
