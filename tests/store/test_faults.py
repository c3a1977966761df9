from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def own_mounts() -> list[str] | None:
    """Return the command that gives a process mounts of its own, None where none may have any."""
    command = ["unshare", "--mount"]
    if os.geteuid() != 0:
        command = ["unshare", "--user", "--map-root-user", "--mount"]
    try:
        tried = subprocess.run(  # noqa: S603  # our own words
            [*command, "mount", "-t", "tmpfs", "tmpfs", "/mnt"],
            capture_output=True,
            check=False,
        )
    except FileNotFoundError:
        return None
    return command if tried.returncode == 0 else None


MOUNTS = own_mounts()
# Each fault in each way that this machine and user can bring it about.
SCENARIOS = ["file_limit", "no_file_handles"]
if MOUNTS is not None:
    SCENARIOS += ["full_disk", "read_only_disk"]
if os.geteuid() != 0:
    SCENARIOS += ["read_only_folder"]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_store_survives_fault(tmp_path: Path, scenario: str) -> None:
    """Nothing acknowledged is lost, reading goes on where it can, and the store works again."""
    prefix = MOUNTS if MOUNTS is not None and scenario.endswith("disk") else []
    ended = subprocess.run(  # noqa: S603  # our own words
        [*prefix, sys.executable, "-m", "tests.store.faults", scenario, str(tmp_path)],
        capture_output=True,
        check=False,
        text=True,
        timeout=120,
        cwd=ROOT,
    )
    assert ended.returncode == 0, ended.stderr
