"""Error rates of scores that belong to persons, with intervals drawn by person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

TARGETS = (1e-2, 1e-3, 1e-4)
SPLITS = 20
RESAMPLES = 1000
CURVE = np.round(np.arange(-0.2, 1.0001, 0.01), 2)


@dataclass(frozen=True, slots=True)
class Scores:
    """Cosines by person: with the person's own pictures, and with those of all others."""

    genuine: list[NDArray[np.float64]]
    impostor: list[NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Point:
    """Error rates at a threshold; the interval is 95 %, by bootstrap over persons."""

    threshold: float
    fmr: float
    fnmr: float
    fnmr_low: float
    fnmr_high: float
    learned: bool
    """The threshold was learned on other persons (mean of all splits), or fixed before."""
    fnmr_by_person: NDArray[np.float64] = field(repr=False, compare=False)

    def as_dict(self) -> dict[str, object]:
        """Return the figures alone."""
        names = ("threshold", "fmr", "fnmr", "fnmr_low", "fnmr_high", "learned")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, slots=True)
class Rates:
    """All points of one way to compare."""

    eer: float
    genuine: int
    impostor: int
    points: Mapping[str, Point]
    """By name: ``FMR 0.001`` for a learned threshold, a profile's name for its fixed one."""
    curve: tuple[tuple[float, float, float], ...]
    """Threshold, FMR, FNMR over all scores."""


def interval(by_person: NDArray[np.float64], seed: int) -> tuple[float, float]:
    """Return the 95 % interval of the mean over persons, by drawing persons again and again."""
    chance = np.random.default_rng(seed)
    drawn = chance.integers(0, len(by_person), (RESAMPLES, len(by_person)))
    low, high = np.percentile(by_person[drawn].mean(axis=1), [2.5, 97.5])
    return float(low), float(high)


def rates_of(scores: Scores, fixed: Mapping[str, float], seed: int) -> Rates:
    """Return the error rates at learned and at ``fixed`` thresholds (name to value)."""
    genuine = np.concatenate(scores.genuine)
    impostor = np.concatenate(scores.impostor)
    points = {f"FMR {target:g}": _learned(scores, target, seed) for target in TARGETS}
    for name, threshold in fixed.items():
        each = np.array([(one < threshold).mean() for one in scores.genuine])
        fmr = float((impostor >= threshold).mean())
        low, high = interval(each, seed)
        points[name] = Point(threshold, fmr, float(each.mean()), low, high, False, each)
    sorted_genuine, sorted_impostor = np.sort(genuine), np.sort(impostor)
    fnmr = np.searchsorted(sorted_genuine, CURVE) / len(genuine)
    fmr_curve = 1 - np.searchsorted(sorted_impostor, CURVE) / len(impostor)
    curve = zip(CURVE.tolist(), fmr_curve.tolist(), fnmr.tolist(), strict=True)
    eer = _equal_error_rate(sorted_genuine, sorted_impostor)
    return Rates(eer, len(genuine), len(impostor), points, tuple(curve))


def _equal_error_rate(genuine: NDArray[np.float64], impostor: NDArray[np.float64]) -> float:
    at = np.unique(np.concatenate([genuine, impostor]))
    fnmr = np.searchsorted(genuine, at) / len(genuine)
    fmr = 1 - np.searchsorted(impostor, at) / len(impostor)
    nearest = int(np.abs(fnmr - fmr).argmin())
    return float((fnmr[nearest] + fmr[nearest]) / 2)


def _learned(scores: Scores, target: float, seed: int) -> Point:
    """Learn the threshold on half of the persons, apply it to the other half, both ways."""
    chance = np.random.default_rng(seed)
    count = len(scores.genuine)
    fnmr, fmr, times = np.zeros(count), np.zeros(count), np.zeros(count)
    thresholds = []
    for _ in range(SPLITS):
        order = chance.permutation(count)
        halves = order[: count // 2], order[count // 2 :]
        for learn, test in (halves, halves[::-1]):
            known = np.concatenate([scores.impostor[person] for person in learn])
            threshold = _threshold_for(known, target)
            thresholds.append(threshold)
            for person in test:
                fnmr[person] += (scores.genuine[person] < threshold).mean()
                fmr[person] += (scores.impostor[person] >= threshold).mean()
                times[person] += 1
    by_person = fnmr / times
    low, high = interval(by_person, seed)
    mean = float(np.mean(thresholds))
    return Point(
        mean, float((fmr / times).mean()), float(by_person.mean()), low, high, True, by_person
    )


def _threshold_for(impostor: NDArray[np.float64], target: float) -> float:
    """Return the lowest threshold that lets at most ``target`` of these scores match."""
    first = len(impostor) - 1 - int(np.floor(target * len(impostor)))
    return float(np.nextafter(np.partition(impostor, first)[first], 2.0))


def paired_gain(single: Rates, fused: Rates, seed: int) -> dict[str, tuple[float, float, float]]:
    """Return, by point, FNMR of one frame less that of fused ones, and its interval."""
    found = {}
    for name, point in single.points.items():
        each = point.fnmr_by_person - fused.points[name].fnmr_by_person
        found[name] = (float(each.mean()), *interval(each, seed))
    return found
