"""What a camera of the kernel's goes through, and what our camera says of it: JSON lines.

Runs as root inside the machine of :mod:`tests.face.machine`; nothing here is meant for a machine
with cameras of its own.
"""

from __future__ import annotations

import fcntl
import json
import os
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path

from face_auth import CameraError, CameraState, OpenCvCamera
from face_auth.camera import OwnedCamera

CAMERA, SCREEN = Path("/dev/video0"), Path("/dev/video1")
DRIVER = Path("/sys/bus/platform/drivers/vivid")
SET_CONTROL = 0xC008561C
"""VIDIOC_S_CTRL, linux/videodev2.h."""
TEST_PATTERN, WORDS_ON_PICTURE, DROPPED_PERCENT = 0x00F0F000, 0x00F0F001, 0x00F0F040
"""Numbers of vivid's own controls."""
COLOUR_BARS, BLACK = 0, 5
ALL_WORDS, NO_WORDS = 0, 2
PATIENCE, LOOKS = 60.0, 3.0
"""Seconds to wait for a state, and for which it is looked at then."""


def control(number: int, value: int) -> None:
    """Set a control of the test camera."""
    handle = os.open(CAMERA, os.O_RDWR)
    try:
        fcntl.ioctl(handle, SET_CONTROL, struct.pack("=Ii", number, value))
    finally:
        os.close(handle)


def picture(pattern: int, words: int) -> None:
    """Let the test camera show a pattern, with its running clock or without."""
    control(WORDS_ON_PICTURE, words)
    control(TEST_PATTERN, pattern)


def plug(verb: str) -> None:
    """``bind`` or ``unbind``: the cable in or out."""
    (DRIVER / verb).write_text("vivid.0")


def watch(what: str, camera: OwnedCamera, expected: CameraState) -> None:
    """Tell the states seen until the expected one came and was looked at for a while."""
    seen: list[str] = []
    error = ""
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        state = camera.state
        if not seen or seen[-1] != state:
            seen.append(state)
            if state is expected:
                ends = time.monotonic() + LOOKS
        time.sleep(0.02)
    try:
        camera.next_frame(0, 5)
    except CameraError as trouble:
        error = type(trouble).__name__
    newest = camera.newest()
    shape = None if newest is None else newest.pixels.shape
    told = {"what": what, "seen": seen, "error": error, "shape": shape}
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


def seen_from_the_start(what: str, path: Path, expected: CameraState) -> None:
    """Watch a camera that is started now."""
    camera = OpenCvCamera(path)
    camera.start()
    watch(what, camera, expected)
    camera.stop()


def main() -> None:
    """One camera through all that can happen to it, then others beside it."""
    ok, frozen = CameraState.OK, CameraState.FROZEN
    camera = OpenCvCamera(CAMERA)
    camera.start()
    watch("started", camera, ok)
    happens: list[tuple[str, Callable[[], None], CameraState]] = [
        ("lens covered", lambda: picture(BLACK, NO_WORDS), CameraState.BLACK),
        ("lens free", lambda: picture(COLOUR_BARS, ALL_WORDS), ok),
        ("same picture", lambda: picture(COLOUR_BARS, NO_WORDS), frozen),
        ("picture moves", lambda: picture(COLOUR_BARS, ALL_WORDS), ok),
        ("no pictures", lambda: control(DROPPED_PERCENT, 100), frozen),
        ("pictures again", lambda: control(DROPPED_PERCENT, 0), ok),
        ("plug pulled", lambda: plug("unbind"), CameraState.UNPLUGGED),
        ("plugged in", lambda: plug("bind"), ok),
    ]
    for what, happen, expected in happens:
        happen()
        watch(what, camera, expected)
    seen_from_the_start("another has it", CAMERA, CameraState.BUSY)
    camera.stop()
    watch("stopped", camera, CameraState.STOPPED)
    seen_from_the_start("the other gave it back", CAMERA, ok)
    seen_from_the_start("a device that shows", SCREEN, CameraState.UNUSABLE)
    os.setgroups([])
    os.seteuid(65534)
    seen_from_the_start("as nobody", CAMERA, CameraState.NO_PERMISSION)


if __name__ == "__main__":
    main()
