"""Faults that a store meets in processes and on disks of their own.

Run as ``python -m tests.store.faults SCENARIO FOLDER``: a scenario changes limits or mounts of
its process, so each gets one.  It ends with 0 when all that it asserts holds.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from terminal.errors import StoreUnwritableError
from terminal.store import Store
from tests.store.builders import Clock, a_visit, open_visit

KEY = bytes(range(32))
STORE_ID = "store-of-faults"


def open_there(path: Path) -> Store:
    """Open the store at ``path``."""
    clock = Clock()
    return Store.open(
        path, KEY, STORE_ID, desk_id="desk-1", now=clock.now, monotonic=clock.since_boot
    )


def refuses(work: Callable[[], object]) -> bool:
    """Return whether ``work`` is refused because nothing can be written."""
    try:
        work()
    except StoreUnwritableError:
        return True
    return False


def fill_until_refused(store: Store) -> tuple[set[str], set[str]]:
    """Store visits until the disk takes no more; return the ids acknowledged and those refused.

    One refusal is not enough: the store mends itself and finds the space of its own log again.
    """
    acknowledged: set[str] = set()
    refused: list[str] = []
    for number in range(10_000):
        ident = f"v-filling-{number}"
        if refuses(partial(open_visit, store, ident)):
            refused.append(ident)
            if len(refused) >= 3 and refused[-3] == f"v-filling-{number - 2}":
                return acknowledged, set(refused)
        else:
            acknowledged.add(ident)
    msg = "the disk was never full"
    raise AssertionError(msg)


def stored_visits(store: Store) -> set[str]:
    """Return the ids of all visits."""
    return {visit.id for visit in store.read(lambda tx: tx.visits.unfinished())}


def goes_through_a_full_disk(
    path: Path, make_full: Callable[[], None], free: Callable[[], None]
) -> None:
    """While the disk is full reads go on; when it has space again, so do writes."""
    Store.create(path, KEY, STORE_ID)
    store = open_there(path)
    open_visit(store, "v-before")
    make_full()
    acknowledged, refused = fill_until_refused(store)
    assert store.read(lambda tx: tx.visits.get("v-before")) == a_visit("v-before")
    stored = stored_visits(store)
    assert {"v-before", *acknowledged} <= stored <= {"v-before", *acknowledged, *refused}
    free()
    open_visit(store, "v-after")
    assert store.check().ok
    assert store.read(lambda tx: tx.audit.verify()).rows == len(stored) + 1
    store.close()
    store = open_there(path)
    assert stored_visits(store) == {"v-after", *stored}
    store.close()


def mount(*options: str) -> None:
    """Run mount(8)."""
    subprocess.run(["mount", *options], check=True)  # noqa: S603, S607  # our own words, on PATH


def small_disk(folder: Path) -> None:
    """Mount a disk of four megabytes at ``folder``, in this process's own view."""
    mount("-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder))


def full_disk(folder: Path) -> None:
    """A disk on which another file takes all space but a little (SQLITE_FULL)."""
    small_disk(folder)
    ballast = folder / "ballast"

    def make_full() -> None:
        free = os.statvfs(folder)
        ballast.write_bytes(bytes(max(0, free.f_bavail * free.f_bsize - 64 * 1024)))

    def free() -> None:
        before = sorted(folder.iterdir())
        assert refuses(lambda: Store.create(folder / "new.db", KEY, STORE_ID))
        assert sorted(folder.iterdir()) == before
        ballast.unlink()

    goes_through_a_full_disk(folder / "desk.db", make_full, free)


def file_limit(folder: Path) -> None:
    """A limit on file sizes, which SQLite takes for a failing disk (SQLITE_IOERR)."""
    path = folder / "desk.db"
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def make_full() -> None:
        size = max(file.stat().st_size for file in folder.iterdir())
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 64 * 1024, hard))

    def free() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))

    goes_through_a_full_disk(path, make_full, free)


def read_only_disk(folder: Path) -> None:
    """A disk that can only be read: the store says so, and opens again when it can be written."""
    small_disk(folder)
    path = folder / "desk.db"
    Store.create(path, KEY, STORE_ID)
    open_there(path).close()
    for mode in ("ro", "rw"):
        mount("-o", f"remount,{mode}", str(folder))
        assert refuses(lambda: open_there(path).close()) == (mode == "ro")
        assert refuses(lambda: Store.create(folder / "new.db", KEY, STORE_ID)) == (mode == "ro")


def read_only_folder(folder: Path) -> None:
    """A folder that this user may not write in: the store says so."""
    path = folder / "desk.db"
    Store.create(path, KEY, STORE_ID)
    folder.chmod(0o500)
    try:
        assert refuses(lambda: open_there(path).close())
        assert refuses(lambda: Store.create(folder / "new.db", KEY, STORE_ID))
    finally:
        folder.chmod(0o700)
    open_there(path).close()


def no_file_handles(folder: Path) -> None:
    """When the process has no file handle left, what is open works on."""
    path = folder / "desk.db"
    Store.create(path, KEY, STORE_ID)
    store = open_there(path)
    open_visit(store, "v-1")
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    open_visit(store, "v-2")
    assert len(store.read(lambda tx: tx.visits.unfinished())) == 2
    assert refuses(lambda: open_there(path).close())
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    assert store.check().ok
    store.close()


SCENARIOS = {
    scenario.__name__: scenario
    for scenario in (full_disk, file_limit, read_only_disk, read_only_folder, no_file_handles)
}

if __name__ == "__main__":
    SCENARIOS[sys.argv[1]](Path(sys.argv[2]))
