"""An evaluation for readers: a table, JSON, and its error curves as one SVG picture."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from face_auth.policy import MEASURED_ON, PROFILES

if TYPE_CHECKING:
    from face_auth.attacks import AttackEvaluation
    from face_auth.error_rates import Point, Rates
    from face_auth.evaluation import ConditionResult, Evaluation

WIDTH, HEIGHT = 760, 520
_LEFT, _TOP, _RIGHT, _BOTTOM = 70, 40, 250, 60
_LOWEST = 1e-5
_COLOURS = ("#0b5cad", "#b3261e", "#146c2e", "#6b4ea0", "#8a5300")


def as_dict(evaluation: Evaluation) -> dict[str, object]:
    """Return all figures, ready for JSON."""
    source = {
        "source_size": list(evaluation.source_size),
        "eye_distance": evaluation.eye_distance,
    }
    conditions = [
        {**_condition(one), **source} for one in (*evaluation.conditions, evaluation.copies)
    ]
    fields = {
        field.name: getattr(evaluation, field.name)
        for field in dataclasses.fields(evaluation)
        if field.name not in ("conditions", "copies", "milliseconds")
    }
    times = {name: dataclasses.asdict(one) for name, one in evaluation.milliseconds.items()}
    return {**fields, "milliseconds": times, "conditions": conditions}


def _condition(result: ConditionResult) -> dict[str, object]:
    return {
        "condition": result.condition,
        "failure_to_acquire": result.failure_to_acquire,
        "single": _rates(result.single),
        "fused": _rates(result.fused),
        "gain": {name: list(gain) for name, gain in result.gain.items()},
    }


def _rates(rates: Rates) -> dict[str, object]:
    return {
        "eer": rates.eer,
        "genuine": rates.genuine,
        "impostor": rates.impostor,
        "points": {name: _point(name, point) for name, point in rates.points.items()},
        "curve": [list(row) for row in rates.curve],
    }


def _point(name: str, point: Point) -> dict[str, object]:
    source = {"source": PROFILES[name].source} if name in PROFILES else {}
    return {**point.as_dict(), **source}


def as_text(evaluation: Evaluation) -> Iterator[str]:
    """Yield the lines of the table."""
    wide, high = evaluation.source_size
    source = f"files {wide} x {high}, {evaluation.eye_distance:g} pixels between the eyes"
    yield f"{evaluation.persons} persons, {evaluation.pictures} pictures, {source}"
    yield f"model {evaluation.model}; FTA {100 * evaluation.failure_to_acquire:.2f} %"
    if evaluation.unreadable:
        yield f"{evaluation.unreadable} files could not be read as pictures and were left out"
    yield f"terms: {evaluation.terms}"
    for name, one in evaluation.milliseconds.items():
        yield f"{name}: {one.p50} ms (p95 {one.p95}, p99 {one.p99}, n {one.n})"
    for result in (*evaluation.conditions, evaluation.copies):
        many = "copies" if result is evaluation.copies else f"mean of {evaluation.fused}"
        yield ""
        yield f"{result.condition}  ({source})"
        eer = f"{100 * result.single.eer:.2f} / {100 * result.fused.eer:.2f} %"
        yield f"  EER, 1 frame / {many}: {eer}; FTA {100 * result.failure_to_acquire:.2f} %"
        rates = ": FMR, FNMR % [95 %]"
        yield f"  {'threshold':40} {'1 frame' + rates:36} {many + rates:36} gain % [95 %]"
        for name, point in result.single.points.items():
            fused = result.fused.points[name]
            if point.learned:
                at = f"{name} learned {point.threshold:.2f}/{fused.threshold:.2f}"
            else:
                at = f"{name} fixed {point.threshold:.2f} ({MEASURED_ON})"
            gain = "{:.2f} [{:.2f}, {:.2f}]".format(*(100 * one for one in result.gain[name]))
            yield f"  {at:40} {_cell(point):36} {_cell(fused):36} {gain}"
    yield ""
    fixed = [name for name in evaluation.conditions[0].single.points if name in PROFILES]
    yield from (f"{name}, fixed: {PROFILES[name].source}" for name in fixed)
    yield evaluation.caution


def _cell(point: Point) -> str:
    low, high = 100 * point.fnmr_low, 100 * point.fnmr_high
    return f"{point.fmr:.1e}  {100 * point.fnmr:.2f} [{low:.2f}, {high:.2f}]"


def attacks_as_text(found: AttackEvaluation) -> Iterator[str]:
    """Yield the lines on presentation attacks."""
    yield ""
    yield f"Presentation attacks ({found.terms})"
    yield f"  BPCER {100 * found.bpcer:.1f} % of {found.bona_fide} bona fide presentations"
    for kind, (apcer, count) in found.apcer.items():
        yield f"  APCER {100 * apcer:.1f} % of {count}: {kind}"
    for sign, share in found.signs.items():
        yield f"    {sign}: {', '.join(f'{kind} {100 * one:.0f} %' for kind, one in share.items())}"
    yield f"  {found.caution}"


def as_svg(evaluation: Evaluation) -> str:
    """Return FNMR over FMR of every condition, one frame dashed, fused frames drawn through."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text x="{_LEFT}" y="22" font-size="14">FNMR over FMR: {evaluation.persons} persons, '
        f"files {evaluation.source_size[0]} x {evaluation.source_size[1]}, "
        f"{evaluation.eye_distance:g} pixels between the eyes</text>",
    ]
    for power in range(-5, 1):
        value = 10.0**power
        x, y = _x(value), _y(value)
        name = f"{value:g}"
        parts += [
            f'<line x1="{x:.1f}" y1="{_TOP}" x2="{x:.1f}" y2="{HEIGHT - _BOTTOM}" stroke="#ddd"/>',
            f'<line x1="{_LEFT}" y1="{y:.1f}" x2="{WIDTH - _RIGHT}" y2="{y:.1f}" stroke="#ddd"/>',
            f'<text x="{x:.1f}" y="{HEIGHT - _BOTTOM + 18}" text-anchor="middle">{name}</text>',
            f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{name}</text>',
        ]
    parts.append(
        f'<text x="{(_LEFT + WIDTH - _RIGHT) / 2}" y="{HEIGHT - 12}" text-anchor="middle">'
        "FMR (bottom edge of either axis: 1e-5 or less)</text>"
    )
    results = (*evaluation.conditions, evaluation.copies)
    for index, (result, colour) in enumerate(zip(results, _COLOURS, strict=True)):
        parts.append(_line(result.single, colour, dashed=True))
        parts.append(_line(result.fused, colour, dashed=False))
        y = _TOP + 16 + 20 * index
        parts.append(
            f'<line x1="{WIDTH - _RIGHT + 14}" y1="{y - 4}" x2="{WIDTH - _RIGHT + 34}" '
            f'y2="{y - 4}" stroke="{colour}" stroke-width="2"/>'
            f'<text x="{WIDTH - _RIGHT + 40}" y="{y}">{escape(result.condition)}</text>'
        )
    below = _TOP + 40 + 20 * len(results)
    parts.append(
        f'<text x="{WIDTH - _RIGHT + 14}" y="{below}">dashed: 1 frame</text>'
        f'<text x="{WIDTH - _RIGHT + 14}" y="{below + 18}">'
        f"through: mean of {evaluation.fused}</text>"
    )
    return "\n".join([*parts, "</svg>", ""])


def _line(rates: Rates, colour: str, *, dashed: bool) -> str:
    points = " ".join(f"{_x(fmr):.1f},{_y(fnmr):.1f}" for _, fmr, fnmr in rates.curve)
    dash = ' stroke-dasharray="5 4"' if dashed else ""
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.8"{dash}/>'


def _x(rate: float) -> float:
    return _LEFT + (WIDTH - _LEFT - _RIGHT) * _share(rate)


def _y(rate: float) -> float:
    return HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * _share(rate)


def _share(rate: float) -> float:
    """Return where a rate lies on a logarithmic axis from 1e-5 to 1."""
    return 1 - math.log10(max(rate, _LOWEST)) / math.log10(_LOWEST)
