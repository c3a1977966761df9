"""The photo on the card: JPEG 2000 from the visual application, decoded within limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from face_auth.errors import PhotoError, PhotoReason
from face_auth.jpeg2000 import read_header
from face_auth.opencv import cv2

if TYPE_CHECKING:
    from face_auth.types import Pixels

MOST_BYTES = 200_000
"""Cards hold 2 to 20 kB."""


def decode_photo(content: bytes | bytearray | None) -> Pixels:
    """Decode a card's photo, boxed or bare, colour or grey, as BGR.

    Raises PhotoError with the reason: missing, damaged, too large, too many tiles and the like;
    never takes more than 200 MB or a second.  A damaged picture may still decode, to something
    else: whether a face is in it, the matcher sees.
    """
    if not content:
        raise PhotoError(PhotoReason.MISSING)
    if len(content) > MOST_BYTES:
        raise PhotoError(PhotoReason.TOO_MANY_BYTES)
    header = read_header(bytes(content))
    try:
        decoded = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        raise PhotoError(PhotoReason.DAMAGED) from error
    if decoded is None or decoded.dtype != np.uint8:
        raise PhotoError(PhotoReason.DAMAGED)
    if decoded.shape[:2] != (header.height, header.width):
        raise PhotoError(PhotoReason.HEADERS_DISAGREE)
    return _as_bgr(decoded)  # type: ignore[arg-type]  # cv2's stubs say any array


def _as_bgr(decoded: Pixels) -> Pixels:
    """Return three components: OpenCV gives grey and transparency as they are."""
    components = 1 if decoded.ndim == 2 else decoded.shape[2]
    match components:
        case 3:
            return decoded
        case 1:
            return cv2.cvtColor(decoded, cv2.COLOR_GRAY2BGR)  # type: ignore[return-value]
        case 4:
            return cv2.cvtColor(decoded, cv2.COLOR_BGRA2BGR)  # type: ignore[return-value]
        case _:
            raise PhotoError(PhotoReason.COMPONENTS)
