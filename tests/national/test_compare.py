"""The same people over both interfaces: the real payer behind TLS and behind the folders."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from eligibility.comparing import differences, differences_of_failures
from eligibility.errors import PayerTimeoutError
from eligibility.model import CopayRatio
from eligibility.simulator.faults import FaultKind
from eligibility.simulator.pki import DEFAULT_INSTITUTION, PkiFiles
from terminal.audit import Act
from terminal.store import Store
from terminal.store.keys import read_key_file
from tests.national.desk import LinkedWorld, opened_link
from web.cli import cli


@pytest.fixture
def linked(tmp_path: Path) -> Iterator[LinkedWorld]:
    """A payer that speaks both."""
    with opened_link(tmp_path) as linked:
        yield linked


@pytest.fixture
def config(linked: LinkedWorld, tmp_path: Path) -> Path:
    """A desk that may ask over both."""
    files: PkiFiles = linked.world.running.files
    store = CliRunner().invoke(
        cli, ["store", "create", str(tmp_path / "s.db"), "--key-file", str(tmp_path / "s.key")]
    )
    (tmp_path / "anchor.pem").write_bytes(linked.world.anchor)
    path = tmp_path / "config.toml"
    path.write_text(
        f"""
[terminal]
environment = "demo"
data_dir = "{tmp_path}"
[institution]
code = "{DEFAULT_INSTITUTION}"
kind = "clinic"
name = "テスト医院"
[card]
anchors = ["anchor.pem"]
[payer]
base_url = "{linked.world.running.base_url}"
ca_file = "{files.ca}"
client_certificate = "{files.client}"
client_key = "{files.client_key}"
[national]
req_dir = "{linked.folders.req}"
res_dir = "{linked.folders.res}"
answer_seconds = 3
{store.stdout}"""
    )
    return path


def people_file(linked: LinkedWorld, tmp_path: Path, count: int) -> str:
    """Write a list of people whom the payer knows."""
    rows = ["birthdate,insurer_number,insured_card_symbol,insured_identification_number"]
    for _, coverage in list(linked.people())[:count]:
        values = (
            coverage.person.birthdate.isoformat(),
            coverage.insurer_number,
            coverage.insured_card_symbol or "",
            coverage.insured_identification_number or "",
        )
        rows.append(",".join(values))
    file = tmp_path / "people.csv"
    file.write_text("\n".join(rows), encoding="utf-8")
    return str(file)


def test_both_interfaces_of_one_payer_say_the_same(
    linked: LinkedWorld, config: Path, tmp_path: Path
) -> None:
    """Each field of each answer is alike, each look is in the audit log, and status 0 says so."""
    linked.world.clock.moment = linked.world.clock.moment.now(linked.world.clock.moment.tzinfo)
    done = CliRunner().invoke(
        cli, ["payer", "compare", people_file(linked, tmp_path, 8), "--config", str(config)]
    )
    assert done.exit_code == 0, done.output
    assert done.output == "8 asked about, 0 differ, 0 without an answer\n"
    key = read_key_file(tmp_path / "s.key")
    store_id = config.read_text().rsplit('store_id = "', 1)[1].split('"')[0]
    store = Store.open(tmp_path / "s.db", key, store_id, desk_id="desk-1", now=linked.world.clock)
    rows = store.read(lambda tx: tx.audit.recent(20))
    assert [row.act for row in rows].count(Act.PAYERS_COMPARED) == 8
    store.close()


def test_a_difference_is_told_by_person_and_field_and_not_by_value(
    linked: LinkedWorld, config: Path, tmp_path: Path
) -> None:
    """What the two say is health data: it is printed only where that is asked for."""
    linked.world.clock.moment = linked.world.clock.moment.now(linked.world.clock.moment.tzinfo)
    file = people_file(linked, tmp_path, 2)
    command = ["payer", "compare", file, "--config", str(config)]
    linked.fails(FaultKind.REFUSE, path="OQSsiquc01")
    done = CliRunner().invoke(cli, command)
    assert done.exit_code == 3
    assert done.output.splitlines() == [
        "person 1: end",
        "person 2: end",
        "2 asked about, 2 differ, 2 without an answer",
    ]
    shown = CliRunner().invoke(cli, [*command, "--values"])
    assert "person 1: end: fhir answer | national PayerRefusedError" in shown.output


def test_a_list_that_names_nobody_asks_nobody(
    linked: LinkedWorld, config: Path, tmp_path: Path
) -> None:
    """A wrong line keeps the whole list out; what it says is not repeated."""
    file = tmp_path / "people.csv"
    file.write_text("birthdate,insurer_number,insured_identification_number\n1960-13-01,abc,1\n")
    done = CliRunner().invoke(cli, ["payer", "compare", str(file), "--config", str(config)])
    assert done.exit_code == 1
    assert "nobody was asked about" in done.output
    assert "abc" not in done.output
    assert linked.link.answered == 0


def appointments_file(linked: LinkedWorld, tmp_path: Path, day: str) -> str:
    """Write a day's list: three whom the payer knows, one of them twice, one without a number."""
    lines = ["予約日,予約時刻,患者番号,氏名,生年月日,保険者番号,記号,番号"]
    first, second, third = (coverage for _, coverage in list(linked.people())[:3])
    for at, number, coverage in (
        ("09:00", "1", first),
        ("09:30", "2", second),
        ("10:00", "1", first),
        ("11:00", "3", third),
    ):
        told = coverage.person
        values = (
            day,
            at,
            number,
            told.name,
            told.birthdate.isoformat(),
            coverage.insurer_number,
            coverage.insured_card_symbol or "",
            coverage.insured_identification_number or "",
        )
        lines.append(",".join(values))
    lines.append(f"{day},09:15,4,無番 太郎,1950-01-01,,,")
    file = tmp_path / "appointments.csv"
    file.write_text("\n".join(lines), encoding="utf-8")
    return str(file)


def test_the_list_of_a_day_is_asked_about(
    linked: LinkedWorld, config: Path, tmp_path: Path
) -> None:
    """Each once, by place in the list; who cannot be asked about is told."""
    linked.world.clock.moment = linked.world.clock.moment.now(linked.world.clock.moment.tzinfo)
    day = f"{linked.world.today:%Y-%m-%d}"
    where = ["--config", str(config)]
    runner = CliRunner()
    taken = runner.invoke(
        cli, ["appointments", "import", appointments_file(linked, tmp_path, day), *where]
    )
    assert taken.exit_code == 0, taken.output
    done = runner.invoke(cli, ["payer", "compare", "--expected", day, *where])
    assert done.exit_code == 0, done.output
    assert done.stdout == "3 asked about, 0 differ, 0 without an answer\n"
    assert done.stderr == "person 2: cannot be asked about: number-missing\n"
    linked.fails(FaultKind.REFUSE, path="OQSsiquc01")
    refused = runner.invoke(cli, ["payer", "compare", "--expected", day, *where])
    assert refused.stdout.splitlines()[:3] == ["person 1: end", "person 3: end", "person 5: end"]
    other = runner.invoke(cli, ["payer", "compare", "--expected", "2020-01-01", *where])
    assert (other.exit_code, other.stdout) == (1, "")
    assert "names nobody" in other.stderr


@pytest.mark.parametrize("named", [[], ["{file}", "--expected", "2026-12-01"]])
def test_either_a_file_or_a_day_is_named(
    linked: LinkedWorld, config: Path, tmp_path: Path, named: list[str]
) -> None:
    """Never both and never neither: nobody is asked about by mistake."""
    file = people_file(linked, tmp_path, 1)
    words = [word.format(file=file) for word in named]
    done = CliRunner().invoke(cli, ["payer", "compare", *words, "--config", str(config)])
    assert done.exit_code == 2
    assert linked.link.answered == 0


def test_each_field_is_held_against_the_other(linked: LinkedWorld) -> None:
    """A difference names its place, and the same said in another way of coming is none."""
    payer = linked.payer()
    _person, coverage = linked.somebody()
    answer = payer.ask_by_number(linked.question(coverage))
    same = replace(answer, id="x", adapter="fhir", original=b"", payer_patient="p", code="0000")
    assert differences(answer, same) == ()
    (told,) = answer.results
    other = replace(
        told,
        insured_partial_contribution_ratio=CopayRatio(100),
        person=replace(told.person, name=f"{told.person.name}子"),
    )
    found = differences(answer, replace(same, results=(other,)))
    assert [one.place for one in found] == [
        "results[0].person.name",
        "results[0].insured_partial_contribution_ratio",
    ]
    assert found[1].second == "100 %"
    assert told.person.name not in repr(found)
    (missing,) = differences(answer, replace(same, results=()))
    assert (missing.place, missing.first, missing.second) == ("results[0]", "Coverage", None)


def test_no_answer_on_one_side_is_a_difference(linked: LinkedWorld) -> None:
    """An error and an answer are not alike; two errors of one kind are."""
    payer = linked.payer()
    _person, coverage = linked.somebody()
    answer = payer.ask_by_number(linked.question(coverage))
    late = PayerTimeoutError("no answer")
    assert differences_of_failures(late, PayerTimeoutError("other words")) == ()
    (found,) = differences_of_failures(answer, late)
    assert (found.first, found.second) == ("answer", "PayerTimeoutError")
