"""What keeps a frame from being used, one thing at a time, in the order a person can mend it.

The measures follow the subjects of ISO/IEC 29794-5 (size, pose, sharpness, light); the limits are
this project's own.  Only live frames are judged: a card's photo is what it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from face_auth.embedder import align
from face_auth.opencv import cv2
from face_auth.types import Guidance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from face_auth.detector import Face
    from face_auth.types import Pixels

RIGHT_EYE, LEFT_EYE, NOSE, RIGHT_MOUTH, LEFT_MOUTH = range(5)
"""Rows of :attr:`Face.points`; right is the person's own right."""
_TURN = np.deg2rad(91)
"""Radians of head turn for a yaw of 1."""
_TURNING = 0.85
"""Nobody who was near enough is called closer in the middle of a turn."""


@dataclass(frozen=True, slots=True)
class QualityLimits:
    """Where a frame stops being good; pixels are the camera's."""

    second_face: float = 0.5
    """Another face this large, against the largest, is one too many (areas)."""
    least_eye_distance: float = 60.0
    least_eye_share: float = 0.075
    """Distance between the eyes against the frame's longer side: what detection works on."""
    largest_face: float = 0.75
    """Height of the face against the frame's."""
    margin: float = 0.0
    """How far the face must stay from the edge, in widths of it."""
    darkest: float = 60.0
    brightest: float = 190.0
    most_clipped: float = 0.05
    least_balance: float = 0.6
    """Darker half of the face against the brighter."""
    least_score: float = 0.8
    """Detector's score under which something covers the face."""
    most_yaw: float = 0.2
    most_roll: float = 12.0
    least_sharpness: float = 60.0
    """Variance of the Laplacian over the aligned crop."""


@dataclass(frozen=True, slots=True)
class Quality:
    """What was measured on one face."""

    eye_distance: float
    """Pixels."""
    yaw: float
    """About degrees / 91; positive is turned to the person's own left."""
    roll: float
    """Degrees; positive is the head tilted to the person's own left."""
    score: float
    sharpness: float
    luminance: float
    """Mean grey level of the face, 0 to 255."""
    clipped: float
    """Share of the face at either end of the scale."""
    balance: float
    """Mean of the darker half of the face against the brighter, 0 to 1."""


def yaw_of(points: NDArray[np.float32]) -> float:
    """Return how far the nose lies beside the middle of the eyes, in eye distances.

    Near 91 degrees of head turn for 1, straight ahead near 0, positive to the person's own left.
    """
    along = points[LEFT_EYE] - points[RIGHT_EYE]
    length = float(np.hypot(*along))
    if length <= 0:
        return 0.0
    beside = points[NOSE] - (points[RIGHT_EYE] + points[LEFT_EYE]) / 2
    return float(np.dot(beside, along)) / length**2


def pitch_of(points: NDArray[np.float32]) -> float:
    """Return how far the nose lies down the way from eyes to mouth, 0 to 1."""
    eyes = (points[RIGHT_EYE] + points[LEFT_EYE]) / 2
    down = (points[RIGHT_MOUTH] + points[LEFT_MOUTH]) / 2 - eyes
    length = float(np.hypot(*down))
    if length <= 0:
        return 0.0
    return float(np.dot(points[NOSE] - eyes, down)) / length**2


def measure(face: Face, crop: Pixels) -> Quality:
    """Measure a face on its aligned 112 x 112 ``crop``."""
    grey = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY)
    inner = grey[20:108, 16:96]
    halves = float(inner[:, :40].mean()), float(inner[:, 40:].mean())
    tilt = face.points[LEFT_EYE] - face.points[RIGHT_EYE]
    result = Quality(
        eye_distance=face.eye_distance,
        yaw=yaw_of(face.points),
        roll=float(np.degrees(np.arctan2(tilt[1], tilt[0]))),
        score=face.score,
        sharpness=float(cv2.Laplacian(inner, cv2.CV_32F).var()),
        luminance=float(inner.mean()),
        clipped=float(((inner <= 4) | (inner >= 251)).mean()),
        balance=min(halves) / max(*halves, 1.0),
    )
    grey.fill(0)
    return result


def judge_place(
    faces: Sequence[Face], shape: tuple[int, ...], limits: QualityLimits, *, turning: bool
) -> Guidance | None:
    """Say what is wrong with number, size and place of the faces; None where nothing is.

    ``shape`` is the frame's; the first of ``faces`` is the largest.
    """
    if not faces:
        return Guidance.NO_FACE
    face = faces[0]
    if len(faces) > 1 and faces[1].area >= limits.second_face * face.area:
        return Guidance.SEVERAL_FACES
    if face.box[3] > limits.largest_face * shape[0]:
        return Guidance.MOVE_BACK
    left, top, wide, high = face.box
    edge = limits.margin * wide
    if left < edge or top < edge or left + wide > shape[1] - edge or top + high > shape[0] - edge:
        return Guidance.CENTRE
    least = max(limits.least_eye_distance, limits.least_eye_share * max(shape[:2]))
    if turning:
        least *= _TURNING
    if face.eye_distance < least * np.cos(_TURN * min(abs(yaw_of(face.points)), 0.8)):
        return Guidance.COME_CLOSER
    return None


def judge_light(quality: Quality, limits: QualityLimits, *, turning: bool) -> Guidance | None:
    """Say what is wrong with the light, or with what stands before the face.

    While ``turning`` the crop's far side shows the background, so its halves are not compared.
    """
    if quality.luminance < limits.darkest:
        return Guidance.TOO_DARK
    if quality.luminance > limits.brightest or quality.clipped > limits.most_clipped:
        return Guidance.TOO_BRIGHT
    if quality.balance < limits.least_balance and not turning:
        return Guidance.UNEVEN_LIGHT
    if quality.score < limits.least_score:
        return Guidance.COVERED
    return None


def judge_pose(quality: Quality, limits: QualityLimits, *, turning: bool) -> Guidance | None:
    """Say what is wrong with the pose and its rest; while ``turning``, a turned head is right."""
    if abs(quality.roll) > limits.most_roll:
        return Guidance.HEAD_UPRIGHT
    if abs(quality.yaw) > limits.most_yaw and not turning:
        return Guidance.LOOK_STRAIGHT
    if quality.sharpness < limits.least_sharpness:
        return Guidance.HOLD_STILL
    return None


@dataclass(frozen=True, slots=True, eq=False)
class SeenFace:
    """The face of a frame with its aligned crop and figures."""

    face: Face
    crop: Pixels
    quality: Quality


def look_at(pixels: Pixels, face: Face) -> SeenFace:
    """Align and measure.  Raises FrameError."""
    crop = align(pixels, face)
    return SeenFace(face, crop, measure(face, crop))


def judge(
    seen: SeenFace | None,
    faces: Sequence[Face],
    shape: tuple[int, ...],
    limits: QualityLimits,
    *,
    turning: bool = False,
) -> Guidance | None:
    """Return the one thing to tell, or None for a good frame."""
    place = judge_place(faces, shape, limits, turning=turning)
    if place is not None or seen is None:
        return place or Guidance.NO_FACE
    light = judge_light(seen.quality, limits, turning=turning)
    return light or judge_pose(seen.quality, limits, turning=turning)
