"""Whoever stands before the demo's kiosk camera: draws what it sees, one picture after the other.

The tray says who that is.  A person looks at the kiosk's screen, and so does this program: it is a
kiosk of its own, enrolled with a one-time code, and turns the head as the screen asks.  Portraits
of two public persons prove the wiring, not the accuracy.  Not part of the product.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import httpx
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from visit_once import Browser

from face_auth import load_models
from face_auth.detector import FaceDetector
from face_auth.opencv import cv2
from terminal.virtual_card.personas import read_card, write_card
from tests.face.heads import HEIGHT, WIDTH, Performer, seat
from tests.face.portraits import cut, jpeg_2000, read_portraits

if TYPE_CHECKING:
    from collections.abc import Callable

    from face_auth.types import Pixels

SECONDS_A_FRAME = 1 / 12
IDLE_SECONDS = 0.4
"""Between two looks at a screen that asks for nothing."""
LOOK_FRAMES = 3


def main() -> int:
    """Draw until told to stop; or with ``--photos`` only put the photo on cards."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--photos", type=Path, metavar="DIR", help="put the photo on cards, and end"
    )
    parser.add_argument("cards", nargs="*", metavar="SLUG", help="with --photos: on which")
    parser.add_argument(
        "--picture", type=Path, help="the picture file of the kiosk's camera (.bmp)"
    )
    parser.add_argument("--terminal", help="origin of the terminal")
    parser.add_argument("--code", type=Path, help="file that will hold a one-time code of it")
    parser.add_argument("--tray", help="origin of the tray")
    parser.add_argument("--drawn", action="store_true", help="no portraits: a drawing stands there")
    options = parser.parse_args()
    if options.photos is not None:
        put_photos(options.photos, options.cards)
        return 0
    stopping = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    views = drawn_views() if options.drawn else rendered_views()
    kiosk = Browser(options.terminal)
    with httpx.Client(base_url=options.tray, trust_env=False) as tray:
        stand(views, kiosk, tray, options.picture, options.code, stopping)
    kiosk.close()
    options.picture.unlink(missing_ok=True)
    return 0


def put_photos(folder: Path, slugs: list[str]) -> None:
    """Put the holder's portrait on these cards, in place of the drawing."""
    portraits, detector = read_portraits(), FaceDetector(load_models())
    photo = jpeg_2000(cut(portraits["a2"], detector), 240, 320, 25)
    for slug in slugs:
        path = folder / f"{slug}.json"
        card = read_card(path)
        if card.pictures is not None:
            changed = card.pictures.model_copy(update={"photo": photo})
            write_card(path, card.model_copy(update={"pictures": changed}))


def rendered_views() -> Callable[[str, str | None], Pixels]:
    """Return what gives the camera's next picture of somebody who was told to do something."""
    portraits, detector = read_portraits(), FaceDetector(load_models())
    sitters = {
        name: seat(portraits[picture], detector.detect(portraits[picture])[0])
        for name, picture in (("same", "a1"), ("other", "b1"))
    }
    performers = {
        "same": Performer(sitters["same"]),
        "other": Performer(sitters["other"]),
        "print": Performer(sitters["same"], flat=True),
    }
    empty = noisy(sitters["same"].background.astype(np.uint8))

    def view(who: str, step: str | None) -> Pixels:
        performer = performers.get(who)
        if performer is None:
            return empty()
        performer.step = step
        return performer.view()

    return view


def drawn_views() -> Callable[[str, str | None], Pixels]:
    """Return the same where there are no portraits: an empty room, or a mere drawing in it."""
    room = np.full((HEIGHT, WIDTH, 3), 150, np.uint8)
    drawing = room.copy()
    cv2.ellipse(drawing, (WIDTH // 2, HEIGHT // 2), (90, 120), 0, 0, 360, (170, 190, 215), -1)
    for x in (WIDTH // 2 - 34, WIDTH // 2 + 34):
        cv2.circle(drawing, (x, HEIGHT // 2 - 20), 9, (60, 60, 60), -1)
    cv2.ellipse(drawing, (WIDTH // 2, HEIGHT // 2 + 44), (34, 16), 0, 10, 170, (90, 90, 150), 4)
    empty, somebody = noisy(room), noisy(drawing)
    return lambda who, step: empty() if who == "nobody" else somebody()


def noisy(still: Pixels) -> Callable[[], Pixels]:
    """Return what gives ``still`` with a sensor's noise, never the same twice."""
    chance = np.random.default_rng()

    def view() -> Pixels:
        grain = chance.integers(0, 9, still.shape, dtype=np.uint8)
        return cv2.add(still, grain)  # type: ignore[return-value]  # cv2's stubs say any array

    return view


def stand(
    views: Callable[[str, str | None], Pixels],
    kiosk: Browser,
    tray: httpx.Client,
    picture: Path,
    code: Path,
    stopping: threading.Event,
) -> None:
    """Look at screen and tray from time to time, and be seen."""
    code.unlink(missing_ok=True)
    is_enrolled = False
    who, step, is_asked, number = "nobody", None, False, 0
    while True:
        if number % LOOK_FRAMES == 0 or not is_asked:
            try:
                who = tray.get("/state").json()["before_camera"]
                words = code.read_text() if code.exists() and not is_enrolled else ""
                if words:
                    kiosk.sends(kiosk.opens("/kiosk/enrol"), "/kiosk/enrol", code=words)
                    is_enrolled = True
                    code.unlink()
                if is_enrolled:
                    page = kiosk.opens("/kiosk/step")
                    is_asked = page.data["kiosk"]["step"] == "face"
                    step = page.data.get("face-sign", {}).get("hint")
            except httpx.TransportError:
                is_asked = False  # the terminal is not there yet, or no more
        show(picture, views(who, step))
        number += 1
        if stopping.wait(SECONDS_A_FRAME if is_asked else IDLE_SECONDS):
            return


def show(picture: Path, pixels: Pixels) -> None:
    """Let the camera see it: the file always holds a whole picture."""
    new = picture.with_suffix(".new.bmp")
    cv2.imwrite(str(new), pixels)
    new.replace(picture)


if __name__ == "__main__":
    sys.exit(main())
