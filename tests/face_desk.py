"""A clinic with a camera before its patients, and what stands there.

Two public persons' portraits prove the wiring, not the accuracy.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from eligibility.payer import IdentificationMethod
from terminal.audit import Act
from terminal.views import KioskStep, KioskView
from tests.clinic import Clinic, Stage, opened_clinic, wait_for
from tests.sitting import Mirror, filmed

FACE, PIN = IdentificationMethod.FACE, IdentificationMethod.PIN
LONG = 60.0


class FaceDesk:
    """A clinic with a camera before its patients."""

    def __init__(self, clinic: Clinic, mirror: Mirror) -> None:
        self.clinic = clinic
        self.mirror = mirror

    @property
    def screen(self) -> KioskView:
        """What the kiosk shows now."""
        return self.clinic.patient.screen

    def taps(self, persona: str = "ordinary") -> str:
        """Let somebody tap; return the visit."""
        visit_id = self.clinic.patient.taps(persona).visit_id
        assert visit_id is not None
        return visit_id

    def chooses(self, method: IdentificationMethod) -> None:
        """Let the patient choose."""
        visit_id = self.screen.visit_id
        assert visit_id is not None
        self.clinic.terminal.desk.choose(visit_id, method)

    def types_number(self, persona: str = "ordinary") -> None:
        """Let staff type what stands on the card's face."""
        visit_id = self.clinic.reception.row().visit.id
        self.clinic.reception.types_number_b(visit_id, self.clinic.stage.face_of(persona))

    def sees(self, step: KioskStep) -> KioskView:
        """Wait for a step, for as long as a comparison takes."""
        try:
            return wait_for(lambda: self.screen.step is step and self.screen, f"{step}", LONG)
        except AssertionError as error:
            error.add_note(f"the kiosk shows {self.screen}")
            raise

    def compared(self, visit_id: str) -> list[str]:
        """What the audit log says of comparisons."""
        records = self.clinic.terminal.store.read(lambda tx: tx.audit.of_visit(visit_id))
        return [f"{one.reason}" for one in records if one.act is Act.FACE_COMPARED]

    @property
    def face_work(self):
        """What runs the comparisons."""
        return self.clinic.terminal.desk._face_work


@contextmanager
def opened(
    folder: Path, stage: Stage, *, turns: int = 0, trusting: bool = True
) -> Iterator[FaceDesk]:
    """Open a clinic with a recorded camera."""
    mirror = Mirror(folder / "mirror.bmp")
    face = f'kind = "recorded"\nrecording = "{mirror.file}"\nturns = {turns}\n'
    issuers = f'record_issuers = ["{stage.cards_dir / "record-ca.pem"}"]' if trusting else ""
    with ExitStack() as stack:
        clinic = stack.enter_context(
            opened_clinic(folder, stage, face=face, card=issuers, kiosk="idle_seconds = 600")
        )
        stack.enter_context(filmed(mirror, clinic.terminal.desk.kiosk))
        yield FaceDesk(clinic, mirror)
