"""A card on the desk's own reader, where the payer is asked over the national interface."""

from __future__ import annotations

from pathlib import Path

from terminal.question import QuestionProblem, QuestionState
from terminal.views import KioskStep
from tests.clinic import Stage, opened_clinic


def test_a_card_at_the_desk_is_told_as_what_the_interface_cannot_ask(
    stage: Stage, tmp_path: Path
) -> None:
    """Nobody waits for an answer that cannot come: staff are told at once, and why."""
    for name in ("req", "res"):
        (tmp_path / name).mkdir()
    national = f'[national]\nreq_dir = "{tmp_path / "req"}"\nres_dir = "{tmp_path / "res"}"\n'
    chosen = 'interface = "national"\n' + national
    with opened_clinic(tmp_path, stage, eligibility=chosen) as clinic:
        clinic.patient.taps("ordinary")
        assert clinic.patient.types_pin().step is not KioskStep.PIN
        row = clinic.reception.sees_row(
            lambda row: (
                row.question is not None and row.question.state is QuestionState.GIVEN_TO_STAFF
            ),
            "the question to be given to staff",
        )
        assert row.question is not None
        assert row.question.problem is QuestionProblem.NOT_SUPPORTED
        assert list((tmp_path / "req").iterdir()) == []
