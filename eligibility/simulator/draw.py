"""Chance for one person or household of the simulated population, the same for the same seed."""

from __future__ import annotations

import random
from datetime import date, timedelta

from eligibility.numbers import luhn_check_digit
from eligibility.simulator.insurers import Insurer, Scheme, make_insurer
from eligibility.simulator.people import Condition
from eligibility.simulator.vocabulary import PREFECTURES, TOWNS, full_width

# chance in percent by age: under 40, 40 to 64, from 65
_CONDITION_CHANCES: dict[Condition, tuple[int, int, int]] = {
    Condition.HYPERTENSION: (2, 25, 55),
    Condition.LIPIDS: (2, 20, 35),
    Condition.DIABETES: (1, 9, 18),
    Condition.REFLUX: (3, 10, 20),
    Condition.INSOMNIA: (3, 8, 20),
    Condition.BONES: (0, 3, 20),
    Condition.KNEES: (0, 5, 22),
    Condition.HAY_FEVER: (25, 20, 8),
    Condition.ASTHMA: (6, 4, 4),
    Condition.FIBRILLATION: (0, 1, 9),
    Condition.CONSTIPATION: (0, 3, 18),
}


class Draw(random.Random):
    """Chance for one person or household, independent of all others."""

    def __init__(self, seed: int, number: int) -> None:
        super().__init__(f"{seed}/{number}")

    def birthdate(self, age: int, as_of: date) -> date:
        """Return a day of birth for somebody who is ``age`` years old on ``as_of``."""
        latest = _years_before(as_of, age)
        return latest - timedelta(days=self.randrange(20, 340))

    def insurer(self, scheme: Scheme) -> Insurer:
        """Return one of the few insurers of this scheme."""
        prefecture, name, _city = self.choice(PREFECTURES)
        return make_insurer(scheme, prefecture, name, 801 + self.randrange(3))

    def symbol(self, scheme: Scheme) -> str | None:
        """Return a 記号 in the scheme's manner; the late elderly and the Self-Defence have none."""
        if scheme in (Scheme.LATE_ELDERLY, Scheme.MEDICAL_ASSISTANCE):
            return None
        if scheme in (Scheme.NATIONAL, Scheme.NATIONAL_RETIRED):
            return "見" + full_width(f"-{self.randrange(1, 60):02d}")
        if scheme is Scheme.JAPAN_HEALTH:
            return full_width(f"{self.randrange(10_000_000, 99_999_999)}")
        return full_width(str(self.randrange(10, 9999)))

    def number(self, scheme: Scheme) -> str:
        """Return a 番号; the late elderly's has eight digits with a check digit."""
        if scheme is Scheme.LATE_ELDERLY:
            digits = f"{self.randrange(10_000_000):07d}"
            return full_width(digits + str(luhn_check_digit(digits)))
        return full_width(str(self.randrange(1, 999_999)))

    def address(self) -> tuple[str, str]:
        """Return an address that does not exist, and its post number."""
        _code, prefecture, city = self.choice(PREFECTURES)
        block = f"{self.randrange(1, 9)}-{self.randrange(1, 30)}-{self.randrange(1, 20)}"
        place = f"{prefecture}{city}{self.choice(TOWNS)}{full_width(block)}"
        return place, f"000-{self.randrange(10_000):04d}"

    def conditions(self, age: int) -> tuple[Condition, ...]:
        """Return lasting illnesses as they are common at this age."""
        group = 0 if age < 40 else 1 if age < 65 else 2
        return tuple(
            condition
            for condition, chances in _CONDITION_CHANCES.items()
            if self.randrange(100) < chances[group]
        )


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # 29 February
        return date(day.year - years, 2, 28)


def patient_id(draw: Draw) -> str:
    """Return an id that the payer gives a person."""
    return "pt-" + "".join(draw.choice("23456789ABCDEFGHJKMNPQRSTUVWXYZ") for _ in range(10))


def branch(scheme: Scheme, member: int) -> str | None:
    """Return the 枝番 of a household's member; some schemes have none."""
    if scheme in (Scheme.LATE_ELDERLY, Scheme.MEDICAL_ASSISTANCE):
        return None
    return f"{member:02d}"
