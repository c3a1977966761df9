"""Finding the card in a picture."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.card_camera.flatten import FLAT_SIZE, find_corners, flatten
from terminal.virtual_card.camera_view import VIEW_SIZE, View
from tests.card_camera.frames import HANAKO, frame


@pytest.mark.parametrize(
    "view",
    [View(noise=3.0), View(width=700, shift=(60, 40), light=0.4), View(width=1000, light=1.2)],
)
def test_the_corners_of_a_card_that_lies_straight_are_found(view: View) -> None:
    """To five pixels of 1280, in dim and in bright light."""
    corners = find_corners(frame(HANAKO, view).pixels[:, :, 1])
    assert corners is not None
    height = view.width * 638 / 1011
    left = (VIEW_SIZE[0] - view.width) / 2 + view.shift[0]
    top = (VIEW_SIZE[1] - height) / 2 + view.shift[1]
    right, bottom = left + view.width, top + height
    expected = [[left, top], [right, top], [right, bottom], [left, bottom]]
    assert np.abs(corners - np.array(expected)).max() < 5


def test_the_flat_card_has_the_size_of_a_card() -> None:
    """Turned and tilted, it comes out at 300 dpi with its edges on the picture's."""
    flat = flatten(frame(HANAKO, View(degrees=4.0, tilt=0.06)).pixels[:, :, 1].copy())
    assert flat is not None
    assert (flat.size, flat.mode) == (FLAT_SIZE, "L")
    levels = np.asarray(flat)
    edges = (levels[319, 8], levels[319, -8], levels[8, 505], levels[-8, 505])
    assert min(edges) > 200


@pytest.mark.parametrize(
    "view",
    [View(shift=(420, 0)), View(degrees=30.0), View(width=300)],
    ids=["half outside", "turned by 30 degrees", "far away"],
)
def test_a_card_that_is_not_wholly_and_clearly_there_is_not_found(view: View) -> None:
    """Half outside of the picture, turned too far, too small."""
    assert find_corners(frame(HANAKO, view).pixels[:, :, 1]) is None


@given(
    st.integers(1, 90), st.integers(1, 90), st.integers(0, 2**32 - 1), st.sampled_from([2, 3, 256])
)
@settings(deadline=None)
def test_any_picture_has_corners_or_none(width: int, height: int, seed: int, levels: int) -> None:
    """Noise, flat grey and tiny pictures raise nothing."""
    dice = np.random.default_rng(seed)
    pixels = (dice.integers(0, levels, (height, width)) * (255 // (levels - 1))).astype(np.uint8)
    pixels[: int(dice.integers(0, height + 1))] //= 2
    corners = find_corners(pixels)
    assert corners is None or corners.shape == (4, 2)
