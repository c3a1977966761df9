"""A visit's consent in words: nothing that was allowed or refused is told as something else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from eligibility.codes import ConsentCategory
from eligibility.model import Consent, ConsentChannel, ConsentDecision, NumberSubject
from web import consent_words

NOON = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
YES, NO, NOT_ASKED = ConsentDecision.YES, ConsentDecision.NO, ConsentDecision.NOT_ASKED
MEDICINES, TREATMENT = ConsentCategory.YZK, ConsentCategory.SRJ


@pytest.fixture(autouse=True)
def page() -> Iterator[None]:
    """Words are made while a page in Japanese is made."""
    with Flask("words").test_request_context("/staff/"):
        yield


def consent(**decisions: ConsentDecision) -> Consent:
    """Return a consent with these decisions by category code; the others were not asked."""
    return Consent(
        id="c",
        visit_id="v",
        subject=NumberSubject("06130012", "1", NOON.date()),
        decisions={ConsentCategory(code): one for code, one in decisions.items()},  # type: ignore[call-arg]
        given_at=NOON,
        ends_at=NOON + timedelta(hours=24),
        channel=ConsentChannel.PAYER,
    )


def test_one_answer_for_both_is_told_as_one() -> None:
    """At the kiosk medicines and treatment are one item."""
    both = consent(YZK=YES, SRJ=YES, TKK=NO)
    assert consent_words.open_now(both, NOON) == ["薬と診療"]
    assert consent_words.decisions(both) == [
        ("薬と診療", YES),
        ("手術と病名", NOT_ASKED),
        ("健診", NO),
        ("特定疾病", NOT_ASKED),
    ]


def test_answers_that_differ_are_told_apart() -> None:
    """A yes to medicines alone is not a yes to treatment, and not "not asked"."""
    part = consent(YZK=YES, SRJ=NO, TKK=YES)
    assert consent_words.open_now(part, NOON) == [MEDICINES.ja, "健診"]
    said = [(MEDICINES.ja, YES), (TREATMENT.ja, NO), ("健診", YES)]
    assert [one for one in consent_words.decisions(part) if one[1] is not NOT_ASKED] == said


def test_an_ended_consent_opens_nothing() -> None:
    """What was decided is still told, what it opens is not."""
    ended = consent(YZK=YES, SRJ=YES)
    assert consent_words.open_now(ended, NOON + timedelta(hours=24)) == []
    assert consent_words.open_now(None, NOON) == []
