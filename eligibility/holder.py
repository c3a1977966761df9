"""The card's holder held against the people in an answer: pure rules, no I/O.

The certificate leads the payer to a person; the card's own record says who its holder is.  Where
the two do not fit, the payer's register links the certificate to somebody else (紐付け誤り).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from eligibility.codes import Sex
from eligibility.findings import in_order, said
from eligibility.model import (
    NOT_READ,
    Finding,
    FindingCode,
    HolderAttributes,
    InsuredPerson,
    NotRead,
    PayerAnswer,
    Severity,
)
from eligibility.names import Spelling, how_alike, scripts_differ

NOTHING_READ = HolderAttributes()
BINARY_SEX = frozenset({Sex.MALE, Sex.FEMALE})
_ONLY_HERE = frozenset(
    {
        FindingCode.CANDIDATE_IS_ANOTHER,
        FindingCode.NAME_DIFFERS,
        FindingCode.NAME_NOT_COMPARED,
        FindingCode.ADDRESS_DIFFERS,
    }
)
_OTHER_SPELLINGS = frozenset(
    {Spelling.SCRIPT, Spelling.SMALL_KANA, Spelling.LONG_MARK, Spelling.VARIANT}
)
_BRACKETS = re.compile("[(\\[{（［｛〔【]")
_DASHES = re.compile("[‐‑‒–—―−]")


class Match(StrEnum):
    """How a field of the card fits the payer's.

    NOT_READ: nobody read it on the card; NOT_GIVEN: the payer says nothing of it.
    WRITTEN_OTHERWISE: the same name up to its spelling.  UNDETERMINED: neither the same nor another
    can be said.
    """

    NOT_READ = "not-read"
    NOT_GIVEN = "not-given"
    SAME = "same"
    WRITTEN_OTHERWISE = "written-otherwise"
    UNDETERMINED = "undetermined"
    DIFFERS = "differs"


_STRONGEST_FIRST = (
    Match.SAME,
    Match.WRITTEN_OTHERWISE,
    Match.UNDETERMINED,
    Match.DIFFERS,
    Match.NOT_GIVEN,
    Match.NOT_READ,
)
"""Of two names of one person, which match says most."""
_SAME_NAME = (Match.SAME, Match.WRITTEN_OTHERWISE)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One field, named as in :class:`~eligibility.model.InsuredPerson`, on card and at the payer.

    The values are as findings name them; ``NOT_READ`` where a side has none.
    """

    field: str
    on_card: str | NotRead
    from_payer: str | NotRead
    match: Match


def compare(attributes: HolderAttributes, person: InsuredPerson) -> tuple[Comparison, ...]:
    """Hold name, birth date, sex and address of the card against a person's, in this order."""
    matches = {
        "name": _name(attributes.name, person),
        "birthdate": _birthdates(attributes, person),
        "sex": _sexes(attributes, person),
        "address": _addresses(attributes.address, person.address),
    }
    return tuple(
        Comparison(field, said(getattr(attributes, field)), said(getattr(person, field)), match)
        for field, match in matches.items()
    )


def alone_on_card(attributes: HolderAttributes) -> tuple[Comparison, ...]:
    """Return what the card says where there is nobody to hold it against."""
    fields = ("name", "birthdate", "sex", "address")
    values = [(field, said(getattr(attributes, field))) for field in fields]
    return tuple(
        Comparison(field, value, NOT_READ, Match.NOT_READ if value is NOT_READ else Match.NOT_GIVEN)
        for field, value in values
    )


def about_holder(attributes: HolderAttributes, answer: PayerAnswer) -> tuple[Finding, ...]:
    """Return what the card's own record says against the results, the gravest first.

    Another birth date, sex or name is another person; where all results are that, the answer is.
    Where only some are, nothing is chosen: the rest may still be others.  A family name alone that
    differs, with birth date, given name and address the same, was changed or is written otherwise.
    """
    found: set[Finding] = set()
    compared = [(compare(attributes, coverage.person)) for coverage in answer.results]
    against = [tuple(_contradictions(one)) for one in compared]
    code, severity = FindingCode.OTHER_PERSON, Severity.STOP
    if not all(against):
        code, severity = FindingCode.CANDIDATE_IS_ANOTHER, Severity.WARN
    for one, contradictions in zip(compared, against, strict=True):
        if contradictions:
            found.update(_finding(code, severity, each, blocks=True) for each in contradictions)
        else:
            found.update(_remarks(one))
    return in_order(found)


def is_about_holder(finding: Finding) -> bool:
    """Whether :func:`about_holder` made this finding, and not a look at an earlier answer."""
    if finding.code in (FindingCode.OTHER_PERSON, FindingCode.NAME_WRITTEN_OTHERWISE):
        return finding.on_card is not NOT_READ
    return finding.code in _ONLY_HERE


def _contradictions(compared: tuple[Comparison, ...]) -> Iterator[Comparison]:
    for one in compared:
        hard = one.field in ("birthdate", "sex") or (
            one.field == "name" and not _only_the_family_name(compared)
        )
        if hard and one.match is Match.DIFFERS:
            yield one


def _only_the_family_name(compared: tuple[Comparison, ...]) -> bool:
    """Whether all the rest of a person with another name is certainly the same."""
    of = {one.field: one for one in compared}
    return of["address"].match is Match.SAME and is_of_given_name(compared)


def is_of_given_name(compared: tuple[Comparison, ...]) -> bool:
    """Whether birth date and given name are certainly the same, and the sex is no other."""
    of = {one.field: one for one in compared}
    if of["birthdate"].match is not Match.SAME or of["sex"].match is Match.DIFFERS:
        return False
    here, there = of["name"].on_card.split(), of["name"].from_payer.split()
    return len(here) > 1 and len(there) > 1 and compare_names(here[-1], there[-1]) in _SAME_NAME


def _remarks(compared: tuple[Comparison, ...]) -> Iterator[Finding]:
    """What does not speak against the person, but is to be known."""
    for one in compared:
        if one.field == "name" and one.match is Match.DIFFERS:
            yield _finding(FindingCode.NAME_DIFFERS, Severity.WARN, one)
        elif one.field == "name" and one.match is Match.WRITTEN_OTHERWISE:
            yield _finding(FindingCode.NAME_WRITTEN_OTHERWISE, Severity.NOTE, one)
        elif one.field == "name" and one.match is Match.UNDETERMINED:
            yield _finding(FindingCode.NAME_NOT_COMPARED, Severity.NOTE, one)
        elif one.field == "address" and one.match is Match.DIFFERS:
            yield _finding(FindingCode.ADDRESS_DIFFERS, Severity.NOTE, one)


def _finding(
    code: FindingCode, severity: Severity, one: Comparison, *, blocks: bool = False
) -> Finding:
    return Finding(
        code,
        severity,
        field=one.field,
        on_card=one.on_card,
        from_payer=one.from_payer,
        blocks_history=blocks,
    )


def _name(on_card: str | NotRead, person: InsuredPerson) -> Match:
    """Compare with the name, and with the one in use (氏名その他) where the name is another."""
    names = [name for name in (person.name, person.name_of_other) if name is not None]
    matches = {compare_names(on_card, name) for name in names}
    # a name in brackets (旧氏, 通称) may stand on one side only: what it belongs to is not known
    if Match.DIFFERS in matches and any(map(_BRACKETS.search, (on_card, *names))):
        matches.add(Match.UNDETERMINED)
    return next(match for match in _STRONGEST_FIRST if match in matches)


def compare_names(here: str | NotRead, there: str | None) -> Match:
    """Compare two names by :func:`~eligibility.names.how_alike`; width and case alone are same."""
    if here is NOT_READ:
        return Match.NOT_READ
    if there is None or not there.strip():
        return Match.NOT_GIVEN
    if not here.strip() or scripts_differ(here, there):
        return Match.UNDETERMINED
    spelling = how_alike(here, there)
    if spelling is None:
        return Match.DIFFERS
    if Spelling.UNREADABLE in spelling:
        return Match.UNDETERMINED
    return Match.WRITTEN_OTHERWISE if spelling & _OTHER_SPELLINGS else Match.SAME


def compare_readings(here: str | None, there: str | None) -> Match:
    """Compare two names in kana; hiragana or katakana is no other spelling there."""
    if here is None or not here.strip():
        return Match.NOT_READ
    match = compare_names(here, there)
    if match is Match.WRITTEN_OTHERWISE and there is not None:
        spelling = how_alike(here, there) or frozenset()
        if spelling <= {Spelling.SCRIPT, Spelling.WIDTH, Spelling.CASE}:
            return Match.SAME
    return match


def _birthdates(attributes: HolderAttributes, person: InsuredPerson) -> Match:
    if attributes.birthdate is NOT_READ:
        return Match.NOT_READ
    return Match.SAME if attributes.birthdate == person.birthdate else Match.DIFFERS


def _sexes(attributes: HolderAttributes, person: InsuredPerson) -> Match:
    """Only male and female can contradict each other; all else says too little."""
    if attributes.sex is NOT_READ:
        return Match.NOT_READ
    if not BINARY_SEX.issuperset((attributes.sex, person.sex)):
        return Match.UNDETERMINED
    return Match.SAME if attributes.sex == person.sex else Match.DIFFERS


def _addresses(on_card: str | NotRead, from_payer: str | None) -> Match:
    """Compare by width, space and dash only: a payer's address may be older, or written shorter."""
    if on_card is NOT_READ:
        return Match.NOT_READ
    if not from_payer or not from_payer.strip():
        return Match.NOT_GIVEN
    return Match.SAME if _address(on_card) == _address(from_payer) else Match.DIFFERS


def _address(text: str) -> str:
    return _DASHES.sub("-", "".join(unicodedata.normalize("NFKC", text).split()))
