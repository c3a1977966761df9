"""The same person's history as a file, whichever interface told it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from eligibility.codes import ConsentCategory
from eligibility.export import Table, TakenHistory, rows_of, write_bundle
from eligibility.history import (
    History,
    Institution,
    MedicationRecord,
    MedicationUse,
    Record,
)
from eligibility.model import Consent, ConsentDecision, Coverage, PayerAnswer
from eligibility.payer import Payer
from eligibility.simulator.people import Person
from eligibility.simulator.pki import DEFAULT_INSTITUTION
from eligibility.simulator.records import checkups_of, medications_of
from tests.national.desk import LinkedWorld, opened_link, subject_of
from tests.national.told import medicine_as_told

CATEGORIES = (ConsentCategory.YZK, ConsentCategory.SRJ, ConsentCategory.TKK)


@pytest.fixture
def linked(tmp_path: Path) -> Iterator[LinkedWorld]:
    """A payer that speaks both."""
    with opened_link(tmp_path) as linked:
        yield linked
        linked.world.close()


def as_the_files_tell(record: Record) -> Record:
    """Return what of a record the national interface has an element for."""
    return medicine_as_told(record) if isinstance(record, MedicationRecord) else record


def taken(linked: LinkedWorld, payer: Payer, answer: PayerAnswer, consent: Consent) -> TakenHistory:
    """Return what one interface told, as if both had been asked at one moment."""
    now = linked.world.clock()
    same = replace(consent, id="c0" * 16, payer_ref=None, payer_patient=None)
    whole = History(same.id, now, frozenset())
    for category in CATEGORIES:
        part = payer.fetch_history(consent, category)
        records: list[Record] = [*part.medications, *part.treatments, *part.checkups]
        told = [as_the_files_tell(one) for one in records]
        whole = whole.joined_with(History.of_category(same.id, now, category, told))
    return TakenHistory(
        id="e0" * 16,
        exported_at=now,
        institution=Institution("テスト医院", DEFAULT_INSTITUTION),
        adapter=answer.adapter,
        as_of=now,
        validity=answer.qualification_validity,
        coverages=answer.results,
        consent=same,
        history=whole,
        wanted=frozenset(CATEGORIES),
    )


def without_source(taken: TakenHistory) -> list[Any]:
    """Return the bundle's resources in one order, each reference as what it leads to."""
    bundle = json.loads(write_bundle(taken))
    text = json.dumps(bundle["entry"], ensure_ascii=False, default=str)
    for entry in bundle["entry"]:
        text = text.replace(entry["fullUrl"], _name(entry["resource"]))
    text = text.replace(taken.source, "").replace(f'"{taken.adapter}"', '""')
    found = [entry["resource"] for entry in json.loads(text)]
    for one in found:
        if one["resourceType"] == "Provenance":
            one["target"].sort(key=str)
    return sorted(found, key=str)


def _name(resource: dict[str, Any]) -> str:
    """Return who or what a resource is, whatever its place in the bundle."""
    return str(resource["resourceType"]) + str(resource.get("name", "")).replace('"', "")


def ordinary(linked: LinkedWorld) -> Iterator[tuple[Person, Coverage]]:
    """Yield those who were at a checkup and take medicines by mouth."""
    today = linked.world.today
    for person, coverage in linked.people():
        drugs = medications_of(person, today)
        internal = all(one.use is MedicationUse.INTERNAL for one in drugs)
        if drugs and internal and checkups_of(person, today):
            yield person, coverage


def test_both_interfaces_give_the_same_files(linked: LinkedWorld) -> None:
    """Bundle and tables of one person say the same, but for who told it.

    What the national interface has no element for is left out on both sides.
    """
    world = linked.world
    for person, coverage in islice(ordinary(linked), 2):
        over_fhir, over_files = world.payer(), linked.payer()
        answer = world.answer_to_pin(over_fhir, world.cards[person.id])
        decisions = dict.fromkeys(CATEGORIES, ConsentDecision.YES)
        consent = world.registered(over_fhir, world.consent(answer, decisions))
        one = taken(linked, over_fhir, answer, consent)
        linked.link.push_visit(DEFAULT_INSTITUTION, person, CATEGORIES)
        there = over_files.ask_by_number(linked.question(coverage))
        other = taken(linked, over_files, there, replace(consent, subject=subject_of(coverage)))
        assert (one.adapter, other.adapter) == ("fhir", "national")
        assert without_source(other) == without_source(one)
        for table in Table:
            assert _rows(table, other) == _rows(table, one)


def _rows(table: Table, taken: TakenHistory) -> set[tuple[Any, ...]]:
    """Return a table's rows without who told them."""
    rows = list(rows_of(table, taken))
    assert len(rows) > 1
    assert all(taken.source in row for row in rows)
    return {tuple(cell for cell in row if cell != taken.source) for row in rows}
