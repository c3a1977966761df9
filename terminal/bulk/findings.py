"""What an answer before the day says beside the last one and the clinic's own record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from eligibility.holder import Match, compare_names
from eligibility.model import Coverage, Finding, FindingCode, NumberSubject, PayerAnswer
from eligibility.reconcile import reconcile
from terminal.bulk.run import BulkItem
from terminal.confirming import DOUBTFUL, is_doubtful
from terminal.store import Transaction


def findings_about(tx: Transaction, item: BulkItem, answer: PayerAnswer) -> tuple[Finding, ...]:
    """Return what staff must know of this answer; nothing is stored.

    The last answer is the last before this day's checks, so that a change which the evening found
    is still one in the morning.
    """
    found = reconcile(
        answer,
        recorded=last_answer(tx, item),
        today=item.asked_on or item.day,
        certificate_not_after=None,
        in_grace=False,
        revocation_not_checked=False,
        record=item.record,
    )
    if item.patient_number is not None:
        return found
    # the list names no number of ours that the payer's could contradict
    return tuple(one for one in found if one.code is not FindingCode.REFERENCE_OF_ANOTHER_RECORD)


def last_answer(tx: Transaction, item: BulkItem) -> PayerAnswer | None:
    """Return the newest certain answer about this person before the day's own, None without one.

    It is that of an earlier check of the same patient number, or a visit's that names the number
    asked by, birth date and name; it is returned as one about the subject that is asked about now.
    """
    found = [*_of_earlier_checks(tx, item), *_of_visits(tx, item)]
    if not found:
        return None
    return replace(max(found, key=lambda one: one.received_at), subject=item.subject)


def _of_earlier_checks(tx: Transaction, item: BulkItem) -> Iterator[PayerAnswer]:
    if item.patient_number is None:
        earlier = tx.bulk.answered_of_key(item.key, item.day)
    else:
        earlier = tx.bulk.answered_of_patient(item.patient_number, item.day)
    for one in earlier:
        if any(finding.code in DOUBTFUL for finding in one.findings):
            continue
        answer = tx.bulk.answer_to(one.id)
        if answer is not None and answer.results:
            # a number that was given to another patient since says nothing of this one
            if all(_is_person(item, coverage) for coverage in answer.results):
                yield answer
            return


def _of_visits(tx: Transaction, item: BulkItem) -> Iterator[PayerAnswer]:
    subject = item.subject
    confirmations = tx.confirmations.live_for_insured(
        subject.insurer_number, subject.insured_identification_number
    )
    for confirmation in confirmations:
        if is_doubtful(confirmation):
            continue
        answer = tx.answers.get(confirmation.answer_id)
        if answer.results and all(is_of(item, coverage) for coverage in answer.results):
            yield answer
            return


def is_of(item: BulkItem, coverage: Coverage) -> bool:
    """Whether a coverage is certainly of the person that an item expects, not of their family."""
    return _is_person(item, coverage) and _may_be_branch(item.subject, coverage)


def _is_person(item: BulkItem, coverage: Coverage) -> bool:
    person = coverage.person
    same = compare_names(item.record.name, person.name) in (Match.SAME, Match.WRITTEN_OTHERWISE)
    return same and person.birthdate == item.record.birthdate


def _may_be_branch(subject: NumberSubject, coverage: Coverage) -> bool:
    ours, theirs = subject.insured_branch_number, coverage.insured_branch_number
    return not ours or not theirs or ours == theirs
