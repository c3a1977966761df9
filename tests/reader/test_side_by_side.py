"""Test runs beside each other, by ordinary users, and over a long day."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from terminal.card.jpki import JpkiSession
from terminal.reader.types import ReaderState, StateChanged
from terminal.virtual_card.pcscd import PrivatePcscd
from tests.card.wallet import Wallet
from tests.reader.place import Place, wait_until

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def tapping(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run a tap with a daemon of its own in another process."""
    with subprocess.Popen(  # noqa: S603  # our own module
        [sys.executable, "-m", "tests.reader.tap_alone", *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            try:
                process.communicate(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()


def told(process: subprocess.Popen[str]) -> list[str]:
    """Return what the tap prints once its card is read."""
    assert process.stdout is not None
    return process.stdout.readline().split()


def test_two_daemons_with_a_reader_each_side_by_side() -> None:
    """While both hold on, each process reads its own card through its own daemon."""
    with tapping() as one, tapping() as two:
        first, second = told(one), told(two)
        assert one.poll() is None
        assert two.poll() is None
    assert len(first) == len(second) == 2
    assert first[1] != second[1]
    assert (one.returncode, two.returncode) == (0, 0)


@pytest.mark.usefixtures("pcscd")  # which has made /run/pcscd where only root can
def test_an_ordinary_user_can_run_a_tap() -> None:
    """Neither daemon nor reader need root's rights."""
    user = pwd.getpwnam("nobody")
    is_root = os.getuid() == 0
    arguments = (str(user.pw_uid), str(user.pw_gid)) if is_root else ()
    with tapping(*arguments) as process:
        uid, certificate = told(process)
    assert int(uid) == (user.pw_uid if is_root else os.getuid())
    assert int(uid) != 0
    assert len(certificate) == 64
    assert process.returncode == 0


def in_use() -> tuple[int, int]:
    """Return the numbers of threads and of open descriptors of this process."""
    return threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))


def not_more_than(before: tuple[int, int]) -> bool:
    """Whether neither number has grown."""
    return all(now <= then for now, then in zip(in_use(), before, strict=True))


def test_many_taps_leave_no_thread_and_no_handle(place: Place, wallet: Wallet) -> None:
    """Fifty times taken, read and let go: as many threads and descriptors as after the first."""
    reader = place.puts(wallet.card())

    def glance() -> None:
        with place.reader.connect(reader) as connection:
            JpkiSession(connection)

    glance()
    before = in_use()
    for _ in range(50):
        glance()
    wait_until(lambda: not_more_than(before), f"no more than {before} threads and descriptors")


def test_many_restarts_of_pcscd_leave_no_thread_and_no_handle(
    pcsc_place: Place, pcscd: PrivatePcscd
) -> None:
    """Ten times gone and back: as many threads and descriptors as after the first time."""

    def restart() -> None:
        pcscd.stop()
        assert pcsc_place.sees(StateChanged).state is ReaderState.PCSC_DOWN
        pcscd.start()
        assert pcsc_place.sees(StateChanged).state is ReaderState.READY

    restart()
    before = in_use()
    for _ in range(10):
        restart()
    wait_until(lambda: not_more_than(before), f"no more than {before} threads and descriptors")
