"""How long one picture of a card's face takes to be read: prints JSON lines.

``python -m tests.benchmarks.card_face [N]``: N pictures, each of another card and pose; how many
of them were read, which of them wrongly, and the seconds for each.
"""

from __future__ import annotations

import json
import random
import sys
import time
from datetime import date

from terminal.card_camera.face import FaceReader
from terminal.card_camera.ocr import Tesseract
from terminal.virtual_card.camera_view import View
from tests.benchmarks.visit import report
from tests.card_camera.frames import TODAY, face, frame, parts, parts_of


def run(pictures: int) -> None:
    """Read so many seeded pictures."""
    dice = random.Random(1)  # noqa: S311  # the same pictures each time
    reader = FaceReader(lambda: TODAY, Tesseract())
    seconds: list[float] = []
    right = wrong = 0
    for number in range(pictures):
        birthdate = date(dice.randint(1930, 2024), dice.randint(1, 12), dice.randint(1, 28))
        shown = face(birthdate, dice.randint(2027, 2036), f"{dice.randrange(10000):04d}")
        view = View(
            shift=(dice.randint(-80, 80), dice.randint(-80, 80)),
            degrees=dice.uniform(-5, 5),
            width=dice.choice([700, 800, 900]),
            tilt=dice.uniform(-0.08, 0.08),
            light=dice.choice([0.5, 0.8, 1.1]),
            blur=dice.uniform(0.5, 1.3),
            noise=dice.choice([3.0, 6.0, 10.0]),
        )
        seen = frame(shown, view, sequence=number)
        began = time.monotonic()
        read = parts(reader.read(seen))
        seconds.append(time.monotonic() - began)
        right += read == parts_of(shown)
        wrong += read not in (None, parts_of(shown))
    report("card face read, one picture", "ms", [1000 * one for one in seconds])
    print(
        json.dumps({"name": "card faces", "n": pictures, "right": right, "wrong": wrong}),
        flush=True,
    )


if __name__ == "__main__":
    run(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
