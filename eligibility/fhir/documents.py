"""Consented history: pages of a searchset Bundle → history documents.

A page is read whole or not at all, and only if every row is about the patient who was asked for.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field

from eligibility.codes import ConsentCategory
from eligibility.errors import AnswerForAnotherPersonError
from eligibility.fhir.care_rows import Condition, Observation, Procedure
from eligibility.fhir.medication_rows import MedicationDispense, MedicationRequest
from eligibility.fhir.rows import Statement
from eligibility.fhir.vocabulary import CODE_SYSTEMS
from eligibility.fhir.wire import (
    Element,
    Json,
    Many,
    Text,
    at_most_one,
    parse_json,
    read_resource,
    reading,
)
from eligibility.history import Record


class _Entry(Element):
    resource: Json


class _Link(Element):
    relation: Text
    url: Text


class _Bundle(Element):
    type: Text
    total: int | None = None
    link: Many[_Link] = Field(default_factory=list)
    entry: Many[_Entry] = Field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its rows, how many rows the payer counts in all pages, and the next page's URL.

    ``rows`` is the number of rows sent, ``records`` holds those that tell of something that
    happened.
    """

    records: tuple[Record, ...]
    rows: int
    total: int | None
    next_url: str | None


@dataclass(frozen=True, slots=True)
class HistoryCall:
    """One list that a category is fetched by: type of resource, and what is asked beside it."""

    category: ConsentCategory
    resource_type: str
    row: type[Statement]
    parameters: tuple[tuple[str, str], ...] = ()


def _by_category(category: ConsentCategory) -> HistoryCall:
    token = f"{CODE_SYSTEMS[ConsentCategory]}|{category.value}"
    return HistoryCall(category, "Procedure", Procedure, (("category", token),))


_CALLS: dict[ConsentCategory, tuple[HistoryCall, ...]] = {
    ConsentCategory.YZK: (
        HistoryCall(ConsentCategory.YZK, "MedicationDispense", MedicationDispense),
        HistoryCall(ConsentCategory.YZK, "MedicationRequest", MedicationRequest),
    ),
    ConsentCategory.SRJ: (_by_category(ConsentCategory.SRJ),),
    ConsentCategory.SHJ: (
        _by_category(ConsentCategory.SHJ),
        HistoryCall(ConsentCategory.SHJ, "Condition", Condition),
    ),
    ConsentCategory.TKK: (HistoryCall(ConsentCategory.TKK, "Observation", Observation),),
}


def calls_of(category: ConsentCategory) -> tuple[HistoryCall, ...]:
    """Return the lists that make up a category, none where the profile has none."""
    return _CALLS.get(category, ())


def read_page(body: bytes, call: HistoryCall, payer_patient: str, consent_id: str) -> Page:
    """Return one page of a list.

    Raises AnswerForAnotherPersonError (naming the consent) for a row about anybody else than
    ``payer_patient``, and PayerProtocolError for what cannot be read.
    """
    resource = parse_json(body)

    def read() -> Page:
        bundle = read_resource(_Bundle, "Bundle", resource)
        if bundle.type != "searchset":
            msg = "the list is not a search result"
            raise ValueError(msg)
        records = []
        for entry in bundle.entry:
            row = read_resource(call.row, call.resource_type, entry.resource)
            if row.subject.reference != payer_patient:
                raise AnswerForAnotherPersonError(consent_id, original=body)
            if row.happened:
                records.append(row.record(call.category))
        urls = [link.url for link in bundle.link if link.relation == "next"]
        return Page(tuple(records), len(bundle.entry), bundle.total, at_most_one(urls, "next"))

    return reading(body, read)
