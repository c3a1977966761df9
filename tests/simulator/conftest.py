from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from eligibility.simulator.pki import PkiFiles, ThrowAwayCa, write_once
from eligibility.simulator.server import RunningSimulator
from eligibility.simulator.setup import initialise
from tests.simulator.card_records import RecordAuthority
from tests.simulator.desk import START, Card, CardAuthority, Clock, Desk, tls_context

INSTITUTION = "1310000003"
OTHER_INSTITUTION = "1310000011"
PEM = serialization.Encoding.PEM


@dataclass(frozen=True)
class World:
    """Everything that was set up once: files, cards, the running payer and its clock."""

    directory: Path
    payer: RunningSimulator
    clock: Clock
    authority: CardAuthority
    cards: dict[str, Card]
    records: RecordAuthority

    def desk(self, client: str = "client", institution: str = INSTITUTION) -> Desk:
        """Return a desk with one of the client certificates."""
        files = self.directory
        context = tls_context(files / "ca.pem", files / f"{client}.pem", files / f"{client}.key")
        return Desk(self.payer.base_url, context, institution, self.clock)


def _certificates(directory: Path) -> None:
    """Make the five files as ``init`` does, and two more clients under the same CA."""
    ca = ThrowAwayCa(datetime.now(UTC))
    files = PkiFiles(directory)
    nameless = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "no institution")])
    leaves = {
        "server": ca.issue_server(),
        "client": ca.issue_client(INSTITUTION),
        "other": ca.issue_client(OTHER_INSTITUTION),
        "nameless": ca.issue(nameless, ExtendedKeyUsageOID.CLIENT_AUTH),
    }
    for name, (certificate, key) in leaves.items():
        write_once(directory / f"{name}.pem", certificate)
        write_once(directory / f"{name}.key", key, private=True)
    write_once(files.ca, ca.certificate.public_bytes(PEM))


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Set the payer up once for all tests."""
    directory = tmp_path_factory.mktemp("payer")
    _certificates(directory)
    initialise(directory, START)
    authority = CardAuthority("JPKI for user authentication")
    people = json.loads((directory / "people.json").read_bytes())
    cards = {
        person["persona"]: authority.issues(person["id"]) for person in people if person["persona"]
    }
    days = timedelta(days=1)
    cards["in-grace"] = authority.issues("p-0001", end=START - 80 * days)
    cards["long-expired"] = authority.issues("p-0001", end=START - 100 * days)
    cards["not-yet"] = authority.issues("p-0001", start=START + days)
    cards["revoked"] = authority.issues("p-0001")
    cards["stranger"] = authority.issues("p-9999")
    (directory / "cards.pem").write_bytes(authority.certificate.public_bytes(PEM))
    records = RecordAuthority()
    (directory / "record-ca.pem").write_bytes(records.public_pem)
    (directory / "issued.json").write_text(
        json.dumps(
            [
                {
                    "person_id": card.person_id,
                    "persona": name,
                    "issuer": card.issuer,
                    "serial": card.serial,
                    "not_after": card.certificate.not_valid_after_utc.isoformat(),
                }
                | ({"status": "revoked"} if name == "revoked" else {})
                for name, card in cards.items()
            ]
        )
    )
    clock = Clock()
    with RunningSimulator(
        directory,
        card_ca=directory / "cards.pem",
        issued=directory / "issued.json",
        record_ca=directory / "record-ca.pem",
        control_port=0,
        now=clock,
    ) as payer:
        yield World(directory, payer, clock, authority, cards, records)


@pytest.fixture
def world(built: World) -> Iterator[World]:
    """Return the payer as after a restart, its clock at START, without faults."""
    built.clock.moment = START
    built.payer.payer.forget()
    yield built
    built.payer.faults.clear()


@pytest.fixture
def desk(world: World) -> Iterator[Desk]:
    """Return a desk of the first institution."""
    desk = world.desk()
    yield desk
    desk.http.close()


@pytest.fixture
def other_desk(world: World) -> Iterator[Desk]:
    """Return a desk of another institution."""
    desk = world.desk("other", OTHER_INSTITUTION)
    yield desk
    desk.http.close()
