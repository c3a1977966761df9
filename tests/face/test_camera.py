from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from face_auth import CameraError, CameraState, OpenCvCamera, RecordedCamera, WatchedPicture
from face_auth.camera import OwnedCamera, state_of_failure
from face_auth.errors import (
    CAMERA_ERRORS,
    CameraBlackError,
    CameraFrozenError,
    CameraPermissionError,
    CameraUnpluggedError,
    CameraUnusableError,
)
from face_auth.opencv import cv2
from face_auth.types import FrameSource

if TYPE_CHECKING:
    from face_auth.types import Pixels

PATIENCE = 20.0


@contextmanager
def running(camera: FrameSource) -> Iterator[FrameSource]:
    """Start the camera, and stop it at the end."""
    camera.start()
    try:
        yield camera
    finally:
        camera.stop()


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for what another thread does."""
    ends = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < ends, "it never came"
        time.sleep(0.01)


def scene(seed: int, shape: tuple[int, int] = (48, 64)) -> Pixels:
    """Return a bright noisy picture; no two seeds give the same."""
    return np.random.default_rng(seed).integers(60, 200, (*shape, 3), dtype=np.uint8)


def put(file: Path, pixels: Pixels) -> None:
    """Put a picture where another stood, in one step."""
    new = file.with_name("new.png")
    assert cv2.imwrite(str(new), pixels)
    new.replace(file)


def folder_of(folder: Path, pictures: list[Pixels]) -> Path:
    """Write pictures into a folder, in their order."""
    folder.mkdir()
    for number, pixels in enumerate(pictures):
        assert cv2.imwrite(str(folder / f"{number:03}.png"), pixels)
    return folder


def test_a_folder_is_played_in_the_order_of_its_names(tmp_path: Path) -> None:
    """What a recorded camera shows is what stands in its files."""
    pictures = [scene(seed) for seed in range(3)]
    with running(RecordedCamera(folder_of(tmp_path / "one", pictures), rate=20)) as camera:
        seen: set[int] = set()
        sequence = 0
        # who comes late misses one: a round more shows it
        while len(seen) < len(pictures) or sequence <= len(pictures):
            frame = camera.next_frame(sequence, PATIENCE)
            assert frame is not None
            sequence = frame.sequence
            place = (sequence - 1) % len(pictures)
            assert np.array_equal(frame.pixels, pictures[place])
            seen.add(place)
        assert camera.state is CameraState.OK


def test_only_the_newest_frame_is_kept(tmp_path: Path) -> None:
    """Who comes late sees the present, never a queue of the past."""
    folder = folder_of(tmp_path / "one", [scene(seed) for seed in range(9)])
    with running(RecordedCamera(folder, rate=200)) as camera:
        first = camera.next_frame(0, PATIENCE)
        assert first is not None
        wait_until(lambda: (newest := camera.newest()) is not None and newest.sequence > 20)
        late = camera.next_frame(first.sequence, PATIENCE)
        assert late is not None
        assert late.sequence > 20
        assert late.captured_at > first.captured_at


def test_a_frame_is_the_receivers_own_copy(tmp_path: Path) -> None:
    """Overwriting a frame after use takes nothing from the next reader."""
    folder = folder_of(tmp_path / "one", [scene(1)])
    with running(RecordedCamera(folder, rate=2)) as camera:
        frame = camera.next_frame(0, PATIENCE)
        assert frame is not None
        frame.pixels.fill(0)
        again = camera.newest()
        assert again is not None
        assert np.array_equal(again.pixels, scene(1))


def test_a_video_file_is_played_again_and_again(tmp_path: Path) -> None:
    """A recorded camera may be one file."""
    video = tmp_path / "film.avi"
    writer = cv2.VideoWriter(str(video), cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 48))
    for level in (60, 120, 180):
        writer.write(np.full((48, 64, 3), level, np.uint8))
    writer.release()
    with running(RecordedCamera(video, rate=50)) as camera:
        seen: set[int] = set()
        sequence = 0
        while len(seen) < 3 or sequence <= 3:
            frame = camera.next_frame(sequence, PATIENCE)
            assert frame is not None
            sequence = frame.sequence
            level = round(float(frame.pixels.mean()) / 60) * 60
            assert level == (60, 120, 180)[(sequence - 1) % 3]
            seen.add(level)


def test_a_replaced_picture_is_the_next_frame_and_an_unchanged_one_is_not_frozen(
    tmp_path: Path,
) -> None:
    """A watched picture is a view that changes only when the file does."""
    seconds = [0.0]
    file = tmp_path / "view.png"
    put(file, scene(1))
    with running(WatchedPicture(file, clock=lambda: seconds[0])) as camera:
        first = camera.next_frame(0, PATIENCE)
        assert first is not None
        seconds[0] += 60
        assert camera.state is CameraState.OK
        assert camera.next_frame(first.sequence, 0.2) is None
        put(file, scene(2, (30, 40)))
        second = camera.next_frame(first.sequence, PATIENCE)
        assert second is not None
        assert np.array_equal(second.pixels, scene(2, (30, 40)))
        file.unlink()
        wait_until(lambda: camera.state is CameraState.UNPLUGGED)
        put(file, scene(3))
        wait_until(lambda: camera.state is CameraState.OK)


@pytest.mark.parametrize("kind", [OpenCvCamera, RecordedCamera, WatchedPicture])
def test_what_is_not_there_is_unplugged(kind: type[OwnedCamera], tmp_path: Path) -> None:
    """The state and the error tell that nothing is plugged in."""
    camera = kind(tmp_path / "nothing")  # type: ignore[arg-type]  # each takes a path
    with running(camera):
        wait_until(lambda: camera.state is CameraState.UNPLUGGED)
        with pytest.raises(CameraUnpluggedError):
            camera.next_frame(0, PATIENCE)
        assert camera.newest() is None


def test_a_camera_that_goes_and_comes_is_found_again(tmp_path: Path) -> None:
    """Nobody has to start the terminal again for a pulled plug."""
    here, away = tmp_path / "here", tmp_path / "away"
    folder_of(here, [scene(1), scene(2)])
    with running(RecordedCamera(here, rate=50)) as camera:
        wait_until(lambda: camera.state is CameraState.OK)
        here.rename(away)
        wait_until(lambda: camera.state is CameraState.UNPLUGGED)
        assert camera.newest() is None
        away.rename(here)
        wait_until(lambda: camera.state is CameraState.OK)


def test_a_covered_lens_is_black_after_a_moment_only(tmp_path: Path) -> None:
    """One dark frame is nothing; a second of them is told apart from a working camera."""
    seconds = [0.0]
    file = tmp_path / "view.png"
    dark = np.random.default_rng(1).integers(0, 8, (48, 64, 3), dtype=np.uint8)
    put(file, dark)
    with running(WatchedPicture(file, clock=lambda: seconds[0])) as camera:
        wait_until(lambda: camera.state is CameraState.OK)
        seconds[0] += 1.5
        assert camera.state is CameraState.BLACK
        with pytest.raises(CameraBlackError):
            camera.next_frame(0, PATIENCE)
        put(file, scene(1))
        wait_until(lambda: camera.state is CameraState.OK)


def test_the_same_picture_over_and_over_is_a_frozen_camera(tmp_path: Path) -> None:
    """A sensor's noise never repeats itself."""
    folder = folder_of(tmp_path / "one", [scene(1), scene(1)])
    with running(RecordedCamera(folder, rate=50)) as camera:
        wait_until(lambda: camera.state is CameraState.OK)
        wait_until(lambda: camera.state is CameraState.FROZEN)
        with pytest.raises(CameraFrozenError):
            camera.next_frame(0, PATIENCE)


def test_a_camera_that_gives_nothing_more_is_frozen_by_the_clock(tmp_path: Path) -> None:
    """A read that hangs cannot tell: the time since the last frame does."""
    seconds = [0.0]
    folder = folder_of(tmp_path / "one", [scene(1), scene(2)])
    with running(RecordedCamera(folder, rate=0.05, clock=lambda: seconds[0])) as camera:
        wait_until(lambda: camera.state is CameraState.OK)
        seconds[0] += 2.5
        assert camera.state is CameraState.FROZEN


@pytest.mark.parametrize("path", [Path("/dev/null"), Path(__file__)])
def test_what_is_no_camera_is_told_apart_from_an_unplugged_one(path: Path) -> None:
    """A wrong path in the configuration is the installer's matter, not the staff's."""
    with running(OpenCvCamera(path)) as camera:
        wait_until(lambda: camera.state is CameraState.UNUSABLE)
        with pytest.raises(CameraUnusableError):
            camera.next_frame(0, PATIENCE)


@pytest.mark.parametrize("name", ["folder", "text.png"])
def test_a_folder_without_pictures_is_unusable(name: str, tmp_path: Path) -> None:
    """What holds no picture is no camera."""
    source = tmp_path / name
    if name == "folder":
        source.mkdir()
    else:
        source.write_text("no picture")
    with running(RecordedCamera(source)) as camera:
        wait_until(lambda: camera.state is CameraState.UNUSABLE)


def test_a_device_that_the_user_may_not_open_is_told_apart(tmp_path: Path) -> None:
    """The kernel's refusal reaches the state: the installer adds the user to the group."""
    device = tmp_path / "video"
    device.touch(mode=0o000)
    nobody = os.geteuid() == 0
    if nobody:
        os.seteuid(65534)  # root may open everything
    try:
        with running(OpenCvCamera(device)) as camera:
            wait_until(lambda: camera.state is CameraState.NO_PERMISSION)
            with pytest.raises(CameraPermissionError):
                camera.next_frame(0, PATIENCE)
    finally:
        if nobody:
            os.seteuid(0)


@pytest.mark.parametrize(
    ("number", "state"),
    [
        (errno.EBUSY, CameraState.BUSY),
        (errno.ENODEV, CameraState.UNPLUGGED),
        (errno.EIO, CameraState.UNUSABLE),
    ],
)
def test_the_kernels_word_becomes_the_state(number: int, state: CameraState) -> None:
    """Each refusal of open(2) has one meaning."""
    assert state_of_failure(OSError(number, "refused")) is state


def test_every_bad_state_has_an_error_of_its_own() -> None:
    """Whoever catches an error knows the state, and the other way round."""
    good = {CameraState.OK, CameraState.STARTING, CameraState.STOPPED}
    assert set(CAMERA_ERRORS) == set(CameraState) - good
    assert len(set(CAMERA_ERRORS.values())) == len(CAMERA_ERRORS)


def test_a_stopped_camera_holds_no_picture_and_can_start_again(tmp_path: Path) -> None:
    """After the visit nothing of the patient is left in the camera."""
    folder = folder_of(tmp_path / "one", [scene(1), scene(2)])
    camera = RecordedCamera(folder, rate=50)
    with pytest.raises(CameraError, match="stopped"):
        camera.next_frame()
    with running(camera):
        wait_until(lambda: camera.newest() is not None)
        held = camera._pixels
        assert held is not None
    assert camera.state is CameraState.STOPPED
    assert camera.newest() is None
    assert not held.any()
    with running(camera):
        wait_until(lambda: camera.state is CameraState.OK)


def test_the_package_loads_opencv_only_when_a_camera_is_made() -> None:
    """A terminal without cameras pays nothing for them."""
    code = "import sys, face_auth; print({'cv2', 'numpy'} & set(sys.modules))"
    result = subprocess.run(  # noqa: S603  # our own interpreter
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "set()"
