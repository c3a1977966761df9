"""The one thing that staff have to do for a visit: pure rules, no I/O."""

from __future__ import annotations

from eligibility.model import Confirmation, Severity
from terminal.errors import LookReason
from terminal.payer.question import Question, QuestionProblem, QuestionState
from terminal.staff_look import look_refused_because
from terminal.views import DeskNeed
from terminal.visit import WITHOUT_CARD, StaffNeed, Visit, VisitState

UNANSWERED = (QuestionState.REFUSED, QuestionState.GIVEN_TO_STAFF)
SEVERITIES = (Severity.STOP, Severity.WARN, Severity.NOTE)


def need_of(
    visit: Visit,
    question: Question | None,
    confirmation: Confirmation | None,
    *,
    decided: bool = False,
) -> DeskNeed:
    """Return the one thing that staff have to do for a visit.

    ``decided``: staff decided without the payer, which has not answered since.
    """
    if visit.state is VisitState.WITH_STAFF:
        return _need_with_staff(visit)
    if visit.staff_need is not None and visit.state is VisitState.IDENTIFIED:
        return DeskNeed.HELP
    if visit.state is VisitState.OPENED:
        return DeskNeed.PATIENT_IS_BUSY
    if visit.state is VisitState.ABANDONED:
        return DeskNeed.NOTHING
    if question is not None and question.state in UNANSWERED:
        if decided:
            return DeskNeed.NOTHING
        if visit.origin in WITHOUT_CARD:
            return DeskNeed.ENQUIRE_AGAIN
        unregistered = question.problem is QuestionProblem.NOT_REGISTERED
        return DeskNeed.OTHER_WAY if unregistered else DeskNeed.TAP_AGAIN
    if confirmation is not None and worst_of(confirmation) is Severity.STOP:
        return DeskNeed.SETTLE_FINDING
    if question is not None and question.state is not QuestionState.ANSWERED:
        return DeskNeed.WAIT_FOR_PAYER
    if confirmation is not None and worst_of(confirmation) is Severity.WARN:
        return DeskNeed.SETTLE_FINDING
    return DeskNeed.NOTHING


def _need_with_staff(visit: Visit) -> DeskNeed:
    """A look helps only where there is a certificate that holds and a photo to compare with."""
    if visit.staff_need in (StaffNeed.OTHER_READER, StaffNeed.NO_QUALIFICATION):
        return DeskNeed.OTHER_WAY
    refused = look_refused_because(visit)
    if refused is LookReason.NO_CARD:
        return DeskNeed.HELP
    if refused is not None:
        return DeskNeed.HELP if visit.staff_need is StaffNeed.CALLED else DeskNeed.OTHER_WAY
    return DeskNeed.TAP_AGAIN if visit.staff_need is StaffNeed.CARD_UNREADABLE else DeskNeed.LOOK


def worst_of(confirmation: Confirmation) -> Severity | None:
    """Return the gravest severity among the findings."""
    found = {finding.severity for finding in confirmation.findings}
    return next((severity for severity in SEVERITIES if severity in found), None)
