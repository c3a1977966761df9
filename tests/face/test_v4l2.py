"""Our camera by V4L2, against a camera of the kernel's: nothing stands between them."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import TypedDict

import pytest

from tests.face.machine import run_in_machine

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]


class Watched(TypedDict):
    """What was seen of a camera after something happened to it."""

    what: str
    seen: list[str]
    error: str
    shape: list[int] | None


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Watched]:
    """One machine, in which all happens that can happen to a camera."""
    python = shlex.join([sys.executable, "-m", "tests.face.in_the_machine"])
    command = f"cd {shlex.quote(str(ROOT))} && PYTHONPATH=. exec {python}"
    lines = run_in_machine(tmp_path_factory.mktemp("machine"), command)
    found: list[Watched] = [json.loads(line) for line in lines]
    return {one["what"]: one for one in found}


@pytest.mark.parametrize(
    ("what", "seen", "error"),
    [
        ("started", ["starting", "ok"], ""),
        # a driver that makes the same black picture each time is covered, not frozen
        ("lens covered", ["ok", "black"], "CameraBlackError"),
        ("lens free", ["black", "ok"], ""),
        ("same picture", ["ok", "frozen"], "CameraFrozenError"),
        ("picture moves", ["frozen", "ok"], ""),
        ("no pictures", ["ok", "frozen"], "CameraFrozenError"),
        ("pictures again", ["frozen", "ok"], ""),
        ("plug pulled", ["ok", "unplugged"], "CameraUnpluggedError"),
        ("plugged in", ["unplugged", "ok"], ""),
        ("another has it", ["starting", "busy"], "CameraBusyError"),
        ("the other gave it back", ["starting", "ok"], ""),
        ("a device that shows", ["starting", "unusable"], "CameraUnusableError"),
        ("as nobody", ["starting", "no-permission"], "CameraPermissionError"),
    ],
)
def test_what_happens_to_a_camera_is_told_as_what_it_is(
    what: str, seen: list[str], error: str, watched: dict[str, Watched]
) -> None:
    """Staff and installer read another thing to do for each; nothing else flickers between."""
    told = watched[what]
    # what happened may be told before the first look
    assert told["seen"] in (seen, seen[1:])
    assert told["error"] == error


def test_pictures_come_in_the_size_that_was_asked_for(watched: dict[str, Watched]) -> None:
    """As rows, columns, blue-green-red; none is held where there is no camera."""
    for what in ("started", "pictures again", "plugged in"):
        assert watched[what]["shape"] == [720, 1280, 3]
    for what in ("plug pulled", "another has it", "stopped", "as nobody"):
        assert watched[what]["shape"] is None
