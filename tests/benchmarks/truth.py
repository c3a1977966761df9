"""Does reconciling find what is wrong?  Errors are planted, and held against what is found.

Prints JSON lines, one a kind of error and one in all, and a table on standard error: planted,
detectable (it differs in a field that was read), found, missed, wrong persons not blocked, findings
that nothing explains, and why the rest could not be detected.  ``--break RULE`` breaks one rule.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any

import eligibility.holder
import eligibility.names
import eligibility.reconcile
import eligibility.register
from eligibility.clinic_record import ClinicRecord
from eligibility.holder import Match
from eligibility.model import NOT_READ, CopayRatio, Finding, FindingCode
from eligibility.reconcile import reconcile
from eligibility.register import Ground, candidates
from eligibility.simulator.population import Population
from tests.benchmarks.planted import TODAY, WRONG_PERSONS, Desk, Kind
from tests.benchmarks.planting import planted_desks

F = FindingCode
PEOPLE = 10_000
GOAL_FALSE_ALARMS = 0.01
_ANOTHER = {F.OTHER_PERSON, F.RECORD_IS_ANOTHER}
_EVERY = set(FindingCode)
# kind → the findings of which one must be made, and those that may come along
EXPECTED: Mapping[Kind, tuple[set[FindingCode], set[FindingCode]]] = {
    Kind.WRONG_PERSON: (_ANOTHER, _EVERY),
    Kind.TWIN: (_ANOTHER, _EVERY),
    Kind.NAMESAKE: (_ANOTHER, _EVERY),
    Kind.RECORD_OF_ANOTHER: ({F.RECORD_IS_ANOTHER}, _EVERY),
    Kind.REFERENCE_OF_ANOTHER: ({F.REFERENCE_OF_ANOTHER_RECORD}, set()),
    Kind.BIRTHDATE: (_ANOTHER, {F.RATIO_DOUBTFUL}),
    Kind.SEX: (_ANOTHER, set()),
    Kind.GIVEN_NAME: (_ANOTHER, set()),
    Kind.FAMILY_NAME: (
        {F.RECORD_FAMILY_NAME_DIFFERS, F.RECORD_IS_ANOTHER, F.RECORD_KANA_DIFFERS},
        set(),
    ),
    Kind.REPLACED_CHARACTER: (
        {F.NAME_HAS_REPLACED_CHARACTERS},
        {F.NAME_NOT_COMPARED, F.RECORD_NAME_NOT_COMPARED},
    ),
    Kind.VARIANT: (
        {F.NAME_WRITTEN_OTHERWISE, F.RECORD_NAME_WRITTEN_OTHERWISE},
        {F.NAME_HAS_REPLACED_CHARACTERS},
    ),
    Kind.SMALL_KANA: ({F.RECORD_KANA_WRITTEN_OTHERWISE}, set()),
    Kind.READING: ({F.RECORD_KANA_DIFFERS}, set()),
    Kind.KANA_WIDTH: (set(), set()),
    Kind.ADDRESS: ({F.ADDRESS_DIFFERS, F.RECORD_ADDRESS_DIFFERS}, set()),
    Kind.RATIO: ({F.RATIO_DOUBTFUL, F.RATIO_CHANGED}, set()),
    Kind.RATIOS: ({F.RATIOS_DISAGREE}, set()),
    Kind.INSURER: ({F.INSURER_CHANGED, F.RECORD_INSURANCE_DIFFERS}, set()),
    Kind.NUMBER: ({F.RECORD_INSURANCE_DIFFERS}, set()),
    Kind.LOST_THOUGH_VALID: ({F.VALIDITY_CONTRADICTS_DATES}, set()),
    Kind.LOST: ({F.QUALIFICATION_INVALID}, set()),
    Kind.NEWER: ({F.NEWER_QUALIFICATION}, set()),
    Kind.UNKNOWN: ({F.NO_QUALIFICATION}, set()),
    Kind.SEVERAL: ({F.SEVERAL_CANDIDATES}, set()),
    Kind.TWO_KINDS: ({F.INSURANCE_AND_ASSISTANCE}, set()),
    Kind.FULL: ({F.PAYS_IN_FULL}, {F.RATIO_CHANGED}),
    Kind.CERTIFICATE_ENDS: ({F.CERTIFICATE_EXPIRES_SOON}, set()),
}


def _always(value: object) -> Callable[..., object]:
    return lambda *_args, **_more: value


BREAKS: Mapping[str, tuple[Any, str, Callable[..., object]]] = {
    "birthdate": (eligibility.holder, "_birthdates", _always(Match.SAME)),
    "sex": (eligibility.holder, "_sexes", _always(Match.SAME)),
    "name": (eligibility.holder, "how_alike", _always(frozenset())),
    "address": (eligibility.holder, "_addresses", _always(Match.SAME)),
    "variants": (eligibility.names, "are_variants", _always(False)),
    "reading": (eligibility.register, "compare_readings", _always(Match.SAME)),
    "record": (eligibility.reconcile, "about_record", _always(())),
    "insurance": (eligibility.register, "_other_insurance", _always(())),
    "ratio": (eligibility.reconcile, "fits_age_on", _always(True)),
    "dates": (eligibility.reconcile, "_about_dates", _always(())),
    "validity": (eligibility.reconcile, "_about_validity", _always(())),
}
"""Rules that can be broken on purpose: module, function, and what stands in for it."""


@contextmanager
def broken(rule: str | None) -> Iterator[None]:
    """Break one rule for a while; None breaks nothing."""
    if rule is None:
        yield
        return
    module, name, stand_in = BREAKS[rule]
    kept = getattr(module, name)
    setattr(module, name, stand_in)
    try:
        yield
    finally:
        setattr(module, name, kept)


@dataclass
class Count:
    """What came of one kind."""

    planted: int = 0
    detectable: int = 0
    found: int = 0
    missed: int = 0
    not_blocked: int = 0
    falsely_raised: int = 0
    undetectable: Counter[str] = field(default_factory=Counter)


@dataclass
class Truth:
    """What came of everybody."""

    kinds: dict[Kind, Count] = field(default_factory=lambda: defaultdict(Count))
    people: int = 0
    clean: int = 0
    clean_with_findings: int = 0
    guessed: int = 0
    linked: int = 0
    linked_to_another: int = 0
    left_to_staff: int = 0
    unexplained: Counter[str] = field(default_factory=Counter)

    @property
    def missed(self) -> int:
        """How many detectable errors were not found."""
        return sum(count.missed for count in self.kinds.values())

    @property
    def not_blocked(self) -> int:
        """How many wrong persons that can be told did not close medical data."""
        return sum(count.not_blocked for count in self.kinds.values())

    @property
    def false_alarms(self) -> float:
        """The share of people with nothing planted of whom something was found."""
        return self.clean_with_findings / max(1, self.clean)


def measure(people: int, seed: int, rule: str | None = None) -> Truth:
    """Plant, reconcile and count."""
    desks = list(planted_desks(Population(seed, as_of=TODAY, size=people), seed))
    truth = Truth()
    by_birthdate = defaultdict(list)
    for desk in desks:
        if desk.record is not None and desk.record.patient_number != "999999":
            by_birthdate[desk.record.birthdate].append(desk.record)
    with broken(rule):
        for desk in desks:
            found = findings_of(desk)
            _count(truth, desk, found)
            _count_candidates(truth, desk, by_birthdate[desk.person.birthdate])
    return truth


def findings_of(desk: Desk) -> tuple[Finding, ...]:
    """Return what the product finds about what is before a desk."""
    return reconcile(
        desk.answer,
        recorded=desk.recorded,
        today=TODAY,
        certificate_not_after=desk.not_after,
        in_grace=False,
        revocation_not_checked=False,
        attributes=desk.card,
        record=desk.record,
    )


def _count(truth: Truth, desk: Desk, found: tuple[Finding, ...]) -> None:
    codes = {one.code for one in found}
    explained: set[FindingCode] = set()
    for planted in desk.planted:
        expected, allowed = EXPECTED[planted.kind]
        explained |= expected | allowed
        count = truth.kinds[planted.kind]
        count.planted += 1
        if not planted.detectable:
            count.undetectable[planted.reason] += 1
            continue
        count.detectable += 1
        ok = not expected or bool(codes & expected)
        count.found += ok
        count.missed += not ok
        blocks = any(one.blocks_history for one in found if one.code in expected)
        count.not_blocked += planted.kind in WRONG_PERSONS and not blocks
    unexplained = codes - explained
    for planted in desk.planted:
        truth.kinds[planted.kind].falsely_raised += bool(unexplained)
    truth.unexplained.update(f"{code}" for code in unexplained)
    truth.people += 1
    truth.clean += not desk.planted
    truth.clean_with_findings += not desk.planted and bool(found)
    truth.guessed += sum(not _was_said(desk, one) for one in found)


def _was_said(desk: Desk, finding: Finding) -> bool:
    """Whether each side's value in a finding is one that this side really holds."""
    held = (
        (finding.on_card, [desk.card, desk.not_after]),
        (finding.in_record, [desk.record]),
        (finding.recorded, [desk.recorded]),
        (finding.from_payer, [desk.answer, str(len(desk.answer.results))]),
    )
    return all(
        value is NOT_READ or set(value.split(" / ")) <= {*_values(sides), value.partition("　")[2]}
        for value, sides in held
    )


def _values(value: object) -> Iterator[str]:
    """Return all that stands anywhere in a value, each as a finding would write it."""
    if isinstance(value, list | tuple):
        for part in value:
            yield from _values(part)
    elif isinstance(value, CopayRatio):
        yield str(value.percent)
    elif hasattr(value, "__dataclass_fields__"):
        for one in fields(value):  # type: ignore[arg-type]  # an instance, told by its fields
            yield from _values(getattr(value, one.name))
    elif isinstance(value, date):
        yield value.isoformat()[:10]
    elif value is not None:
        yield str(getattr(value, "value", value))


def _count_candidates(truth: Truth, desk: Desk, records: list[ClinicRecord]) -> None:
    """Count who would be linked by reference number and certainty, as the terminal does it."""
    own = desk.record.patient_number if desk.record is not None else None
    if Kind.RECORD_OF_ANOTHER in {one.kind for one in desk.planted}:
        return
    found = candidates(desk.card, records, reference_number=desk.answer.reference_number)
    if found.the_one is not None and Ground.REFERENCE_NUMBER in found.all[0].grounds:
        truth.linked += 1
        truth.linked_to_another += found.the_one.patient_number != own
    elif found.all:
        truth.left_to_staff += 1


def lines(truth: Truth, seed: int, rule: str | None) -> Iterator[dict[str, object]]:
    """Return the JSON lines: one a kind, then all."""
    for kind in Kind:
        count = truth.kinds[kind]
        yield (
            {"name": f"truth.{kind}", "unit": "people", "n": count.planted}
            | {
                one.name: getattr(count, one.name)
                for one in fields(count)
                if one.name not in ("planted", "undetectable")
            }
            | {"undetectable": dict(count.undetectable)}
        )
    yield {
        "name": "truth",
        "unit": "people",
        "n": truth.people,
        "seed": seed,
        "broken": rule,
        "missed": truth.missed,
        "wrong_persons_not_blocked": truth.not_blocked,
        "filled_by_guess": truth.guessed,
        "clean": truth.clean,
        "false_alarms": round(truth.false_alarms, 5),
        "goal_false_alarms": GOAL_FALSE_ALARMS,
        "unexplained": dict(truth.unexplained),
        "linked_by_reference_number": truth.linked,
        "linked_to_another": truth.linked_to_another,
        "left_to_staff": truth.left_to_staff,
    }


def table(truth: Truth) -> str:
    """Return the counts to be read by people."""
    heads = ("planted", "detectable", "found", "missed", "not blocked", "false", "undetectable")
    rows = [f"{'':28}" + "".join(f"{head:>13}" for head in heads)]
    for kind in Kind:
        count = truth.kinds[kind]
        values = (
            count.planted,
            count.detectable,
            count.found,
            count.missed,
            count.not_blocked if kind in WRONG_PERSONS else "-",
            count.falsely_raised,
            count.undetectable.total(),
        )
        reasons = "; ".join(sorted(count.undetectable))
        rows.append(f"{kind:28}" + "".join(f"{value:>13}" for value in values) + f"  {reasons}")
    rows.append(
        f"{truth.clean} clean people, {truth.clean_with_findings} with a finding "
        f"({truth.false_alarms:.2%}); {truth.guessed} values that no side said"
    )
    return "\n".join(rows)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="bench truth", description=__doc__)
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--break", dest="rule", choices=sorted(BREAKS), default=None)
    chosen = parser.parse_args()
    truth = measure(chosen.people, chosen.seed, chosen.rule)
    for line in lines(truth, chosen.seed, chosen.rule):
        print(json.dumps(line, ensure_ascii=False))
    print(table(truth), file=sys.stderr)


if __name__ == "__main__":
    main()
