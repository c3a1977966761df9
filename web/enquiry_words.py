"""Words about visits without a card: how it was asked, what to do next; nothing is decided here."""

from __future__ import annotations

from eligibility.model import CardSubject, Coverage, Finding, FindingCode, NumberSubject
from terminal.views import VisitRow
from terminal.visit import WITHOUT_CARD
from web.i18n import has_message, show_date, text
from web.subject_words import subject_rows
from web.wording import label


def next_of_problem(row: VisitRow) -> str:
    """Return what to do about a question without an answer; no card is named where none was."""
    problem = row.question.problem if row.question else None
    return _next(f"problem.{problem}", row)


def next_of_finding(finding: Finding, row: VisitRow) -> str:
    """Return what to do about a finding; no card is named where none was."""
    return _next(f"finding.{finding.code}", row)


def _next(message: str, row: VisitRow) -> str:
    without = f"{message}.without-card"
    if row.visit.origin in WITHOUT_CARD and has_message(without):
        return text(without)
    return text(f"{message}.next")


def asked_with(row: VisitRow) -> list[tuple[str, str]]:
    """Return what was asked with, row by row; nothing for a visit by card."""
    subject = row.visit.subject
    return [] if subject is None or isinstance(subject, CardSubject) else subject_rows(subject)


def is_by_number(row: VisitRow) -> bool:
    """Whether it was asked by an insured number."""
    return isinstance(row.visit.subject, NumberSubject)


def are_several(row: VisitRow) -> bool:
    """Whether the answer fits several people, of whom staff have to ask more."""
    found = row.confirmation.findings if row.confirmation else ()
    return row.enquiry is not None and any(
        one.code is FindingCode.SEVERAL_CANDIDATES for one in found
    )


def candidate_cells(coverage: Coverage) -> list[tuple[str, str]]:
    """Return one of several whom an answer named, by what tells people apart.

    Each cell is its words and smaller ones below.
    """
    person, none = coverage.person, text("field.none")
    branch = coverage.insured_branch_number or none
    return [
        (person.name, person.name_kana or ""),
        (show_date(person.birthdate), label(person.sex)),
        (person.address or none, person.post_number or ""),
        (coverage.insurer_name, text("enquiry.candidates.branch", branch=branch)),
    ]
