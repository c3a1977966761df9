"""The camera over the tray's reader: what lies there is what a real reading of it finds."""

from __future__ import annotations

import io
import queue
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from face_auth import CameraState, WatchedPicture
from terminal.card_camera.face import PrintedNumber
from terminal.card_camera.ocr import Tesseract
from terminal.card_camera.watch import CardCamera
from terminal.errors import ConfigError
from terminal.virtual_card.camera import TrayCamera
from terminal.virtual_card.camera_view import VIEW_SIZE
from terminal.virtual_card.issuing import load
from terminal.virtual_card.personas import read_card
from terminal.virtual_card.tray import Tray
from terminal.virtual_card.vpicc import VirtualCardSlot
from tests.card_camera.frames import TODAY, parts
from tests.virtual_card.parts import wait_until

LONG = 60.0


@pytest.fixture(scope="module")
def tray(cards: Path, first_slot: VirtualCardSlot) -> Tray:
    """A tray with all cards on the daemon's first slot."""
    return Tray(load(cards), first_slot)


@pytest.fixture
def picture(tray: Tray, slot: VirtualCardSlot, tmp_path: Path) -> Iterator[Path]:
    """The picture file of a camera over the empty reader."""
    file = tmp_path / "view.jpg"
    camera = TrayCamera(tray, file)
    camera.start()
    yield file
    camera.stop()


def seen(picture: Path) -> Image.Image:
    """What the file shows now."""
    return Image.open(io.BytesIO(picture.read_bytes()))


def middle(picture: Path) -> int:
    """How bright it is where the card's white middle would be."""
    level = seen(picture).convert("L").resize((1, 1), box=(760, 620, 820, 660)).getpixel((0, 0))
    assert isinstance(level, int)
    return level


def test_a_card_is_seen_when_it_is_put_and_gone_when_it_is_taken(tray: Tray, picture: Path) -> None:
    """The file always holds a whole picture, of the surface or of the card on it."""
    assert seen(picture).size == VIEW_SIZE
    empty = middle(picture)
    tray.insert("normal")
    wait_until(lambda: middle(picture) > empty + 100, "the card is seen", LONG)
    tray.remove()
    wait_until(lambda: middle(picture) < empty + 20, "the card is gone", LONG)


@pytest.mark.parametrize("slug", ["driving-licence", "phone"])
def test_what_has_no_printed_face_is_not_seen_as_one(tray: Tray, slug: str) -> None:
    """Phones and cards of other kinds show nothing of a My Number card."""
    assert tray.face(slug) is None


def test_what_lies_there_is_read_as_from_a_real_camera(
    tray: Tray, picture: Path, cards: Path
) -> None:
    """Watched as a camera, two pictures of the card agree on the number in its chip."""
    found: queue.SimpleQueue[PrintedNumber] = queue.SimpleQueue()
    source = WatchedPicture(picture)
    tesseract = Tesseract(seconds=30.0)
    camera = CardCamera(source, lambda: TODAY, seconds=LONG, tesseract=tesseract)
    camera.start()
    try:
        tray.insert("expires-soon")
        camera.look(found.put)
        stored = read_card(cards / "cards" / "expires-soon.json")
        assert parts(found.get(timeout=LONG)) == (
            stored.person.birthdate,
            stored.expires_on.year,
            stored.security_code,
        )
    finally:
        camera.stop()


def test_the_picture_goes_with_the_camera(tray: Tray, tmp_path: Path) -> None:
    """Stopped, it leaves no picture behind: an unplugged camera."""
    file = tmp_path / "view.jpg"
    camera = TrayCamera(tray, file)
    camera.start()
    source = WatchedPicture(file)
    source.start()
    try:
        wait_until(lambda: source.state is CameraState.OK, "the camera is seen", LONG)
        camera.stop()
        assert list(tmp_path.iterdir()) == []
        wait_until(lambda: source.state is CameraState.UNPLUGGED, "it is unplugged", LONG)
    finally:
        source.stop()


def test_a_folder_that_is_not_there_is_named(tray: Tray, tmp_path: Path) -> None:
    """One clear error, before anything is served."""
    with pytest.raises(ConfigError, match=r"view\.jpg: cannot be written"):
        TrayCamera(tray, tmp_path / "none" / "view.jpg")
