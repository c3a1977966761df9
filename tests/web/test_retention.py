"""The page of retention: for administrators, who confirm by the count, and see what went."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest

from terminal.access.accounts import TERMINAL, Role
from terminal.audit import Act
from terminal.retention.run import Erasable
from terminal.store.keys import read_key_file
from tests.clinic import Stage, opened_clinic, wait_for
from tests.store.raw_pages import places_of
from tests.store.test_retention import add_visit, secret
from tests.web.visitors import Site

PAGE = "/staff/retention"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, stage: Stage) -> Iterator[Site]:
    """The pages of a clinic that deletes nothing by itself."""
    folder = tmp_path_factory.mktemp("clinic")
    with opened_clinic(folder, stage, retention='nightly = "off"') as clinic:
        yield Site(clinic)


def came_long_ago(site: Site) -> str:
    """Store a visit of six years ago with all that hangs on it; return what is planted there."""
    ident = uuid.uuid4().hex[:8]
    at = site.clinic.clock() - timedelta(days=6 * 366)
    site.clinic.terminal.store.write(lambda tx: add_visit(tx, ident, at))
    return secret(ident)


def due(site: Site) -> int:
    """Return how many visits would go now."""
    return site.clinic.terminal.retention.preview(TERMINAL).counts.get(Erasable.VISITS, 0)


def traces(site: Site, planted: str) -> list[tuple[str, int]]:
    """Return the pages in which it stands."""
    store = site.clinic.config.store
    key = read_key_file(store.key_file)
    return site.clinic.terminal.store.write(lambda tx: places_of(store.path, key, planted.encode()))


def test_the_button_deletes_what_the_page_tells(site: Site) -> None:
    """How many go is shown, confirmed by the count, and they are gone with all their traces."""
    planted = came_long_ago(site)
    count = due(site)
    assert traces(site, planted)
    administrator = site.visitor().logs_in(Role.ADMINISTRATOR)
    page = administrator.opens(PAGE).text
    assert f"対象の受付の件数（{count}）" in page
    assert planted not in page
    answer = administrator.sends(PAGE, {"visits": str(count)})
    assert answer.status_code == 303
    # what takes longer than the button waits ends beside the page
    wait_for(lambda: not site.clinic.terminal.retention.is_under_way, "the end of the deletion")
    page = administrator.opens(PAGE).text
    assert "保存期間を過ぎた記録はありません" in page
    assert f"受付 {count}、照会 {count}、" in page
    assert "受付はありません" in page
    wait_for(lambda: site.clinic.terminal.store.erase_log(), "the readers to leave the log")
    assert traces(site, planted) == []
    acts = [row.act for row in site.clinic.terminal.store.read(lambda tx: tx.audit.recent(200))]
    assert acts.count(Act.VISIT_DELETED) == count
    assert site.clinic.terminal.store.check().ok


@pytest.mark.parametrize("typed", ["", "999", "-1", "one", "1.0"])
def test_another_count_deletes_nothing(site: Site, typed: str) -> None:
    """Whoever does not type how many go has not read it: said beside the field, nothing goes."""
    planted = came_long_ago(site)
    administrator = site.visitor().logs_in(Role.ADMINISTRATOR)
    administrator.opens(PAGE)
    answer = administrator.sends(PAGE, {"visits": typed})
    assert answer.status_code == 422
    assert "件数が違います" in answer.text
    assert traces(site, planted)


@pytest.mark.parametrize("role", [Role.RECEPTION, Role.CLINICIAN, Role.PHARMACIST])
def test_others_neither_see_nor_delete(site: Site, role: Role) -> None:
    """The page is not in their menu, and closed to them."""
    planted = came_long_ago(site)
    visitor = site.visitor().logs_in(role)
    assert PAGE not in visitor.opens("/staff/devices").text
    assert visitor.opens(PAGE).status_code == 403
    visitor.opens("/staff/devices")
    assert visitor.sends(PAGE, {"visits": str(due(site))}).status_code == 403
    assert traces(site, planted)
