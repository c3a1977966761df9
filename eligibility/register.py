"""A card and an answer held against the clinic's own register: pure rules, no I/O.

A record may belong to somebody else than the person at the desk: the number was typed wrong, the
reference number (照会番号) was registered for another, two patients share a name.  What contradicts
is told and blocks; nothing is merged, and of several records none is chosen.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from eligibility.clinic_record import ClinicRecord
from eligibility.codes import Sex
from eligibility.findings import said
from eligibility.holder import (
    NOTHING_READ,
    Comparison,
    Match,
    compare,
    compare_readings,
    is_of_given_name,
)
from eligibility.model import (
    NOT_READ,
    Coverage,
    Finding,
    FindingCode,
    HolderAttributes,
    InsuredPerson,
    NotRead,
    PayerAnswer,
    Severity,
)
from eligibility.results import insurances, names_several_people

_OURS = frozenset(
    {
        FindingCode.RECORD_IS_ANOTHER,
        FindingCode.RECORD_FAMILY_NAME_DIFFERS,
        FindingCode.RECORD_KANA_DIFFERS,
        FindingCode.RECORD_KANA_WRITTEN_OTHERWISE,
        FindingCode.RECORD_NAME_WRITTEN_OTHERWISE,
        FindingCode.RECORD_NAME_NOT_COMPARED,
        FindingCode.RECORD_ADDRESS_DIFFERS,
        FindingCode.RECORD_INSURANCE_DIFFERS,
        FindingCode.REFERENCE_OF_ANOTHER_RECORD,
    }
)
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−ー"), "-")


_MAY_BE = (Match.SAME, Match.WRITTEN_OTHERWISE, Match.UNDETERMINED)


class Ground(StrEnum):
    """Why a record may be this person's."""

    REFERENCE_NUMBER = "reference-number"
    BIRTHDATE_AND_NAME = "birthdate-and-name"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A record that may be this person's.

    ``certain``: birth date and name were read on both sides and agree, and neither sex nor kana
    contradict; a name that is written otherwise, or has characters that nobody can read, is enough
    beside the reference number alone.  A record that only that number names may even contradict; it
    is listed all the same, so that staff see where the number points.
    """

    record: ClinicRecord
    grounds: frozenset[Ground]
    certain: bool


@dataclass(frozen=True, slots=True)
class Candidates:
    """All records that may be one person's, by patient number; empty where there is none."""

    all: tuple[Candidate, ...]

    @property
    def the_one(self) -> ClinicRecord | None:
        """The record, where there is exactly one and it is certain; None where staff must look."""
        if len(self.all) == 1 and self.all[0].certain:
            return self.all[0].record
        return None


def candidates(
    person: InsuredPerson | HolderAttributes,
    records: Iterable[ClinicRecord],
    *,
    reference_number: str | None = None,
) -> Candidates:
    """Return every record that could be ``person``'s; none is left out to reach a single one.

    ``person``: whom the payer names, or the holder as the card says.  ``reference_number``: the
    answer's 照会番号.  A record could be the person's where its patient number is that, or its
    birth date is the same and its name does not certainly differ.  Namesakes with one birth date
    are all returned, also where the reference number names one of them.
    """
    read = _attributes_of_person(person) if isinstance(person, InsuredPerson) else person
    kana = person.name_kana if isinstance(person, InsuredPerson) else None
    number = _plain(reference_number)
    found = []
    for record in records:
        grounds = set()
        if number is not None and number == _plain(record.patient_number):
            grounds.add(Ground.REFERENCE_NUMBER)
        of = {one.field: one.match for one in compare(read, _person_of(record))}
        if of["birthdate"] is Match.SAME and of["name"] in _MAY_BE:
            grounds.add(Ground.BIRTHDATE_AND_NAME)
        if grounds:
            certain = (
                of["birthdate"] is Match.SAME
                and (of["name"] is Match.SAME or grounds == set(Ground))
                and of["sex"] is not Match.DIFFERS
                and compare_readings(record.name_kana, kana) is not Match.DIFFERS
            )
            found.append(Candidate(record, frozenset(grounds), certain))
    return Candidates(tuple(sorted(found, key=lambda one: one.record.patient_number)))


def about_record(
    record: ClinicRecord, answer: PayerAnswer, attributes: HolderAttributes = NOTHING_READ
) -> tuple[Finding, ...]:
    """Return what the clinic's own record of the patient says against the answer and the card.

    Another birth date, sex or name is another person's record.  A family name alone that differs,
    with birth date and given name the same, was changed: that is told, and blocks where the address
    is not the same either.  In no order of gravity; the order of results does not matter.  Of
    several people of whom nobody is meant, none is held against the record.
    """
    if names_several_people(answer):
        return ()
    by_card = set(_about_card(record, attributes))
    found: set[Finding] = set()
    for coverage in answer.results:
        for one in _about_person(record, coverage.person):
            found.add(_with_card(one, by_card))
    told = {(one.code, one.field) for one in found}
    found |= {one for one in by_card if (one.code, one.field) not in told}
    if _address_of_card(record, attributes) is Match.SAME:  # then the payer's is the older one
        found = {one for one in found if one.code is not FindingCode.RECORD_ADDRESS_DIFFERS}
    found |= set(_about_insurance(record, answer.results))
    reference = _plain(answer.reference_number)
    if reference is not None and reference != _plain(record.patient_number):
        found.add(
            Finding(
                FindingCode.REFERENCE_OF_ANOTHER_RECORD,
                Severity.WARN,
                field="reference_number",
                from_payer=said(answer.reference_number),
                in_record=record.patient_number,
                blocks_history=True,
            )
        )
    return tuple(found)


def is_another_persons(
    record: ClinicRecord, answer: PayerAnswer, attributes: HolderAttributes = NOTHING_READ
) -> bool:
    """Whether the record is certainly not of whom the answer names, or of the card's holder."""
    found = about_record(record, answer, attributes)
    return any(one.code is FindingCode.RECORD_IS_ANOTHER for one in found)


def is_about_record(finding: Finding) -> bool:
    """Whether :func:`about_record` made this finding."""
    return finding.code in _OURS


def _attributes_of_record(record: ClinicRecord) -> HolderAttributes:
    return HolderAttributes(
        name=_read(record.name),
        address=_read(record.address),
        birthdate=record.birthdate,
        sex=NOT_READ if record.sex is None else record.sex,
    )


def _attributes_of_person(person: InsuredPerson) -> HolderAttributes:
    return HolderAttributes(_read(person.name), _read(person.address), person.birthdate, person.sex)


def _read(text: str | None) -> str | NotRead:
    return text if text and text.strip() else NOT_READ


def _person_of(record: ClinicRecord) -> InsuredPerson:
    return InsuredPerson(
        record.name,
        record.birthdate,
        Sex.NOT_SET if record.sex is None else record.sex,
        name_kana=record.name_kana,
        address=record.address,
    )


def _about_card(record: ClinicRecord, attributes: HolderAttributes) -> Iterator[Finding]:
    """Return what the card says against the record; the sides of the comparison are turned."""
    for one in _judged(compare(attributes, _person_of(record))):
        yield replace(one, from_payer=NOT_READ, in_record=one.from_payer)


def _about_person(record: ClinicRecord, person: InsuredPerson) -> Iterator[Finding]:
    kana = compare_readings(record.name_kana, person.name_kana)
    judged = list(_judged(compare(_attributes_of_record(record), person)))
    # a name that cannot be read, and its reading is another
    unreadable = kana is Match.DIFFERS and any(
        one.code is FindingCode.RECORD_NAME_NOT_COMPARED for one in judged
    )
    for one in judged:
        if not (unreadable and one.code is FindingCode.RECORD_NAME_NOT_COMPARED):
            yield replace(one, on_card=NOT_READ, in_record=one.on_card)
    told = {
        Match.DIFFERS: (FindingCode.RECORD_KANA_DIFFERS, Severity.WARN),
        Match.WRITTEN_OTHERWISE: (FindingCode.RECORD_KANA_WRITTEN_OTHERWISE, Severity.NOTE),
    }
    if unreadable:
        told[Match.DIFFERS] = (FindingCode.RECORD_IS_ANOTHER, Severity.STOP)
    if kana in told:
        code, severity = told[kana]
        yield Finding(
            code,
            severity,
            field="name_kana",
            from_payer=said(person.name_kana),
            in_record=said(record.name_kana),
            blocks_history=unreadable,
        )


def _judged(compared: tuple[Comparison, ...]) -> Iterator[Finding]:
    """Return the findings about what differs, with the comparison's two sides as they stand."""
    of = {one.field: one for one in compared}
    for field in ("birthdate", "sex"):
        if of[field].match is Match.DIFFERS:
            yield _another(of[field])
    name = of["name"]
    if name.match is Match.DIFFERS and is_of_given_name(compared):
        moved = of["address"].match is not Match.SAME
        yield _of(FindingCode.RECORD_FAMILY_NAME_DIFFERS, Severity.WARN, name, blocks=moved)
    elif name.match is Match.DIFFERS:
        yield _another(name)
    elif name.match is Match.WRITTEN_OTHERWISE:
        yield _of(FindingCode.RECORD_NAME_WRITTEN_OTHERWISE, Severity.NOTE, name)
    elif name.match is Match.UNDETERMINED:
        yield _of(FindingCode.RECORD_NAME_NOT_COMPARED, Severity.NOTE, name)
    if of["address"].match is Match.DIFFERS:
        yield _of(FindingCode.RECORD_ADDRESS_DIFFERS, Severity.NOTE, of["address"])


def _another(one: Comparison) -> Finding:
    return _of(FindingCode.RECORD_IS_ANOTHER, Severity.STOP, one, blocks=True)


def _of(code: FindingCode, severity: Severity, one: Comparison, *, blocks: bool = False) -> Finding:
    return Finding(
        code,
        severity,
        field=one.field,
        on_card=one.on_card,
        from_payer=one.from_payer,
        blocks_history=blocks,
    )


def _with_card(finding: Finding, by_card: set[Finding]) -> Finding:
    """Return the payer's contradiction with the card's beside it, where the card has the same."""
    for one in by_card:
        if (one.code, one.field) == (finding.code, finding.field):
            blocks = finding.blocks_history or one.blocks_history
            return replace(finding, on_card=one.on_card, blocks_history=blocks)
    return finding


def _address_of_card(record: ClinicRecord, attributes: HolderAttributes) -> Match:
    compared = compare(attributes, _person_of(record))
    return next(one.match for one in compared if one.field == "address")


def _about_insurance(record: ClinicRecord, results: tuple[Coverage, ...]) -> Iterator[Finding]:
    """Return what of the insurance on file is another, unless one of the results is that."""
    differing = [tuple(_other_insurance(record, one)) for one in insurances(results)]
    if all(differing):
        for each in differing:
            yield from each


def _other_insurance(record: ClinicRecord, coverage: Coverage) -> Iterator[Finding]:
    """Under another insurer symbol, number and branch say nothing; else each is told."""
    fields = (
        ("insurer_number", 8),
        ("insured_card_symbol", 0),
        ("insured_identification_number", 0),
        ("insured_branch_number", 2),
    )
    for field, width in fields:
        ours, theirs = getattr(record, field), getattr(coverage, field)
        here, there = _plain(ours, width), _plain(theirs, width)
        if here is not None and there is not None and here != there:
            yield Finding(
                FindingCode.RECORD_INSURANCE_DIFFERS,
                Severity.WARN,
                field=field,
                from_payer=said(theirs),
                in_record=said(ours),
            )
            if field == "insurer_number":
                return


def _plain(text: str | None, width: int = 0) -> str | None:
    """Return a number or symbol in one width, without spaces, with its zeros; None if empty.

    Insurers' numbers have 8 digits and branches 2: zeros that a spreadsheet cut off are no
    difference there.  Elsewhere a leading zero counts.
    """
    if text is None:
        return None
    plain = "".join(unicodedata.normalize("NFKC", text).translate(_DASHES).split())
    return plain.zfill(width) if plain else None
