"""The small picture in which people see themselves before the camera."""

from __future__ import annotations

from typing import TYPE_CHECKING

from face_auth.errors import FrameError
from face_auth.opencv import cv2
from face_auth.types import overwrite

if TYPE_CHECKING:
    from face_auth.types import Pixels

QUALITY = 70


def preview_jpeg(pixels: Pixels, width: int) -> bytes:
    """Return ``pixels`` reduced to ``width``, mirrored as people know themselves, as JPEG.

    The pixels given are left as they are.  Raises FrameError for what is no picture.
    """
    if pixels.ndim != 3 or not pixels.size:
        raise FrameError(f"shape {pixels.shape}")
    height = max(1, round(pixels.shape[0] * width / pixels.shape[1]))
    small = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)
    mirrored = cv2.flip(small, 1)
    try:
        done, encoded = cv2.imencode(".jpg", mirrored, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        if not done:
            raise FrameError(f"shape {pixels.shape} cannot be encoded")
        return encoded.tobytes()
    finally:
        overwrite(small, mirrored)
