"""A clinic's pages for tests that ask them as a browser would, without one."""

from collections.abc import Iterator

import pytest

from tests.clinic import Stage, opened_clinic
from tests.web.visitors import Site


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, stage: Stage) -> Iterator[Site]:
    """The pages of a clinic with an account of each role; shared by a module's tests."""
    with opened_clinic(tmp_path_factory.mktemp("clinic"), stage) as clinic:
        yield Site(clinic)
