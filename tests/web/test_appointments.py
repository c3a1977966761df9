"""The pages of expected patients: imported in two steps, checked, what changed on top."""

from __future__ import annotations

import re
from datetime import timedelta
from http import HTTPStatus

import pytest

from eligibility.calendar import JAPAN
from eligibility.simulator.people import Person
from eligibility.simulator.register import register_of
from terminal.access.accounts import Role
from tests.clinic import wait_for
from tests.web.visitors import Site

IMPORT = "/staff/appointments/import"
HEADER = "予約日,予約時刻,患者番号,氏名\n"


def tomorrow(site: Site) -> str:
    """Return tomorrow in Japan."""
    now = site.clinic.terminal.now().astimezone(JAPAN)
    return (now.date() + timedelta(days=1)).isoformat()


def patients(site: Site) -> list[Person]:
    """Return the payer's personas, whom the clinic's register knows from now on."""
    people = [one for one in site.clinic.payer.payer.population.people if one.persona]
    register, actor = site.clinic.terminal.register, site.clinic.reception.actor
    register.take(actor, register.look_at(actor, register_of(people).encode()).id)
    return people


def test_a_day_is_imported_checked_and_shown(site: Site) -> None:
    """From an empty day to answers: the preview, the check, what changed above the rest."""
    people = patients(site)
    numbers = [one.reference_number or f"N{n:05d}" for n, one in enumerate(people, 1)]
    visitor = site.visitor().logs_in(Role.RECEPTION)
    day = tomorrow(site)
    assert "この日の予約はありません" in visitor.opens(f"/staff/appointments?day={day}").text
    lines = "".join(f"{day},{9 + n // 6}:{n % 6}0,{one},\n" for n, one in enumerate(numbers))
    preview = visitor.chooses_file(IMPORT, (HEADER + lines + f"{day},,99999,\n").encode("cp932"))
    assert preview.status_code == HTTPStatus.OK
    assert f"{len(numbers) + 1}件を取り込む" in preview.text
    assert "この患者番号は台帳にありません" in preview.text
    taken = visitor.takes_file(IMPORT, preview.text)
    assert taken.headers["Location"] == f"/staff/appointments?day={day}&done=taken"
    assert (
        "この日の一括確認はまだしていません" in visitor.opens(f"/staff/appointments?day={day}").text
    )
    begun = visitor.sends("/staff/appointments/check", {"day": day})
    assert begun.headers["Location"] == f"/staff/appointments?day={day}&done=begun"
    again = visitor.sends("/staff/appointments/check", {"day": day})
    assert again.status_code == HTTPStatus.CONFLICT
    progress = f"/staff/appointments/progress?day={day}"
    wait_for(lambda: "確認中" not in visitor.opens(progress).text, "the end of the check", 120)
    page = visitor.opens(f"/staff/appointments?day={day}").text
    groups = [page.index(words) for words in ("変わったこと", "確認できなかったもの", "そのほか")]
    assert groups == sorted(groups)
    assert "資格は無効です" in page


def test_progress_names_nobody(site: Site) -> None:
    """The part that is fetched each time holds counts alone."""
    visitor = site.visitor().logs_in(Role.RECEPTION)
    page = visitor.opens(f"/staff/appointments/progress?day={tomorrow(site)}").text
    assert "人のうち" in page
    names = [one.name for one in site.clinic.payer.payer.population.people if one.persona]
    assert not [name for name in names if name in page]


def test_a_check_is_paused_resumed_and_cancelled(site: Site) -> None:
    """Each step has its button, and a button of a page that is old is told as such."""
    visitor = site.visitor().logs_in(Role.RECEPTION)
    day = tomorrow(site)
    visitor.sends("/staff/appointments/check", {"day": day, "again": "yes"})
    page = visitor.opens(f"/staff/appointments?day={day}").text
    found = re.search(r'name="run" value="([0-9a-f]{32})"', page)
    assert found is not None
    fields = {"day": day, "run": found[1]}
    for what, words in (("pause", "一時停止中"), ("resume", "確認中"), ("cancel", "中止しました")):
        assert visitor.sends(f"/staff/appointments/{what}", fields).status_code == 303
        assert words in visitor.opens(f"/staff/appointments?day={day}").text
    assert visitor.sends("/staff/appointments/pause", fields).status_code == HTTPStatus.CONFLICT


def test_wrong_lines_are_named_and_nothing_can_be_taken(site: Site) -> None:
    """The page tells line, column and why, without a button to take the rest."""
    visitor = site.visitor().logs_in(Role.PHARMACIST)
    day = tomorrow(site)
    wrong = f"{day},25:00,0001,\n{day},9:00,,秘密 太郎\n{day},9:00,123456789018,\n"
    refused = visitor.chooses_file(IMPORT, (HEADER + wrong).encode())
    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "予約時刻" in refused.text
    assert "個人番号" in refused.text
    assert "秘密" not in refused.text
    assert 'name="preview"' not in refused.text


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "ファイルを選んでください"),
        (b"\xff\xfe\x00", "UTF-8でもShift_JISでもありません"),
        ("氏名\n甲\n".encode(), "必要な列がありません"),
        ("予約日,個人番号\n".encode(), "列ごと除いてください"),
    ],
)
def test_what_is_no_list_is_told_on_the_form(site: Site, data: bytes, words: str) -> None:
    """A file that cannot be read gives one clear sentence where another can be chosen."""
    refused = site.visitor().logs_in(Role.RECEPTION).chooses_file(IMPORT, data)
    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert words in refused.text


@pytest.mark.parametrize("path", ["", "/rows", "/progress", "/import"])
def test_an_administrator_sees_none_of_it(site: Site, path: str) -> None:
    """Who may not see coverage may not see who comes."""
    visitor = site.visitor().logs_in(Role.ADMINISTRATOR)
    assert visitor.opens(f"/staff/appointments{path}").status_code == HTTPStatus.FORBIDDEN


@pytest.mark.parametrize(
    "query", ["day=x", "day=2026-13-01", "day=&page=x", "page=-1", "page=9999"]
)
def test_an_address_that_makes_no_sense_shows_today(site: Site, query: str) -> None:
    """A day or page that there is not is the nearest that there is."""
    visitor = site.visitor().logs_in(Role.RECEPTION)
    assert visitor.opens(f"/staff/appointments?{query}").status_code == HTTPStatus.OK
