"""Whom a check before the day asks about: each person once, whatever the appointments."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

from terminal.bulk.run import BulkBatch, BulkItem, BulkRun, ItemState, RunWay
from terminal.expected.appointment import NotAskable
from terminal.expected.appointment_book import expected_in
from terminal.store import Transaction


def people_to_ask(
    tx: Transaction, run: BulkRun, now: datetime, fresh: timedelta | None
) -> list[BulkItem]:
    """Return the people of the run's day, in the order of their appointments.

    ``fresh``: who was answered no longer ago is left out; None asks about everybody again.
    """
    known = tx.bulk.items_of_day(run.day)
    items: dict[str, BulkItem] = {}
    for appointment in tx.appointments.on(run.day):
        expected = expected_in(tx, appointment)
        if isinstance(expected, NotAskable) or expected.key in items:
            continue
        before = known.get(expected.key)
        if fresh is not None and before is not None and _is_fresh(before, now, fresh):
            continue
        items[expected.key] = BulkItem(
            id=uuid.uuid4().hex,
            run_id=run.id,
            key=expected.key,
            day=run.day,
            position=len(items),
            patient_number=expected.patient_number,
            record=expected.record,
            subject=expected.subject,
        )
    return list(items.values())


def _is_fresh(item: BulkItem, now: datetime, fresh: timedelta) -> bool:
    answered = item.state is ItemState.ANSWERED and item.ended_at is not None
    return answered and item.ended_at is not None and now - item.ended_at < fresh


def in_batches(
    run: BulkRun, items: list[BulkItem], size: int
) -> tuple[list[BulkItem], list[BulkBatch]]:
    """Return the items with their part, and the parts; none where each is asked about singly."""
    if run.way is RunWay.SINGLE:
        return items, []
    placed: list[BulkItem] = []
    batches = []
    for number, part in enumerate(_parts(items, size)):
        batch = BulkBatch(uuid.uuid4().hex, run.id, number)
        batches.append(batch)
        placed += [replace(one, batch_id=batch.id) for one in part]
    return placed, batches


def _parts(items: list[BulkItem], size: int) -> Iterator[list[BulkItem]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def days_expected(tx: Transaction, today: date, most: int) -> list[tuple[date, int]]:
    """Return the next days that have appointments with how many there are, ``today`` first."""
    days = sorted({today, *tx.appointments.days_from(today, most)})
    return [(day, tx.appointments.count_on(day)) for day in days[:most]]
