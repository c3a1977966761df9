"""Two persons prove the wiring, not the accuracy: see conftest.py."""

from __future__ import annotations

import dataclasses
import doctest
import itertools
import json
import random
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import face_auth
from face_auth import (
    CameraError,
    CameraState,
    FaceMatcher,
    FaceModels,
    Frame,
    LivenessLimits,
    MatcherLimits,
    Outcome,
    PhotoError,
    Progress,
    RecordedCamera,
    WatchedPicture,
    decode_photo,
    frames_of,
)
from face_auth.attempt import AttemptState
from face_auth.errors import CameraUnpluggedError, PhotoReason
from face_auth.liveness import AttackSign, ChallengeState
from face_auth.matcher import DecisionReason, weigh
from face_auth.opencv import cv2
from face_auth.types import Guidance, Step
from tests.face.heads import Performer, Sitter
from tests.face.test_camera import running, wait_until

if TYPE_CHECKING:
    from face_auth.types import Pixels

Sitters = Mapping[str, Sitter]


def with_challenge(models: FaceModels, seed: int = 1) -> FaceMatcher:
    """Return a matcher whose head turns follow from ``seed``."""
    return FaceMatcher(models, chance=random.Random(seed))  # noqa: S311  # repeatable, no secret


def test_the_holder_who_turns_as_asked_is_matched(
    models: FaceModels, sitters: Sitters, photo_of_a: bytes
) -> None:
    """The photo's person, alive, is a match, with all figures."""
    performer = Performer(sitters["a"])
    decision = with_challenge(models).decide(
        decode_photo(photo_of_a), performer.frames(), on_progress=performer.follow
    )
    assert decision.outcome is Outcome.MATCH
    assert decision.reason is DecisionReason.SCORE
    assert decision.score is not None
    assert decision.match_at <= decision.score <= 1
    assert decision.frames_used == 5
    assert decision.model == models.fingerprint
    assert decision.evidence.challenge is ChallengeState.PASSED
    assert len(decision.evidence.turns) == 2
    assert all(turn.parallax >= 0.09 for turn in decision.evidence.turns)
    assert decision.yaw_spread > 0.1
    assert not decision.evidence.suspicious


@given(
    st.sampled_from(Outcome),
    st.frozensets(st.sampled_from(AttackSign)),
    st.sampled_from(AttemptState),
)
def test_liveness_evidence_never_turns_a_no_into_a_yes(
    outcome: Outcome, signs: frozenset[AttackSign], state: AttemptState
) -> None:
    """Whatever is found: a yes becomes a question, or nothing changes."""
    weighed, _ = weigh(outcome, signs, state)
    if outcome is Outcome.MATCH:
        unsuspected = not signs - {AttackSign.WRONG_TURNS} and state is AttemptState.COMPLETE
        assert weighed is (Outcome.MATCH if unsuspected else Outcome.ASK_STAFF)
    else:
        assert weighed is outcome


def test_somebody_else_is_no_match_however_alive(
    models: FaceModels, sitters: Sitters, photo_of_a: bytes
) -> None:
    """Liveness evidence never turns a no into a yes."""
    performer = Performer(sitters["b"])
    decision = with_challenge(models).decide(
        decode_photo(photo_of_a), performer.frames(), on_progress=performer.follow
    )
    assert decision.evidence.challenge is ChallengeState.PASSED
    assert decision.outcome is Outcome.NO_MATCH
    assert decision.attempts == 1


def test_a_turned_print_of_the_holder_is_left_to_the_staff(
    models: FaceModels, sitters: Sitters, photo_of_a: bytes
) -> None:
    """A plane does not turn as a head does, however alike the face on it."""
    performer = Performer(sitters["a"], flat=True)
    matcher = FaceMatcher(
        models,
        limits=MatcherLimits(seconds=5, attempt_seconds=2),
        chance=random.Random(1),  # noqa: S311  # repeatable, no secret
    )
    decision = matcher.decide(
        decode_photo(photo_of_a), performer.frames(), on_progress=performer.follow
    )
    assert decision.score is not None
    assert decision.score > decision.match_at
    assert decision.outcome is Outcome.ASK_STAFF
    assert decision.attempts == 2
    assert decision.evidence.challenge is ChallengeState.UNFINISHED


def test_turns_that_were_not_asked_end_at_the_staff(
    models: FaceModels, sitters: Sitters, photo_of_a: bytes
) -> None:
    """A recording turns as it was made to, not as it is asked; one mistake is forgiven."""
    asked: list[str | None] = [None]
    other = {"turn-left": "turn-right", "turn-right": "turn-left"}
    performer = Performer(sitters["a"])

    def contrary() -> Iterator[Frame]:
        for number, frame in enumerate(performer.frames()):
            performer.step = other.get(asked[0] or "") if number // 12 % 2 else None
            yield frame

    matcher = FaceMatcher(models, limits=MatcherLimits(attempts=1))
    decision = matcher.decide(
        decode_photo(photo_of_a),
        contrary(),
        on_progress=lambda progress: asked.__setitem__(0, progress.step),
    )
    assert decision.score is not None
    assert decision.score > decision.match_at
    assert decision.outcome is Outcome.ASK_STAFF
    assert decision.reason is DecisionReason.CHALLENGE_NOT_PASSED
    assert decision.evidence.wrong_turns == 2


def test_the_kiosk_is_told_each_change_once(
    models: FaceModels, sitters: Sitters, photo_of_a: bytes
) -> None:
    """What is asked is told in order, and nothing twice in a row."""
    performer = Performer(sitters["a"])
    told: list[Progress] = []

    def hear(progress: Progress) -> None:
        told.append(progress)
        performer.follow(progress)

    with_challenge(models).decide(decode_photo(photo_of_a), performer.frames(), on_progress=hear)
    assert all(one != other for one, other in itertools.pairwise(told))
    steps = [step for step, _ in itertools.groupby(progress.step for progress in told)]
    assert steps[0] == "look-straight"
    assert steps[1] in ("turn-left", "turn-right")
    assert steps[2] == "look-straight"
    assert steps[-1] == "done"
    assert max(progress.frames for progress in told) == 5


def test_without_a_challenge_it_takes_less_than_a_second_of_frames(
    quick: FaceMatcher, sitters: Sitters, photo_of_a: bytes
) -> None:
    """Five different frames of somebody who sits still come within a second of 15 a second."""
    decision = quick.decide(decode_photo(photo_of_a), Performer(sitters["a"]).frames())
    assert decision.outcome is Outcome.MATCH
    assert decision.frames_seen <= 15
    assert decision.evidence.challenge is ChallengeState.NOT_ASKED


def test_copies_of_one_frame_never_make_five(
    quick: FaceMatcher, sitters: Sitters, photo_of_a: bytes
) -> None:
    """A frame that comes again counts once, and is told as a sign of an attack."""
    view = Performer(sitters["a"]).view()
    frames = (Frame(view, number, number / 15) for number in range(1, 40))
    decision = quick.decide(decode_photo(photo_of_a), frames)
    assert decision.outcome is Outcome.ASK_STAFF
    assert decision.reason is DecisionReason.TOO_FEW_FRAMES
    assert decision.score is None
    assert AttackSign.REPEATED_FRAMES in decision.evidence.signs


def test_a_face_that_becomes_another_is_left_to_the_staff(
    quick: FaceMatcher, sitters: Sitters, photo_of_a: bytes
) -> None:
    """Who began the attempt has to be the one who ends it."""
    one, other = Performer(sitters["a"]), Performer(sitters["b"])

    def swapped() -> Iterator[Frame]:
        for number in range(1, 60):
            performer = other if number % 8 > 5 else one
            yield Frame(performer.view(), number, number / 15)

    decision = quick.decide(decode_photo(photo_of_a), swapped())
    assert decision.outcome is not Outcome.MATCH
    assert AttackSign.IDENTITY_CHANGED in decision.evidence.signs


@pytest.mark.parametrize("only_turned", [False, True])
def test_the_one_who_turns_the_head_is_the_one_who_is_compared(
    models: FaceModels, sitters: Sitters, photo_of_a: bytes, *, only_turned: bool
) -> None:
    """A picture of the holder, held until enough is seen, then a living head of another person.

    Also where that head is seen only while it is turned.
    """
    picture, other = Performer(sitters["a"]), Performer(sitters["b"])
    asked: list[Progress] = []

    def follow(progress: Progress) -> None:
        asked.append(progress)
        other.follow(progress)

    def frames() -> Iterator[Frame]:
        for number in range(1, 30 * 15):
            view, still = other.view(), picture.view()
            turning = asked and asked[-1].step in (Step.LEFT, Step.RIGHT)
            shown = still if number < 75 or (only_turned and not turning) else view
            yield Frame(shown, number, number / 15)

    decision = with_challenge(models).decide(decode_photo(photo_of_a), frames(), on_progress=follow)
    assert decision.outcome is not Outcome.MATCH
    assert AttackSign.IDENTITY_CHANGED in decision.evidence.signs


def test_no_face_and_two_faces_say_what_to_mend(
    quick: FaceMatcher, portraits: Mapping[str, Pixels], sitters: Sitters, photo_of_a: bytes
) -> None:
    """An empty chair and a companion are told apart."""
    one, other = (Performer(sitters[name]).view()[:, 160:480] for name in "ab")
    pair = np.hstack([one, other])
    chair = np.random.default_rng(1).integers(60, 200, (480, 640, 3), dtype=np.uint8)
    for view, expected in ((chair, Guidance.NO_FACE), (pair, Guidance.SEVERAL_FACES)):
        told: list[Progress] = []
        frames = (Frame(view, number, number / 15) for number in range(1, 6))
        decision = quick.decide(decode_photo(photo_of_a), frames, on_progress=told.append)
        assert decision.outcome is Outcome.ASK_STAFF
        assert decision.last_guidance is expected
        assert told[-1].guidance is expected


def test_frames_that_are_no_pictures_are_frames_without_a_face(
    quick: FaceMatcher, photo_of_a: bytes
) -> None:
    """Odd shapes and types end no visit."""
    odd = [
        np.zeros((0, 0, 3), np.uint8),
        np.zeros((480, 640), np.uint8),
        np.zeros((480, 640, 4), np.uint8),
        np.zeros((480, 640, 3), np.float32),
        np.full((480, 640, 3), np.nan),
        np.zeros((8, 5000, 3), np.uint8),
    ]
    frames = [Frame(pixels, n, n / 15) for n, pixels in enumerate(odd)]  # type: ignore[arg-type]  # on purpose
    decision = quick.decide(decode_photo(photo_of_a), frames)
    assert decision.frames_seen == len(odd)
    assert decision.last_guidance is Guidance.NO_FACE
    assert decision.outcome is Outcome.ASK_STAFF


def test_cancel_ends_it_at_once(quick: FaceMatcher, sitters: Sitters, photo_of_a: bytes) -> None:
    """A patient who changes their mind is not watched on."""
    cancel = threading.Event()
    performer = Performer(sitters["a"])

    def leave(progress: Progress) -> None:
        if progress.frames == 2:
            cancel.set()

    decision = quick.decide(decode_photo(photo_of_a), performer.frames(), cancel, leave)
    assert decision.reason is DecisionReason.CANCELLED
    assert decision.outcome is Outcome.ASK_STAFF
    assert decision.score is None


def test_time_and_attempts_are_bounded(
    models: FaceModels, sitters: Sitters, photo_of_a: bytes
) -> None:
    """Who does nothing is led on after the time, not kept."""
    limits = MatcherLimits(seconds=3, attempt_seconds=1, attempts=2)
    matcher = FaceMatcher(models, limits=limits)
    performer = Performer(sitters["a"])  # looks at nothing that is asked
    decision = matcher.decide(decode_photo(photo_of_a), performer.frames())
    assert decision.outcome is Outcome.ASK_STAFF
    assert decision.attempts == 2
    assert decision.seconds <= limits.seconds


def test_a_photo_without_a_face_is_told_as_such(quick: FaceMatcher) -> None:
    """A damaged photo may decode to nothing that is a face."""
    grey = np.full((320, 240, 3), 128, np.uint8)
    with pytest.raises(PhotoError) as caught:
        quick.decide(grey, [])
    assert caught.value.reason is PhotoReason.NO_FACE


def test_a_photo_with_two_faces_is_told_as_such(
    quick: FaceMatcher, portraits: Mapping[str, Pixels]
) -> None:
    """Whose face counts is never guessed."""
    sides = [portraits["a1"], portraits["a1"][:, ::-1]]
    with pytest.raises(PhotoError) as caught:
        quick.embed(np.hstack(sides).astype(np.uint8))
    assert caught.value.reason is PhotoReason.SEVERAL_FACES


def test_a_camera_lost_in_the_middle_ends_it_with_its_state(
    quick: FaceMatcher, sitters: Sitters, photo_of_a: bytes, tmp_path: Path
) -> None:
    """The caller learns that the plug was pulled, not that the faces differ."""
    file = tmp_path / "view.png"
    assert cv2.imwrite(str(file), Performer(sitters["a"]).view())
    with running(WatchedPicture(file)) as camera:
        wait_until(lambda: camera.state is CameraState.OK)

        def pull(progress: Progress) -> None:
            file.unlink(missing_ok=True)

        with pytest.raises(CameraUnpluggedError):
            quick.decide(decode_photo(photo_of_a), frames_of(camera), on_progress=pull)


def test_frames_are_overwritten_when_the_next_is_taken(tmp_path: Path) -> None:
    """Nothing is left of a frame once it was looked at, nor of the last one."""
    file = tmp_path / "view.png"
    bright = np.full((48, 64, 3), 150, np.uint8)
    assert cv2.imwrite(str(file), bright)
    with running(WatchedPicture(file)) as camera:
        stream = frames_of(camera)
        first = next(stream)
        assert first.pixels.all()
        stream.close()
        assert not first.pixels.any()


def test_a_decision_holds_figures_only(
    quick: FaceMatcher, sitters: Sitters, photo_of_a: bytes
) -> None:
    """What goes to the audit log could be read aloud: no array, no bytes, nothing of a face."""
    decision = quick.decide(decode_photo(photo_of_a), Performer(sitters["a"]).frames())
    written = json.dumps(dataclasses.asdict(decision), default=sorted)
    assert len(written) < 1000


def test_crops_and_embeddings_are_overwritten(
    models: FaceModels, sitters: Sitters, photo_of_a: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The buffers we own hold nothing after the decision."""
    handed: list[np.ndarray[tuple[int, ...], np.dtype[np.generic]]] = []
    matcher = FaceMatcher(models, liveness=LivenessLimits(turns=0))
    embed = matcher._embedder.embed

    def note(crop: Pixels) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        made = embed(crop)
        handed.extend([crop, made])
        return made

    monkeypatch.setattr(matcher._embedder, "embed", note)
    decision = matcher.decide(decode_photo(photo_of_a), Performer(sitters["a"]).frames())
    assert decision.outcome is Outcome.MATCH
    assert len(handed) >= 12
    assert not any(array.any() for array in handed)


def test_the_example_of_the_package_runs(
    sitters: Sitters, photo_of_a: bytes, portraits: Mapping[str, Pixels], tmp_path: Path
) -> None:
    """What the docstring shows is what happens."""
    performer = Performer(sitters["a"])
    for number in range(40):
        assert cv2.imwrite(str(tmp_path / f"{number:02}.bmp"), performer.view())
    given = {"folder": tmp_path, "photo": photo_of_a, "picture": portraits["a3"]}
    result = doctest.testmod(face_auth, extraglobs=given)
    assert result.attempted >= 9
    assert result.failed == 0


def test_a_recorded_camera_and_a_stopped_one(
    quick: FaceMatcher, sitters: Sitters, photo_of_a: bytes, tmp_path: Path
) -> None:
    """Frames come only from a camera that runs."""
    with pytest.raises(CameraError):
        quick.decide(decode_photo(photo_of_a), frames_of(RecordedCamera(tmp_path)))
