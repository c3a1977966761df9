import json
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal

import pytest

from eligibility.codes import (
    LimitCategory,
    QualificationValidity,
    ReasonOfLoss,
    SpecificDisease,
    TicketUse,
)
from eligibility.history import MedicationOrigin
from eligibility.model import CopayRatio
from eligibility.numbers import institution_code_is_consistent, insurer_number_is_consistent
from eligibility.simulator.flaws import flaws_of
from eligibility.simulator.holdings import holding_of, insurance_year
from eligibility.simulator.insurers import Scheme
from eligibility.simulator.people import CardCondition, Person, Situation, age_on
from eligibility.simulator.personas import PERSONAS
from eligibility.simulator.pki import DEFAULT_INSTITUTION
from eligibility.simulator.population import Population, as_list
from eligibility.simulator.records import (
    YEARS_BACK,
    checkups_of,
    diagnoses_of,
    medications_of,
    operations_of,
    treatments_of,
)
from eligibility.simulator.wire_coverage import in_force

DAY = date(2026, 11, 24)
ALL = Population(as_of=DAY)


def persona(slug: str) -> Person:
    """Return the person with this story."""
    return next(person for person in ALL.people if person.persona == slug)


def test_same_seed_same_people() -> None:
    """The same seed and day make the same people; another seed makes others."""
    assert Population(as_of=DAY).people == ALL.people
    others = Population(7, as_of=DAY).people
    assert sum(a == b for a, b in zip(ALL.people, others, strict=False)) == 0


def test_everything_occurs() -> None:
    """Hundreds of people hold every insurer's kind, validity, reason, limit and situation."""
    holdings = [holding_of(person, DAY) for person in ALL.people]
    results = [result for holding in holdings for result in holding.results]
    assert len(ALL.people) >= 300
    assert {holding.validity for holding in holdings} == set(QualificationValidity)
    assert {person.insurer.scheme for person in ALL.people} == set(Scheme)
    assert {person.situation for person in ALL.people} == set(Situation)
    limits = {result.limit_certificate.category for result in results if result.limit_certificate}
    assert limits == set(LimitCategory)
    assert {result.reason_of_loss for result in results} == {None, *ReasonOfLoss}
    assert any(result.elderly_recipient_certificate for result in results)
    assert max(len(holding.results) for holding in holdings) == 2
    names = "".join(result.person.name for result in results)
    assert "●" in names
    assert "德" in names
    assert any(result.person.name_of_other for result in results)
    diseases = {one.disease_category for r in results for one in r.specific_diseases_certificates}
    assert diseases == set(SpecificDisease)
    uses = {one.single_or_combined_use for r in results for one in r.medical_tickets}
    assert uses == set(TicketUse)


def test_numbers_have_their_check_digit() -> None:
    """Every insurer's number and the default institution's code end in their check digit."""
    assert institution_code_is_consistent(DEFAULT_INSTITUTION)
    for person in ALL.people:
        for result in holding_of(person, DAY).results:
            assert len(result.insurer_number) == 8
            assert insurer_number_is_consistent(result.insurer_number)


def test_ids_are_unique() -> None:
    """No two people share an id, a patient id, or insurer, symbol, number and branch."""
    people = ALL.people
    assert len({person.id for person in people}) == len(people)
    assert len({person.patient_id for person in people}) == len(people)
    keys = Counter((p.insurer.number, p.symbol, p.number, p.branch) for p in people)
    assert max(keys.values()) == 1


def test_validity_agrees_with_dates() -> None:
    """What is valid is in force on the day; what is invalid is not."""
    for person in ALL.people:
        holding = holding_of(person, DAY)
        valid = holding.validity in (
            QualificationValidity.VALID,
            QualificationValidity.VALID_UNREGISTERED,
        )
        assert all(in_force(result, DAY) is valid for result in holding.results), person.id


def test_ratio_agrees_with_age() -> None:
    """The ratio is 20 below school age, 30 up to 69, and by income from 70 on."""
    without = Situation.PAYS_IN_FULL, Situation.ASSISTANCE_ONLY, Situation.ASSISTANCE_TICKET
    for person in ALL.people:
        if person.situation in without or flaws_of(person, DAY):
            continue
        age = age_on(person.birthdate, DAY)
        school = {20, 30} if age == 6 else {30}
        allowed = {20} if age < 6 else school if age < 70 else {10, 20, 30}
        for result in holding_of(person, DAY).results[:1]:
            ratio = result.insured_partial_contribution_ratio
            assert isinstance(ratio, CopayRatio)
            assert ratio.percent in allowed
            assert bool(result.elderly_recipient_certificate) == (70 <= age < 75)


def test_late_elderly() -> None:
    """From 75 on everybody is with the late elderly's insurance, and nobody younger is."""
    for person in ALL.people:
        if person.insurer.scheme is not Scheme.MEDICAL_ASSISTANCE:
            late = person.insurer.scheme is Scheme.LATE_ELDERLY
            assert late == (age_on(person.birthdate, DAY) >= 75), person.id


def test_families_share_a_number() -> None:
    """Family members share the insured person's number and differ by branch."""
    families = [person for person in ALL.people if person.branch not in (None, "01")]
    assert len(families) > 50
    numbers = {(p.insurer.number, p.number) for p in ALL.people if p.branch == "01"}
    # the head of a household may have gone to the late elderly's insurance
    alone = Scheme.NATIONAL, Scheme.NATIONAL_RETIRED
    related = [p for p in families if not p.persona and p.insurer.scheme not in alone]
    assert all((p.insurer.number, p.number) in numbers for p in related)


@pytest.mark.parametrize("years", [0, 1, 2])
def test_stories_hold_for_years(years: int) -> None:
    """A demo that was made long ago still tells its stories."""
    today = DAY + timedelta(days=365 * years)
    expected = {
        "ordinary": "1",
        "job-change": "2",
        "newer-insurance": "3",
        "not-found": "4",
        "several": "5",
        "medical-assistance": "6",
        "limit-certificate": "1",
        "child": "1",
    }
    for slug, code in expected.items():
        holding = holding_of(persona(slug), today)
        assert holding.validity.value == code
        valid = code in {"1", "6"}
        assert all(in_force(result, today) is valid for result in holding.results)


def test_personas_cover_every_card_condition() -> None:
    """There is a card for each thing that can be the case with a card."""
    assert {item.card_condition for item in PERSONAS} == set(CardCondition)
    assert len({item.slug for item in PERSONAS}) == len(PERSONAS)


def test_list_for_the_card_issuer() -> None:
    """The list names the people as a card does, and holds no 12-digit number."""
    listed = as_list(ALL.people)
    first = listed[0]
    assert PERSONAS[0].reissued is not None
    assert first == {
        "id": "p-0001",
        "persona": "ordinary",
        "name": "山田　健一",
        "name_kana": "ヤマダ　ケンイチ",
        "birthdate": ALL.people[0].birthdate.isoformat(),
        "sex": "1",
        "address": ALL.people[0].address,
        "story": {"ja": PERSONAS[0].story.ja, "en": PERSONAS[0].story.en},
        "card_condition": "normal",
        "reissued": {"ja": PERSONAS[0].reissued.ja, "en": PERSONAS[0].reissued.en},
    }
    assert {item["reissued"] is None for item in listed[1:]} == {True}
    assert {item["name"] for item in listed if item["persona"] == "replaced-character"} == {
        "髙橋　恵"
    }
    digits = "".join(c if c.isdigit() else " " for c in json.dumps(listed, ensure_ascii=False))
    assert max(map(len, digits.split())) < 12


def test_history_fits_the_story() -> None:
    """The elderly persona takes many medicines now, the ordinary one has yearly checkups."""
    recent = [
        record
        for record in medications_of(persona("elderly"), DAY)
        if record.day > DAY - timedelta(days=60)
    ]
    assert len({record.name for record in recent}) >= 6
    checkups = checkups_of(persona("ordinary"), DAY)
    assert len({record.effective_date for record in checkups}) >= 5
    names = {record.ingredient for record in medications_of(persona("ordinary"), DAY)}
    assert "アムロジピンベシル酸塩" in names
    assert checkups_of(persona("child"), DAY) == []


def test_history_of_the_unregistered() -> None:
    """The Self-Defence Forces, day labourers and medical assistance show no history."""
    hidden = [person for person in ALL.people if not person.insurer.scheme.shows_history]
    assert {person.insurer.scheme for person in hidden} >= {
        Scheme.SELF_DEFENCE,
        Scheme.DAY_LABOURERS,
        Scheme.MEDICAL_ASSISTANCE,
    }
    for person in hidden:
        assert not medications_of(person, DAY)
        assert not treatments_of(person, DAY)
        assert not checkups_of(person, DAY)


def test_history_stays_tomorrow() -> None:
    """What was dispensed and measured up to yesterday is still told of nine days later."""
    for person in ALL.people[:60]:
        oldest = DAY - timedelta(days=YEARS_BACK * 365 - 40)
        today, later = (
            {(one.name, one.dispensed_on or DAY) for one in medications_of(person, day)}
            for day in (DAY, DAY + timedelta(days=9))
        )
        assert {one for one in today if oldest < one[1] < DAY} <= later
        measured = {record.effective_date for record in checkups_of(person, DAY)}
        remeasured = {record.effective_date for record in checkups_of(person, DAY + timedelta(9))}
        assert measured <= remeasured


def test_the_sources_repeat_each_other() -> None:
    """Of the last 100 days each of a persona's medicines comes from all sources that know it."""
    told: dict[tuple[str | None, date], set[MedicationOrigin]] = {}
    for record in medications_of(persona("elderly"), DAY):
        told.setdefault((record.ingredient, record.day), set()).add(record.origin)
    assert {frozenset(origins) for origins in told.values()} == {
        frozenset({MedicationOrigin.RECEIPT}),
        frozenset({MedicationOrigin.DISPENSING, MedicationOrigin.PRESCRIPTION}),
        frozenset(MedicationOrigin),
    }


def test_much_untidy_and_nothing_are_on_record() -> None:
    """The three personas for the history pages hold what their stories say."""
    assert len(medications_of(persona("many-records"), DAY)) > 3000
    assert len({one.prescriber for one in medications_of(persona("many-records"), DAY)}) > 1
    nobody = persona("nothing-recorded")
    for records_of in (medications_of, treatments_of, operations_of, diagnoses_of, checkups_of):
        assert not records_of(nobody, DAY)
    untidy = persona("untidy-records")
    assert any(one.day > DAY for one in medications_of(untidy, DAY))
    assert len({one.unit for one in checkups_of(untidy, DAY) if one.item_code[:5] == "3D010"}) == 2


def test_history_is_plausible() -> None:
    """No record lies in the future or before birth; no measured value is out of this world."""
    limits: dict[str, tuple[float, float]] = {
        "9N001000000000001": (130, 200),
        "9N006000000000001": (30, 140),
        "9N011000000000001": (16, 37),
        "9N016160100000001": (55, 125),
        "9A751000000000001": (80, 200),
        "9A761000000000001": (40, 130),
        "3F015000002327101": (30, 400),
        "3F070000002327101": (25, 115),
        "3F077000002327101": (50, 230),
        "3B035000002327201": (8, 60),
        "3B045000002327201": (5, 80),
        "3B090000002327101": (8, 120),
        "3D010000001926101": (60, 250),
        "3D046000001906202": (4, 10),
        "3C015000002327101": (0.3, 2),
        "8A065000002391901": (20, 160),
        "2A030000001930101": (9, 19),
    }
    seen = set()
    for person in ALL.people:
        if person.persona == "untidy-records":
            continue
        for drug in medications_of(person, DAY):
            assert person.birthdate < drug.day <= DAY
            assert drug.days is not None
            assert 0 < drug.days <= 90
        for act in treatments_of(person, DAY):
            assert act.performed_on is not None
            assert person.birthdate < act.performed_on <= DAY
        for item in checkups_of(person, DAY):
            assert date(2020, 4, 1) <= item.effective_date <= DAY
            assert len(item.item_code) == 17
            if isinstance(item.value, Decimal):
                low, high = limits[item.item_code]
                assert low <= float(item.value) <= high, (person.id, item)
                seen.add(item.item_code)
    assert seen == set(limits)


@pytest.mark.parametrize(
    ("day", "year"), [(date(2026, 7, 31), 2025), (date(2026, 8, 1), 2026), (date(2026, 1, 1), 2025)]
)
def test_insurance_year(day: date, year: int) -> None:
    """The insurance year begins on 1 August."""
    assert insurance_year(day) == (date(year, 8, 1), date(year + 1, 7, 31))
