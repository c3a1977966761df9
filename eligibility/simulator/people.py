"""A synthetic person as the payer's register holds it, and what its story is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum, StrEnum

from eligibility.codes import (
    LimitCategory,
    PersonalFamilyClassification,
    PrescriptionIssue,
    Sex,
    SpecificDisease,
)
from eligibility.simulator.insurers import Insurer, Scheme


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
    ASSISTANCE_TICKET = "assistance-ticket"
    ASSISTANCE_TOO = "assistance-too"
    NEW_JOB = "new-job"


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


class Recorded(StrEnum):
    """How much is on record of a person, and how tidy it is."""

    ORDINARY = "ordinary"
    NOTHING = "nothing"
    MUCH = "much"
    UNTIDY = "untidy"


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
class Persona:
    """A person with a story; ``age`` in years on the day the demo is made."""

    slug: str
    name: tuple[str, str]
    kana: tuple[str, str]
    age: int
    sex: Sex
    scheme: Scheme
    story: Story
    situation: Situation = Situation.VALID
    family: PersonalFamilyClassification = PersonalFamilyClassification.INSURED
    elderly_percent: int = 10
    limit_category: LimitCategory | None = None
    conditions: tuple[Condition, ...] = ()
    card_condition: CardCondition = CardCondition.NORMAL
    insurance_card: bool = True
    reissued: Story | None = None
    specific_disease: SpecificDisease | None = None
    recorded: Recorded = Recorded.ORDINARY
    taken_for: tuple[str, str] | None = None
    """The name of somebody else of the same reading, whose entry the register has for the card."""


@dataclass(frozen=True, slots=True)
class Person:
    """One person; nothing here depends on the day on which it is looked at.

    ``name``: as on the card; ``registered_name``: as the payer's register can write it.
    ``elderly_percent``: the ratio from 70 on, by income.  ``limit_category``: of the limit
    certificate, if the person holds one.  ``insurance_card``: whether the card was registered as an
    insurance card (健康保険証利用登録).  ``reissued``: the story of a second card, with which the
    person comes as well after the first one was replaced.  ``insured_name``: of the insured person,
    for a family member.  ``reference_number``: 照会番号.

    What the register has wrong: ``registered_name`` with ● or as no claim takes it, ``large_kana``,
    ``registered_address`` and ``registered_percent`` where they are not the true ones, and
    ``linked``: the other person whose entry the payer finds for this one's card.
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
    insured_name: str | None = None
    name_in_use: tuple[str, str] | None = None
    sex2: Sex | None = None
    reference_number: str | None = None
    prescription: PrescriptionIssue | None = None
    specific_disease: SpecificDisease | None = None
    registered_address: str | None = None
    registered_percent: int | None = None
    linked: Person | None = None
    recorded: Recorded = Recorded.ORDINARY


def age_on(birthdate: date, day: date) -> int:
    """Return full years on ``day``."""
    before = (day.month, day.day) < (birthdate.month, birthdate.day)
    return day.year - birthdate.year - before


def below_school_age(birthdate: date, day: date) -> bool:
    """Whether 義務教育就学前: until 31 March after the sixth birthday, that of 1 April included."""
    late = (birthdate.month, birthdate.day) > (4, 1)
    return day < date(birthdate.year + 6 + late, 4, 1)
