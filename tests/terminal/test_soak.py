from __future__ import annotations

import pytest

from eligibility.simulator.server import RunningSimulator
from tests.benchmarks.soak import Result, SocketPlace, make_config, run
from tests.clinic import Stage
from tests.ports import free_port

pytestmark = pytest.mark.long

PERSONS = 50
MOST_GROWTH = 64 * 2**20


@pytest.fixture(scope="module")
def result(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Result:
    """A day with people who remove and swap cards at every moment, and a desk that restarts."""
    with RunningSimulator(
        stage.payer_dir,
        free_port(),
        card_ca=stage.cards_dir / "ca.pem",
        issued=stage.cards_dir / "issued.json",
    ) as payer:
        folder = tmp_path_factory.mktemp("soak") / "desk"
        place = SocketPlace(make_config(folder, stage, payer.base_url, "socket"))
        try:
            return run(place, stage, PERSONS, seed=1)
        finally:
            place.close()


def test_no_visit_mixes_two_cards(result: Result) -> None:
    """All that is stored of a visit belongs to the card that the desk spoke to before it."""
    assert result.stuck == []
    assert result.verdict.mixed == []
    assert result.verdict.visits > PERSONS / 2
    assert min(result.verdict.proved, result.verdict.answered, result.verdict.consents) > 12


def test_many_visits_leave_nothing_behind(result: Result) -> None:
    """No handle and no thread more than before; cards are kept of the last and of waiting ones."""
    first, last = result.settled[0], result.settled[-1]
    assert last.handles <= first.handles + 3
    assert last.threads <= first.threads + 3
    assert last.resident - first.resident < MOST_GROWTH
    assert result.cards_held <= result.waiting + 3


def test_a_visit_that_mixes_two_cards_is_found(result: Result) -> None:
    """Held against the wrong person, every visit with a card is told."""
    found = {words.split()[1] for words in result.planted.mixed}
    assert len(found) > PERSONS / 2
