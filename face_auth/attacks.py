"""How well are attacks told from people?  In the terms of ISO/IEC 30107-3, on recordings.

*APCER*: share of attack presentations of one kind in which no sign was found; *BPCER*: share of
bona fide presentations in which one was.  A recording answers no challenge, so this measures the
passive signs and the passive model only; head turns stand on top of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from face_auth.attempt import Attempt
from face_auth.detector import FaceDetector
from face_auth.embedder import FaceEmbedder
from face_auth.errors import EvaluationError
from face_auth.gathering import MOST, GatheringLimits
from face_auth.liveness import AttackSign, LivenessLimits
from face_auth.opencv import cv2
from face_auth.quality import QualityLimits
from face_auth.replay import PICTURES, read_picture
from face_auth.types import Frame

if TYPE_CHECKING:
    from face_auth.models import FaceModels
    from face_auth.pad_model import PadModel
    from face_auth.types import Pixels

BONA_FIDE = "bona-fide"
RATE = 15.0
LONGEST = 450
"""Frames of a recording that are looked at: half a minute."""


@dataclass(frozen=True, slots=True)
class AttackEvaluation:
    """Error rates by kind of attack, and which sign was found how often."""

    bona_fide: int
    bpcer: float
    apcer: Mapping[str, tuple[float, int]]
    """By kind: the rate, and the number of presentations."""
    signs: Mapping[str, Mapping[str, float]]
    """By sign: share of presentations of each kind in which it was found."""
    terms: str = "ISO/IEC 30107-3, passive signs alone; head turns cannot be asked of a recording"
    caution: str = "Staff at the desk are the real control."


def evaluate_attacks(
    folder: Path,
    models: FaceModels,
    *,
    pad_model: PadModel | None = None,
    on_step: Callable[[int, int], None] | None = None,
) -> AttackEvaluation:
    """Measure on ``folder``: a folder for each kind, one of them ``bona-fide``.

    In it a folder of pictures or a video for each presentation, at 15 frames/s.  ``on_step`` is
    told how many are done, and of how many.  Raises EvaluationError.
    """
    kinds = sorted(path.name for path in folder.iterdir() if path.is_dir())
    if BONA_FIDE not in kinds or len(kinds) < 2:
        raise EvaluationError(f"a folder {BONA_FIDE} and one for each kind of attack are needed")
    detector, embedder = FaceDetector(models), FaceEmbedder(models)
    found: dict[str, list[frozenset[AttackSign]]] = {}
    recordings = {kind: sorted((folder / kind).iterdir()) for kind in kinds}
    total, done = sum(map(len, recordings.values())), 0
    for kind, those in recordings.items():
        if not those:
            raise EvaluationError(f"no recording in {kind}")
        found[kind] = []
        for recording in those:
            found[kind].append(_signs_of(recording, detector, embedder, pad_model))
            done += 1
            if on_step is not None:
                on_step(done, total)
    told = {kind: sum(map(bool, signs)) / len(signs) for kind, signs in found.items()}
    return AttackEvaluation(
        bona_fide=len(found[BONA_FIDE]),
        bpcer=told[BONA_FIDE],
        apcer={kind: (1 - told[kind], len(found[kind])) for kind in kinds if kind != BONA_FIDE},
        signs={
            sign.value: {
                kind: sum(sign in one for one in signs) / len(signs)
                for kind, signs in found.items()
            }
            for sign in AttackSign
            if any(sign in one for signs in found.values() for one in signs)
        },
    )


def _signs_of(
    recording: Path, detector: FaceDetector, embedder: FaceEmbedder, pad_model: PadModel | None
) -> frozenset[AttackSign]:
    attempt = Attempt(
        detector,
        embedder,
        quality=QualityLimits(),
        liveness=LivenessLimits(turns=0),
        gathering=GatheringLimits(),
        wanted=MOST,
        pad_model=pad_model,
    )
    number = 0
    for number, pixels in enumerate(_pictures_of(recording), 1):
        attempt.see(Frame(pixels, number, number / RATE))
        if number >= LONGEST:
            break
    if not number:
        raise EvaluationError(f"no picture in {recording.name}")
    signs = attempt.evidence().signs
    attempt.forget()
    return signs


def _pictures_of(recording: Path) -> Iterator[Pixels]:
    if recording.is_dir():
        for file in sorted(recording.iterdir()):
            if file.suffix.lower() in PICTURES and (pixels := read_picture(file)) is not None:
                yield pixels
        return
    video = cv2.VideoCapture(str(recording))
    try:
        while (read := video.read())[0]:
            yield read[1]  # type: ignore[misc]  # cv2's stubs say any array
    finally:
        video.release()
