"""The rules of consent: what a round of answers allows, for how long, and what closes it.  Pure.

A consent never grows: it opens what was answered with yes, from when it was given until the payer's
AvailableTime, at most 24 h, whatever waited in between; the clock is compared at each look.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from eligibility.codes import ConsentCategory
from eligibility.consenting import ActingFor, ConsentEnd
from eligibility.emergency import HistoryGround
from eligibility.model import (
    Confirmation,
    Consent,
    ConsentChannel,
    ConsentDecision,
    Coverage,
    Subject,
)
from eligibility.payer import ConsentReceipt, IdentificationMethod, may_open_history
from terminal.identification import Identification
from terminal.views import ConsentItem, HistoryClosed

CONSENT_LIVES = timedelta(hours=24)
HISTORY_CATEGORIES = (
    ConsentCategory.YZK,
    ConsentCategory.SRJ,
    ConsentCategory.SHJ,
    ConsentCategory.TKK,
)
"""What a yes opens as history; 特定疾病 (TSR) is a certificate beside the coverage."""


def consent_from_answers(
    visit_id: str,
    subject: Subject,
    answers: Mapping[ConsentItem, ConsentDecision],
    given_at: datetime,
    acting_for: ActingFor | None = None,
) -> Consent:
    """Return the consent value of one kiosk round; what was not answered is no.

    Categories that the kiosk did not ask about stay NOT_ASKED.  ``acting_for``: who answered in
    the patient's place.
    """
    decisions = dict.fromkeys(ConsentCategory, ConsentDecision.NOT_ASKED)
    for item in ConsentItem:
        if item in answers:
            decisions.update(dict.fromkeys(item.categories, answers[item]))
    return Consent(
        id=uuid.uuid4().hex,
        visit_id=visit_id,
        subject=subject,
        decisions=decisions,
        given_at=given_at,
        ends_at=given_at + CONSENT_LIVES,
        channel=ConsentChannel.KIOSK,
        acting_for=acting_for,
    )


def registered(consent: Consent, payer_patient: str, receipt: ConsentReceipt) -> Consent:
    """Return a consent as the payer registered it, however late that was.

    The payer may end it sooner, never later than it ends anyway.
    """
    return replace(
        consent,
        payer_ref=receipt.payer_ref,
        payer_patient=payer_patient,
        ends_at=min(consent.ends_at, receipt.available_until),
    )


def ended(consent: Consent, by: ConsentEnd, at: datetime) -> Consent:
    """Return a consent that ended before its time; one that was over stays as it was."""
    if is_over(consent, at):
        return consent
    return replace(consent, withdrawn_at=at, ended_by=by)


def is_over(consent: Consent, now: datetime) -> bool:
    """Whether a consent was withdrawn or its time is up."""
    return consent.withdrawn_at is not None or now >= consent.ends_at


def has_end_to_tell(consent: Consent, now: datetime) -> bool:
    """Whether the payer still has to be told that a consent it registered is over.

    Where the payer never heard of it there is nothing to tell, nor once its time is up anyway.
    """
    return (
        consent.payer_ref is not None
        and consent.end_told_at is None
        and consent.ended_by is not None
        and consent.ended_by.lapse is not None
        and now < consent.ends_at
    )


def open_categories(ground: HistoryGround | None, now: datetime) -> frozenset[ConsentCategory]:
    """Return what may be fetched and shown now."""
    if ground is None:
        return frozenset()
    return frozenset(c for c in HISTORY_CATEGORIES if ground.allows(c, now))


def open_items(consent: Consent | None, now: datetime) -> tuple[ConsentItem, ...]:
    """Return the items that are wholly allowed now."""
    if consent is None:
        return ()
    return tuple(
        item for item in ConsentItem if all(consent.allows(one, now) for one in item.categories)
    )


def history_closed_because(
    consent: Consent | None,
    confirmation: Confirmation | None,
    now: datetime,
    identified: Identification | None = None,
) -> HistoryClosed | None:
    """Return why a visit's history is closed to everybody, or None where consent opens it.

    ``identified``: by which the payer may be one that opens none.
    """
    if consent is None:
        granted = (
            identified is None
            # who came was established at the payer's own reader, and nobody was asked there
            or identified.method is IdentificationMethod.PAYER_ASSERTED
            or may_open_history(identified.method, identified.proof)
        )
        return HistoryClosed.NOT_ASKED if granted else HistoryClosed.NOT_GRANTED
    if consent.withdrawn_at is not None:
        return HistoryClosed.WITHDRAWN
    if now >= consent.ends_at:
        return HistoryClosed.ENDED
    if not open_categories(consent, now):
        return HistoryClosed.REFUSED
    return not_standing_because(confirmation)


def not_standing_because(confirmation: Confirmation | None) -> HistoryClosed | None:
    """Return why nothing can be opened upon what the payer said of the person, or None."""
    if confirmation is None or not confirmation.source.is_todays_answer:
        return HistoryClosed.NOT_CONFIRMED
    if any(finding.blocks_history for finding in confirmation.findings):
        return HistoryClosed.BLOCKED_BY_FINDING
    return None


def without_refused(coverage: Coverage, consent: Consent | None) -> Coverage:
    """Return what of a coverage may be shown where a patient spoke of 特定疾病 (TSR).

    The payer tells the certificates of specific diseases upon a consent of its own.  A patient who
    said no here, or withdrew the yes, hides them here; the yes itself has no end of its own, since
    the clinic bills by it.
    """
    if consent is None or not coverage.specific_diseases_certificates:
        return coverage
    decision = consent.decisions.get(ConsentCategory.TSR, ConsentDecision.NOT_ASKED)
    withdrawn = consent.withdrawn_at is not None
    if decision is ConsentDecision.NO or (decision is ConsentDecision.YES and withdrawn):
        return replace(coverage, specific_diseases_certificates=())
    return coverage
