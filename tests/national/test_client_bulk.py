"""Asking about many at once, and registering reference numbers."""

import pytest

from eligibility.asking import BulkQuestion, ReferenceNumberBatch, ReferenceNumberRegistration
from eligibility.errors import PayerRefusedError, PayerUnavailableError
from eligibility.simulator.faults import FaultKind
from tests.national.desk import LinkedWorld, kinds_sent, subject_of


def test_many_are_handed_in_together_and_fetched_later(linked: LinkedWorld) -> None:
    """Both steps: a reception number, then an answer for each question under its own id."""
    payer = linked.payer()
    people = list(linked.people())[:30]
    questions = tuple(linked.question(coverage) for _, coverage in people)
    question = BulkQuestion("b-1", questions, linked.world.today)
    reception = payer.start_bulk(question)
    assert payer.start_bulk(question).reception_number == reception.reception_number
    linked.fails(FaultKind.QUEUED, times=1)
    with pytest.raises(PayerUnavailableError) as caught:
        payer.collect_bulk(question, reception)
    assert caught.value.retry_after
    found = payer.collect_bulk(question, reception)
    assert found.missing == ()
    by_question = {answer.question_id: answer for answer in found.answers}
    for asked, (_, coverage) in zip(questions, people, strict=True):
        assert by_question[asked.id].results == (coverage,)
    assert linked.leftovers() == []


def test_what_the_payer_leaves_out_of_many_is_named(linked: LinkedWorld) -> None:
    """Nothing is known of those, and nothing is made up."""
    payer = linked.payer()
    questions = tuple(linked.question(coverage) for _, coverage in list(linked.people())[:6])
    question = BulkQuestion("b-1", questions, linked.world.today)
    reception = payer.start_bulk(question)
    linked.fails(FaultKind.PARTIAL, times=1)
    found = payer.collect_bulk(question, reception)
    assert set(found.missing) == {one.id for one in questions[3:]}


def test_a_reference_number_is_registered_and_comes_back(linked: LinkedWorld) -> None:
    """照会番号: the clinic's own number of the patient stands in the next answer."""
    payer = linked.payer()
    _person, coverage = linked.somebody()
    subject = subject_of(coverage)
    registrations = [ReferenceNumberRegistration("r-1", subject, "K-0042")]
    (result,) = payer.register_reference_numbers(registrations)
    assert result.accepted
    answer = payer.ask_by_number(linked.question(coverage))
    assert answer.reference_number == "K-0042"
    linked.fails(FaultKind.REFUSE, times=1)
    (refused,) = payer.register_reference_numbers(
        [ReferenceNumberRegistration("r-2", subject, "K-0043")]
    )
    assert not refused.accepted
    assert refused.code == "SIM0101"


def registrations_of(linked: LinkedWorld, count: int) -> list[ReferenceNumberRegistration]:
    """Return registrations of the first people."""
    people = list(linked.people())[:count]
    return [
        ReferenceNumberRegistration(f"m-{n}", subject_of(coverage), f"M-{n}")
        for n, (_, coverage) in enumerate(people)
    ]


def test_several_reference_numbers_go_in_one_exchange(linked: LinkedWorld) -> None:
    """Handed in and fetched once for all of them, and each comes back with its own person."""
    payer = linked.payer()
    registrations = registrations_of(linked, 3)
    batch = ReferenceNumberBatch("rb-1", tuple(registrations))
    results = payer.collect_registrations(batch, payer.start_registrations(batch))
    assert sorted((one.registration_id, one.accepted) for one in results) == [
        ("m-0", True),
        ("m-1", True),
        ("m-2", True),
    ]
    assert kinds_sent(linked) == ["OQSmuimm01", "OQSmuimm02"]
    assert linked.leftovers() == []
    for registration, (_, coverage) in zip(registrations, linked.people(), strict=False):
        answer = payer.ask_by_number(linked.question(coverage))
        assert answer.reference_number == registration.reference_number


def test_what_the_payer_works_on_is_fetched_later_and_not_handed_in_twice(
    linked: LinkedWorld,
) -> None:
    """The wait is told; any desk that has the reception number goes on from there."""
    payer = linked.payer()
    batch = ReferenceNumberBatch("rb-1", tuple(registrations_of(linked, 2)))
    reception = payer.start_registrations(batch)
    linked.fails(FaultKind.QUEUED, path="OQSmuimm02")
    with pytest.raises(PayerUnavailableError) as working:
        payer.collect_registrations(batch, reception)
    assert working.value.retry_after
    linked.works()
    results = linked.payer().collect_registrations(batch, reception)
    assert {one.registration_id for one in results} == {"m-0", "m-1"}
    assert kinds_sent(linked) == ["OQSmuimm01", "OQSmuimm02", "OQSmuimm02"]


def test_one_that_the_payer_leaves_out_of_several_has_no_result(linked: LinkedWorld) -> None:
    """Nothing says that it was taken; a refusal of the whole is an error."""
    payer = linked.payer()
    batch = ReferenceNumberBatch("rb-1", tuple(registrations_of(linked, 2)))
    reception = payer.start_registrations(batch)
    linked.fails(FaultKind.PARTIAL, path="OQSmuimm02")
    (only,) = payer.collect_registrations(batch, reception)
    assert only.registration_id == "m-0"
    linked.fails(FaultKind.REFUSE, path="OQSmuimm01")
    with pytest.raises(PayerRefusedError):
        payer.start_registrations(batch)
