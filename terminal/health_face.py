"""The check of face verification: why it is not offered, and what to do about it."""

from __future__ import annotations

from terminal.face.check import FaceProblem
from terminal.health import HealthCheck, HealthState

_REMEDIES = {
    FaceProblem.MODELS_MISSING: (
        "A model file is missing: face verification is off.",
        "Run scripts/install again, or put both files into the folder that face.models names.",
    ),
    FaceProblem.MODELS_ALTERED: (
        "A model file is not the one that was measured: face verification is off.",
        "Replace the file that the log names; compare face.passive_sha256 and face.mesh_model.",
    ),
    FaceProblem.UNPLUGGED: (
        "There is no camera at face.device.",
        "Plug it in; if it is, compare the name with those under /dev/v4l/by-id.",
    ),
    FaceProblem.BUSY: ("Another program has the camera.", "End that program."),
    FaceProblem.NO_PERMISSION: (
        "The service user may not open the camera.",
        "Add the service user to the group video.",
    ),
    FaceProblem.UNUSABLE: (
        "What stands at face.device is no camera, or gives no picture.",
        "Compare the name with those under /dev/v4l/by-id.",
    ),
    FaceProblem.BLACK: (
        "The camera sees nothing.",
        "Take the lid off the lens, or switch on the light.",
    ),
    FaceProblem.FROZEN: (
        "The camera gives no new picture.",
        "Unplug it and plug it in again.",
    ),
}

_WITHOUT_MESH = " Without face.mesh_model bent prints are hardly told (docs/face.md)."


def check_face(
    problem: FaceProblem | None, *, vouched: bool, without_mesh: bool = False
) -> HealthCheck:
    """Say why no face is verified; patients are offered PIN and staff meanwhile.

    ``vouched``: whether keys are configured by which a card's own key can vouch for its photo;
    ``without_mesh``: say also what is lost where ``face.mesh_model`` names no file.
    """
    lost = _WITHOUT_MESH if without_mesh else ""
    if problem is None and not vouched:
        reason = (
            "Faces are verified, but no key vouches for the photo: the payer is told so and may "
            "open no history. Patients who use their face are not asked for that consent."
        )
        remedy = "Name the record issuers' keys in card.record_issuers; meanwhile offer the PIN."
        return HealthCheck("face", HealthState.WARN, "face.not-vouched", reason + lost, remedy)
    if problem is None:
        reason = "Models are verified, and the camera gives pictures when it is switched on."
        return HealthCheck("face", HealthState.PASS, "face.well", reason + lost)
    reason, remedy = _REMEDIES[problem]
    code = f"face.{problem}"
    return HealthCheck("face", HealthState.WARN, code, f"Face verification: {reason}", remedy)
