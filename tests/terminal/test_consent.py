from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eligibility.codes import ConsentCategory, QualificationValidity
from eligibility.consenting import ConsentEnd
from eligibility.model import (
    CardSubject,
    Confirmation,
    ConfirmationSource,
    ConsentDecision,
    Finding,
    FindingCode,
    Severity,
)
from eligibility.payer import ConsentReceipt
from terminal.consent_rules import (
    CONSENT_LIVES,
    consent_from_answers,
    ended,
    has_end_to_tell,
    history_closed_because,
    open_categories,
    registered,
)
from terminal.views import ConsentItem, HistoryClosed

NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
SUBJECT = CardSubject("CN=CA", "1a2b")
LIVE = Confirmation("c", "v", "a", NOW, NOW, ConfirmationSource.LIVE, QualificationValidity.VALID)
YES, NO = ConsentDecision.YES, ConsentDecision.NO

answers = st.dictionaries(st.sampled_from(ConsentItem), st.sampled_from((YES, NO)))


@given(answers, st.timedeltas(timedelta(days=-3), timedelta(days=3)))
def test_only_a_yes_opens_and_only_for_24_hours(
    given_answers: dict[ConsentItem, ConsentDecision], later: timedelta
) -> None:
    """A category is open exactly while a yes that covers it lives."""
    consent = consent_from_answers("v", SUBJECT, given_answers, NOW)
    agreed = {c for item, d in given_answers.items() if d is YES for c in item.categories}
    agreed -= {ConsentCategory.TSR}  # a certificate beside the coverage, no history
    living = timedelta() <= later < CONSENT_LIVES
    assert open_categories(consent, NOW + later) == (agreed if living else set())


def test_what_was_not_asked_is_not_a_no() -> None:
    """An item that this institution does not ask: the payer is told so, not that it was refused."""
    consent = consent_from_answers("v", SUBJECT, {ConsentItem.CHECKUPS: NO}, NOW)
    assert consent.decisions[ConsentCategory.SHJ] is ConsentDecision.NOT_ASKED
    assert consent.decisions[ConsentCategory.TKK] is NO


def _blocked() -> Confirmation:
    finding = Finding(FindingCode.OTHER_PERSON, Severity.STOP, blocks_history=True)
    return replace(LIVE, findings=(finding,))


@pytest.mark.parametrize(
    ("confirmation", "why"),
    [
        (LIVE, None),
        (None, HistoryClosed.NOT_CONFIRMED),
        (replace(LIVE, source=ConfirmationSource.RECORDED), HistoryClosed.NOT_CONFIRMED),
        (_blocked(), HistoryClosed.BLOCKED_BY_FINDING),
    ],
)
def test_a_yes_opens_nothing_without_a_live_confirmation(
    confirmation: Confirmation | None, why: HistoryClosed | None
) -> None:
    """Consent alone is not enough: the payer must have confirmed this person now."""
    consent = consent_from_answers("v", SUBJECT, {ConsentItem.CHECKUPS: YES}, NOW)
    assert history_closed_because(consent, confirmation, NOW) is why


def test_a_withdrawn_consent_is_over_at_once() -> None:
    """Withdrawing ends a consent before its time."""
    consent = consent_from_answers("v", SUBJECT, {ConsentItem.CHECKUPS: YES}, NOW)
    withdrawn = replace(consent, withdrawn_at=NOW)
    assert history_closed_because(withdrawn, LIVE, NOW) is HistoryClosed.WITHDRAWN


@given(
    queued=st.timedeltas(timedelta(0), timedelta(days=2)),
    available=st.timedeltas(timedelta(days=-1), timedelta(days=400)),
    withdrawn=st.none() | st.timedeltas(timedelta(0), timedelta(days=2)),
    looked=st.timedeltas(timedelta(days=-1), timedelta(days=3)),
)
def test_neither_queue_nor_payer_extends_a_consent(
    queued: timedelta,
    available: timedelta,
    withdrawn: timedelta | None,
    looked: timedelta,
) -> None:
    """Whenever it was registered, whatever the payer says: open from the yes for 24 h at most."""
    consent = consent_from_answers("v", SUBJECT, {ConsentItem.CHECKUPS: YES}, NOW)
    until = NOW + queued + available
    told = registered(consent, "Patient/p", ConsentReceipt("pc-1", until))
    if withdrawn is not None:
        told = ended(told, ConsentEnd.PATIENT, NOW + withdrawn)
    end = min(until, NOW + CONSENT_LIVES)
    if withdrawn is not None and withdrawn < end - NOW:
        # from the moment of the withdrawal on it is none, also for a look at an earlier time
        end = NOW
    is_open = open_categories(told, NOW + looked) == {ConsentCategory.TKK}
    assert is_open is (NOW <= NOW + looked < end)


@given(
    withdrawn=st.timedeltas(timedelta(0), timedelta(days=2)),
    by=st.sampled_from(ConsentEnd),
    looked=st.timedeltas(timedelta(0), timedelta(days=2)),
    known=st.booleans(),
)
def test_an_end_is_told_while_it_matters(
    withdrawn: timedelta, by: ConsentEnd, looked: timedelta, known: bool
) -> None:
    """Only what the payer registered, no newer consent tells and its time does not close."""
    consent = consent_from_answers("v", SUBJECT, {ConsentItem.CHECKUPS: YES}, NOW)
    if known:
        until = NOW + CONSENT_LIVES
        consent = registered(consent, "Patient/p", ConsentReceipt("pc-1", until))
    over = ended(consent, by, NOW + withdrawn)
    matters = known and by is not ConsentEnd.REPLACED and withdrawn < CONSENT_LIVES
    assert has_end_to_tell(over, NOW + looked) is (matters and looked < CONSENT_LIVES)
    assert not has_end_to_tell(consent, NOW + looked)
