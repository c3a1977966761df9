"""Messages of the national interface read and written a second: prints JSON lines, no pass or fail.

The same bytes are also read by xsdata on lxml, into data classes made of the same tables, with
every value left as text: so the reader was chosen (docs/national.md).  Processor time of one
thread; the bulk answer is for 10,000 people of the simulator's population, and its memory is that
of a process that does nothing else.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import field, make_dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

from xsdata.formats.dataclass.parsers import XmlParser
from xsdata.formats.dataclass.serializers import XmlSerializer

from eligibility.asking import BulkQuestion, BulkReception, NumberQuestion
from eligibility.model import NumberSubject
from eligibility.national import bulk, confirmation, drugs
from eligibility.national.bulk import BulkResponse, BulkUnits
from eligibility.national.confirmation import ConfirmationResponse
from eligibility.national.drugs import (
    DispensedDay,
    Drug,
    DrugBody,
    DrugMonth,
)
from eligibility.national.fields import Flat, Group, Layout, Numbered, Series
from eligibility.national.header import ResponseHeader
from eligibility.national.history import HistoryPerson, HistoryResponse, HistoryResponseHeader
from eligibility.national.results import ConfirmationUnit, QualificationResult, SearchInfo
from eligibility.national.wire import XmlEncoding
from eligibility.simulator.holdings import Holding, holding_of
from eligibility.simulator.population import Population
from tests.benchmarks.payer import report

TODAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 1, 2, 3, tzinfo=UTC)
INSTITUTION = "1310000003"
PEOPLE = 10_000
SEED = 1
WARM_UP = 20


def _milliseconds(work: Callable[[], object], count: int) -> list[float]:
    taken = []
    for number in range(count + WARM_UP):
        started = time.thread_time()
        work()
        if number >= WARM_UP:
            taken.append((time.thread_time() - started) * 1000)
    return taken


def _measure(name: str, body: bytes, work: Callable[[], object], count: int) -> None:
    taken = _milliseconds(work, count)
    report(name, "ms", taken, bytes=len(body), a_second=round(1000 * len(taken) / sum(taken)))


# -- xsdata ----------------------------------------------------------------------------------------

_TEXT: dict[str, Any] = {"default": None, "metadata": {"type": "Element"}}


def bound(layout: Layout[Any], name: str) -> type:
    """Return the data class that xsdata reads what ``layout`` describes into, values as text."""
    members: list[Any] = []

    def one(element: str, kind: Any) -> None:
        members.append((element, kind | None, field(**_TEXT)))

    def many(element: str, kind: Any) -> None:
        members.append(
            (element, list[kind], field(default_factory=list, metadata={"type": "Element"}))
        )

    def add(table: Layout[Any]) -> None:
        for part in table.parts:
            match part:
                case Flat():
                    add(part.table)
                case Group():
                    one(part.name, bound(part.table, part.name))
                case Series(within=None):
                    many(part.name, bound(part.table, part.name))
                case Series():
                    inner = bound(part.table, part.name)
                    held: Any = field(default_factory=list, metadata={"type": "Element"})
                    one(
                        str(part.within),
                        make_dataclass(
                            str(part.within),
                            [(part.name, list[inner], held)],  # type: ignore[valid-type]  # made just now
                        ),
                    )
                    if part.direct_too:
                        many(part.name, inner)
                case Numbered():
                    for element in part.names:
                        one(element, str)
                case _:
                    one(part.name, str)

    add(layout)
    unknown: Any = field(default_factory=list, metadata={"type": "Wildcard", "namespace": "##any"})
    return make_dataclass(name, [*members, ("unknown", list[object], unknown)])


# -- Messages --------------------------------------------------------------------------------------


def _unit(holding: Holding, search: SearchInfo | None = None) -> ConfirmationUnit:
    return ConfirmationUnit(
        "1",
        processing_result_message=holding.message,
        qualification_validity=holding.validity,
        search=search,
        results=tuple(QualificationResult(one) for one in holding.results),
    )


def measure_single(holdings: list[Holding], count: int) -> None:
    """Measure one person's answer: the usual one, and the longest of the population."""
    usual = next(one for one in holdings if len(one.results) == 1)
    header = ResponseHeader("1", INSTITUTION, "q-1", NOW, TODAY)
    longest = max(
        (ConfirmationResponse(header, _unit(one)) for one in holdings),
        key=lambda one: len(confirmation.write_response(one, XmlEncoding.UTF_8)),
    )
    kind = bound(confirmation.RESPONSE, "XmlMsg")
    parser, serializer = XmlParser(), XmlSerializer()
    for name, response in (
        ("usual", ConfirmationResponse(header, _unit(usual))),
        ("longest", longest),
    ):
        for encoding in XmlEncoding:
            body = confirmation.write_response(response, encoding)
            where = f"{name}.{encoding.value.lower()}"
            _measure(
                f"national.read.ours.{where}",
                body,
                partial(confirmation.read_response, body),
                count,
            )
            _measure(
                f"national.write.ours.{where}",
                body,
                partial(confirmation.write_response, response, encoding),
                count,
            )
        body = confirmation.write_response(response, XmlEncoding.UTF_8)
        _measure(
            f"national.read.xsdata.{name}.utf-8",
            body,
            partial(parser.from_bytes, body, kind),
            count,
        )
        read: Any = parser.from_bytes(body, kind)
        _measure(
            f"national.write.xsdata.{name}.utf-8", body, partial(serializer.render, read), count
        )


def measure_medicines(count: int) -> None:
    """Measure five years of medicines: 60 months, two days in each, four medicines a day."""
    drug = Drug("アムロジピン錠５ｍｇ", "620000001", None, None, "錠", "１日１回朝食後", None, 14)
    person = HistoryPerson("見本　太郎", None, date(2001, 3, 27))
    months = tuple(
        DrugMonth(
            tuple(
                DispensedDay(date(2021 + n // 12, n % 12 + 1, day), None, (drug,) * 4)
                for day in (7, 21)
            ),
            dispenser_code="1340000004",
            dispenser_name="見本薬局",
        )
        for n in range(60)
    )
    response = HistoryResponse(
        HistoryResponseHeader("1", None, "h-1", person), DrugBody(dispensings=months)
    )
    body = drugs.write_response(response, XmlEncoding.SHIFT_JIS)
    subject = NumberSubject("00138123", "4260", date(2001, 3, 27))
    _measure(
        "national.read.ours.medicines",
        body,
        lambda: drugs.read_records(body, subject, "h-1"),
        max(1, count // 20),
    )


def _memory_of_reading(reader: str, file: Path) -> float:
    """Return the MiB by which a process of its own grows at most while it reads ``file``."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.national_messages", "--read", reader, str(file)],
        capture_output=True,
        check=True,
        text=True,
    )
    return float(done.stdout)


def _peak_mib() -> float:
    # not getrusage: its peak is also that of the process which started this one
    status = Path("/proc/self/status").read_text(encoding="ascii")
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(peak.split()[1]) / 1024


def _read_alone(reader: str, file: Path) -> None:
    """Read a bulk answer and print by how many MiB this process grew at most."""
    body = file.read_bytes()
    kind, parser = bound(bulk.RESPONSE, "XmlMsg"), XmlParser()
    held = _peak_mib()
    read = bulk.read_response(body) if reader == "ours" else parser.from_bytes(body, kind)
    print(_peak_mib() - held)
    del read


def measure_bulk(holdings: list[Holding]) -> None:
    """Measure the answer for everybody, read whole and matched to the questions."""
    questions = tuple(
        NumberQuestion(
            f"q-{number}",
            NumberSubject("00138123", f"{number}", holding.results[0].person.birthdate)
            if holding.results
            else NumberSubject("00138123", f"{number}", TODAY),
            TODAY,
        )
        for number, holding in enumerate(holdings)
    )
    question = BulkQuestion("b-1", questions, TODAY)
    reception = BulkReception("b-1", "1", NOW)
    header = ResponseHeader("1", INSTITUTION, "b-1", NOW, TODAY, reception_number="1")
    units = tuple(
        _unit(holding, SearchInfo.of(asked.subject, limit_consent=True, identifier=asked.id))
        for holding, asked in zip(holdings, questions, strict=True)
    )
    started = time.thread_time()
    body = bulk.write_response(BulkResponse(header, BulkUnits(units)), XmlEncoding.UTF_8)
    report(
        "national.write.ours.bulk",
        "ms",
        [(time.thread_time() - started) * 1000],
        people=len(units),
        bytes=len(body),
    )
    started = time.thread_time()
    found = bulk.read_answers(
        body, question, reception, received_at=NOW, institution_code=INSTITUTION
    )
    ours = (time.thread_time() - started) * 1000
    people = {"ours": len(found.answers)}
    del found
    kind, parser = bound(bulk.RESPONSE, "XmlMsg"), XmlParser()
    started = time.thread_time()
    read: Any = parser.from_bytes(body, kind)
    theirs = (time.thread_time() - started) * 1000
    people["xsdata"] = len(read.MessageBody.BulkConfirmUnit)
    del read
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "bulk.xml"
        file.write_bytes(body)
        for reader, taken in (("ours", ours), ("xsdata", theirs)):
            report(
                f"national.read.{reader}.bulk",
                "ms",
                [taken],
                people=people[reader],
                bytes=len(body),
                mib=round(_memory_of_reading(reader, file)),
            )


def main() -> None:
    """Measure; the first argument is how many messages of each kind."""
    if sys.argv[1:2] == ["--read"]:
        _read_alone(sys.argv[2], Path(sys.argv[3]))
        return
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    population = Population(SEED, as_of=TODAY, size=PEOPLE)
    holdings = [holding_of(person, TODAY) for person in population.people[:PEOPLE]]
    measure_single(holdings, count)
    measure_medicines(count)
    measure_bulk(holdings)


if __name__ == "__main__":
    main()
