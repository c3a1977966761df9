"""Whether the card is genuine, in the visit: its own key, which 照合番号B opens before a look."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from eligibility.payer import IdentificationMethod, ProofKind
from terminal.access.accounts import TERMINAL
from terminal.audit import Act
from terminal.errors import LookReason, LookRefusedError, VisitStateError
from terminal.identification import AttributesSource
from terminal.payer.question import QuestionProblem, QuestionState
from terminal.views import KioskStep, OwnKeyState
from terminal.virtual_card.card_os import CardOs
from terminal.virtual_card.issuing import load_card
from tests.clinic import Clinic, Stage, opened_clinic
from tests.terminal.traces import acts, assert_no_individual_number


@pytest.fixture
def trusting(tmp_path: Path, stage: Stage) -> Iterator[Clinic]:
    """A clinic that is told whose signed records on cards count."""
    issuers = f'record_issuers = ["{stage.cards_dir / "record-ca.pem"}"]'
    with opened_clinic(tmp_path, stage, card=issuers) as clinic:
        yield clinic


def waits_for_staff(clinic: Clinic, persona: str) -> str:
    """Let somebody come whose PIN cannot be used; return the visit."""
    assert clinic.patient.taps(persona).step is KioskStep.WITH_STAFF
    return clinic.reception.row().visit.id


def test_a_look_after_the_number_proves_a_genuine_card(trusting: Clinic) -> None:
    """With 照合番号B before the look the card's own key signs, and the payer accepts that."""
    visit_id = waits_for_staff(trusting, "pin-blocked")
    detail = trusting.reception.types_number_b(visit_id, trusting.stage.face_of("pin-blocked"))
    assert detail.number_b is not None
    assert detail.number_b.own_key is OwnKeyState.PROVED
    trusting.reception.looks(visit_id)
    trusting.patient.consents_to_all()
    row = trusting.reception.sees_answer()
    assert row.identification is not None
    assert row.identification.method is IdentificationMethod.STAFF_VISUAL
    assert row.identification.proof is ProofKind.OWN_KEY
    assert row.identification.attributes_source is AttributesSource.CARD
    assert trusting.doctor.sees_history(visit_id).fetched
    assert_no_individual_number(trusting.patient.card)


class Forged:
    """A card onto whose face something else was written after its issuer signed it."""

    def __init__(self, card: CardOs) -> None:
        self._card = card
        self.atr = card.atr
        self.power_on, self.power_off, self.reset = card.power_on, card.power_off, card.reset

    def transmit(self, command: bytes) -> bytes:
        """Answer as the card, but for one bit in the middle of its face's record."""
        answer = self._card.transmit(command)
        last = self._card.trace.entries()[-1]
        if last.target != "visual/0002" or command[1:3] != b"\xb0\x02":
            return answer
        return answer[:20] + bytes([answer[20] ^ 1]) + answer[21:]


def test_a_forged_card_is_not_identified_by_sight(trusting: Clinic) -> None:
    """A record that was altered is told, written down, and no look at such a card counts."""
    trusting.slot.insert(Forged(load_card(trusting.stage.cards_dir, "pin-blocked").card))
    trusting.patient.sees(KioskStep.WITH_STAFF)
    visit_id = trusting.reception.row().visit.id
    detail = trusting.reception.types_number_b(visit_id, trusting.stage.face_of("pin-blocked"))
    assert detail.number_b is not None
    assert detail.number_b.own_key is OwnKeyState.NOT_GENUINE
    assert not detail.may_identify
    assert acts(trusting, visit_id, Act.OWN_KEY_REFUSED) == [(TERMINAL.id, "record-altered")]
    with pytest.raises(VisitStateError, match="does not hold"):
        trusting.reception.looks(visit_id)
    trusting.patient.takes_card()


def test_the_payer_itself_refuses_a_record_of_somebody_else(trusting: Clinic) -> None:
    """By the own key the payer sees that record and certificate are not one person's."""
    clinic = trusting
    view = clinic.patient.taps("mislinked")
    assert view.visit_id is not None
    clinic.reception.types_number_b(view.visit_id, clinic.stage.face_of("mislinked"))
    clinic.reception.looks(view.visit_id)
    row = clinic.reception.sees_row(
        lambda row: row.question is not None and row.question.state is QuestionState.REFUSED,
        "the refusal",
    )
    assert row.question is not None
    assert (row.question.problem, row.question.refusal_code) == (
        QuestionProblem.PAYER_REFUSED,
        "record-mismatch",
    )
    assert row.coverage is None


def test_without_an_issuer_the_look_proves_the_certificate_alone(clinic: Clinic) -> None:
    """A desk that knows no issuer of records says so, and tells the payer no more than it knows."""
    visit_id = waits_for_staff(clinic, "pin-blocked")
    detail = clinic.reception.types_number_b(visit_id, clinic.stage.face_of("pin-blocked"))
    assert detail.number_b is not None
    assert detail.number_b.own_key is OwnKeyState.NOT_CONFIGURED
    clinic.reception.looks(visit_id)
    row = clinic.reception.sees_answer()
    assert row.identification is not None
    assert row.identification.proof is ProofKind.CERTIFICATE_ONLY


def test_an_issuer_that_is_not_ours_proves_nothing_either_way(tmp_path: Path, stage: Stage) -> None:
    """Under another issuer's key the card is neither called genuine nor false."""
    other = f'record_issuers = ["{stage.cards_dir / "terminal-ca.pem"}"]'
    with opened_clinic(tmp_path, stage, card=other) as clinic:
        visit_id = waits_for_staff(clinic, "pin-blocked")
        detail = clinic.reception.types_number_b(visit_id, stage.face_of("pin-blocked"))
        assert detail.number_b is not None
        assert detail.number_b.own_key is OwnKeyState.UNKNOWN_ISSUER
        assert detail.may_identify
        clinic.reception.looks(visit_id)
        assert clinic.reception.sees_answer().coverage


def test_a_baby_card_read_for_its_key_is_known_to_have_no_photo(trusting: Clinic) -> None:
    """Where the record of the card's face holds no photo, a look has nothing to compare."""
    view = trusting.patient.taps("infant")
    assert view.visit_id is not None
    assert trusting.reception.opens(view.visit_id).may_identify
    detail = trusting.reception.types_number_b(view.visit_id, trusting.stage.face_of("infant"))
    assert (detail.may_identify, detail.no_look) == (False, LookReason.NO_PHOTO)
    with pytest.raises(LookRefusedError):
        trusting.reception.looks(view.visit_id)
