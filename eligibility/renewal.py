"""A card that is new while its holder is not: known by the payer's numbers alone, never by guess.

A renewed or reissued card has a certificate of another serial number, so that nothing ties it to
the former one but what the payer answers.  Insurer, symbol, number and branch belong to one person;
where they are those of a recorded answer for another certificate, and neither birth date, sex nor
name contradict, the holder is the one of that record.  Nothing is merged: staff are told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from eligibility.calendar import JAPAN
from eligibility.codes import Sex
from eligibility.model import (
    CardSubject,
    Coverage,
    Finding,
    FindingCode,
    InsuredPerson,
    PayerAnswer,
    Severity,
)
from eligibility.names import certainly_differ
from eligibility.personal_number import personal_key
from eligibility.subjects import KnownSubject, is_same_subject

_BINARY_SEX = frozenset({Sex.MALE, Sex.FEMALE})


def about_renewal(
    answer: PayerAnswer, recorded: PayerAnswer | None, others: Iterable[PayerAnswer]
) -> tuple[Finding, ...]:
    """Return what recorded answers for other certificates say of the holder of this one.

    ``recorded``: the last answer for this certificate: a card that was seen before is not told as
    new again.  ``others``: answers for whatever certificates or numbers; those that share no
    personal number are not looked at.  A CARD_RENEWED finding carries the day in ``recorded``; a
    contradiction, which forbids any link, its field and both values.
    """
    kin, found = _kin(answer, others)
    cards = [one for one in kin if isinstance(one.subject, CardSubject)]
    by_card = isinstance(answer.subject, CardSubject)
    if by_card and cards and not found and recorded is None:
        last = max(one.received_at for one in cards).astimezone(JAPAN).date().isoformat()
        found.add(Finding(FindingCode.CARD_RENEWED, Severity.NOTE, recorded=last))
    return tuple(sorted(found, key=lambda one: (one.field or "", one.recorded)))


def known_before(answer: PayerAnswer, others: Iterable[PayerAnswer]) -> tuple[KnownSubject, ...]:
    """Return as what the same person was certainly known before, the latest first.

    By the certificate of a former card, or by a number that was asked about without a card.

    ``others``: as of :func:`about_renewal`.  None at all where any of them contradicts.
    """
    kin, contradictions = _kin(answer, others)
    if contradictions:
        return ()
    kin.sort(key=lambda one: one.received_at, reverse=True)
    found = [one.subject for one in kin if isinstance(one.subject, KnownSubject)]
    return tuple(dict.fromkeys(found))


def _kin(
    answer: PayerAnswer, others: Iterable[PayerAnswer]
) -> tuple[list[PayerAnswer], set[Finding]]:
    """Return the others that name the same person, and what speaks against it."""
    kin, found = [], set()
    for other in others:
        if is_same_subject(other.subject, answer.subject):
            continue
        for now, then in _same_numbers(answer, other):
            contradictions = set(_contradictions(now.person, then.person))
            found |= contradictions
            if not contradictions:
                kin.append(other)
    return kin, found


def _same_numbers(answer: PayerAnswer, other: PayerAnswer) -> Iterator[tuple[Coverage, Coverage]]:
    for now in answer.results:
        key = personal_key(now)
        for then in other.results:
            if key is not None and key == personal_key(then):
                yield now, then


def _contradictions(now: InsuredPerson, then: InsuredPerson) -> Iterator[Finding]:
    """Birth date and sex stay for life; a name may have changed, and staff see whether it has."""
    if now.birthdate != then.birthdate:
        yield _contradiction("birthdate", now.birthdate.isoformat(), then.birthdate.isoformat())
    if now.sex != then.sex and _BINARY_SEX.issuperset((now.sex, then.sex)):
        yield _contradiction("sex", str(now.sex.value), str(then.sex.value))
    if certainly_differ(now.name, then.name):
        yield Finding(
            FindingCode.EARLIER_CARD_CONTRADICTS,
            Severity.WARN,
            field="name",
            from_payer=now.name,
            recorded=then.name,
        )


def _contradiction(field: str, now: str, then: str) -> Finding:
    return Finding(
        FindingCode.EARLIER_CARD_CONTRADICTS,
        Severity.WARN,
        field=field,
        from_payer=now,
        recorded=then,
        blocks_history=True,
    )
