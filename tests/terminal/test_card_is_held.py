"""While its PIN is open the card is the desk's alone, and afterwards it signs for nobody."""

from __future__ import annotations

import subprocess
import sys

from terminal.views import KioskStep
from terminal.virtual_card.issuing import load_card
from terminal.virtual_card.pcscd import READER_NAME
from tests.clinic import PIN, Clinic
from tests.reader.place import Disturbed

SHARING_VIOLATION = "8010000B"
GOT_IT = "00000000"
SIGNED = "9000"


def another_program() -> list[str]:
    """Let another process try to use the card; return what it was told."""
    program = subprocess.run(  # noqa: S603  # our own module
        [sys.executable, "-m", "tests.reader.other_program", f"{READER_NAME} 00 00"],
        check=True,
        capture_output=True,
        text=True,
        timeout=30,
    )
    return program.stdout.split()


def test_nobody_else_gets_at_a_card_whose_pin_is_open(clinic: Clinic) -> None:
    """Another program is refused while the desk signs, and finds the key closed after it."""
    card = load_card(clinic.stage.cards_dir, "ordinary").card
    heard: list[list[str]] = []
    command = bytearray()

    def is_signature(apdu: bytes) -> bool:
        command[:] = apdu
        return view is not None and apdu[:2] == b"\x80\x2a"

    def meanwhile() -> bytes | None:
        heard.append(another_program())
        return card.transmit(bytes(command))

    view = None
    clinic.slot.insert(Disturbed(card, is_signature, meanwhile))
    clinic.patient.sees(KioskStep.PIN)
    assert another_program()[0] == GOT_IT
    view = clinic.patient.screen
    clinic.terminal.desk.enter_pin(view.visit_id or "", bytearray(PIN.encode()))
    clinic.patient.sees(KioskStep.CONSENT)
    assert heard == [[SHARING_VIOLATION]]

    after = another_program()
    assert after[0] == GOT_IT
    assert SIGNED not in (after[1], after[3])
    assert after[2] in (SIGNED, "6a82")
