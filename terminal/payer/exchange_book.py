"""What the desk remembers for the drop folders: its own questions, and files that are no answer."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from datetime import datetime

from eligibility.national.exchange import AskedQuestion, SetAside
from terminal.access.accounts import TERMINAL
from terminal.audit import Act, AuditEntry
from terminal.bulk.run import OPEN_ITEMS
from terminal.errors import StoreError
from terminal.payer.aside import KeptFile
from terminal.payer.question import QuestionState
from terminal.payer.two_steps import BatchState
from terminal.references.reference_number import OPEN_REGISTRATIONS
from terminal.store import Store, Transaction

log = logging.getLogger(__name__)

_OPEN = (QuestionState.PENDING, QuestionState.SENT)


class DeskExchangeBook:
    """An :class:`eligibility.national.exchange.ExchangeBook` in the desk's encrypted store."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now

    def question(self, question_id: str) -> AskedQuestion | None:
        """Return what is known of a question, None where this desk never asked it."""

        def look(tx: Transaction) -> AskedQuestion | None:
            if not tx.outbox.has(question_id):
                return _of_many(tx, question_id)
            question = tx.outbox.get(question_id)
            calls = tx.calls.of_question(question_id)
            replies = frozenset(one.reply_sha256 for one in calls if one.reply_sha256)
            return AskedQuestion(question.state in _OPEN, replies)

        return self._store.read(look)

    def set_aside(self, one: SetAside) -> bool:
        """Keep a file that is no answer, with an audit record; return whether it is kept.

        The same file is kept once.  While the store cannot be written nothing is kept.
        """
        parts = (one.name, one.reason.value, str(one.size), one.sha256 or "")
        kept = KeptFile(
            id=hashlib.sha256("\n".join(parts).encode("utf-8", "surrogateescape")).hexdigest(),
            name=one.name,
            reason=one.reason.value,
            size=one.size,
            kept_at=self._now(),
            sha256=one.sha256,
            question_id=one.question_id,
            content=one.content,
        )

        def keep(tx: Transaction) -> bool:
            if not tx.aside.add(kept):
                return False
            visit_id = None
            if one.question_id is not None and tx.outbox.has(one.question_id):
                visit_id = tx.outbox.get(one.question_id).visit_id
            tx.audit.append(
                AuditEntry(Act.FILE_SET_ASIDE, TERMINAL, visit_id, reason=one.reason.value)
            )
            return True

        try:
            new = self._store.write(keep)
        except StoreError as error:
            log.warning("a file cannot be set aside (%s): %s", one.reason.value, error)
            return False
        if new:
            log.warning("a file is set aside: %s", one.reason.value)
        return one.content is not None


def _of_many(tx: Transaction, question_id: str) -> AskedQuestion | None:
    """Return what is known of a question, or a part, of a check of many people."""
    item = tx.bulk.item(question_id)
    if item is not None:
        answer = tx.bulk.answer_to(item.id)
        replies = () if answer is None else (hashlib.sha256(answer.original).hexdigest(),)
        return AskedQuestion(item.state in OPEN_ITEMS, frozenset(replies))
    batch = tx.bulk.batch(question_id)
    if batch is not None:
        return AskedQuestion(batch.state is not BatchState.ENDED)
    registration = tx.reference_numbers.find(question_id)
    if registration is not None:
        return AskedQuestion(registration.state in OPEN_REGISTRATIONS)
    handed_in = tx.reference_numbers.batch(question_id)
    if handed_in is not None:
        return AskedQuestion(handed_in.state is not BatchState.ENDED)
    one = tx.payer_lists.find(question_id)
    if one is not None:
        return AskedQuestion(one.state is not BatchState.ENDED)
    # of consented history: asked for anew each time, so what comes late is of no use
    consent = tx.consents.get(question_id.rpartition("-")[0])
    return None if consent is None else AskedQuestion(is_open=False)
