"""``[face]``: the camera before the patient, and how strict the comparison is."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from terminal.face.cameras import CameraSettings


class FaceSettings(CameraSettings):
    """Whether holders may be identified by their face (顔認証), and how."""

    kind: Literal["none", "v4l2", "recorded"] = Field(
        "none",
        description="`v4l2` for a camera before the patient, `recorded` for pictures (refused in "
        "production); with `none` there is no face verification",
    )
    profile: Literal["fmr-1e-4", "fmr-1e-3", "fmr-1e-2"] = Field(
        "fmr-1e-4", description="How alike faces must be (docs/face.md); the first is the strictest"
    )
    turns: int = Field(
        2, ge=0, le=4, description="Head turns that are asked; production asks for one at least"
    )
    models: Path | None = Field(
        None, description="Folder of the two model files; absent: those of the installed package"
    )
    preview_width: int = Field(
        480, ge=160, le=960, description="Width in pixels of the picture that patients see of them"
    )
    mesh_model: Path | None = Field(
        None,
        description="File `face_landmark.tflite`: a better test for bent prints (docs/face.md)",
    )
    passive_model: Path | None = Field(
        None,
        description="ONNX file of a model that tells living faces from pictures (docs/face.md)",
    )
    passive_sha256: str | None = Field(
        None, pattern=r"^[0-9a-f]{64}$", description="SHA-256 that this file must have, in hex"
    )
    passive_crop: float = Field(
        2.7, ge=1, le=5, description="Side of the square it is given, against the face's longer one"
    )
    passive_side: int = Field(
        80, ge=32, le=512, description="Pixels that it wants on each side of that square"
    )
    passive_bona_fide: int = Field(
        1, ge=0, le=9, description="Which of its output classes is a living face, counted from 0"
    )
    passive_least: float = Field(
        0.5, ge=0, le=1, description="Score below which staff look; measure it on the own camera"
    )

    @model_validator(mode="after")
    def _passive_model_is_whole(self) -> Self:
        if (self.passive_model is None) is not (self.passive_sha256 is None):
            msg = "passive_model and passive_sha256 go together"
            raise ValueError(msg)
        return self
