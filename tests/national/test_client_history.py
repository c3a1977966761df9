"""Fetching consented history."""

import uuid
from datetime import timedelta

import pytest

from eligibility.codes import ConsentCategory
from eligibility.errors import (
    AnswerForAnotherPersonError,
    ConsentRequiredError,
    PayerProtocolError,
    PayerRefusedError,
)
from eligibility.model import Consent, ConsentChannel, ConsentDecision, Coverage
from eligibility.simulator.faults import FaultKind
from eligibility.simulator.people import Person
from eligibility.simulator.pki import DEFAULT_INSTITUTION
from eligibility.simulator.records import checkups_of, medications_of, treatments_of
from tests.national.desk import LinkedWorld, subject_of
from tests.national.exchange import Book


def consent_for(linked: LinkedWorld, coverage: Coverage, *allowed: ConsentCategory) -> Consent:
    """Return a consent as a pushed visit brings it."""
    given = linked.world.clock()
    return Consent(
        id=f"c-{uuid.uuid4().hex}",
        visit_id="v-1",
        subject=subject_of(coverage),
        decisions=dict.fromkeys(allowed, ConsentDecision.YES),
        given_at=given,
        ends_at=given + timedelta(hours=24),
        channel=ConsentChannel.PAYER,
        payer_ref="v-1",
    )


def with_much_history(linked: LinkedWorld) -> tuple[Person, Coverage]:
    """Return somebody who takes medicines and was at a checkup."""
    today = linked.world.today
    return next(
        (person, coverage)
        for person, coverage in linked.people()
        if medications_of(person, today) and checkups_of(person, today)
    )


def test_each_consented_category_is_fetched_whole(linked: LinkedWorld) -> None:
    """Medicines, treatment and checkups are what the payer has of this person."""
    payer = linked.payer()
    person, coverage = with_much_history(linked)
    categories = (ConsentCategory.YZK, ConsentCategory.SRJ, ConsentCategory.TKK)
    linked.link.push_visit(DEFAULT_INSTITUTION, person, categories)
    consent = consent_for(linked, coverage, *categories)
    today = linked.world.today
    medicines = payer.fetch_history(consent, ConsentCategory.YZK)
    assert medicines.fetched == {ConsentCategory.YZK}
    told = {(one.origin, one.name, one.day) for one in medicines.medications}
    assert told == {(one.origin, one.name, one.day) for one in medications_of(person, today)}
    treatment = payer.fetch_history(consent, ConsentCategory.SRJ)
    assert not treatment.medications
    assert {one.name for one in treatment.treatments} == {
        one.name for one in treatments_of(person, today)
    }
    checkups = payer.fetch_history(consent, ConsentCategory.TKK)
    assert {(one.effective_date, one.item_code) for one in checkups.checkups} == {
        (one.effective_date, one.item_code) for one in checkups_of(person, today)
    }
    # medical data never stays in a file
    assert linked.leftovers() == []


def test_what_is_not_consented_is_not_even_asked(linked: LinkedWorld) -> None:
    """No consent, another category's or an ended one: nothing is written."""
    payer = linked.payer()
    _person, coverage = with_much_history(linked)
    consent = consent_for(linked, coverage, ConsentCategory.TKK)
    with pytest.raises(ConsentRequiredError):
        payer.fetch_history(consent, ConsentCategory.YZK)
    linked.world.clock.moment += timedelta(hours=24)
    with pytest.raises(ConsentRequiredError):
        payer.fetch_history(consent, ConsentCategory.TKK)
    assert linked.link.answered == 0
    assert linked.leftovers() == []


def test_treatment_is_not_fetched_where_medicines_are_not_allowed(linked: LinkedWorld) -> None:
    """The interface tells it together with medicines only, so it is left out, and said so."""
    payer = linked.payer()
    person, coverage = with_much_history(linked)
    linked.link.push_visit(DEFAULT_INSTITUTION, person, [ConsentCategory.SRJ])
    consent = consent_for(linked, coverage, ConsentCategory.SRJ, ConsentCategory.SHJ)
    for category in (ConsentCategory.SRJ, ConsentCategory.SHJ):
        told = payer.fetch_history(consent, category)
        assert not told.fetched
        assert told.untold == {category}
    assert linked.link.answered == 0


def test_history_that_the_payer_refuses_or_mixes_up_is_kept_nowhere(linked: LinkedWorld) -> None:
    """The error carries no byte of it, and nothing is set aside with its content."""
    book = Book()
    payer = linked.payer(book)
    person, coverage = with_much_history(linked)
    consent = consent_for(linked, coverage, ConsentCategory.YZK)
    with pytest.raises(PayerRefusedError, match="9") as refused:
        payer.fetch_history(consent, ConsentCategory.YZK)
    assert refused.value.original == b""
    linked.link.push_visit(DEFAULT_INSTITUTION, person, [ConsentCategory.YZK])
    linked.fails(FaultKind.ANOTHER_PATIENT, times=1)
    with pytest.raises(AnswerForAnotherPersonError) as mixed:
        payer.fetch_history(consent, ConsentCategory.YZK)
    assert mixed.value.original == b""
    linked.fails(FaultKind.HALF_REPLY, times=1)
    with pytest.raises(PayerProtocolError) as half:
        payer.fetch_history(consent, ConsentCategory.YZK)
    assert half.value.original == b""
    assert {reason for _, reason in book.told} == {"another-person", "unreadable"}
    assert all(one.content is None for one in book.aside)
    assert linked.leftovers() == []
    assert payer.fetch_history(consent, ConsentCategory.YZK).medications
