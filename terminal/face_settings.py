"""``[face]``: the camera before the patient, and how strict the comparison is."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class FaceSettings(BaseModel):
    """Whether holders may be identified by their face (顔認証), and how."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["none", "v4l2", "recorded"] = Field(
        "none",
        description="`v4l2` for a camera before the patient, `recorded` for pictures (refused in "
        "production); with `none` there is no face verification",
    )
    device: Path | None = Field(
        None, description="The camera of `v4l2`, best by a name under /dev/v4l/by-id"
    )
    recording: Path | None = Field(
        None,
        description="What `recorded` shows: a picture that another program replaces, a folder of "
        "pictures or a video",
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
    def _kind_has_its_source(self) -> Self:
        if self.kind == "v4l2" and self.device is None:
            msg = "kind 'v4l2' needs device"
            raise ValueError(msg)
        if self.kind == "recorded" and self.recording is None:
            msg = "kind 'recorded' needs recording"
            raise ValueError(msg)
        if (self.passive_model is None) is not (self.passive_sha256 is None):
            msg = "passive_model and passive_sha256 go together"
            raise ValueError(msg)
        return self
