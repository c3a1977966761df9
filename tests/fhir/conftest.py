"""Certificates made once, and a desk's payer that is closed after each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest

from eligibility.fhir.client import FhirPayer
from tests.fhir.scripted_server import Behaviour, ScriptedServer, Trust, make_trust

# Generated examples are judged by what they show, never by how long they take.

OpenServer = Callable[..., ScriptedServer]
OpenPayer = Callable[..., FhirPayer]


@pytest.fixture(scope="session")
def trust(tmp_path_factory: pytest.TempPathFactory) -> Trust:
    """The certificates of a payer and of an institution that trust each other."""
    return make_trust(tmp_path_factory.mktemp("fhir-trust"))


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    """Whatever a test opens, closed in the end."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def server(trust: Trust, opened: ExitStack) -> OpenServer:
    """Start a scripted server."""

    def start(behaviour: Behaviour, *, tls: bool = True, host: str = "127.0.0.1") -> ScriptedServer:
        return opened.enter_context(ScriptedServer(trust.files, behaviour, tls=tls, host=host))

    return start


@pytest.fixture
def payer(trust: Trust, opened: ExitStack) -> OpenPayer:
    """Make the desk's payer for a server on a port."""

    def make(port: int, **changes: object) -> FhirPayer:
        made = FhirPayer(trust.settings(port, **changes), now=lambda: datetime.now(UTC))
        opened.callback(made.close)
        return made

    return make
