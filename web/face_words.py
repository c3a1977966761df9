"""What came of comparing a face with the card's photo, as the audit log keeps it, in words."""

from __future__ import annotations

from web.i18n import text

RESULTS = {
    "match": "face-result.match",
    "ask-staff": "face-result.ask-staff",
    "no-match": "face-result.no-match",
}
REASONS = {
    "score": "face-reason.score",
    "attack-signs": "face-reason.attack-signs",
    "challenge-not-passed": "face-reason.challenge-not-passed",
    "too-few-frames": "face-reason.too-few-frames",
    "cancelled": "face-reason.cancelled",
}
PROFILES = {
    "fmr-1e-2": "face-profile.fmr-1e-2",
    "fmr-1e-3": "face-profile.fmr-1e-3",
    "fmr-1e-4": "face-profile.fmr-1e-4",
}


def result_words(recorded: str | None) -> tuple[str, str]:
    """Return the result with its reason and how strict it was, and the figures as recorded.

    What was recorded in a way that is not known here is shown as it is.
    """
    outcome, _, rest = (recorded or "").partition(" ")
    reason, _, figures = rest.partition(" ")
    profile = dict(part.partition("=")[::2] for part in figures.split()).get("profile", "")
    if outcome not in RESULTS or reason not in REASONS or profile not in PROFILES:
        return recorded or "", ""
    said = text(
        "face-result.whole",
        result=text(RESULTS[outcome]),
        reason=text(REASONS[reason]),
        profile=text(PROFILES[profile]),
    )
    return said, figures
