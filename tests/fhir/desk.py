"""A desk that asks the payer simulator through the product's own client."""

from __future__ import annotations

import json
import socket
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path

from cryptography.hazmat.primitives import serialization

from eligibility.calendar import JAPAN
from eligibility.codes import ConsentCategory
from eligibility.fhir.client import FhirPayer
from eligibility.model import (
    CardSubject,
    Consent,
    ConsentChannel,
    ConsentDecision,
    PayerAnswer,
)
from eligibility.payer import (
    CardQuestion,
    Challenge,
    ChallengeIssuer,
    HolderEvidence,
    IdentificationMethod,
    ProofKind,
    desk_challenge_value,
)
from eligibility.simulator.holdings import holding_of
from eligibility.simulator.pki import DEFAULT_INSTITUTION
from eligibility.simulator.server import RunningSimulator
from eligibility.simulator.setup import initialise
from tests.fhir.scripted_server import Trust
from tests.simulator.desk import START, Card, CardAuthority, Clock


@dataclass
class World:
    """The running payer, its clock, everybody's card, and the CA of the cards (PEM)."""

    running: RunningSimulator
    clock: Clock
    cards: dict[str, Card]
    anchor: bytes
    opened: list[FhirPayer] = field(default_factory=list)

    @property
    def today(self) -> date:
        """The day in Japan."""
        return self.clock().astimezone(JAPAN).date()

    def payer(self, **changes: object) -> FhirPayer:
        """Return the client of a desk that trusts this payer."""
        settings = Trust(self.running.files).settings(self.running.port, **changes)
        made = FhirPayer(settings, DEFAULT_INSTITUTION, now=self.clock)
        self.opened.append(made)
        return made

    def close(self) -> None:
        """Close all clients."""
        while self.opened:
            self.opened.pop().close()

    def somebody(self, validity: str = "1") -> Card:
        """Return the card of a person who has one result with this validity code."""
        for person in self.running.payer.population.people:
            holding = holding_of(person, self.today)
            if holding.validity.value == validity and len(holding.results) <= 1:
                return self.cards[person.id]
        raise AssertionError(validity)

    def question(self, card: Card, evidence: HolderEvidence) -> CardQuestion:
        """Return a new question about the holder of a card."""
        return CardQuestion(
            id=f"q-{uuid.uuid4()}",
            certificate=card.der,
            subject=CardSubject(card.issuer, card.serial),
            evidence=evidence,
            qualification_confirmation_date=self.today,
        )

    def signed(self, card: Card, challenge: Challenge) -> HolderEvidence:
        """Return evidence that the holder typed the PIN and the card signed the challenge."""
        return HolderEvidence(
            IdentificationMethod.PIN,
            ProofKind.AUTH_KEY,
            self.clock(),
            challenge,
            card.signs(challenge.value),
        )

    def desk_challenge(self, visit_id: str = "v-1") -> Challenge:
        """Return a challenge that the desk made itself."""
        nonce = uuid.uuid4().bytes
        issued_at = self.clock()
        value = desk_challenge_value("desk-1", visit_id, issued_at, nonce)
        return Challenge(value, ChallengeIssuer.DESK, issued_at, visit_id, "desk-1", nonce)

    def looked_at(self) -> HolderEvidence:
        """Return evidence that staff looked at the holder."""
        return HolderEvidence(
            IdentificationMethod.STAFF_VISUAL, ProofKind.CERTIFICATE_ONLY, self.clock()
        )

    def answer_to_pin(self, payer: FhirPayer, card: Card) -> PayerAnswer:
        """Ask about a holder who typed the PIN."""
        return payer.ask(self.question(card, self.signed(card, payer.issue_challenge())))

    def consent(
        self, answer: PayerAnswer, decisions: Mapping[ConsentCategory, ConsentDecision]
    ) -> Consent:
        """Return a consent that the holder gave just now and the payer does not know yet."""
        return Consent(
            id=f"c-{uuid.uuid4()}",
            visit_id="v-1",
            subject=answer.subject,
            decisions=decisions,
            given_at=self.clock(),
            ends_at=self.clock() + timedelta(hours=24),
            channel=ConsentChannel.KIOSK,
            payer_patient=answer.payer_patient,
        )

    def registered(self, payer: FhirPayer, consent: Consent) -> Consent:
        """Return the consent as the payer registered it."""
        assert consent.payer_patient is not None
        receipt = payer.register_consent(consent, consent.payer_patient)
        return replace(consent, payer_ref=receipt.payer_ref, ends_at=receipt.available_until)


@contextmanager
def opened_world(
    folder: Path,
    drop_folder: Path | None = None,
    clock: Clock | None = None,
    *,
    cardholders: int | None = None,
    control: bool = False,
) -> Iterator[World]:
    """Run the payer simulator with its insured people; ``folder`` is empty, or holds them.

    ``drop_folder``: where it speaks the national interface too.  ``clock``: the payer's, one that
    stands still where it is absent.  ``cardholders``: how many of them have a card, None for all.
    ``control``: offer the control port.
    """
    initialise(folder, START)
    authority = CardAuthority("JPKI for user authentication")
    people = json.loads((folder / "people.json").read_bytes())[:cardholders]
    cards = {one["id"]: authority.issues(one["id"]) for one in people}
    anchor = authority.certificate.public_bytes(serialization.Encoding.PEM)
    (folder / "cards.pem").write_bytes(anchor)
    issued = [
        {"person_id": card.person_id, "issuer": card.issuer, "serial": card.serial}
        for card in cards.values()
    ]
    (folder / "issued.json").write_text(json.dumps(issued), encoding="utf-8")
    clock = clock or Clock()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with RunningSimulator(
        folder,
        port,
        card_ca=folder / "cards.pem",
        issued=folder / "issued.json",
        drop_folder=drop_folder,
        control_port=0 if control else None,
        now=clock,
    ) as running:
        yield World(running, clock, cards, anchor)
