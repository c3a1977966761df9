from collections import Counter
from datetime import date

import pytest

from eligibility.model import CopayRatio
from eligibility.simulator.flaws import Flaw, flaws_of
from eligibility.simulator.holdings import holding_of
from eligibility.simulator.people import Person, age_on, below_school_age
from eligibility.simulator.population import Population

DAY = date(2026, 11, 24)
ALL = Population(as_of=DAY)
MANY = Population(5, as_of=DAY, size=4000)


def spoilt(flaw: Flaw, population: Population = MANY) -> list[Person]:
    """Return everybody whose entry has this flaw."""
    return [person for person in population.people if flaw in flaws_of(person, DAY)]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_flaw_occurs(seed: int) -> None:
    """A register of two thousand has each kind of error, and most entries have none."""
    population = Population(seed, as_of=DAY, size=2000)
    flaws = Counter(flaw for person in population.people for flaw in flaws_of(person, DAY))
    assert set(flaws) == set(Flaw)
    large = flaws.pop(Flaw.LARGE_KANA)
    assert large < 0.3 * 2000
    assert flaws.total() < 0.1 * 2000


def test_people_with_a_story_are_only_spoilt_as_their_story_says() -> None:
    """Nothing else is planted at the people of the tray."""
    found = {
        person.persona: flaws_of(person, DAY)
        for person in ALL.people
        if person.persona and flaws_of(person, DAY)
    }
    assert found == {
        "replaced-character": (Flaw.REPLACED_CHARACTER,),
        "mislinked": (Flaw.OTHER_PERSON,),
    }


def test_another_persons_entry_is_answered_whole() -> None:
    """Where two are mixed up the payer answers with the other's name, birth date and insurance."""
    for person in spoilt(Flaw.OTHER_PERSON):
        assert person.linked is not None
        (result,) = holding_of(person, DAY).results[:1]
        assert result.person.birthdate == person.linked.birthdate != person.birthdate
        assert result.insurer_number == person.linked.insurer.number


def test_namesakes_differ_in_nothing_but_what_they_are_insured_by() -> None:
    """A namesake's entry has the same name, kana, sex and birth date and another insurer."""
    found = spoilt(Flaw.NAMESAKE)
    assert found
    for person in found:
        (result,) = holding_of(person, DAY).results[:1]
        assert (result.person.birthdate, result.person.sex) == (person.birthdate, person.sex)
        assert result.person.name == person.name
        assert result.insurer_number != person.insurer.number
    pairs = Counter((one.name, one.name_kana, one.birthdate, one.sex) for one in MANY.people)
    assert max(pairs.values()) == 2


def test_a_wrong_ratio_is_one_that_the_age_cannot_have() -> None:
    """Below 70 it is neither 20 nor 30 as it should; from 70 the two ratios contradict."""
    for person in spoilt(Flaw.RATIO_WRONG):
        ratio = holding_of(person, DAY).results[0].insured_partial_contribution_ratio
        assert isinstance(ratio, CopayRatio)
        assert ratio.percent != (20 if below_school_age(person.birthdate, DAY) else 30)
    for person in spoilt(Flaw.RATIOS_DISAGREE):
        result = holding_of(person, DAY).results[0]
        assert result.elderly_recipient_certificate is not None
        stated = result.elderly_recipient_certificate.contribution_ratio
        assert result.insured_partial_contribution_ratio != stated


def test_an_old_address_is_another_one() -> None:
    """The register's address is one that the person's card does not show."""
    for person in spoilt(Flaw.OLD_ADDRESS):
        assert holding_of(person, DAY).results[0].person.address != person.address


def test_twins_share_a_birth_date_and_a_number() -> None:
    """Among the families are twins: one number, one birth date, two branches."""
    places = Counter(
        (one.insurer.number, one.number, one.birthdate)
        for one in MANY.people
        if age_on(one.birthdate, DAY) < 25
    )
    assert max(places.values()) == 2


def test_details_do_not_depend_on_how_many_people_there_are() -> None:
    """The first people are the same in a small register as in a large one, errors apart."""
    small, large = Population(5, as_of=DAY, size=100), MANY
    clean = [
        (a, b)
        for a, b in zip(small.people, large.people, strict=False)
        if not flaws_of(a, DAY) and not flaws_of(b, DAY)
    ]
    assert len(clean) > 40
    assert sum(a == b for a, b in clean) >= len(clean) - 3


@pytest.mark.parametrize(
    ("born", "day", "below"),
    [
        (date(2020, 4, 1), date(2026, 3, 31), True),
        (date(2020, 4, 1), date(2026, 4, 1), False),
        (date(2020, 4, 2), date(2027, 3, 31), True),
        (date(2020, 4, 2), date(2027, 4, 1), False),
    ],
)
def test_school_begins_in_april_after_the_sixth_birthday(
    born: date, day: date, below: bool
) -> None:
    """Who is born on 1 April starts school with the older ones."""
    assert below_school_age(born, day) is below
