"""Does a coverage stand on a day, and what share does the patient pay."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from eligibility.codes import (
    InsuredCardClassification,
    Sex,
    UnknownCode,
)
from eligibility.model import CopayRatio, Coverage, ElderlyRecipientCertificate, InsuredPerson
from eligibility.validity import (
    DateVerdict,
    copay_ratio_on,
    dates_on,
    pays_in_full,
    ratios_disagree_on,
)

DAY = date(2026, 11, 24)
COVERAGE = Coverage(
    person=InsuredPerson("見本　太郎", date(1984, 5, 17), Sex.MALE),
    insured_card_classification=InsuredCardClassification.GENERAL,
    insurer_number="01130012",
    insurer_name="見本健康保険協会",
)
ELDERLY = ElderlyRecipientCertificate(CopayRatio(20), date(2026, 8, 1), date(2027, 7, 31))
UNKNOWN_RATIO = UnknownCode("ContributionRatio", "Z")


@pytest.mark.parametrize(
    ("dates", "verdict"),
    [
        ({}, DateVerdict.NO_DATES),
        ({"qualification_date": DAY}, DateVerdict.IN_FORCE),
        ({"qualification_date": date(2026, 11, 25)}, DateVerdict.NOT_YET),
        ({"disqualification_date": DAY}, DateVerdict.LOST),
        ({"disqualification_date": date(2026, 11, 25)}, DateVerdict.IN_FORCE),
        ({"insured_card_expiration_date": DAY}, DateVerdict.IN_FORCE),
        ({"insured_card_expiration_date": date(2026, 11, 23)}, DateVerdict.CARD_EXPIRED),
        ({"insured_card_valid_date": DAY}, DateVerdict.IN_FORCE),
        ({"insured_card_valid_date": date(2026, 11, 25)}, DateVerdict.CARD_NOT_YET_VALID),
    ],
)
def test_the_first_and_the_last_day(dates: dict[str, date], verdict: DateVerdict) -> None:
    """The day of loss is the first day without cover, the day of expiry the last day with it."""
    dated = replace(COVERAGE, **dates)  # type: ignore[arg-type]  # fields by name
    assert dates_on(dated, DAY) is verdict


@pytest.mark.parametrize(
    ("general", "elderly", "applies"),
    [
        (None, None, None),
        (CopayRatio(30), None, CopayRatio(30)),
        (UNKNOWN_RATIO, None, None),
        (CopayRatio(20), ELDERLY, CopayRatio(20)),
        (None, ELDERLY, CopayRatio(20)),
        (CopayRatio(30), ELDERLY, None),
        (UNKNOWN_RATIO, ELDERLY, None),
        (CopayRatio(30), replace(ELDERLY, contribution_ratio=None), None),
        (CopayRatio(30), replace(ELDERLY, contribution_ratio=UNKNOWN_RATIO), None),
        (CopayRatio(30), replace(ELDERLY, valid_end_date=date(2026, 11, 23)), CopayRatio(30)),
        (CopayRatio(30), replace(ELDERLY, valid_start_date=date(2026, 11, 25)), CopayRatio(30)),
        (CopayRatio(20), replace(ELDERLY, valid_end_date=DAY), CopayRatio(20)),
    ],
)
def test_the_ratio_that_applies(
    general: CopayRatio | UnknownCode | None,
    elderly: ElderlyRecipientCertificate | None,
    applies: CopayRatio | None,
) -> None:
    """A ratio applies only where it is certain; a certificate counts on its own days alone."""
    coverage = replace(
        COVERAGE,
        insured_partial_contribution_ratio=general,
        elderly_recipient_certificate=elderly,
    )
    assert copay_ratio_on(coverage, DAY) == applies


def test_two_ratios_disagree_only_where_both_are_known_and_stand() -> None:
    """A code that cannot be read is no second ratio."""
    both = replace(
        COVERAGE,
        insured_partial_contribution_ratio=CopayRatio(30),
        elderly_recipient_certificate=ELDERLY,
    )
    assert ratios_disagree_on(both, DAY)
    assert not ratios_disagree_on(both, date(2026, 7, 31))
    assert not ratios_disagree_on(
        replace(both, insured_partial_contribution_ratio=UNKNOWN_RATIO), DAY
    )


def test_special_expenses_are_paid_in_full() -> None:
    """For 特別療養費 no ratio applies, even if one is named; short-term cards are ordinary."""
    special = replace(
        COVERAGE,
        insured_card_classification=InsuredCardClassification.SPECIAL_EXPENSES,
        insured_partial_contribution_ratio=CopayRatio(30),
    )
    assert pays_in_full(special)
    assert copay_ratio_on(special, DAY) is None
    short = replace(special, insured_card_classification=InsuredCardClassification.SHORT_GENERAL)
    assert copay_ratio_on(short, DAY) == CopayRatio(30)
