from __future__ import annotations

from pathlib import Path

import pytest

from terminal.virtual_card.card_os import CardOs
from tests.benchmarks.reads import reads_in
from tests.clinic import Clinic, Stage, opened_clinic

HEAD = 256


def card_in(clinic: Clinic) -> CardOs:
    """The card that lies on the reader."""
    card = clinic.slot.card
    assert isinstance(card, CardOs)
    return card


@pytest.mark.parametrize(("with_number_b", "holds"), [(False, 1), (True, 2)])
def test_a_visit_at_the_desk_reads_nothing_twice_but_what_tells_the_card_again(
    tmp_path: Path, stage: Stage, with_number_b: bool, holds: int
) -> None:
    """The card's own trace shows it: the certificate's head alone, before each secret is shown."""
    issuers = f'record_issuers = ["{stage.cards_dir / "record-ca.pem"}"]'
    with opened_clinic(tmp_path, stage, card=issuers) as clinic:
        view = clinic.patient.taps("ordinary")
        assert view.visit_id is not None
        card = card_in(clinic)
        if with_number_b:
            clinic.reception.types_number_b(view.visit_id, stage.face_of("ordinary"))
        clinic.patient.types_pin()
        clinic.patient.consents_to_all()
        clinic.reception.sees_answer()
        exchanges = card.trace.entries()
        clinic.patient.takes_card()
    read = {exchange.target for exchange in exchanges if exchange.length}
    assert ("text/0002" in read) is ("visual/0002" in read) is with_number_b
    assert reads_in(exchanges) == {"jpki/000A": holds * HEAD}
