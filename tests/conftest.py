"""What all tests stand on: one private PC/SC daemon and one set of cards and certificates."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, expect, sync_playwright

from terminal.virtual_card.pcscd import PrivatePcscd
from tests.ports import free_ports

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ("--no-sandbox", "--disable-dev-shm-usage", "--font-render-hinting=none", "--lang=ja")

# a page may be slow on a busy machine; the default of 5 seconds tells that, not what is wrong
expect.set_options(timeout=15_000)

if TYPE_CHECKING:
    from tests.clinic import Clinic, Stage
    from tests.fhir.desk import World

# how long an example takes tells how busy the machine is, not whether the code is right
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that wait long, then those with many tests: a file is one worker's."""
    tests = Counter(item.path for item in items)
    long = {item.path for item in items if item.get_closest_marker("long")}
    # the order within a file stays
    items.sort(key=lambda item: (item.path not in long, -tests[item.path], str(item.path)))


@pytest.fixture(scope="session")
def pcscd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivatePcscd]:
    """A PC/SC daemon of our own; libpcsclite keeps to one socket for the life of a process."""
    socket_path = tmp_path_factory.mktemp("pcscd") / "pcscd.comm"
    os.environ["PCSCLITE_CSOCK_NAME"] = str(socket_path)
    with PrivatePcscd(socket_path, free_ports(2)) as daemon:
        yield daemon


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory, pcscd: PrivatePcscd) -> Stage:
    """Certificates of a payer and cards of its insured people."""
    from tests.clinic import set_the_stage

    return set_the_stage(tmp_path_factory.mktemp("payer"), tmp_path_factory.mktemp("cards"), pcscd)


@pytest.fixture
def clinic(tmp_path: Path, stage: Stage) -> Iterator[Clinic]:
    """A clinic that opened this morning."""
    from tests.clinic import opened_clinic

    with opened_clinic(tmp_path, stage) as opened:
        yield opened


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The payer simulator with its insured people, each with a card."""
    from tests.fhir.desk import opened_world

    with opened_world(tmp_path_factory.mktemp("world")) as world:
        yield world


@pytest.fixture
def world(built: World) -> Iterator[World]:
    """The payer as it is in the morning: no fault, nothing asked yet."""
    from tests.simulator.desk import START

    built.clock.moment = START
    built.running.payer.forget()
    built.running.requests.clear()
    yield built
    built.close()
    built.running.faults.clear()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The system's Chromium, one process for all tests; each test opens its own context."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()
