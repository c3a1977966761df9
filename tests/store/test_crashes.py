from __future__ import annotations

import multiprocessing
import random
import sys
from collections import Counter
from pathlib import Path

from terminal.store import Store, Transaction
from tests.store.crashing import KEY, STORE_ID, open_there, write_until_killed

LIVES = 25


def killed_while_writing(path: Path, life: int, acknowledgements: int) -> set[str]:
    """Let a process write, kill it after so many acknowledgements; return all that it sent."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.store.crashing"])
    ours, theirs = context.Pipe(duplex=False)
    writer = context.Process(target=write_until_killed, args=(path, life, theirs))
    writer.start()
    theirs.close()
    acknowledged: set[str] = set()
    try:
        while len(acknowledged) < acknowledgements and ours.poll(30):
            acknowledged.add(ours.recv())
    finally:
        writer.kill()
        writer.join()
    try:
        while True:
            acknowledged.add(ours.recv())
    except (EOFError, OSError):
        ours.close()
    assert len(acknowledged) >= acknowledgements
    return acknowledged


def whole_visits(tx: Transaction) -> int:
    """Return how many visits have all that was stored with them."""
    return sum(
        1
        for visit in tx.visits.unfinished()
        if tx.outbox.of_visit(visit.id) and tx.confirmations.of_visit(visit.id)
    )


def test_killed_process_loses_nothing_that_it_acknowledged(tmp_path: Path) -> None:
    """However a process is killed: what it acknowledged is stored, whole, and the chain holds."""
    moments = random.Random(20261124)  # noqa: S311  # moments to kill at, no secret
    path = tmp_path / "desk.db"
    Store.create(path, KEY, STORE_ID)
    acknowledged: set[str] = set()
    for life in range(LIVES):
        acknowledged |= killed_while_writing(path, life, moments.randrange(12))
        store = open_there(path)
        try:
            visits = store.read(lambda tx: tx.visits.unfinished())
            confirmed = store.read(whole_visits)
            audit = Counter(
                record.visit_id for record in store.read(lambda tx: tx.audit.recent(sys.maxsize))
            )
            verdict = store.read(lambda tx: tx.audit.verify())
        finally:
            store.close()
        assert {f"v-{ident}" for ident in acknowledged} <= {visit.id for visit in visits}
        assert confirmed == len(visits)
        assert audit == Counter(visit.id for visit in visits)
        assert verdict.ok
    store = open_there(path)
    assert store.check().ok
    store.close()
