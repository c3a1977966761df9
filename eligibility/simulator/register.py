"""What a clinic that these people visit may have on file of them (患者台帳), as a CSV file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from eligibility.simulator.holdings import assistance_of
from eligibility.simulator.people import Person, Situation

HEADERS = (
    "患者番号",
    "氏名",
    "カナ",
    "生年月日",
    "性別",
    "郵便番号",
    "住所",
    "保険者番号",
    "記号",
    "番号",
    "枝番",
)


def register_of(people: Iterable[Person]) -> str:
    """Return a CSV text with a line for each person, as the person's card and papers say.

    The patient number is the payer's 照会番号, where the person has one there; else a number of the
    clinic's own, which the payer does not know.  Who has medical assistance (医療扶助) alone is on
    file under the numbers of the medical ticket (医療券).
    """
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow(HEADERS)
    for place, person in enumerate(people, 1):
        writer.writerow(
            (
                person.reference_number or f"N{place:05d}",
                person.name,
                person.name_kana,
                person.birthdate.isoformat(),
                person.sex.value,
                person.post_number,
                person.address,
                *_numbers_of(person),
            )
        )
    return written.getvalue()


def _numbers_of(person: Person) -> tuple[str, str, str, str]:
    """Return 保険者番号, 記号, 番号 and 枝番."""
    if person.situation in (Situation.ASSISTANCE_ONLY, Situation.ASSISTANCE_TICKET):
        office, number = assistance_of(person)
        return office.number, "", number, ""
    return person.insurer.number, person.symbol or "", person.number, person.branch or ""
