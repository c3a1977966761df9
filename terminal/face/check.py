"""The camera before the patient and the models: whether a face can be verified, and doing it.

Nothing of ``face_auth`` that needs OpenCV is loaded unless a camera is configured.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING

from face_auth import (
    PROFILES,
    CameraState,
    FrameError,
    FrameSource,
    ModelError,
    load_models,
    overwrite,
)
from face_auth.errors import ModelMissingError
from terminal.face import cameras
from terminal.face.settings import FaceSettings
from terminal.pin_work import wipe

if TYPE_CHECKING:
    from face_auth import FaceDecision, FaceMatcher, Progress
    from face_auth.pad_model import PadModel

log = logging.getLogger(__name__)

SETTLED_SECONDS = 2.5
"""After so long a camera that gives pictures is neither black nor frozen."""


class FaceProblem(StrEnum):
    """Why no face can be verified; those of the camera itself are CameraState's."""

    MODELS_MISSING = "models-missing"
    MODELS_ALTERED = "models-altered"
    UNPLUGGED = "unplugged"
    BUSY = "busy"
    NO_PERMISSION = "no-permission"
    UNUSABLE = "unusable"
    BLACK = "black"
    FROZEN = "frozen"


_QUIET = (CameraState.STOPPED, CameraState.STARTING)
_SEEN_LATE = (FaceProblem.BLACK, FaceProblem.FROZEN)


class FaceCheck:
    """One camera and one matcher.

    The camera is switched on and off by one thread; the rest is safe to call from any.
    """

    def __init__(
        self,
        camera: FrameSource,
        matcher: FaceMatcher | None,
        *,
        preview_width: int,
        models_problem: FaceProblem | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``matcher``: None where ``models_problem`` keeps it from being made."""
        self._camera = camera
        self._matcher = matcher
        self._preview_width = preview_width
        self._models_problem = models_problem
        self._clock = clock
        self._lock = threading.Lock()
        self._camera_problem: FaceProblem | None = None
        self._on_since: float | None = None

    @property
    def problem(self) -> FaceProblem | None:
        """What keeps faces from being verified, as last seen; None where nothing does."""
        self._note()
        with self._lock:
            return self._models_problem or self._camera_problem

    @property
    def is_to_be_watched(self) -> bool:
        """Whether the camera gave no pictures when last seen: that it does again has to be seen."""
        with self._lock:
            return self._matcher is not None and self._camera_problem is not None

    @property
    def wanted(self) -> int:
        """How many good pictures of different pose a decision takes."""
        return 0 if self._matcher is None else self._matcher.profile.frames

    @property
    def is_on(self) -> bool:
        """Whether the camera is switched on."""
        with self._lock:
            return self._on_since is not None

    def switch_on(self) -> None:
        """Let the camera take pictures; its state comes to be known."""
        if self._matcher is not None and not self.is_on:
            self._camera.start()
            with self._lock:
                self._on_since = self._clock()

    def switch_off(self) -> None:
        """Give the camera back; the picture held is overwritten."""
        if self.is_on:
            self._note()
            with self._lock:
                self._on_since = None
            self._camera.stop()

    def preview(self) -> bytes | None:
        """Return the newest picture, small and mirrored, as JPEG; None where there is none."""
        frame = self._camera.newest() if self.is_on else None
        if frame is None:
            return None
        from face_auth.preview import preview_jpeg

        try:
            return preview_jpeg(frame.pixels, self._preview_width)
        except FrameError:
            return None
        finally:
            overwrite(frame.pixels)

    def decide(
        self,
        photo: bytearray,
        cancel: threading.Event,
        on_progress: Callable[[Progress], None],
    ) -> FaceDecision:
        """Compare the card's photo (JPEG 2000) with who stands before the camera, which is on.

        ``photo`` and its decoded pixels are overwritten.  Raises PhotoError, FrameError and
        ModelError, and CameraError with the state of a camera that gives no pictures.
        """
        from face_auth import decode_photo, frames_of

        try:
            if self._matcher is None:
                raise ModelMissingError("matcher", f"{self._models_problem}")
            pixels = decode_photo(photo)
        finally:
            wipe(photo)
        try:
            frames = frames_of(self._camera, cancel)
            return self._matcher.decide(pixels, frames, cancel, on_progress)
        finally:
            overwrite(pixels)
            self._note()

    def examine(self) -> FaceProblem | None:
        """Switch the camera on and see whether a picture comes; for the doctor."""
        if self._models_problem is not None:
            return self._models_problem
        state = cameras.examine(self._camera)
        return None if state is CameraState.OK else FaceProblem(state)

    def _note(self) -> None:
        """Keep in mind how the camera is, also once it is off again."""
        state = self._camera.state
        with self._lock:
            if self._on_since is None or state in _QUIET:
                return
            before = self._camera_problem
            if state is not CameraState.OK:
                self._camera_problem = FaceProblem(state)
            elif before not in _SEEN_LATE or self._clock() - self._on_since >= SETTLED_SECONDS:
                self._camera_problem = None
            now = self._camera_problem
        if now is not before:
            log.warning("face camera: %s", now or "gives pictures again")


def make_face_check(settings: FaceSettings) -> FaceCheck | None:
    """Return the configured camera with the models; None where there is no camera."""
    camera = cameras.make_camera(settings)
    if camera is None:
        return None
    matcher, problem = None, None
    try:
        matcher = make_matcher(settings)
    except ModelMissingError as error:
        problem = FaceProblem.MODELS_MISSING
        log.error("%s", error)  # noqa: TRY400  # its message tells all
    except ModelError as error:
        problem = FaceProblem.MODELS_ALTERED
        log.error("%s", error)  # noqa: TRY400  # its message tells all
    return FaceCheck(camera, matcher, preview_width=settings.preview_width, models_problem=problem)


def make_matcher(settings: FaceSettings) -> FaceMatcher:
    """Load and verify the models.  Raises ModelError."""
    models = load_models(settings.models)
    from face_auth import FaceMatcher, LivenessLimits
    from face_auth.mesh import FaceMesh

    return FaceMatcher(
        models,
        profile=PROFILES[settings.profile],
        liveness=LivenessLimits(turns=settings.turns),
        pad_model=make_pad_model(settings),
        mesh=None if settings.mesh_model is None else FaceMesh(settings.mesh_model),
    )


def make_pad_model(settings: FaceSettings) -> PadModel | None:
    """Load the passive model that the installation added, if any.  Raises ModelError."""
    if settings.passive_model is None or settings.passive_sha256 is None:
        return None
    from face_auth.pad_model import PadModel, PadModelFile

    file = PadModelFile(
        settings.passive_model,
        settings.passive_sha256,
        settings.passive_crop,
        settings.passive_side,
        settings.passive_bona_fide,
    )
    return PadModel((file,), least=settings.passive_least)
