"""The picture of the recovery storm: load over time, and peak against drain time, as one SVG."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT, GAP, MARGIN = 720, 360, 90, 60
COLOURS = ("#00539f", "#b3261e", "#555")
TICKS = (0.5, 1, 1.5, 3, 10, 30, 100, 300)


@dataclass(frozen=True)
class Line:
    """Load by the minute from ``start`` minutes after ten, as multiples of the normal load."""

    name: str
    load: NDArray[np.float64]
    start: float


@dataclass(frozen=True)
class Curve:
    """Pairs of drain time in minutes and peak, and the pair that must not be exceeded."""

    points: tuple[tuple[float, float], ...]
    goal: tuple[float, float]


def draw(lines: tuple[Line, ...], curve: Curve, outage: tuple[float, float]) -> str:
    """Return both panels as one SVG; the load's axis is logarithmic."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH + 2 * MARGIN}" '
        f'height="{2 * HEIGHT + GAP + 2 * MARGIN}" font-family="sans-serif" font-size="13">',
        '<rect width="100%" height="100%" fill="#fff"/>',
        *_load(lines, outage),
        *_peaks(curve),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _text(x: float, y: float, words: str, anchor: str = "middle") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def _rule(x1: float, y1: float, x2: float, y2: float, colour: str = "#ccc") -> str:
    return f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" stroke="{colour}" fill="none"/>'


def _path(points: list[tuple[float, float]], colour: str) -> str:
    way = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return f'<path d="M{way}" stroke="{colour}" stroke-width="2" fill="none"/>'


def _load(lines: tuple[Line, ...], outage: tuple[float, float]) -> list[str]:
    first = min(line.start for line in lines)
    last = max(line.start + len(line.load) for line in lines)
    low, high = math.log(TICKS[0]), math.log(TICKS[-1] * 1.5)

    def x(minute: float) -> float:
        return MARGIN + (minute - first) / (last - first) * WIDTH

    def y(load: float) -> float:
        share = (math.log(max(load, TICKS[0])) - low) / (high - low)
        return MARGIN + HEIGHT * (1 - share)

    left, right = x(outage[0]), x(outage[1])
    parts = [
        f'<rect x="{left:.1f}" y="{MARGIN}" width="{right - left:.1f}" height="{HEIGHT}" '
        'fill="#eee"/>',
        _text((left + right) / 2, MARGIN + 16, "payer silent"),
        _text(MARGIN, MARGIN - 20, "calls to the payer, times the normal load", "start"),
    ]
    for tick in TICKS:
        parts.append(_rule(MARGIN, y(tick), MARGIN + WIDTH, y(tick)))
        parts.append(_text(MARGIN - 8, y(tick) + 4, f"{tick:g}", "end"))
    for minute in range(0, int(last) + 1, 15):
        clock = f"{10 + minute // 60}:{minute % 60:02}"
        parts.append(_text(x(minute), MARGIN + HEIGHT + 18, clock))
    for number, line in enumerate(lines):
        colour = COLOURS[number]
        points = [
            (x(line.start + minute + 0.5), y(float(load))) for minute, load in enumerate(line.load)
        ]
        parts.append(_path(points, colour))
        place = MARGIN + WIDTH - 120
        parts.append(
            _rule(
                place - 30, MARGIN + 24 + 20 * number, place - 6, MARGIN + 24 + 20 * number, colour
            )
        )
        parts.append(_text(place, MARGIN + 28 + 20 * number, line.name, "start"))
    return parts


def _peaks(curve: Curve) -> list[str]:
    top = MARGIN + HEIGHT + GAP
    longest = max(*(minutes for minutes, _ in curve.points), curve.goal[0]) * 1.1
    highest = max(*(peak for _, peak in curve.points), curve.goal[1]) * 1.1

    def x(minutes: float) -> float:
        return MARGIN + minutes / longest * WIDTH

    def y(peak: float) -> float:
        return top + HEIGHT * (1 - (peak - 1) / (highest - 1))

    goal_minutes, goal_peak = curve.goal
    parts = [
        _text(
            MARGIN, top - 20, "highest minute after the return, against minutes to drain", "start"
        ),
        f'<rect x="{MARGIN}" y="{y(goal_peak):.1f}" width="{x(goal_minutes) - MARGIN:.1f}" '
        f'height="{top + HEIGHT - y(goal_peak):.1f}" fill="#e6f4ea"/>',
        _text(
            MARGIN + 8,
            y(goal_peak) + 18,
            f"goal: at most {goal_peak:g}, {goal_minutes:g} min",
            "start",
        ),
        _rule(MARGIN, top + HEIGHT, MARGIN + WIDTH, top + HEIGHT),
    ]
    for minutes in range(0, int(longest) + 1, 15):
        parts.append(_text(x(minutes), top + HEIGHT + 18, f"{minutes}"))
    for tenth in range(10, int(highest * 10) + 1, 2):
        parts.append(_text(MARGIN - 8, y(tenth / 10) + 4, f"{tenth / 10:g}", "end"))
    points = [(x(minutes), y(peak)) for minutes, peak in curve.points]
    parts.append(_path(points, COLOURS[0]))
    parts += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="4" fill="{COLOURS[0]}"/>' for a, b in points]
    return parts
