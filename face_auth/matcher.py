"""The decision: is the person before the camera the one on the photo, and alive?"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from face_auth.attempt import Attempt, AttemptState
from face_auth.comparison import compare, fuse
from face_auth.detector import FaceDetector
from face_auth.embedder import FaceEmbedder
from face_auth.errors import PhotoError, PhotoReason
from face_auth.gathering import GatheringLimits
from face_auth.liveness import AttackSign, Evidence, LivenessLimits
from face_auth.policy import DEFAULT_PROFILE, FaceProfile, Outcome, outcome_of
from face_auth.quality import QualityLimits, look_at
from face_auth.types import Frame, FrameSource, Guidance, Step, overwrite

if TYPE_CHECKING:
    from face_auth.mesh import FaceMesh
    from face_auth.models import FaceModels
    from face_auth.pad_model import PadModel
    from face_auth.types import Embedding, Pixels


class DecisionReason(StrEnum):
    """Why the outcome is what it is."""

    SCORE = "score"
    """By the comparison alone."""
    ATTACK_SIGNS = "attack-signs"
    """Alike, but something speaks for an attack presentation: staff look."""
    CHALLENGE_NOT_PASSED = "challenge-not-passed"
    """Alike, but the head turns did not come as asked."""
    TOO_FEW_FRAMES = "too-few-frames"
    """Not enough good frames of different pose in the time there was."""
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class MatcherLimits:
    """How long and how often."""

    seconds: float = 30.0
    """For all attempts together, by the frames' clock."""
    attempt_seconds: float = 15.0
    attempts: int = 2
    """An attempt is made again where it came to no comparison that counts, never after a no or
    after turns to the wrong side that were not forgiven."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What to show the patient now; told when it changes."""

    guidance: Guidance | None
    """What keeps the frame from being good; None where nothing does."""
    step: Step | None
    """What is asked of the head; None without a challenge."""
    frames: int
    wanted: int
    attempt: int


@dataclass(frozen=True, slots=True)
class FaceDecision:
    """The answer and its figures: nothing in it tells what anybody looks like."""

    outcome: Outcome
    reason: DecisionReason
    score: float | None
    """Cosine of fused frames and photo, -1 to 1, higher is more alike; None if none was made."""
    frames_used: int
    frames_seen: int
    attempts: int
    seconds: float
    """From the first frame to the decision, by the frames' clock."""
    profile: str
    match_at: float
    model: str
    """Fingerprint of the model files."""
    yaw_spread: float = 0.0
    """Between the outermost poses gathered, in eye distances: copies of one frame have none."""
    evidence: Evidence = field(default_factory=Evidence)
    last_guidance: Guidance | None = None


class FaceMatcher:
    """Decides; the models are loaded once and shared by all decisions.

    One matcher may be used by several threads, whose frames then take turns.
    """

    def __init__(
        self,
        models: FaceModels,
        *,
        profile: FaceProfile = DEFAULT_PROFILE,
        limits: MatcherLimits | None = None,
        quality: QualityLimits | None = None,
        liveness: LivenessLimits | None = None,
        gathering: GatheringLimits | None = None,
        pad_model: PadModel | None = None,
        mesh: FaceMesh | None = None,
        chance: random.Random | None = None,
    ) -> None:
        """``pad_model`` is the passive model that an installation may add, ``mesh`` the better
        test for prints; ``chance`` is the challenge's, the system's by default."""
        self.profile = profile
        self._fingerprint = models.fingerprint
        self._detector = FaceDetector(models)
        self._embedder = FaceEmbedder(models)
        self._limits = limits or MatcherLimits()
        self._quality = quality or QualityLimits()
        self._liveness = liveness or LivenessLimits()
        self._gathering = gathering or GatheringLimits()
        self._pad_model = pad_model
        self._mesh = mesh
        self._chance = chance

    def embed(self, pixels: Pixels) -> Embedding:
        """Return the unit embedding, float32 x 128, of the one face in a photo.

        Raises FrameError for what is no picture, PhotoError for no face and for several.
        """
        faces = self._detector.detect(pixels)
        if not faces:
            raise PhotoError(PhotoReason.NO_FACE)
        if len(faces) > 1 and faces[1].area >= self._quality.second_face * faces[0].area:
            raise PhotoError(PhotoReason.SEVERAL_FACES)
        seen = look_at(pixels, faces[0])
        try:
            return self._embedder.embed(seen.crop)
        finally:
            overwrite(seen.crop)

    def decide(
        self,
        reference: Pixels,
        frames: Iterable[Frame],
        cancel: threading.Event | None = None,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> FaceDecision:
        """Compare the photo with the person on the frames, as they come.

        Ends when it is decided, ``cancel`` is set, the frames end, or the time is over; a frame
        that is no picture counts as one without a face.  Crops and embeddings are overwritten
        before it returns; the pixels given are not, but a generator of frames is closed, upon
        which :func:`frames_of` overwrites its last.  Raises PhotoError for the photo, and what
        the frames raise (CameraError of a lost camera).
        """
        photo = self.embed(reference)
        run = _Run(self, photo, cancel or threading.Event(), on_progress)
        try:
            return run.over(frames)
        finally:
            overwrite(photo)
            if isinstance(frames, Generator):
                frames.close()


class _Run:
    """One call of decide."""

    def __init__(
        self,
        matcher: FaceMatcher,
        photo: Embedding,
        cancel: threading.Event,
        on_progress: Callable[[Progress], None] | None,
    ) -> None:
        self._matcher = matcher
        self._photo = photo
        self._cancel = cancel
        self._on_progress = on_progress
        self._told: Progress | None = None
        self._number = 0
        self._seen = 0
        self._began: float | None = None
        self._now = 0.0

    def over(self, frames: Iterable[Frame]) -> FaceDecision:
        """Make attempts until one counts."""
        stream = iter(frames)
        limits = self._matcher._limits
        decision: FaceDecision | None = None
        while decision is None or self._again(decision):
            self._number += 1
            attempt = Attempt(
                self._matcher._detector,
                self._matcher._embedder,
                quality=self._matcher._quality,
                liveness=self._matcher._liveness,
                gathering=self._matcher._gathering,
                wanted=self._matcher.profile.frames,
                pad_model=self._matcher._pad_model,
                mesh=self._matcher._mesh,
                chance=self._matcher._chance,
            )
            try:
                more = self._watch(attempt, stream)
                decision = self._decide(attempt)
            finally:
                attempt.forget()
            if not more or self._number >= limits.attempts:
                break
        return decision

    def _again(self, decision: FaceDecision) -> bool:
        """Whether another attempt may mend it: never a second chance after a no."""
        in_time = self._began is None or self._now - self._began < self._matcher._limits.seconds
        undone = decision.reason in (
            DecisionReason.TOO_FEW_FRAMES,
            DecisionReason.CHALLENGE_NOT_PASSED,
        )
        if AttackSign.WRONG_TURNS in decision.evidence.signs:
            return False  # a recording would gain by each try
        return in_time and undone and not self._cancel.is_set()

    def _watch(self, attempt: Attempt, stream: Iterator[Frame]) -> bool:
        """Feed frames until the attempt ends; return whether more frames may come."""
        limits = self._matcher._limits
        began: float | None = None
        while not self._cancel.is_set():
            frame = next(stream, None)
            if frame is None:
                return False
            self._now = frame.captured_at
            self._began = self._now if self._began is None else self._began
            began = self._now if began is None else began
            if self._now - self._began >= limits.seconds:
                return False
            if self._now - began >= limits.attempt_seconds:
                return True
            self._seen += 1
            attempt.see(frame)
            self._tell(attempt)
            if attempt.state is not AttemptState.GOING_ON:
                return True
        return False

    def _tell(self, attempt: Attempt) -> None:
        wanted = self._matcher.profile.frames
        frames = min(attempt.gathered, wanted)
        step = attempt.step
        progress = Progress(attempt.guidance, step, frames, wanted, self._number)
        if self._on_progress is not None and progress != self._told:
            self._told = progress
            self._on_progress(progress)

    def _decide(self, attempt: Attempt) -> FaceDecision:
        profile = self._matcher.profile
        embeddings = attempt.embeddings(profile.frames)
        score = None
        outcome, reason = Outcome.ASK_STAFF, DecisionReason.TOO_FEW_FRAMES
        if self._cancel.is_set():
            reason = DecisionReason.CANCELLED
        elif len(embeddings) >= profile.frames:
            fused = fuse(embeddings)
            score = compare(fused, self._photo)
            overwrite(fused)
            outcome, reason = weigh(
                outcome_of(score, profile), attempt.evidence().signs, attempt.state
            )
        evidence = attempt.evidence()
        return FaceDecision(
            outcome=outcome,
            reason=reason,
            score=score,
            frames_used=len(embeddings) if score is not None else 0,
            frames_seen=self._seen,
            attempts=self._number,
            seconds=self._now - self._began if self._began is not None else 0.0,
            profile=profile.name,
            match_at=profile.match_at,
            model=self._matcher._fingerprint,
            yaw_spread=attempt.yaw_spread,
            evidence=evidence,
            last_guidance=attempt.guidance,
        )


def weigh(
    outcome: Outcome, signs: frozenset[AttackSign], state: AttemptState
) -> tuple[Outcome, DecisionReason]:
    """Let what speaks against a living head turn a yes into a question, and nothing else."""
    if outcome is not Outcome.MATCH:
        return outcome, DecisionReason.SCORE
    if signs - {AttackSign.WRONG_TURNS}:
        return Outcome.ASK_STAFF, DecisionReason.ATTACK_SIGNS
    if state is not AttemptState.COMPLETE:
        return Outcome.ASK_STAFF, DecisionReason.CHALLENGE_NOT_PASSED
    return outcome, DecisionReason.SCORE


def frames_of(
    source: FrameSource,
    cancel: threading.Event | None = None,
    *,
    seconds: float = 60.0,
    patience: float = 2.0,
) -> Generator[Frame, None, None]:
    """Yield the newest frame of a running camera again and again, each once.

    Ends after ``seconds`` or when ``cancel`` is set.  A frame's pixels are overwritten as soon as
    the next one is asked for.  Raises the CameraError of the camera's state.
    """
    ends = time.monotonic() + seconds
    sequence = 0
    while time.monotonic() < ends and not (cancel is not None and cancel.is_set()):
        frame = source.next_frame(sequence, patience)
        if frame is None:
            continue
        sequence = frame.sequence
        try:
            yield frame
        finally:
            overwrite(frame.pixels)
