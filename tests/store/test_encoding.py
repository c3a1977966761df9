from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eligibility.codes import ConsentCategory, Sex, UnknownCode
from eligibility.model import (
    NOT_READ,
    AnswerOutcome,
    CardSubject,
    Confirmation,
    Consent,
    ConsentDecision,
    CopayRatio,
    Coverage,
    ElderlyRecipientCertificate,
    Finding,
    FindingCode,
    InsuredPerson,
    NotRead,
    PayerAnswer,
    Severity,
)
from eligibility.payer import Challenge, HolderEvidence
from terminal.identification import HolderRecord, Identification
from terminal.payer.question import Question
from terminal.store.encoding import Decoder, decode_moment, encode, encode_moment
from terminal.visit import Visit
from tests.store.builders import MORNING, a_confirmation

MOMENTS = st.datetimes(
    min_value=datetime(1900, 1, 1),  # noqa: DTZ001  # hypothesis adds the zone
    max_value=datetime(2200, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from(
        [UTC, timezone(timedelta(hours=9)), timezone(-timedelta(hours=3, minutes=30))]
    ),
)
MAYBE_MOMENTS = st.none() | MOMENTS
UNKNOWN = st.builds(UnknownCode)
RATIOS = st.none() | UNKNOWN | st.builds(CopayRatio, st.integers(0, 100))
ELDERLY = st.none() | st.builds(ElderlyRecipientCertificate, contribution_ratio=RATIOS)
COVERAGES = st.builds(
    Coverage,
    insured_partial_contribution_ratio=RATIOS,
    elderly_recipient_certificate=ELDERLY,
)
ANSWERS = st.builds(
    PayerAnswer,
    received_at=MOMENTS,
    results=st.lists(COVERAGES, max_size=2).map(tuple),
)
READINGS = st.text() | st.just(NOT_READ)
FINDINGS = st.builds(
    Finding, on_card=READINGS, from_payer=READINGS, recorded=READINGS, in_record=READINGS
)
CONFIRMATIONS = st.builds(
    Confirmation,
    as_of=MOMENTS,
    made_at=MOMENTS,
    findings=st.lists(FINDINGS, max_size=3).map(tuple),
)
CONSENTS = st.builds(Consent, given_at=MOMENTS, ends_at=MOMENTS, withdrawn_at=MAYBE_MOMENTS)
CHALLENGES = st.none() | st.builds(Challenge, issued_at=MOMENTS)
EVIDENCE = st.builds(HolderEvidence, identified_at=MOMENTS, challenge=CHALLENGES)
IDENTIFICATIONS = st.builds(Identification, evidence=EVIDENCE)
HOLDERS = st.builds(HolderRecord, read_at=MOMENTS)
QUESTIONS = st.builds(Question, created_at=MOMENTS, next_at=MOMENTS, expires_at=MOMENTS)
VISITS = st.builds(Visit, opened_at=MOMENTS, closed_at=MAYBE_MOMENTS)
DECODERS: dict[type, Decoder[Any]] = {
    kind: Decoder(kind)
    for kind in (PayerAnswer, Confirmation, Consent, HolderRecord, Identification, Question, Visit)
}


@given(ANSWERS | CONFIRMATIONS | CONSENTS | HOLDERS | IDENTIFICATIONS | QUESTIONS | VISITS)
def test_every_record_comes_back_as_it_was(record: object) -> None:
    """A record that was encoded and decoded is equal, and its text is the same again."""
    body = encode(record)
    again = DECODERS[type(record)](body)
    assert again == record
    assert encode(again) == body


@given(CONFIRMATIONS)
def test_what_nobody_read_is_told_from_words_that_were_read(confirmation: Confirmation) -> None:
    """NOT_READ comes back as itself, and the words "not-read" on a card as words."""
    again = DECODERS[Confirmation](encode(confirmation))
    for before, after in zip(confirmation.findings, again.findings, strict=True):
        for name in ("on_card", "from_payer", "recorded", "in_record"):
            was, became = getattr(before, name), getattr(after, name)
            assert isinstance(was, NotRead) == isinstance(became, NotRead)


def test_words_that_look_like_not_read_stay_words() -> None:
    """A card that really says "not-read" was read."""
    finding = Finding(
        FindingCode.OTHER_PERSON, Severity.STOP, on_card="not-read", recorded=NOT_READ
    )
    again = DECODERS[Confirmation](encode(a_confirmation(findings=(finding,)))).findings[0]
    assert not isinstance(again.on_card, NotRead)
    assert again.recorded is NOT_READ


@given(MOMENTS, MOMENTS)
def test_text_order_is_time_order(one: datetime, other: datetime) -> None:
    """Stored moments have one width and sort as text as they do in time, whatever their zone."""
    first, second = encode_moment(one), encode_moment(other)
    assert len(first) == len(second) == 27
    assert (first < second) == (one < other)
    assert decode_moment(first) == one


def test_moment_without_zone_is_refused() -> None:
    """A moment that could be any of 24 hours is an error, not a guess."""
    with pytest.raises(ValueError, match="time zone"):
        encode_moment(datetime(2026, 11, 24))  # noqa: DTZ001  # what is tested


def test_records_of_unknown_kind_are_refused() -> None:
    """What has no agreed form, such as a path or a float, is not stored."""
    with pytest.raises(TypeError, match="cannot be stored"):
        encode(CardSubject("CN=x", Path("/")))  # type: ignore[arg-type]  # what is tested
    with pytest.raises(TypeError, match="cannot be stored"):
        encode(CopayRatio(0.5))  # type: ignore[arg-type]  # what is tested


def test_codes_are_stored_by_value_and_unknown_ones_verbatim() -> None:
    """A known code is its value; an unknown one keeps its table and value."""
    person = InsuredPerson("x", MORNING.date(), Sex.FEMALE)
    odd = InsuredPerson("x", MORNING.date(), UnknownCode("Sex", "9"))
    assert json.loads(encode(person))["sex"] == "2"
    assert json.loads(encode(odd))["sex"] == {"table": "Sex", "value": "9"}
    assert Decoder(InsuredPerson)(encode(odd)) == odd


@pytest.mark.parametrize(
    "damage",
    [
        {"outcome": "splendid"},
        {"qualification_validity": "7"},
        {"received_at": "yesterday"},
        {"subject": None},
        {"results": [{}]},
    ],
)
def test_body_that_does_not_fit_is_an_error(damage: dict[str, object]) -> None:
    """A body that lacks or misstates something is refused whole."""
    answer = PayerAnswer(
        "a", "q", "fhir", MORNING, b"", AnswerOutcome.COMPLETE, CardSubject("i", "1"), None
    )
    body = json.loads(encode(answer)) | damage
    with pytest.raises(ValueError, match="validation error"):
        DECODERS[PayerAnswer](json.dumps(body))


def test_decisions_keep_their_categories() -> None:
    """A mapping by codes is stored under the codes' values and read back by codes."""
    consent = DECODERS[Consent](
        '{"id":"k","visit_id":"v","subject":{"issuer":"i","serial":"1"},'
        '"decisions":{"YZK":"yes"},"given_at":"2026-11-24T00:00:00.000000Z",'
        '"ends_at":"2026-11-25T00:00:00.000000Z","channel":"kiosk"}'
    )
    assert consent.decisions == {ConsentCategory.YZK: ConsentDecision.YES}
    assert consent.allows(ConsentCategory.YZK, MORNING)
