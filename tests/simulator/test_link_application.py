"""The link application as other programs see it: files, the control port, the command."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
from click.testing import CliRunner

from eligibility.asking import PushedVisit
from eligibility.benefits import RegisteredConsent
from eligibility.codes import InformationConsent
from eligibility.simulator.__main__ import main
from eligibility.simulator.pki import DEFAULT_INSTITUTION
from tests.clinic import wait_for
from tests.national.desk import LinkedWorld, opened_link

REQUEST = """<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<XmlMsg><MessageHeader>
<QualificationConfirmationDate>20261124</QualificationConfirmationDate>
<MedicalInstitutionCode>{institution}</MedicalInstitutionCode>
<ArbitraryFileIdentifier>{identifier}</ArbitraryFileIdentifier>
</MessageHeader><MessageBody>{body}</MessageBody></XmlMsg>"""


@pytest.fixture
def linked(tmp_path: Path) -> Iterator[LinkedWorld]:
    """A payer behind drop folders."""
    with opened_link(tmp_path, control=True) as linked:
        yield linked


def answer_to(linked: LinkedWorld, name: str, text: str) -> str:
    """Put a request there and return the answer's text."""
    (linked.folders.req / name).write_text(text, encoding="utf-8")
    reply = linked.folders.res / name.replace("req_", "res_")
    wait_for(reply.exists, "an answer")
    assert not (linked.folders.req / name).exists()
    return reply.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "text",
    [
        "no XML at all",
        '<!DOCTYPE x [<!ENTITY a "b">]><XmlMsg/>',
        REQUEST.format(institution=DEFAULT_INSTITUTION, identifier="q-1", body=""),
        REQUEST.format(
            institution=DEFAULT_INSTITUTION,
            identifier="q-1",
            body="<QualificationConfirmSearchInfo><InsurerNumber>1</InsurerNumber>"
            "</QualificationConfirmSearchInfo>",
        ),
    ],
)
def test_a_request_that_is_none_is_refused_in_the_interfaces_words(
    linked: LinkedWorld, text: str
) -> None:
    """Whoever asks wrongly is told so by an answer, and not by silence."""
    answer = answer_to(linked, "OQSsiquc01req_q-1.xml", text)
    assert "<SegmentOfResult>9</SegmentOfResult>" in answer
    assert "<ErrorCode>SIM0001</ErrorCode>" in answer


def test_a_kind_that_it_does_not_know_is_refused(linked: LinkedWorld) -> None:
    """Another message of the interface is not answered by something else."""
    text = REQUEST.format(institution=DEFAULT_INSTITUTION, identifier="q-1", body="")
    assert "SIM0002" in answer_to(linked, "OQSsihvd01req_q-1.xml", text)


def test_other_files_are_left_alone(linked: LinkedWorld) -> None:
    """Only what is named as a request is taken."""
    (linked.folders.req / "notes.txt").write_text("not a request")
    (linked.folders.req / ".half.part").write_text("not yet one")
    text = REQUEST.format(institution=DEFAULT_INSTITUTION, identifier="q-1", body="")
    answer_to(linked, "OQSsiquc01req_q-1.xml", text)
    assert sorted(one.name for one in linked.folders.req.iterdir()) == [".half.part", "notes.txt"]


def post(linked: LinkedWorld, path: str, body: object) -> dict[str, Any]:
    """Send an order to the control port."""
    url = f"{linked.world.running.control_url}{path}"
    order = urllib.request.Request(url, json.dumps(body).encode(), method="POST")  # noqa: S310
    with urllib.request.urlopen(order, timeout=10) as answer:  # noqa: S310  # our own port
        found: dict[str, Any] = json.loads(answer.read())
        return found


def test_a_card_visit_can_be_ordered(linked: LinkedWorld) -> None:
    """The control port puts a file into the folder; nobody and no such consent are refused."""
    told = post(linked, "/visits", {"person": "elderly", "consents": ["YZK"]})["told_as"]
    assert [one.name for one in linked.folders.face.iterdir()] == told
    for wrong in (
        {"person": "nobody"},
        {"person": "elderly", "consents": ["XXX"]},
        {"person": "elderly", "fault": "unheard-of"},
        {"person": "elderly", "fault": "late", "seconds": -1},
    ):
        with pytest.raises(HTTPError):
            post(linked, "/visits", wrong)
    assert len(list(linked.folders.face.iterdir())) == 1


def visits(linked: LinkedWorld) -> list[PushedVisit]:
    """Return the visits that a desk takes, each once."""
    payer, taken = linked.payer(), []
    while (visit := payer.next_pushed_visit(0)) is not None:
        taken.append(visit)
        payer.settle_pushed_visit(visit)
    return taken


def test_a_visit_that_names_nobody_can_be_ordered(linked: LinkedWorld) -> None:
    """Whoever it was, a desk learns only that there is no qualification."""
    (name,) = post(linked, "/visits", {"person": "elderly", "fault": "names-nobody"})["told_as"]
    content = (linked.folders.face / str(name)).read_text(encoding="utf-8")
    assert "<QualificationValidity>4<" in content
    assert "<Name>" not in content
    assert [visit.answer for visit in visits(linked)] == [None]


def test_a_visit_told_twice_is_one_visit(linked: LinkedWorld) -> None:
    """Two files lie there, and a desk opens one visit."""
    told = post(linked, "/visits", {"person": "elderly", "fault": "twice"})["told_as"]
    assert sorted(one.name for one in linked.folders.face.iterdir()) == sorted(told)
    assert len(told) == 2
    assert len(visits(linked)) == 1


def test_a_visit_told_late_has_the_times_of_then(linked: LinkedWorld) -> None:
    """Within a day it becomes a visit, with consents that end as they would have; later none."""
    order = {"person": "elderly", "consents": ["YZK"], "fault": "late", "seconds": 7200}
    post(linked, "/visits", order)
    (visit,) = visits(linked)
    assert visit.answer is not None
    then = linked.world.clock().replace(microsecond=0) - timedelta(hours=2)
    assert visit.answer.results[0].pharmacists_info == RegisteredConsent(
        InformationConsent.GIVEN, then, then + timedelta(hours=24)
    )
    post(linked, "/visits", order | {"seconds": 2 * 24 * 3600})
    assert [again.told_as for again in visits(linked)] == [visit.told_as]


def test_the_command_puts_a_card_visit_there(linked: LinkedWorld, tmp_path: Path) -> None:
    """Without the server running in this process, by persona or by id."""
    command = ["visit", "elderly", "--dir", str(tmp_path / "payer")]
    where = ["--drop-folder", str(linked.folders.base)]
    done = CliRunner().invoke(main, [*command, *where, "--consent", "TKK"])
    assert done.exit_code == 0, done.output
    file = linked.folders.face / done.output.strip()
    assert "SpecificHealthCheckupsInfoConsFlg>1<" in file.read_text(encoding="utf-8")
    twice = CliRunner().invoke(main, [*command, *where, "--fault", "twice"])
    assert len(twice.output.split()) == 2
    command[1] = "nobody"
    refused = CliRunner().invoke(main, [*command, *where])
    assert refused.exit_code == 2
    assert "no such persona" in refused.output
