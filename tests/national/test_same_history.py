"""The history of the same people over both interfaces, and each thing that one does not tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from eligibility.codes import ConsentCategory
from eligibility.history import (
    History,
)
from eligibility.history.months import months_of_care
from eligibility.model import ConsentDecision, Coverage
from eligibility.simulator.people import Person, Recorded
from eligibility.simulator.pki import DEFAULT_INSTITUTION
from eligibility.simulator.records import medications_of
from tests.national.desk import LinkedWorld, opened_link
from tests.national.test_client_history import consent_for
from tests.national.told import medicine_as_told, result_as_told

YZK, SRJ, SHJ, TKK = CATEGORIES = (
    ConsentCategory.YZK,
    ConsentCategory.SRJ,
    ConsentCategory.SHJ,
    ConsentCategory.TKK,
)
PEOPLE = 6


@pytest.fixture
def linked(tmp_path: Path) -> Iterator[LinkedWorld]:
    """A payer that speaks both."""
    with opened_link(tmp_path) as linked:
        try:
            yield linked
        finally:
            linked.world.close()


def over_fhir(linked: LinkedWorld, person: Person) -> History:
    """Return all that the FHIR profile tells of somebody who agreed to all."""
    world = linked.world
    payer = world.payer()
    answer = world.answer_to_pin(payer, world.cards[person.id])
    given = world.consent(answer, dict.fromkeys(CATEGORIES, ConsentDecision.YES))
    consent = world.registered(payer, replace(given, payer_patient=answer.payer_patient))
    whole = History(consent.id, world.clock(), frozenset())
    for category in CATEGORIES:
        whole = whole.joined_with(payer.fetch_history(consent, category))
    return whole


def over_files(
    linked: LinkedWorld, person: Person, coverage: Coverage, *agreed: ConsentCategory
) -> History:
    """Return all that the national interface tells of somebody who agreed to these."""
    payer = linked.payer()
    linked.link.push_visit(DEFAULT_INSTITUTION, person, list(agreed))
    consent = consent_for(linked, coverage, *agreed)
    whole = History(consent.id, linked.world.clock(), frozenset())
    for category in agreed:
        whole = whole.joined_with(payer.fetch_history(consent, category))
    return whole


def with_history(linked: LinkedWorld) -> list[tuple[Person, Coverage]]:
    """Return people who have some, ordinary and untidy."""
    today = linked.world.today
    known = [
        (one, coverage)
        for one, coverage in linked.people()
        if one.id in linked.world.cards and medications_of(one, today)
    ]
    untidy = [one for one in known if one[0].recorded is Recorded.UNTIDY]
    return [*untidy, *known][:PEOPLE]


def test_the_same_person_gives_the_same_page_but_for_what_the_files_do_not_tell(
    linked: LinkedWorld,
) -> None:
    """Medicines, treatment and checkups are equal; operations and diagnoses are said to be untold.

    By ingredient the same lines come, each from the same place on the same day.
    """
    people = with_history(linked)
    assert any(person.recorded is Recorded.UNTIDY for person, _ in people)
    for person, coverage in people:
        fhir, files = over_fhir(linked, person), over_files(linked, person, coverage, *CATEGORIES)
        assert fhir.fetched == {*CATEGORIES}
        assert files.fetched == {YZK, SRJ, TKK}
        assert files.untold == {SHJ}
        assert Counter(files.medications) == Counter(map(medicine_as_told, fhir.medications))
        assert Counter(files.checkups) == Counter(map(result_as_told, fhir.checkups))
        acts = replace(fhir, operations=(), diagnoses=())
        assert months_of_care(files) == months_of_care(
            replace(acts, treatments=tuple(replace(one, inpatient=None) for one in acts.treatments))
        )
        today = linked.world.today
        assert {group.name for group in files.drugs.groups(today)} == {
            group.name for group in fhir.drugs.groups(today)
        }


def test_what_nobody_can_read_is_kept_where_it_may_be_about_anything(linked: LinkedWorld) -> None:
    """As it came, with the consent to operations and diagnoses; without it nothing is kept."""
    (person, coverage), *_ = with_history(linked)
    told = over_files(linked, person, coverage, *CATEGORIES).unread
    assert [(one.category, one.way, one.value) for one in told] == [
        (SHJ, "MessageBody/UnknownInfs/UnknownInf/UnknownN", "だれも知らない項目")
    ]
    assert over_files(linked, person, coverage, YZK, SRJ, TKK).unread == ()
