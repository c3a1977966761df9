"""A synthetic person as the payer's register holds it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum, StrEnum

from eligibility.codes import LimitCategory, PersonalFamilyClassification, Sex
from eligibility.simulator.insurers import Insurer


class Situation(Enum):
    """What is the case with a person's qualification."""

    VALID = "valid"
    SHORT_TERM = "short-term"
    PAYS_IN_FULL = "pays-in-full"
    LEFT_JOB = "left-job"
    PERIOD_OVER = "period-over"
    DIED = "died"
    ON_ASSISTANCE_NOW = "on-assistance-now"
    LOST_OTHERWISE = "lost-otherwise"
    NEWER_EXISTS = "newer-exists"
    NOT_FOUND = "not-found"
    SEVERAL = "several"
    ASSISTANCE_ONLY = "assistance-only"
    ASSISTANCE_TOO = "assistance-too"


class CardCondition(StrEnum):
    """What is the case with a person's card; the card issuer makes it so."""

    NORMAL = "normal"
    LAST_TRY = "last-try"
    PIN_BLOCKED = "pin-blocked"
    EXPIRES_SOON = "expires-soon"
    EXPIRED = "expired"
    CARD_EXPIRED = "card-expired"
    FACE_ONLY = "face-only"
    IN_GRACE = "in-grace"
    NOT_LOADED = "not-loaded"
    REVOKED = "revoked"
    PHONE = "phone"


class Condition(StrEnum):
    """A lasting illness, from which medicines, treatment and checkup values follow."""

    HYPERTENSION = "hypertension"
    LIPIDS = "lipids"
    DIABETES = "diabetes"
    REFLUX = "reflux"
    INSOMNIA = "insomnia"
    BONES = "bones"
    KNEES = "knees"
    HAY_FEVER = "hay-fever"
    ASTHMA = "asthma"
    FIBRILLATION = "fibrillation"
    CONSTIPATION = "constipation"


@dataclass(frozen=True, slots=True)
class Story:
    """One sentence about a persona, for the people who try the demo."""

    ja: str
    en: str


NO_STORY = Story("架空の加入者です。", "A made-up insured person.")


@dataclass(frozen=True, slots=True)
class Person:
    """One person; nothing here depends on the day on which it is looked at.

    ``name``: as on the card; ``registered_name``: as the payer's register can write it.
    ``elderly_percent``: the ratio from 70 on, by income.  ``limit_category``: of the limit
    certificate, if the person holds one.  ``insurance_card``: whether the card was registered as an
    insurance card (健康保険証利用登録).  ``reissued``: the story of a second card, with which the
    person comes as well after the first one was replaced.
    """

    id: str
    patient_id: str
    name: str
    registered_name: str
    name_kana: str
    birthdate: date
    sex: Sex
    address: str
    post_number: str
    insurer: Insurer
    symbol: str | None
    number: str
    branch: str | None
    family: PersonalFamilyClassification
    situation: Situation = Situation.VALID
    elderly_percent: int = 10
    limit_category: LimitCategory | None = None
    large_kana: bool = False
    conditions: tuple[Condition, ...] = ()
    persona: str | None = None
    story: Story = NO_STORY
    card_condition: CardCondition = CardCondition.NORMAL
    insurance_card: bool = True
    reissued: Story | None = None


def age_on(birthdate: date, day: date) -> int:
    """Return full years on ``day``."""
    before = (day.month, day.day) < (birthdate.month, birthdate.day)
    return day.year - birthdate.year - before
