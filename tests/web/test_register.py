"""The register's pages: searched by post, imported in two steps, each mistake told."""

from __future__ import annotations

from http import HTTPStatus

import pytest

from terminal.access.accounts import Role
from terminal.csv_file import LARGEST_FILE
from tests.web.visitors import Site

IMPORT = "/staff/register/import"
HEADER = "患者番号,氏名,カナ,生年月日,性別\n"
TWO = (
    HEADER + "001,田中 花子,タナカ ハナコ,S23.2.29,2\n002,鈴木 一郎,スズキ イチロウ,1955-04-05,男\n"
)


def test_a_register_is_looked_at_then_taken_then_found(site: Site) -> None:
    """What a preview shows is in the register after the second step, and not before."""
    visitor = site.visitor().logs_in(Role.RECEPTION)
    preview = visitor.chooses_file(IMPORT, TWO.encode("cp932"))
    assert preview.status_code == HTTPStatus.OK
    assert "田中 花子" in preview.text
    assert "2人を取り込む" in preview.text
    assert "田中 花子" not in visitor.opens("/staff/register").text
    taken = visitor.takes_file(IMPORT, preview.text)
    assert taken.headers["Location"] == "/staff/register?taken=1"
    page = visitor.opens("/staff/register")
    assert "1948" in page.text
    found = visitor.sends("/staff/register", {"text": "すずき"}).text
    assert "鈴木 一郎" in found
    assert "田中 花子" not in found
    changed = visitor.chooses_file(IMPORT, TWO.replace("田中 花子", "佐藤 花子").encode())
    assert "<s>田中 花子</s> → 佐藤 花子" in changed.text
    assert "合う患者はいません" in visitor.sends("/staff/register", {"text": "だれ"}).text


def test_a_button_pressed_twice_takes_once(site: Site) -> None:
    """The second press of the same preview is told as such and takes nothing."""
    visitor = site.visitor().logs_in(Role.CLINICIAN)
    preview = visitor.chooses_file(IMPORT, (HEADER + "777,高橋 次郎,,H1.1.8,\n").encode()).text
    assert visitor.takes_file(IMPORT, preview).status_code == HTTPStatus.SEE_OTHER
    assert visitor.takes_file(IMPORT, preview).status_code == HTTPStatus.CONFLICT


def test_wrong_lines_are_named_and_nothing_can_be_taken(site: Site) -> None:
    """The page tells line, column and why, without a button to take the rest."""
    visitor = site.visitor().logs_in(Role.PHARMACIST)
    refused = visitor.chooses_file(IMPORT, (TWO + "002,山本,,x,9\n").encode())
    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "生年月日" in refused.text
    assert "山本" not in refused.text
    assert 'name="preview"' not in refused.text


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "ファイルを選んでください"),
        (b"\xff\xfe\x00", "UTF-8でもShift_JISでもありません"),
        ("氏名\n甲\n".encode(), "必要な列がありません"),
        ("患者番号,氏名,生年月日,マイナンバー\n".encode(), "列ごと除いてください"),
        (b"x" * (LARGEST_FILE + 1), "大きすぎます"),
    ],
)
def test_what_is_no_register_is_told_on_the_form(site: Site, data: bytes, words: str) -> None:
    """A file that cannot be read gives one clear sentence where another can be chosen."""
    refused = site.visitor().logs_in(Role.RECEPTION).chooses_file(IMPORT, data)
    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert words in refused.text


def test_only_who_may_import_may_send_much(site: Site) -> None:
    """Beyond the file's limit nothing is read; without the right no large body is."""
    much = b"x" * (LARGEST_FILE + 200_000)
    allowed = site.visitor().logs_in(Role.RECEPTION)
    assert allowed.chooses_file(IMPORT, much).status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    refused = site.visitor().logs_in(Role.ADMINISTRATOR)
    assert refused.chooses_file(IMPORT, TWO.encode()).status_code == HTTPStatus.FORBIDDEN


def test_the_search_stands_in_no_address(site: Site) -> None:
    """A name that is searched for is posted: nothing that is kept in an address is looked at."""
    visitor = site.visitor().logs_in(Role.RECEPTION)
    chosen = visitor.chooses_file(
        IMPORT, (HEADER + "901,渡辺 桜,ワタナベ サクラ,H2.2.2,2\n").encode()
    ).text
    visitor.takes_file(IMPORT, chosen)
    assert "渡辺 桜" in visitor.opens("/staff/register?text=だれもいない").text
    for page in ("0", "99999999", "x", "-1"):
        assert "渡辺 桜" in visitor.sends("/staff/register", {"text": "渡辺", "page": page}).text
