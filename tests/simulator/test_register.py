"""The register of a clinic that the simulator's people visit."""

from __future__ import annotations

from datetime import date

from eligibility.codes import QualificationValidity
from eligibility.model import NumberSubject
from eligibility.simulator.holdings import assistance_of, holding_of_entry
from eligibility.simulator.population import Population
from eligibility.simulator.register import register_of
from eligibility.simulator.searching import holding_by_number
from terminal.register.file import read_register_file

DAY = date(2026, 11, 24)
ALL = Population(as_of=DAY)


def test_the_numbers_on_file_bring_what_the_payer_holds() -> None:
    """Asked by the clinic's record each person gets the answer of the card, assistance too."""
    records = read_register_file(register_of(ALL.people).encode(), DAY).records
    assert len(records) == len(ALL.people)
    for person, record in zip(ALL.people, records, strict=True):
        assert record.insurer_number is not None
        assert record.insured_identification_number is not None
        subject = NumberSubject(
            record.insurer_number,
            record.insured_identification_number,
            record.birthdate,
            record.insured_card_symbol,
            record.insured_branch_number,
        )
        held, _ = holding_by_number(ALL.people, subject, DAY, limit_consent=True)
        expected = holding_of_entry(person, DAY)
        if expected.validity is not QualificationValidity.SEVERAL:
            assert (held.validity, held.results) == (expected.validity, expected.results), person.id


def test_nobody_shares_a_recipient_number() -> None:
    """Of 医療扶助 each person has a number of their own, as at a welfare office."""
    numbers = [assistance_of(person) for person in ALL.people]
    assert len(set(numbers)) == len(numbers)
