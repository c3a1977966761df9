"""Holds every stored visit against the account of the cards: none may mix two of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from eligibility.model import InsuredPerson
from eligibility.payer import CardQuestion, ProofKind
from terminal.card.proof import check_signature
from terminal.errors import CertificateRejectedError
from terminal.store import Store, Transaction
from terminal.store.encoding import Decoder
from terminal.views import ConsentItem
from terminal.virtual_card.personas import Person
from terminal.visit import CloseReason, Visit
from tests.benchmarks.soak_cards import Account, Holder
from tests.benchmarks.soak_visits import Diary, answers_of

_questions = Decoder(CardQuestion)


@dataclass
class Verdict:
    """``endings``: visits by how they ended; ``mixed``: what does not belong together, by visit.

    ``proved``: visits with a signature; ``answered``: with a payer's answer that names somebody;
    ``histories``: parts of histories that were seen; ``records``: read by 照合番号B.
    """

    visits: int = 0
    proved: int = 0
    answered: int = 0
    consents: int = 0
    histories: int = 0
    records: int = 0
    endings: Counter[str] = field(default_factory=Counter)
    mixed: list[str] = field(default_factory=list)


def check_visits(
    store: Store,
    opened: tuple[datetime, datetime],
    account: Account,
    holders: Mapping[str, Holder],
    diary: Diary,
) -> Verdict:
    """Look at every visit that was ``opened`` from the one moment up to the other."""
    verdict = Verdict()
    seen: dict[tuple[str, ConsentItem], str] = {}
    for visit in store.read(lambda tx: tx.visits.opened_between(*opened)):
        verdict.visits += 1
        reason = visit.close_reason or visit.staff_need or "open"
        verdict.endings[f"{visit.state}: {reason}"] += 1
        persona = account.at(visit.opened_at)
        if persona is None:
            verdict.mixed.append(f"visit {visit.id}: opened without any card")
            continue
        checked = _Checked(visit, holders[persona], account, diary)
        verdict.mixed += [
            f"visit {visit.id} ({persona}): {words}"
            for words in store.read(lambda tx, checked=checked: list(checked.faults(tx, verdict)))  # type: ignore[misc]  # bound now
        ]
        for item, found in diary.histories.get(visit.id, {}).items():
            if item not in diary.allowed.get(visit.id, ()):
                if found is not None:
                    verdict.mixed.append(f"visit {visit.id}: {item} was never allowed")
            elif found is not None:
                verdict.histories += 1
                if seen.setdefault((holders[persona].person.id, item), found) != found:
                    verdict.mixed.append(f"visit {visit.id} ({persona}): another one's {item}")
    if len(set(seen.values())) != len(seen):
        verdict.mixed.append("two people's histories are the same: they prove nothing")
    return verdict


class _Checked:
    def __init__(self, visit: Visit, holder: Holder, account: Account, diary: Diary) -> None:
        self._visit = visit
        self._holder = holder
        self._account = account
        # what was answered before a restart was in memory alone, and counts as no
        lost = visit.close_reason is CloseReason.RESTARTED
        self._allowed = set() if lost else diary.allowed.get(visit.id, set())

    def faults(self, tx: Transaction, verdict: Verdict) -> Iterator[str]:
        """Yield what does not belong to the card that lay there."""
        visit, holder = self._visit, self._holder
        if visit.subject is not None and visit.subject != holder.subject:
            yield "the visit bears another card's certificate"
        identification = tx.identifications.of_visit(visit.id)
        if identification is not None:
            if identification.certificate != holder.certificate:
                yield "its holder was identified by another card's certificate"
            evidence = identification.evidence
            if evidence.proof is ProofKind.AUTH_KEY:
                verdict.proved += 1
                assert evidence.signature is not None
                assert evidence.challenge is not None
                if self._account.signer(evidence.signature) != holder.persona:
                    yield "its signature was made by another card"
                try:
                    check_signature(
                        identification.certificate, evidence.challenge.value, evidence.signature
                    )
                except CertificateRejectedError:
                    yield "its signature is not its certificate's"
        record = tx.holders.of_visit(visit.id)
        if record is not None:
            verdict.records += 1
            face = holder.stored
            said = record.attributes
            if (said.birthdate, record.expires_on) != (face.person.birthdate, face.expires_on) or (
                str(said.name).replace("\u3000", " ") != face.person.name.replace("\u3000", " ")
            ):
                yield "the record of its holder is another card's"
        yield from self._question_faults(tx, verdict)

    def _question_faults(self, tx: Transaction, verdict: Verdict) -> Iterator[str]:
        visit, holder = self._visit, self._holder
        question = tx.outbox.of_visit(visit.id)
        if question is not None:
            asked = _questions(question.payload.decode())
            if (asked.certificate, asked.subject) != (holder.certificate, holder.subject):
                yield "the payer was asked about another card"
        for confirmation in tx.confirmations.of_visit(visit.id):
            answer = tx.answers.get(confirmation.answer_id)
            verdict.answered += bool(answer.results)
            if answer.subject != holder.subject:
                yield "its answer is for another card"
            if not all(_is(one.person, holder.person) for one in answer.results):
                yield "its answer names another person"
        consent = tx.consents.of_visit(visit.id)
        if consent is None:
            if self._allowed:
                yield "its consent was lost"
            return
        verdict.consents += 1
        if consent.subject != holder.subject:
            yield "its consent is another card's"
        for item, decision in answers_of(self._allowed).items():
            if {consent.decisions[category] for category in item.categories} != {decision}:
                yield f"its consent says otherwise of {item}"


def _is(named: InsuredPerson, person: Person) -> bool:
    """Whether the payer names this person; ``●`` stands for a character that it cannot write."""
    same = len(named.name) == len(person.name) and all(
        theirs in ("●", ours) for theirs, ours in zip(named.name, person.name, strict=True)
    )
    return same and named.birthdate == person.birthdate
