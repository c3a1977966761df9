"""Which message fetches a category of consented history (薬剤情報, 診療情報, 特定健診)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Protocol, TypeVar

from eligibility.calendar import JAPAN
from eligibility.codes import ConsentCategory
from eligibility.emergency import HistoryGround
from eligibility.history import History, MedicationRecord, TreatmentRecord
from eligibility.history.documents import UnreadPart
from eligibility.model import NumberSubject
from eligibility.national import checkups, drugs
from eligibility.national.history import Told
from eligibility.national.unread import lines
from eligibility.national.wire import RawElement, XmlEncoding

T = TypeVar("T")

MEDICAL_KINDS = (drugs.KIND, checkups.KIND)
"""Messages that hold medical data, of which no file is kept."""
MOST_UNREAD = 200
"""Values that nobody can read and that are kept of one answer."""
YEARS_BACK = 5
"""How far back medicines are asked for, as far as the system tells them."""


class Asking(Protocol):
    """Sends a request of a kind and reads its answer."""

    def __call__(
        self, kind: str, identifier: str, content: Callable[[], bytes], read: Callable[[bytes], T]
    ) -> T:
        """Return what ``read`` makes of the answer."""
        ...


def history_of(
    category: ConsentCategory,
    ground: HistoryGround,
    subject: NumberSubject,
    request_id: str,
    now: datetime,
    *,
    ask: Asking,
    institution_code: str,
    encoding: XmlEncoding,
) -> History:
    """Return a category of ``ground``; ``untold`` names it where the interface does not tell it.

    Treatment comes together with medicines only.  What nobody can read of an answer about both may
    be about operations or diagnoses: it is kept where the consent opens these too, else dropped.
    """
    unread_by = category
    told: Told[Any]
    if category is ConsentCategory.TKK:
        told = ask(
            checkups.KIND,
            request_id,
            lambda: checkups.write_question(subject, request_id, institution_code, encoding),
            lambda content: checkups.read_observations(content, subject, request_id),
        )
        records = told.records
    else:
        treatment = category is ConsentCategory.SRJ
        if category is not ConsentCategory.YZK and not (
            treatment and ground.allows(ConsentCategory.YZK, now)
        ):
            return History.without(ground.id, now, category)
        unread_by = ConsentCategory.SHJ
        last = now.astimezone(JAPAN).date()
        first = date(last.year - YEARS_BACK, last.month, 1)
        told = ask(
            drugs.KIND,
            request_id,
            lambda: drugs.write_question(
                subject, request_id, first, last, institution_code, encoding, treatment=treatment
            ),
            lambda content: drugs.read_records(content, subject, request_id),
        )
        kind = TreatmentRecord if treatment else MedicationRecord
        records = tuple(one for one in told.records if isinstance(one, kind))
    history = History.of_category(ground.id, now, category, records)
    if not ground.allows(unread_by, now):
        return history
    return replace(history, unread=_unread(told.unread, unread_by))


def _unread(elements: Iterable[RawElement], category: ConsentCategory) -> tuple[UnreadPart, ...]:
    """Return the values that nobody can read, each once, the first of them."""
    values = (line for element in elements for line in lines(element))
    parts = dict.fromkeys(UnreadPart(category, way, value) for way, value in values)
    return tuple(parts)[:MOST_UNREAD]
