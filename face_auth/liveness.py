"""Is a living head before the camera?  An active challenge, and what its track gives away.

Words of ISO/IEC 30107-3: a *bona fide* presentation is a person as intended, an *attack
presentation* shows something else (a print, a screen, a mask).  What is found here can only make an
answer more careful: it never turns a no into a yes, and staff at the desk are the real control.
docs/face.md says what each sign catches and misses.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from face_auth.mesh import depth_of
from face_auth.opencv import cv2
from face_auth.quality import LEFT_EYE, LEFT_MOUTH, NOSE, RIGHT_EYE, RIGHT_MOUTH, yaw_of
from face_auth.types import Step, overwrite

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from numpy.typing import NDArray

    LookCloser: TypeAlias = Callable[[], NDArray[np.float32]]

_TURNED_FRAMES = 3
"""Frames in a row that make a turn; their middle parallax counts."""
_CORNERS = [RIGHT_EYE, LEFT_EYE, RIGHT_MOUTH, LEFT_MOUTH]


class ChallengeState(StrEnum):
    """How the challenge stands."""

    NOT_ASKED = "not-asked"
    UNFINISHED = "unfinished"
    PASSED = "passed"
    FAILED = "failed"


class AttackSign(StrEnum):
    """What speaks for an attack presentation."""

    FLAT = "flat"
    """The points move as on a plane while the head seems to turn: a print or a screen."""
    WRONG_TURNS = "wrong-turns"
    """Turns that were not asked, or before anybody could have answered: a replay."""
    REPEATED_FRAMES = "repeated-frames"
    """The same picture again: frames put in behind the lens."""
    JUMP = "jump"
    """Place or size of the face changed faster than a head can move."""
    IDENTITY_CHANGED = "identity-changed"
    """Not the same face throughout."""
    MOIRE = "moire"
    """The grid of a screen."""
    MOVES_WITH_BACKGROUND = "moves-with-background"
    """What is beside the face moves as the face does: a held print or screen."""
    MODEL = "model"
    """The passive model that the installation added says so."""


@dataclass(frozen=True, slots=True)
class LivenessLimits:
    """Start values; yaw and parallax in eye distances, 91 degrees of turn to 1 of yaw.

    Parallax: of real heads turned 12 to 18 degrees 95 % reach 0.10, of flat prints 95 % stay under
    0.04; turned 18 to 25 degrees 0.16 and 0.07 (AT&T pictures; prints simulated).
    """

    turns: int = 2
    """0: no challenge."""
    straight: float = 0.17
    """Yaw up to which the head looks straight."""
    turned: float = 0.12
    """Change of yaw that is a turn, 11 degrees at least; the kiosk shows some 20."""
    least_parallax: float = 0.09
    turned_for_mesh: float = 0.15
    """The turn that is waited for where the mesh is to judge it, which sees little in less."""
    least_depth: float = 0.055
    """Of the mesh (:func:`face_auth.mesh.depth_of`): of AT&T picture pairs of one head, 0.15 or
    more apart in yaw, 95 % lie above."""
    depth_share: float = 0.30
    """Depth that each unit of yaw must bring: what is only foreshortened brings less."""
    foreshortened: float = 0.82
    """Eye distance against eye-to-mouth height, of that when straight, below which something
    turned by 35 degrees; a head's nose has then moved far, that of a print has not."""
    wrong_turns: int = 1
    """Turns to the wrong side, or too early, that are forgiven; each costs one turn more, and what
    is asked is drawn anew, so that a recording gains little by them."""
    wrong: float = 0.12
    quickest: float = 0.20
    """Seconds from request to turned head that nobody can beat."""
    shortest_hold: float = 0.3
    longest_hold: float = 0.9
    """Between these, at random, the head looks straight before a turn is asked."""
    jump: float = 1.5
    """Move of the face's middle within ``jump_within`` seconds, in eye distances."""
    jump_scale: float = 1.5
    jump_within: float = 0.2
    least_identity: float = 0.36
    """Cosine of each frame to the first ones."""
    moire: float = 4.5
    coupling: float = 0.7
    """:attr:`face_auth.coupled_motion.CoupledMotion.share` from which the face is on a print: of 20
    rendered heads that sway, with hair 0.3 face widths beside the face, the most was 0.41."""
    repeated: int = 2


@dataclass(frozen=True, slots=True)
class TurnFigures:
    """One turn of the challenge as it was made."""

    step: Step
    seconds: float
    """From request to turned head."""
    yaw_change: float
    parallax: float
    depth: float | None = None
    """What the mesh saw where the head was turned furthest; None without the mesh."""


def parallax_of(straight: NDArray[np.float32], turned: NDArray[np.float32]) -> float:
    """Return how far the nose lies from where a plane would have carried it, in eye distances.

    The plane is the homography of the other four points from one picture to the other; 0 for a
    flat print, more the more the nose stands out and the head turns.  Points of no extent: 0.
    """
    source = straight[_CORNERS].astype(np.float32)
    target = turned[_CORNERS].astype(np.float32)
    eyes = float(np.hypot(*(target[1] - target[0])))
    if eyes < 1.0 or float(np.hypot(*(source[1] - source[0]))) < 1.0:
        return 0.0
    plane = cv2.getPerspectiveTransform(source, target)
    x, y, w = plane @ np.array([*straight[NOSE], 1.0])
    if abs(w) < 1e-9:
        return 0.0
    found = float(np.hypot(x / w - turned[NOSE][0], y / w - turned[NOSE][1])) / eyes
    return found if np.isfinite(found) else 0.0


def _aspect(points: NDArray[np.float32]) -> float:
    """Return the distance of the eyes against that from eyes to mouth."""
    along = points[LEFT_EYE] - points[RIGHT_EYE]
    return float(np.hypot(*along)) / max(_height(points), 1e-3)


def _height(points: NDArray[np.float32]) -> float:
    """Return the distance from eyes to mouth."""
    down = (points[RIGHT_MOUTH] + points[LEFT_MOUTH] - points[RIGHT_EYE] - points[LEFT_EYE]) / 2
    return float(np.hypot(*down))


@dataclass(frozen=True, slots=True)
class _Turning:
    """A frame of a turn."""

    change: float
    parallax: float
    depth: float | None


class TurnChallenge:
    """Asks for head turns at random sides and moments and watches whether they come.

    Give it each frame's five points; :attr:`step` is what to show.
    """

    def __init__(self, limits: LivenessLimits, chance: random.Random | None = None) -> None:
        """``chance`` decides sides and moments; by default the system's."""
        self._limits = limits
        self._chance = chance or random.SystemRandom()
        self._steps = self._draw(limits.turns)
        self._at = 0
        self._hold = self._next_hold()
        self._since: float | None = None
        self._asked_at = 0.0
        self._straight: list[NDArray[np.float32]] = []
        self._straight_mesh: list[NDArray[np.float32]] = []
        self._turning: list[_Turning] = []
        self._back = True
        self._as_a_plane = 0
        self.wrong_turns = 0
        self.turns: list[TurnFigures] = []

    @property
    def step(self) -> Step:
        """What the patient is to do now."""
        return self._steps[self._at]

    @property
    def state(self) -> ChallengeState:
        """How it stands."""
        if self.wrong_turns > self._limits.wrong_turns:
            return ChallengeState.FAILED
        if not self._limits.turns:
            return ChallengeState.NOT_ASKED
        return ChallengeState.PASSED if self.step is Step.DONE else ChallengeState.UNFINISHED

    def see(self, points: NDArray[np.float32], at: float, look: LookCloser | None = None) -> None:
        """Take in the five points of a frame captured ``at`` so many seconds.

        ``look`` returns the frame's mesh, where there is one; it is called only when needed.
        """
        if self.step is Step.CENTRE:
            self._see_straight(points, at, look)
        elif self.step is not Step.DONE and self.state is ChallengeState.UNFINISHED:
            self._see_turn(points, at, look)

    def lost(self) -> None:
        """No face: what was held straight does not count on."""
        self._since = None

    def forget(self) -> None:
        """Overwrite the points held; figures stay."""
        overwrite(*self._straight, *self._straight_mesh)
        self._straight, self._straight_mesh = [], []

    def _see_straight(
        self, points: NDArray[np.float32], at: float, look: LookCloser | None
    ) -> None:
        if abs(yaw_of(points)) > self._limits.straight:
            self._since = None
            return
        if self._since is None:
            self._since = at
            self.forget()
        self._straight.append(points.copy())
        if look is not None:
            self._straight_mesh.append(look())
        if at - self._since >= self._hold:
            self._at += 1
            self._asked_at = at
            self._turning = []
            self._back = True

    def _see_turn(self, points: NDArray[np.float32], at: float, look: LookCloser | None) -> None:
        limits = self._limits
        turned = limits.turned if look is None else limits.turned_for_mesh
        straight = np.median(np.stack(self._straight), axis=0).astype(np.float32)
        sign = 1.0 if self.step is Step.LEFT else -1.0
        change = sign * (yaw_of(points) - yaw_of(straight))
        if change <= -limits.wrong and self._back:
            self._back = False
            self._forgive()
            return
        if abs(change) < limits.wrong / 2:
            self._back = True
        if change < turned:
            self._turning = []
            narrow = _aspect(points) <= limits.foreshortened * _aspect(straight)
            self._as_a_plane += narrow and abs(change) < limits.turned
            return
        parallax, depth = parallax_of(straight, points), self._depth(points, look)
        self._turning.append(_Turning(change, parallax, depth))
        if len(self._turning) < _TURNED_FRAMES:
            return
        seconds = at - self._asked_at
        if seconds < limits.quickest:
            self._forgive()
            return
        most = max(self._turning, key=lambda one: one.change)
        parallax = float(np.median([one.parallax for one in self._turning]))
        self.turns.append(TurnFigures(self.step, seconds, most.change, parallax, most.depth))
        self._at += 1
        self._since = None
        self._hold = self._next_hold()

    def _depth(self, points: NDArray[np.float32], look: LookCloser | None) -> float | None:
        if look is None or not self._straight_mesh:
            return None
        straight = np.median(np.stack(self._straight_mesh), axis=0).astype(np.float32)
        turned = look()
        depth = depth_of(straight, turned, _height(points))
        overwrite(straight, turned)
        return depth

    def _draw(self, turns: int) -> list[Step]:
        steps: list[Step] = []
        for _ in range(turns):
            steps += [Step.CENTRE, self._chance.choice((Step.LEFT, Step.RIGHT))]
        return [*steps, Step.DONE]

    def _forgive(self) -> None:
        """Begin again what is left, with one turn more and other sides."""
        self.wrong_turns += 1
        left = sum(step in (Step.LEFT, Step.RIGHT) for step in self._steps[self._at :])
        self._steps = self._draw(left + 1)
        self._at = 0
        self._since = None
        self._hold = self._next_hold()

    def _next_hold(self) -> float:
        return self._chance.uniform(self._limits.shortest_hold, self._limits.longest_hold)

    def signs(self) -> set[AttackSign]:
        """Return what the turns give away."""
        found = set()
        if any(map(self._is_flat, self.turns)) or self._as_a_plane >= _TURNED_FRAMES:
            found.add(AttackSign.FLAT)
        if self.state is ChallengeState.FAILED:
            found.add(AttackSign.WRONG_TURNS)
        return found

    def _is_flat(self, turn: TurnFigures) -> bool:
        limits = self._limits
        least = max(limits.least_depth, limits.depth_share * turn.yaw_change)
        return turn.parallax < limits.least_parallax or (
            turn.depth is not None and turn.depth < least
        )


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for and against a living head, in figures only."""

    challenge: ChallengeState = ChallengeState.NOT_ASKED
    signs: frozenset[AttackSign] = field(default_factory=frozenset)
    turns: tuple[TurnFigures, ...] = ()
    wrong_turns: int = 0
    least_identity: float | None = None
    """Least cosine of a frame to the first ones; None before the second."""
    moire: float | None = None
    """Median of the frames; see :func:`face_auth.passive.moire_of`."""
    coupling: float | None = None
    """Share of the points beside the face that went along; None where the face moved too little."""
    model: float | None = None
    """Median of the passive model's score, 0 attack to 1 bona fide; None without a model."""

    @property
    def suspicious(self) -> bool:
        """Whether anything speaks for an attack presentation."""
        return bool(self.signs)
