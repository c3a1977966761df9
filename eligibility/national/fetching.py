"""Which message fetches a category of consented history (薬剤情報, 診療情報, 特定健診)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Protocol, TypeVar

from eligibility.calendar import JAPAN
from eligibility.codes import ConsentCategory
from eligibility.history import MedicationRecord, TreatmentRecord
from eligibility.history.documents import Record
from eligibility.model import NumberSubject
from eligibility.national import checkups, drugs
from eligibility.national.wire import XmlEncoding

T = TypeVar("T")

MEDICAL_KINDS = (drugs.KIND, checkups.KIND)
"""Messages that hold medical data, of which no file is kept."""
YEARS_BACK = 5
"""How far back medicines are asked for, as far as the system tells them."""


class Asking(Protocol):
    """Sends a request of a kind and reads its answer."""

    def __call__(
        self, kind: str, identifier: str, content: Callable[[], bytes], read: Callable[[bytes], T]
    ) -> T:
        """Return what ``read`` makes of the answer."""
        ...


def records_of(
    category: ConsentCategory,
    subject: NumberSubject,
    request_id: str,
    now: datetime,
    *,
    also_medicines: bool,
    ask: Asking,
    institution_code: str,
    encoding: XmlEncoding,
) -> Sequence[Record] | None:
    """Return the records of a category, None where the interface does not tell them.

    Treatment comes together with medicines only; ``also_medicines``: these are allowed too.
    """
    if category is ConsentCategory.TKK:
        return ask(
            checkups.KIND,
            request_id,
            lambda: checkups.write_question(subject, request_id, institution_code, encoding),
            lambda content: checkups.read_observations(content, subject, request_id),
        )
    treatment = category is ConsentCategory.SRJ
    if category is not ConsentCategory.YZK and not (treatment and also_medicines):
        return None
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
    return tuple(one for one in told if isinstance(one, kind))
