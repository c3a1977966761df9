"""How good is it?  Measured on a folder of persons, in the terms of ISO/IEC 19795-1.

*FMR*: share of comparisons of different persons that match; *FNMR*: share of comparisons of one
person that do not; *FTA*: share of pictures in which no face was found, each a non-match here.
Thresholds are learned on other persons than those they are applied to, and intervals come from
drawing persons, not scores, as scores of one person go together.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from face_auth.comparison import LENGTH, fuse
from face_auth.degradation import CONDITIONS, copies_of
from face_auth.detector import SIDE, FaceDetector
from face_auth.embedder import FaceEmbedder
from face_auth.error_rates import Rates, Scores, paired_gain, rates_of
from face_auth.errors import EvaluationError, FrameError
from face_auth.opencv import cv2
from face_auth.policy import PROFILES
from face_auth.quality import look_at
from face_auth.replay import PICTURES, read_picture

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from face_auth.models import FaceModels
    from face_auth.types import Embedding, Pixels

FUSED = 5
DRAWS = 3
"""Sets of five that are drawn for each reference and person."""
FEWEST_PERSONS, FEWEST_PICTURES = 4, FUSED + 1

OnStep = Callable[[int, int], None]
"""Told how many steps are done, and of how many."""


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Of so many values."""

    n: int
    p50: float
    p95: float
    p99: float


@dataclass(frozen=True, slots=True)
class ConditionResult:
    """What came of one kind of reference."""

    condition: str
    failure_to_acquire: float
    """Share of these references (of the copies: of the sets) in which no face was found."""
    single: Rates
    fused: Rates
    gain: Mapping[str, tuple[float, float, float]]
    """By threshold: FNMR of one frame less that of fused ones, with the ends of its interval."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All figures of a run.  None of them is field accuracy."""

    model: str
    persons: int
    pictures: int
    source_size: tuple[int, int]
    """Median width and height of the files, before anything was done to them."""
    eye_distance: float
    """Median distance between the eyes, in pixels of the files."""
    unreadable: int
    """Files that are named as pictures and cannot be read: they were left out."""
    failure_to_acquire: float
    """Share of pictures without a face."""
    conditions: tuple[ConditionResult, ...]
    copies: ConditionResult
    """The control: five spoilt copies of one picture instead of five pictures."""
    milliseconds: Mapping[str, Percentiles]
    fused: int = FUSED
    terms: str = "ISO/IEC 19795-1; failures to acquire count as non-matches"
    caution: str = (
        "Pictures of a data set are no patients at a desk: none of this is field accuracy."
    )


@dataclass(slots=True)
class _Person:
    name: str
    pictures: list[Pixels] = field(default_factory=list)
    sizes: list[tuple[int, int]] = field(default_factory=list)
    unreadable: int = 0


def read_persons(folder: Path) -> list[_Person]:
    """Read a folder with a folder for each person.  Raises EvaluationError."""
    persons = []
    for place in sorted(path for path in folder.iterdir() if path.is_dir()):
        person = _Person(place.name)
        for file in sorted(place.iterdir()):
            if file.suffix.lower() not in PICTURES:
                continue
            if (pixels := read_picture(file)) is None:
                person.unreadable += 1
                continue
            person.sizes.append((pixels.shape[1], pixels.shape[0]))
            person.pictures.append(_prepared(pixels))
        if person.pictures:
            persons.append(person)
    if len(persons) < FEWEST_PERSONS:
        raise EvaluationError(f"{len(persons)} folders with pictures, at least {FEWEST_PERSONS}")
    short = [person.name for person in persons if len(person.pictures) < FEWEST_PICTURES]
    if short:
        least = f"at least {FEWEST_PICTURES} pictures of each person"
        raise EvaluationError(f"{least}: {', '.join(short[:5])}")
    return persons


def _prepared(pixels: Pixels) -> Pixels:
    """Bring small pictures to the side that detection works on, large ones to four times it."""
    longest = max(pixels.shape[:2])
    if SIDE <= longest <= 4 * SIDE:
        return pixels
    scale = SIDE / longest if longest < SIDE else 4 * SIDE / longest
    how = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    return cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=how)  # type: ignore[return-value]  # cv2's stubs say any array


class Evaluator:
    """Embeds every picture once under every condition and compares all."""

    def __init__(self, models: FaceModels, *, seed: int = 1, on_step: OnStep | None = None) -> None:
        """``seed`` repeats the noise, the draws and the splits."""
        self._models = models
        self._detector = FaceDetector(models)
        self._embedder = FaceEmbedder(models)
        self._seed = seed
        self._on_step = on_step or (lambda _done, _of: None)
        self._detect_ms: list[float] = []
        self._embed_ms: list[float] = []
        self._eyes: list[float] = []

    def evaluate(self, folder: Path) -> Evaluation:
        """Measure on the persons of ``folder``.  Raises EvaluationError."""
        persons = read_persons(folder)
        total = sum(len(person.pictures) for person in persons)
        steps = total * (len(CONDITIONS) + 1)
        done = 0
        made: dict[str, list[list[Embedding | None]]] = {}
        chance = np.random.default_rng(self._seed)
        copied: list[list[Embedding | None]] = []
        for name, degrade in CONDITIONS.items():
            made[name] = []
            for person in persons:
                row: list[Embedding | None] = []
                for pixels, size in zip(person.pictures, person.sizes, strict=True):
                    whole = size if name == "clean" else None
                    row.append(self._embed(degrade(pixels, chance), whole))
                    self._on_step(done := done + 1, steps)
                made[name].append(row)
        for person in persons:
            row = []
            for pixels in person.pictures:
                found = [self._embed(copy, None) for copy in copies_of(pixels, FUSED, chance)]
                usable = [one for one in found if one is not None]
                row.append(fuse(usable) if len(usable) == FUSED else None)
                self._on_step(done := done + 1, steps)
            copied.append(row)
        clean = made["clean"]
        draws = _draws(clean, chance)
        results = []
        for name, rows in made.items():
            fused = _fused_scores(rows, draws)
            results.append(self._result(name, rows, _single_scores(rows, clean), fused))
        single, of_copies = _single_scores(clean, clean), _single_scores(clean, copied)
        control = self._result("copies of one picture", copied, single, of_copies)
        sizes = np.array([size for person in persons for size in person.sizes])
        return Evaluation(
            model=self._models.fingerprint,
            persons=len(persons),
            pictures=total,
            source_size=(int(np.median(sizes[:, 0])), int(np.median(sizes[:, 1]))),
            eye_distance=round(float(np.median(self._eyes)), 1) if self._eyes else 0.0,
            unreadable=sum(person.unreadable for person in persons),
            failure_to_acquire=_missing(clean),
            conditions=tuple(results),
            copies=control,
            milliseconds={
                "detect and quality": _percentiles(self._detect_ms),
                "embed": _percentiles(self._embed_ms),
            },
        )

    def _embed(self, pixels: Pixels, size: tuple[int, int] | None) -> Embedding | None:
        """Return the embedding, or None where no face is found; ``size`` is the file's own."""
        began = time.perf_counter()
        try:
            faces = self._detector.detect(pixels)
            if not faces:
                return None
            seen = look_at(pixels, faces[0])
            between = time.perf_counter()
            embedding = self._embedder.embed(seen.crop)
        except FrameError:
            return None
        self._detect_ms.append((between - began) * 1000)
        self._embed_ms.append((time.perf_counter() - between) * 1000)
        if size is not None:
            self._eyes.append(faces[0].eye_distance * max(size) / max(pixels.shape[:2]))
        return embedding

    def _result(self, name: str, rows: Rows, single: Scores, fused: Scores) -> ConditionResult:
        fixed = {profile.name: profile.match_at for profile in PROFILES.values()}
        one, many = (rates_of(scores, fixed, self._seed) for scores in (single, fused))
        return ConditionResult(name, _missing(rows), one, many, paired_gain(one, many, self._seed))


def _percentiles(values: list[float]) -> Percentiles:
    if not values:
        return Percentiles(0, 0.0, 0.0, 0.0)
    p50, p95, p99 = (round(float(one), 2) for one in np.percentile(values, [50, 95, 99]))
    return Percentiles(len(values), p50, p95, p99)


NO_SCORE = -1.0
Rows = list[list["Embedding | None"]]


def _draws(clean: Rows, chance: np.random.Generator) -> list[list[NDArray[np.float32] | None]]:
    """Draw sets of five pictures: by person, for each left-out picture, :data:`DRAWS` of them."""
    drawn: list[list[NDArray[np.float32] | None]] = []
    for row in clean:
        sets: list[NDArray[np.float32] | None] = []
        for left_out in range(len(row)):
            usable = [one for at, one in enumerate(row) if at != left_out and one is not None]
            for _ in range(DRAWS):
                if len(usable) < FUSED:
                    sets.append(None)
                    continue
                chosen = chance.choice(len(usable), FUSED, replace=False)
                sets.append(fuse([usable[index] for index in chosen]))
        drawn.append(sets)
    return drawn


def _missing(rows: Rows) -> float:
    """Return the share of pictures in which no face was found."""
    return sum(one is None for row in rows for one in row) / sum(map(len, rows))


def _single_scores(references: Rows, probes: Rows) -> Scores:
    """Compare each reference with each other picture of all persons."""
    genuine, impostor = [], []
    stacks = [_stacked(row) for row in probes]
    for person, row in enumerate(references):
        values = [_cosines(_stacked(row), stack) for stack in stacks]
        same = values.pop(person)
        others = ~np.eye(len(row), dtype=bool)  # a picture is not compared with itself
        genuine.append(same[others])
        impostor.append(np.concatenate(values, axis=1).reshape(-1))
    return Scores(genuine, impostor)


def _fused_scores(references: Rows, draws: list[list[NDArray[np.float32] | None]]) -> Scores:
    """Compare each reference with sets of pictures it is not among, and with others' sets."""
    genuine, impostor = [], []
    stacks = [_stacked(sets) for sets in draws]
    for person, row in enumerate(references):
        values = [_cosines(_stacked(row), stack) for stack in stacks]
        same = values.pop(person)
        without = np.repeat(np.eye(len(row), dtype=bool), DRAWS, axis=1)
        genuine.append(same[without])
        impostor.append(np.concatenate(values, axis=1).reshape(-1))
    return Scores(genuine, impostor)


Stack = tuple["NDArray[np.float32]", "NDArray[np.bool_]"]
"""Embeddings as rows of a matrix, and which of them there are."""


def _stacked(row: list[NDArray[np.float32] | None]) -> Stack:
    there = np.array([one is not None for one in row])
    nothing = np.zeros(LENGTH, np.float32)
    return np.array([nothing if one is None else one for one in row]), there


def _cosines(references: Stack, probes: Stack) -> NDArray[np.float64]:
    """Return the cosines, by reference and probe."""
    both = references[1][:, None] & probes[1][None, :]
    return np.where(both, (references[0] @ probes[0].T).astype(np.float64), NO_SCORE)
