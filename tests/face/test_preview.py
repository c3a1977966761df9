"""The picture in which patients see themselves."""

from __future__ import annotations

import numpy as np
import pytest

from face_auth import FrameError, preview_jpeg
from face_auth.opencv import cv2


def test_it_is_small_and_mirrored() -> None:
    """As in a mirror, at the width asked for; the frame itself is left as it was."""
    pixels = np.zeros((720, 1280, 3), np.uint8)
    pixels[:, :640] = 250
    before = pixels.copy()
    seen = cv2.imdecode(np.frombuffer(preview_jpeg(pixels, 320), np.uint8), cv2.IMREAD_COLOR)
    assert seen is not None
    assert seen.shape == (180, 320, 3)
    assert seen[:, 200:].mean() > 240
    assert seen[:, :120].mean() < 10
    assert (pixels == before).all()


@pytest.mark.parametrize("shape", [(0, 0, 3), (480, 640), (0, 640, 3)])
def test_what_is_no_picture_is_told(shape: tuple[int, ...]) -> None:
    """A frame of an odd shape ends no visit."""
    with pytest.raises(FrameError):
        preview_jpeg(np.zeros(shape, np.uint8), 320)
