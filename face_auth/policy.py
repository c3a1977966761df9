"""From figures to one of three answers.  Every threshold lives here, with where it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What the caller may do."""

    MATCH = "match"
    ASK_STAFF = "ask-staff"
    """Not sure, or not done: staff look, or the holder types the PIN."""
    NO_MATCH = "no-match"
    """The faces are not alike; who it is stays open: staff look, or the PIN."""


@dataclass(frozen=True, slots=True)
class FaceProfile:
    """Thresholds on the cosine of fused frames and card photo (-1 to 1, higher is more alike).

    At ``match_at`` and above the faces match; below ``ask_at`` they do not; between, staff look.
    ``fmr`` is the false match rate the threshold is meant for, not one that was proved.
    """

    name: str
    fmr: float
    match_at: float
    ask_at: float
    frames: int
    """Frames of different pose to fuse: thresholds hold for this number."""
    source: str


MEASURED_ON = "40 persons of AT&T"
"""What stands beside every fixed threshold that is quoted."""
_SOURCE = (
    f"{MEASURED_ON} x 10 pictures (92x112 and 23x28, pictures of the 1990s), thresholds learned "
    "on 20 persons and applied to 20 others, then rounded up, as such thresholds gave strangers "
    "1.6 to 10 times the false matches meant; not field accuracy, measure on own data"
)

FMR_1E2 = FaceProfile("fmr-1e-2", 1e-2, 0.36, 0.25, 5, _SOURCE)
FMR_1E3 = FaceProfile("fmr-1e-3", 1e-3, 0.45, 0.30, 5, _SOURCE)
FMR_1E4 = FaceProfile(
    "fmr-1e-4", 1e-4, 0.50, 0.30, 5, _SOURCE + "; 40 persons are too few to verify 1e-4"
)
PROFILES = {profile.name: profile for profile in (FMR_1E2, FMR_1E3, FMR_1E4)}
DEFAULT_PROFILE = FMR_1E4


def outcome_of(score: float, profile: FaceProfile) -> Outcome:
    """Return what the score alone says.  Not-a-number is no match."""
    if score >= profile.match_at:
        return Outcome.MATCH
    return Outcome.ASK_STAFF if score >= profile.ask_at else Outcome.NO_MATCH
