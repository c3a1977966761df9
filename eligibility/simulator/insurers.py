"""Insurers of the synthetic population: every law number (法別番号), with right check digits."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from eligibility.numbers import luhn_check_digit


class Scheme(Enum):
    """A kind of insurer: law number, the name's ending, whether family members are covered."""

    JAPAN_HEALTH = ("01", "健康保険協会", True)
    SEAMEN = ("02", "船員保険", True)
    DAY_LABOURERS = ("03", "健康保険（日雇特例）", True)
    DAY_LABOURERS_SPECIAL = ("04", "健康保険（日雇特例・特別）", True)
    SOCIETY = ("06", "健康保険組合", True)
    SELF_DEFENCE = ("07", "自衛隊", False)
    STATE_OFFICIALS = ("31", "国家公務員共済組合", True)
    LOCAL_OFFICIALS = ("32", "市町村職員共済組合", True)
    POLICE = ("33", "警察共済組合", True)
    SCHOOLS = ("34", "公立学校共済組合", True)
    LATE_ELDERLY = ("39", "後期高齢者医療広域連合", False)
    SPECIAL_SOCIETY = ("63", "健康保険組合（特例退職）", True)
    NATIONAL_RETIRED = ("67", "国民健康保険（退職）", True)
    STATE_OFFICIALS_RETIRED = ("72", "国家公務員共済組合（特例退職）", True)
    LOCAL_OFFICIALS_RETIRED = ("73", "市町村職員共済組合（特例退職）", True)
    POLICE_RETIRED = ("74", "警察共済組合（特例退職）", True)
    SCHOOLS_RETIRED = ("75", "公立学校共済組合（特例退職）", True)
    NATIONAL = ("00", "国民健康保険", True)
    MEDICAL_ASSISTANCE = ("12", "福祉事務所", False)

    def __init__(self, law: str, ending: str, covers_families: bool) -> None:
        self.law = law
        self.ending = ending
        self.covers_families = covers_families

    @property
    def shows_history(self) -> bool:
        """Whether medicines and checkups can be seen (not for 自衛官, 日雇特例 and 医療扶助)."""
        return self not in _WITHOUT_HISTORY


_WITHOUT_HISTORY = frozenset(
    {
        Scheme.SELF_DEFENCE,
        Scheme.DAY_LABOURERS,
        Scheme.DAY_LABOURERS_SPECIAL,
        Scheme.MEDICAL_ASSISTANCE,
    }
)


@dataclass(frozen=True, slots=True)
class Insurer:
    """``number``: 8 digits, national health insurance padded with two zeros."""

    scheme: Scheme
    number: str
    name: str


def make_insurer(scheme: Scheme, prefecture: str, prefecture_name: str, serial: int) -> Insurer:
    """Return the insurer with this three-digit ``serial`` in the prefecture (two digits)."""
    digits = f"{scheme.law}{prefecture}{serial:03d}"
    return Insurer(
        scheme, digits + str(luhn_check_digit(digits)), f"{prefecture_name}みほん{scheme.ending}"
    )
