"""Where the link application's folders are, and how files are exchanged through them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

ASIDE_DAYS = 90
ASIDE_FILES = 1000


class NationalSettings(BaseModel):
    """The drop folders of the link application (連携アプリ), section ``[national]``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    req_dir: Path = Field(description="Folder that the link application takes requests from")
    res_dir: Path = Field(description="Folder that it puts answers into")
    face_dir: Path | None = Field(
        None,
        description="Folder that it puts the card visits of the national reader into "
        "(顔認証付きカードリーダー); absent: none are taken",
    )
    encoding: Literal["utf-8", "shift_jis"] = Field(
        "utf-8", description="Encoding of requests; answers are read by what they declare"
    )
    shared: bool = Field(
        True,
        description="Whether other programs use these folders too: then their files are left "
        "alone and card visits stay in `face_dir`; with `false` both are removed once kept",
    )
    poll_seconds: float = Field(
        2.0,
        ge=0.1,
        le=60,
        description="seconds between two looks into a folder that nobody tells of, as a network "
        "share's",
    )
    answer_seconds: float = Field(10.0, gt=0, le=120, description="seconds to wait for one answer")
    aside_days: int = Field(
        ASIDE_DAYS,
        ge=1,
        le=1826,
        description="Days after which files that were set aside are deleted",
    )
    aside_files: int = Field(
        ASIDE_FILES,
        ge=10,
        le=100_000,
        description="How many files may be set aside; beyond that the oldest are deleted",
    )

    @model_validator(mode="after")
    def _folders_of_their_own(self) -> NationalSettings:
        folders = [one for one in (self.req_dir, self.res_dir, self.face_dir) if one is not None]
        if len(set(folders)) != len(folders):
            msg = "req_dir, res_dir and face_dir are three folders"
            raise ValueError(msg)
        return self
