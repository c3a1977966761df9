"""OpenCV, set up before it is loaded: the only module that imports ``cv2``.

Some of its settings count only if they stand in the environment before the import: how many
pixels a decoder may make, how long a V4L2 read may wait, and how much the library writes to
standard error.
"""

from __future__ import annotations

import os

MOST_PIXELS = 24_000_000
"""More than any camera here gives, and few enough for a decoder on a small machine."""
READ_SECONDS = 2

os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(MOST_PIXELS))
os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", str(READ_SECONDS))
os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")

import cv2  # noqa: E402  # after its settings

__all__ = ["cv2"]
