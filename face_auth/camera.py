"""Cameras: one owner thread that keeps the newest frame, and a V4L2 camera by OpenCV.

Everything that can be the same for a real camera and a recorded one is in :class:`OwnedCamera`:
reconnecting, and telling an unplugged, busy, forbidden, black and frozen camera apart.  A
:class:`Device` is what differs.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import struct
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from face_auth.errors import CameraError, camera_error
from face_auth.types import CameraState, Frame, overwrite

if TYPE_CHECKING:
    from face_auth.types import Pixels

log = logging.getLogger(__name__)

FIRST_BACK_OFF, LONGEST_BACK_OFF = 0.25, 5.0
FROZEN_AFTER = 2.0
"""Seconds without a frame, or with the very same one: a sensor's noise never repeats itself."""
BLACK_AFTER = 1.0
BLACK_LEVEL, BLACK_SPREAD = 12, 6.0
"""A frame is black where 99 % of its samples lie at or under the level, nearly all alike."""
_SAMPLE = 8
_LOOK_AGAIN = 0.25
"""Seconds after which a waiter looks at the state again, which may have changed by time alone."""


class Device(Protocol):
    """What an owner thread owns."""

    name: str
    may_repeat: bool
    """Whether the very same picture again and again is how this device works."""

    def open(self) -> None:
        """Raise the CameraError that says why it cannot be opened."""

    def read(self, stopping: threading.Event) -> Pixels | None:
        """Return the next picture (reused by the next call), or None where the device is gone.

        Waits for the picture's time, but no longer than until ``stopping`` is set.
        """

    def close(self) -> None:
        """Give the device back; also after a failed :meth:`open`."""


class OwnedCamera:
    """A :class:`~face_auth.types.FrameSource` over one device, owned by one thread."""

    def __init__(self, device: Device, *, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock`` gives monotonic seconds."""
        self._device = device
        self._clock = clock
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._state = self._told = CameraState.STOPPED
        self._black = False
        self._pixels: Pixels | None = None
        self._sequence = 0
        self._captured_at = 0.0
        self._fresh_at = 0.0
        self._bright_at = 0.0

    def start(self) -> None:
        """Begin to take pictures; nothing happens where it has begun."""
        with self._changed:
            if self._thread is not None:
                return
            self._stopping.clear()
            self._state = CameraState.STARTING
            self._thread = threading.Thread(
                target=self._own, name=f"camera {self._device.name}", daemon=True
            )
            self._thread.start()

    def stop(self) -> None:
        """End it, give the device back and overwrite the picture held."""
        with self._changed:
            thread, self._thread = self._thread, None
        if thread is None:
            return
        self._stopping.set()
        thread.join()
        self._become(CameraState.STOPPED)

    @property
    def state(self) -> CameraState:
        """How the camera is now."""
        with self._changed:
            return self._state_now()

    def newest(self) -> Frame | None:
        """Return a copy of the newest frame, whatever the state; None before the first."""
        with self._changed:
            return self._copy()

    def next_frame(self, after: int = 0, timeout: float = 2.0) -> Frame | None:
        """Return the first frame to be had with a sequence above ``after``; None in time.

        Raises the CameraError of the state as soon as the camera is neither OK nor starting.
        """
        ends = time.monotonic() + timeout
        with self._changed:
            while True:
                state = self._state_now()
                if state not in (CameraState.OK, CameraState.STARTING):
                    raise camera_error(state, self._device.name)
                if self._sequence > after and (frame := self._copy()) is not None:
                    return frame
                left = ends - time.monotonic()
                if left <= 0:
                    return None
                self._changed.wait(min(left, _LOOK_AGAIN))

    def _copy(self) -> Frame | None:
        if self._pixels is None:
            return None
        return Frame(self._pixels.copy(), self._sequence, self._captured_at)

    def _state_now(self) -> CameraState:
        """Return the state by the clock: the thread itself cannot tell that it hangs in a read."""
        if self._state is not CameraState.OK:
            return self._state
        now = self._clock()
        repeats = self._device.may_repeat
        if now - self._captured_at > FROZEN_AFTER and not repeats:
            return CameraState.FROZEN
        # a shutter or lid may make pictures that are all alike: they are black, not frozen
        if self._black and now - self._bright_at >= BLACK_AFTER:
            return CameraState.BLACK
        if now - self._fresh_at > FROZEN_AFTER and not repeats:
            return CameraState.FROZEN
        return CameraState.OK

    def _own(self) -> None:
        """Open, read, and open again after a growing pause, until stopped."""
        pause = FIRST_BACK_OFF
        while not self._stopping.is_set():
            seen = self._sequence
            try:
                self._device.open()
                self._read()
                if not self._stopping.is_set():
                    self._become(CameraState.UNPLUGGED)
            except CameraError as error:
                self._become(error.state)
            finally:
                self._device.close()
            if self._sequence > seen:
                pause = FIRST_BACK_OFF
            self._stopping.wait(pause)
            pause = min(pause * 2, LONGEST_BACK_OFF)

    def _read(self) -> None:
        """Keep the newest frame until the device gives none."""
        self._fresh_at = self._bright_at = self._clock()
        while not self._stopping.is_set():
            pixels = self._device.read(self._stopping)
            if pixels is None:
                return
            self._keep(pixels)

    def _keep(self, pixels: Pixels) -> None:
        now = self._clock()
        black = _is_black(pixels)
        with self._changed:
            held = self._pixels
            same_shape = held is not None and held.shape == pixels.shape
            if not (held is not None and same_shape and (held == pixels).all()):
                self._fresh_at = now
            if not black:
                self._bright_at = now
            self._black = black
            if held is not None and same_shape:
                held[...] = pixels
            else:
                overwrite(held)
                self._pixels = pixels.copy()
            self._sequence += 1
            self._captured_at = now
            self._state = CameraState.OK
            self._tell()

    def _become(self, state: CameraState) -> None:
        """Take a state in which there is no picture."""
        with self._changed:
            overwrite(self._pixels)
            self._pixels = None
            self._state = state
            self._tell()

    def _tell(self) -> None:
        state = self._state_now()
        if state is not self._told:
            log.info("camera %s: %s", self._device.name, state)
            self._told = state
        self._changed.notify_all()


def _is_black(pixels: Pixels) -> bool:
    samples = pixels[::_SAMPLE, ::_SAMPLE].max(axis=2)
    dark = (samples <= BLACK_LEVEL).mean() >= 0.99
    return bool(dark and samples.std() < BLACK_SPREAD)


class OpenCvCamera(OwnedCamera):
    """A camera of this machine, by V4L2.

    ``path``: ``/dev/video0`` or, better, a name under ``/dev/v4l/by-id``.  ``width``, ``height``,
    ``rate`` (frames/s) are asked for; the camera may give others.
    """

    def __init__(
        self,
        path: Path,
        *,
        width: int = 1280,
        height: int = 720,
        rate: int = 15,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(_V4l2Device(path, width, height, rate), clock=clock)


_QUERYCAP = 0x80685600
_CAPABILITY = "16s32s32sIII12x"
_VIDEO_CAPTURE, _DEVICE_CAPS = 0x00000001, 0x80000000
"""VIDIOC_QUERYCAP and its answer, linux/videodev2.h."""

_OPEN_FAILURES = {
    errno.ENOENT: CameraState.UNPLUGGED,
    errno.ENODEV: CameraState.UNPLUGGED,
    errno.ENXIO: CameraState.UNPLUGGED,
    errno.EBUSY: CameraState.BUSY,
    errno.EACCES: CameraState.NO_PERMISSION,
    errno.EPERM: CameraState.NO_PERMISSION,
}


def state_of_failure(error: OSError) -> CameraState:
    """Return what it tells about a camera that its device file could not be opened."""
    return _OPEN_FAILURES.get(error.errno or 0, CameraState.UNUSABLE)


class _V4l2Device:
    """OpenCV says only that it could not open; the kernel is asked why before."""

    may_repeat = False

    def __init__(self, path: Path, width: int, height: int, rate: int) -> None:
        self.name = str(path)
        self._path = path
        self._size = (width, height)
        self._rate = rate
        from face_auth.opencv import cv2

        self._cv2 = cv2
        self._capture = cv2.VideoCapture()

    def open(self) -> None:
        """Open and set; raises CameraError."""
        cv2 = self._cv2
        self._ask_kernel()
        wanted = {
            cv2.CAP_PROP_FOURCC: cv2.VideoWriter.fourcc(*"MJPG"),
            cv2.CAP_PROP_FRAME_WIDTH: self._size[0],
            cv2.CAP_PROP_FRAME_HEIGHT: self._size[1],
            cv2.CAP_PROP_FPS: self._rate,
            cv2.CAP_PROP_BUFFERSIZE: 1,
        }
        try:
            self._capture.open(os.path.realpath(self._path), cv2.CAP_V4L2)
            if not self._capture.isOpened():
                # the kernel let us look at it, but not have it
                raise camera_error(CameraState.BUSY, self.name)
            for prop, value in wanted.items():
                self._capture.set(prop, value)
        except cv2.error as error:
            raise camera_error(CameraState.UNUSABLE, self.name) from error

    def _ask_kernel(self) -> None:
        try:
            handle = os.open(self._path, os.O_RDWR | os.O_NONBLOCK)
        except OSError as error:
            raise camera_error(state_of_failure(error), self.name) from error
        try:
            answer = fcntl.ioctl(handle, _QUERYCAP, bytes(struct.calcsize(_CAPABILITY)))
        except OSError as error:
            raise camera_error(CameraState.UNUSABLE, self.name) from error
        finally:
            os.close(handle)
        *_, driver, device = struct.unpack(_CAPABILITY, answer)
        if not (device if driver & _DEVICE_CAPS else driver) & _VIDEO_CAPTURE:
            raise camera_error(CameraState.UNUSABLE, self.name)

    def read(self, stopping: threading.Event) -> Pixels | None:
        """Return the next picture as soon as the camera has it."""
        if stopping.is_set():
            return None
        try:
            got, pixels = self._capture.read()
        except self._cv2.error as error:
            raise camera_error(CameraState.UNUSABLE, self.name) from error
        if got and pixels.ndim == 3 and pixels.dtype.name == "uint8":
            return pixels  # type: ignore[return-value]  # cv2's stubs say any array
        # a pulled plug ends the read before its file is gone: the kernel knows better
        self._ask_kernel()
        raise camera_error(CameraState.FROZEN, self.name)

    def close(self) -> None:
        """Give the device back."""
        self._capture.release()
