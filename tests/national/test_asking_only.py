"""A program that asks over the folders beside a desk that keeps them in order."""

from __future__ import annotations

import os

from eligibility.national.client import NationalPayer
from eligibility.national.exchange import reply_name
from eligibility.national.settings import NationalSettings
from eligibility.simulator.pki import DEFAULT_INSTITUTION
from tests.clinic import wait_for
from tests.fuzz.xml_cases import GOOD
from tests.national.desk import LinkedWorld


def test_a_program_that_only_asks_leaves_a_desks_answers_alone(linked: LinkedWorld) -> None:
    """Though the folders are the desk's alone: medical answers on their way to it stay."""
    values = {"req_dir": linked.folders.req, "res_dir": linked.folders.res, "poll_seconds": 0.1}
    settings = NationalSettings.model_validate(values | {"shared": False})
    waiting = linked.folders.res / reply_name("YZKsiquc01", "q-1")
    waiting.write_text(GOOD["medicines"], encoding="utf-8")
    half = linked.folders.req / f".eligibility-{'a' * 16}.part"
    half.write_bytes(b"<")
    os.utime(half, (0, 0))
    payer = NationalPayer(settings, DEFAULT_INSTITUTION, now=linked.world.clock)
    _, coverage = linked.somebody()
    payer.ask_by_number(linked.question(coverage))
    # a look at the whole folder ends with what a crash left
    wait_for(lambda: not half.exists(), "a look at the whole folder")
    payer.close()
    assert waiting.exists()
