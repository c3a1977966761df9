"""What a JLAC10 item code measures, and what is known of it: data in ``checkup_items.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from eligibility.codes import Sex
from eligibility.history.checkups import CheckupObservation, CodedResult

_FILE = Path(__file__).with_name("checkup_items.toml")
_NEW_ANSWERS = date(2024, 4, 1)
_SEXES = {"male": Sex.MALE, "female": Sex.FEMALE}


class ItemGroup(StrEnum):
    """Under which heading an item stands, in the order of the page."""

    BODY = "body"
    PRESSURE = "pressure"
    LIPIDS = "lipids"
    SUGAR = "sugar"
    LIVER = "liver"
    KIDNEY = "kidney"
    BLOOD = "blood"
    URINE = "urine"
    FINDINGS = "findings"
    JUDGEMENT = "judgement"
    QUESTIONS = "questions"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class JlacCode:
    """A JLAC10 code taken apart: analyte with identification, material, method, kind of result."""

    analyte: str
    material: str
    method: str
    result: str

    @classmethod
    def of(cls, code: str) -> JlacCode:
        """Return the parts of a code of 17 characters."""
        return cls(code[:9], code[9:12], code[12:15], code[15:])

    @property
    def way(self) -> str:
        """Material and method: what may differ between two measurements of one analyte."""
        return f"{self.material}-{self.method}"


class Side(StrEnum):
    """Where a value lies by a band."""

    WITHIN = "within"
    HIGH = "high"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Band:
    """保健指導判定値 and 受診勧奨判定値 of one item for one sex.

    Above: this value or more is outside.  Below: less than this value, or, with ``inclusive``,
    this value or less.
    """

    guidance_above: Decimal | None = None
    referral_above: Decimal | None = None
    guidance_below: Decimal | None = None
    referral_below: Decimal | None = None
    inclusive: bool = False

    def side_of(self, value: Decimal) -> Side:
        """Return on which side of 保健指導判定値 a value lies."""
        if self.guidance_above is not None and value >= self.guidance_above:
            return Side.HIGH
        if self._is_below(value, self.guidance_below):
            return Side.LOW
        return Side.WITHIN

    def is_for_referral(self, value: Decimal) -> bool:
        """Whether a value reaches 受診勧奨判定値."""
        above = self.referral_above is not None and value >= self.referral_above
        return above or self._is_below(value, self.referral_below)

    def _is_below(self, value: Decimal, limit: Decimal | None) -> bool:
        return limit is not None and (value < limit or (self.inclusive and value == limit))


@dataclass(frozen=True, slots=True)
class CheckupItem:
    """What is known of an analyte.  ``unit``: the one that bands and chart are in."""

    place: int
    analyte: str
    ja: str
    en: str
    group: ItemGroup
    unit: str | None = None
    chart: tuple[Decimal, Decimal] | None = None
    answers: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    answers_before_2024: Mapping[str, tuple[str, str]] | None = None
    bands: Mapping[Sex, Band] = field(default_factory=dict)

    def band_for(self, sex: Sex | None, unit: str | None) -> Band | None:
        """Return the band of this sex, None where none is known for it in this unit."""
        if unit is None or self.unit is None or same_unit(unit) != same_unit(self.unit):
            return None
        if sex is not None and sex in self.bands:
            return self.bands[sex]
        return self.bands[Sex.MALE] if self._same_for_all() else None

    def _same_for_all(self) -> bool:
        return bool(self.bands) and len(set(self.bands.values())) == 1


def item_of(code: str) -> CheckupItem | None:
    """Return what is known of an item code, None where nothing is."""
    return _items().get(JlacCode.of(code).analyte)


def bands_source() -> str:
    """Return where the bands come from (Japanese)."""
    return str(_content()["bands_source"])


def answer_of(observation: CheckupObservation) -> tuple[str, str] | str | None:
    """Return what a coded result means: ja and en where the item's answers are known.

    Else the payer's own words, or None where there is only a code, which must be shown as it is.
    """
    result = observation.value
    if not isinstance(result, CodedResult):
        return None
    item = item_of(observation.item_code)
    if item is not None:
        answers = item.answers
        if item.answers_before_2024 is not None and observation.effective_date < _NEW_ANSWERS:
            answers = item.answers_before_2024
        known = answers.get(result.code)
        if known is not None and result.words in (None, known[0]):
            return known
    return result.words


def same_unit(unit: str) -> str:
    """Return one spelling for the spellings of one unit; other units stay as they are."""
    return _SPELLINGS.get(unit, unit)


_SPELLINGS = MappingProxyType(
    {
        "mm[Hg]": "mmHg",
        "mg/dl": "mg/dL",
        "g/dl": "g/dL",
        "U/l": "U/L",
        "kg/m^2": "kg/m2",
        "kg/㎡": "kg/m2",
        "mL/min/{1.73_m2}": "mL/min/1.73m2",
        "ml/min/1.73m2": "mL/min/1.73m2",
        "mL/min/1.73㎡": "mL/min/1.73m2",
        "％": "%",
        "㎝": "cm",
        "㎏": "kg",
    }
)


@cache
def _content() -> dict[str, Any]:
    return tomllib.loads(_FILE.read_text(encoding="utf-8"), parse_float=Decimal)


@cache
def _items() -> Mapping[str, CheckupItem]:
    content = _content()
    answers = {
        name: {code: (words[0], words[1]) for code, words in entries.items()}
        for name, entries in content["answers"].items()
    }
    return MappingProxyType(
        {
            analyte: _item(place, analyte, entry, answers)
            for place, (analyte, entry) in enumerate(content["items"].items())
        }
    )


def _item(
    place: int, analyte: str, entry: dict[str, Any], answers: dict[str, dict[str, tuple[str, str]]]
) -> CheckupItem:
    chart = entry.get("chart")
    before = entry.get("answers_before_2024")
    return CheckupItem(
        place=place,
        analyte=analyte,
        ja=entry["ja"],
        en=entry["en"],
        group=ItemGroup(entry["group"]),
        unit=entry.get("unit"),
        chart=None if chart is None else (Decimal(chart[0]), Decimal(chart[1])),
        answers=answers[entry["answers"]] if "answers" in entry else {},
        answers_before_2024=None if before is None else answers[before],
        bands=_bands(entry),
    )


def _bands(entry: dict[str, Any]) -> dict[Sex, Band]:
    """Return the band of each sex; a limit is one number, or one for each."""

    def limit(name: str, sex: str) -> Decimal | None:
        value = entry.get(name)
        value = value.get(sex) if isinstance(value, dict) else value
        return None if value is None else Decimal(value)

    bands = {}
    for name, sex in _SEXES.items():
        inclusive = "guidance_to" in entry
        band = Band(
            guidance_above=limit("guidance_from", name),
            referral_above=limit("referral_from", name),
            guidance_below=limit("guidance_to" if inclusive else "guidance_below", name),
            referral_below=limit("referral_to" if inclusive else "referral_below", name),
            inclusive=inclusive,
        )
        if band != Band(inclusive=inclusive):
            bands[sex] = band
    return bands
