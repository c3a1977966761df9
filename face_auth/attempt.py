"""One attempt: frames come in, until enough good ones are gathered and the challenge is over."""

from __future__ import annotations

import math
import random
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from face_auth.comparison import compare, fuse
from face_auth.errors import FrameError
from face_auth.gathering import Gathering, GatheringLimits
from face_auth.liveness import (
    AttackSign,
    ChallengeState,
    Evidence,
    LivenessLimits,
    TurnChallenge,
)
from face_auth.passive import Track
from face_auth.quality import QualityLimits, SeenFace, judge, look_at
from face_auth.types import Guidance, Step, overwrite

if TYPE_CHECKING:
    from face_auth.detector import Face, FaceDetector
    from face_auth.embedder import FaceEmbedder
    from face_auth.mesh import FaceMesh
    from face_auth.pad_model import PadModel
    from face_auth.types import Embedding, Frame

_FIRST_ONES = 2
"""Frames that stand for whom the attempt began with."""
_UNSEEN = 0.4
"""Seconds after which a good frame is held against them, whether it is kept or not."""


class AttemptState(StrEnum):
    """Whether more frames are needed."""

    GOING_ON = "going-on"
    COMPLETE = "complete"
    """Enough frames, and the challenge is passed or was not asked."""
    FAILED = "failed"
    """The challenge went wrong."""


class Attempt:
    """Takes frames in and keeps of them what the decision needs."""

    def __init__(
        self,
        detector: FaceDetector,
        embedder: FaceEmbedder,
        *,
        quality: QualityLimits,
        liveness: LivenessLimits,
        gathering: GatheringLimits,
        wanted: int,
        pad_model: PadModel | None = None,
        mesh: FaceMesh | None = None,
        chance: random.Random | None = None,
    ) -> None:
        """``wanted``: how many frames are to be fused."""
        self._detector = detector
        self._embedder = embedder
        self._quality = quality
        self._wanted = wanted
        self._gathering = Gathering(gathering)
        self._challenge = TurnChallenge(liveness, chance)
        self._track = Track(liveness)
        self._pad_model = pad_model
        self._mesh = mesh
        self._pad_scores: list[float] = []
        self._first: list[Embedding] = []
        self._identified_at = -math.inf
        self._pending: Guidance | None = None
        self.guidance: Guidance | None = None

    @property
    def gathered(self) -> int:
        """How many frames were found good and different."""
        return len(self._gathering)

    @property
    def yaw_spread(self) -> float:
        """Difference of yaw between the outermost poses gathered."""
        return self._gathering.yaw_spread

    @property
    def step(self) -> Step | None:
        """What the challenge asks now; None where there is none."""
        asked = self._challenge.state is not ChallengeState.NOT_ASKED
        return self._challenge.step if asked else None

    @property
    def state(self) -> AttemptState:
        """Whether more frames are needed."""
        state = self._challenge.state
        if state is ChallengeState.FAILED:
            return AttemptState.FAILED
        over = state in (ChallengeState.PASSED, ChallengeState.NOT_ASKED)
        enough = len(self._gathering) >= self._wanted
        return AttemptState.COMPLETE if over and enough else AttemptState.GOING_ON

    def see(self, frame: Frame) -> None:
        """Take in the next frame; one that is no picture is one without a face."""
        try:
            faces = self._detector.detect(frame.pixels)
            seen = look_at(frame.pixels, faces[0]) if faces else None
        except FrameError:
            faces, seen = [], None
        turning = self.step in (Step.LEFT, Step.RIGHT)
        guidance = judge(seen, faces, frame.pixels.shape, self._quality, turning=turning)
        if seen is None:
            self._challenge.lost()
        else:
            self._follow(frame, faces, seen, guidance)
            overwrite(seen.crop)
        if guidance is self._pending:
            self.guidance = guidance  # twice in a row: no flicker
        self._pending = guidance

    def _follow(
        self, frame: Frame, faces: list[Face], seen: SeenFace, guidance: Guidance | None
    ) -> None:
        at = frame.captured_at
        self._track.see(frame.pixels, faces[0], seen.crop, at)
        if guidance in (None, Guidance.HOLD_STILL, Guidance.LOOK_STRAIGHT):
            mesh, face = self._mesh, seen.face
            look = None if mesh is None else (lambda: mesh.points(frame.pixels, face))
            before = len(self._challenge.turns)
            self._challenge.see(face.points, at, look)
            has_turned = len(self._challenge.turns) > before
        else:
            self._challenge.lost()
            has_turned = False
        wanted = guidance is None and self._gathering.wants(seen, at)
        if wanted or has_turned or (guidance is None and at - self._identified_at >= _UNSEEN):
            embedding = self._identify(seen, at)
            if wanted and embedding is not None:
                self._gather(frame, seen, embedding)
            elif embedding is not None:
                overwrite(embedding)

    def _identify(self, seen: SeenFace, at: float) -> Embedding | None:
        """Hold the face against the first ones: who turns the head has to be who is compared."""
        try:
            embedding = self._embedder.embed(seen.crop)
        except FrameError:
            return None
        self._identified_at = at
        if len(self._first) < _FIRST_ONES:
            self._first.append(embedding.copy())
        else:
            self._track.identify(compare(embedding, fuse(self._first)))
        return embedding

    def _gather(self, frame: Frame, seen: SeenFace, embedding: Embedding) -> None:
        self._track.look_closely(frame.pixels, seen.face)
        if self._pad_model is not None:
            self._pad_scores.append(self._pad_model.score(frame.pixels, seen.face))
        self._gathering.add(seen, embedding, frame.captured_at)

    def embeddings(self, wanted: int) -> list[Embedding]:
        """Return at most so many embeddings, of poses far apart; still owned by the attempt."""
        return self._gathering.spread(wanted)

    def evidence(self) -> Evidence:
        """Return what the attempt showed of a living head or an attack."""
        signs = self._challenge.signs() | self._track.signs()
        model = float(np.median(self._pad_scores)) if self._pad_scores else None
        if self._pad_model is not None and model is not None and model < self._pad_model.least:
            signs.add(AttackSign.MODEL)
        return Evidence(
            challenge=self._challenge.state,
            signs=frozenset(signs),
            turns=tuple(self._challenge.turns),
            wrong_turns=self._challenge.wrong_turns,
            least_identity=self._track.least_identity,
            moire=self._track.moire,
            coupling=self._track.coupling,
            model=model,
        )

    def forget(self) -> None:
        """Overwrite every crop, picture and embedding held."""
        self._gathering.forget()
        self._track.forget()
        self._challenge.forget()
        overwrite(*self._first)
        self._first.clear()
