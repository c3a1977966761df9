"""How fast a month's report opens on a full store: prints JSON lines; there is no pass and no fail.

Three months of 500 visits a day (15,000 each) stand in a store on disk, with certificates and
originals of real sizes; the month in the middle is read.  Storing is what takes the time here.
"""

from __future__ import annotations

import secrets
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from eligibility.calendar import CalendarMonth
from eligibility.model import CardSubject
from terminal.access.accounts import TERMINAL
from terminal.payer.calls import Call, CallOutcome
from terminal.payer.question import QuestionState
from terminal.report.reporting import Reporting
from terminal.store import Store, Transaction
from tests.benchmarks.payer import report
from tests.store.builders import (
    a_confirmation,
    a_question,
    a_visit,
    an_answer,
    an_identification,
)

VISITS_A_DAY = 500
MONTHS = (CalendarMonth(2026, 9), CalendarMonth(2026, 10), CalendarMonth(2026, 11))
READ = MONTHS[1]
CERTIFICATE_BYTES = 1500
ORIGINAL_BYTES = 3500
VISITS_A_WRITE = 500


def add_visit(tx: Transaction, number: int, opened_at: datetime) -> None:
    """Store one visit that was answered, every twentieth after a call that failed."""
    subject = CardSubject("CN=test,O=JPKI-TEST", f"{number:x}")
    visit = a_visit(f"v-{number}", opened_at=opened_at, subject=subject)
    tx.visits.add(visit)
    certificate = secrets.token_bytes(CERTIFICATE_BYTES)
    tx.identifications.add(an_identification(visit.id, certificate=certificate))
    attempts = 2 if number % 20 == 0 else 1
    question = a_question(
        f"q-{number}",
        visit.id,
        payload=certificate,
        created_at=opened_at,
        attempts=attempts,
        state=QuestionState.ANSWERED,
    )
    tx.outbox.add(question)
    for attempt in range(1, attempts + 1):
        outcome = CallOutcome.ANSWERED if attempt == attempts else CallOutcome.SLOW
        asked_at = opened_at + timedelta(seconds=attempt)
        call = Call(f"{question.id}.{attempt}", question.id, attempt, asked_at, "terminal")
        tx.calls.add(replace(call, outcome=outcome, milliseconds=300 + number % 1000))
    answer = an_answer(
        f"a-{number}",
        question.id,
        subject=subject,
        received_at=opened_at + timedelta(seconds=3),
        original=secrets.token_bytes(ORIGINAL_BYTES),
    )
    tx.answers.add(answer)
    made = {"answer_id": answer.id, "as_of": answer.received_at, "made_at": answer.received_at}
    tx.confirmations.add(a_confirmation(f"c-{number}", visit.id, **made))


def fill(store: Store, visits_a_day: int) -> int:
    """Store all months; return how many visits."""
    moments = [
        datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(seconds=50 * number)
        for month in MONTHS
        for day in month.days
        for number in range(visits_a_day)
    ]
    numbered = list(enumerate(moments))
    for start in range(0, len(numbered), VISITS_A_WRITE):
        part = numbered[start : start + VISITS_A_WRITE]

        def put(tx: Transaction, part: list[tuple[int, datetime]] = part) -> None:
            for number, opened_at in part:
                add_visit(tx, number, opened_at)

        store.write(put)
    return len(numbered)


def main() -> None:
    """Run: report [TIMES], how often the month is read."""
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    now = datetime(2026, 11, 30, tzinfo=UTC)
    with tempfile.TemporaryDirectory() as folder:
        path, key = Path(folder) / "desk.db", secrets.token_bytes(32)
        Store.create(path, key, "bench")
        store = Store.open(path, key, "bench", desk_id="desk-1", now=lambda: now)
        stored = fill(store, VISITS_A_DAY)
        reporting = Reporting(store, lambda: now)
        taken, busy = [], []
        for _ in range(times):
            started, began = time.perf_counter(), time.thread_time()
            made = reporting.of(TERMINAL, READ)
            taken.append((time.perf_counter() - started) * 1000)
            busy.append((time.thread_time() - began) * 1000)
        size = round(path.stat().st_size / 1e6)
        report(
            "report.month",
            "ms",
            taken,
            first=round(taken[0], 1),
            questions=made.questions,
            stored=stored,
            megabytes=size,
        )
        store.close()
    report("report.month.processor", "ms", busy, calls=made.calls)


if __name__ == "__main__":
    main()
