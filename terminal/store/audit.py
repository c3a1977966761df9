"""The audit log (アクセスログ): rows chained by hashes, appended only, in the same transaction as
what they tell of.

A row holds the exact canonical bytes (RFC 8785) of its record, and

    hash = SHA-256("et-audit-1" ‖ seq, 8 bytes ‖ hash of the row before ‖ record)

The chain begins with the store's id.  ``audit_head`` keeps the newest seq and hash, so that a cut
end shows.  Whoever holds the key and replaces the whole file can still forge it: only a head that
was written down elsewhere helps against that (:meth:`Audit.head`).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import rfc8785
from sqlite_utils import Database

from eligibility.model import CardSubject, Subject
from terminal.access.accounts import TERMINAL
from terminal.audit import Act, AuditEntry, AuditRecord, AuditVerdict, ChainBreak
from terminal.errors import StoreDamagedError
from terminal.store.encoding import decode_moment, encode, encode_moment
from terminal.store.keys import derived_key

CLOCK_TOLERANCE = timedelta(seconds=2)

_BOOT_ID_FILE = Path("/proc/sys/kernel/random/boot_id")
_COLUMNS = "SELECT seq, hash, record FROM audit"


def since_boot() -> float:
    """Return the seconds since the machine started, suspend counted, whatever the clock does."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def read_boot_id() -> str:
    """Return the id of this run of the machine; of this process where the kernel tells none."""
    try:
        return _BOOT_ID_FILE.read_text(encoding="ascii").strip()
    except OSError:
        return str(uuid.uuid4())


def genesis_hash(store_id: str) -> bytes:
    """Return the hash that the first row follows."""
    return chain_hash(0, bytes(32), store_id.encode())


def chain_hash(seq: int, previous: bytes, record: bytes) -> bytes:
    """Return the hash of the row ``seq`` with these canonical bytes."""
    return hashlib.sha256(b"et-audit-1" + seq.to_bytes(8, "big") + previous + record).digest()


@dataclass(frozen=True, slots=True)
class AuditContext:
    """What every row says of where it was written; ``subject_key`` makes the subjects' hashes."""

    store_id: str
    desk_id: str
    boot_id: str
    subject_key: bytes
    now: Callable[[], datetime]
    since_boot: Callable[[], float]

    @classmethod
    def of_desk(
        cls,
        key: bytes,
        store_id: str,
        desk_id: str,
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
    ) -> AuditContext:
        """Return the context of a desk on this machine; ``key`` is the store's."""
        subject_key = derived_key(key, "et-audit-subject-1")
        return cls(store_id, desk_id, read_boot_id(), subject_key, now, monotonic)

    def subject_hash(self, subject: Subject) -> str:
        """Return 64 hex digits, equal for equal subjects, meaningless without the key."""
        if isinstance(subject, CardSubject):
            text = f"{len(subject.issuer)}:{subject.issuer}{subject.serial}"
        else:
            text = encode(subject)
        return hmac.digest(self.subject_key, text.encode(), hashlib.sha256).hex()


@dataclass(frozen=True, slots=True)
class AuditHead:
    """The newest row; worth writing down outside the machine.  ``seq`` 0: no row yet."""

    seq: int
    hash: bytes


class Audit:
    """The log of this store.  Nothing here changes or deletes a row."""

    def __init__(self, db: Database, context: AuditContext) -> None:
        self._db = db
        self._context = context

    def head(self) -> AuditHead:
        """Return the newest row's seq and hash."""
        row = self._db.execute("SELECT seq, hash FROM audit_head").fetchone()
        if row is None:
            msg = "the audit log has lost its head"
            raise StoreDamagedError(msg)
        return AuditHead(*row)

    def append(self, entry: AuditEntry) -> int:
        """Add a row and return its seq.

        Where the clock moved against the time since boot by more than ``CLOCK_TOLERANCE`` since
        the row before, a row CLOCK_STEPPED comes first and says by how much.
        """
        at = self._context.now()
        since_boot_ms = round(self._context.since_boot() * 1000)
        head = self.head()
        step = self._clock_step(head, at, since_boot_ms)
        if step is not None:
            stepped = AuditEntry(
                Act.CLOCK_STEPPED, TERMINAL, reason=f"{step.total_seconds():+.3f} s"
            )
            head = self._insert(head, stepped, at, since_boot_ms)
        return self._insert(head, entry, at, since_boot_ms).seq

    def _clock_step(self, head: AuditHead, at: datetime, since_boot_ms: int) -> timedelta | None:
        row = self._db.execute(f"{_COLUMNS} WHERE seq = ?", [head.seq]).fetchone()
        if row is None:
            return None
        last = _record_of(*row)
        if last.boot_id != self._context.boot_id:
            return None
        step = (at - last.at) - timedelta(milliseconds=since_boot_ms - last.monotonic_ms)
        return step if abs(step) > CLOCK_TOLERANCE else None

    def _insert(
        self, head: AuditHead, entry: AuditEntry, at: datetime, since_boot_ms: int
    ) -> AuditHead:
        subject = entry.subject
        seq = head.seq + 1
        record = rfc8785.dumps(
            {
                "act": entry.act.value,
                "actor": entry.actor.id,
                "at": encode_moment(at),
                "boot": self._context.boot_id,
                "consent": entry.consent_id,
                "desk": self._context.desk_id,
                "monotonic_ms": since_boot_ms,
                "reason": entry.reason,
                "seq": seq,
                "subject": None if subject is None else self._context.subject_hash(subject),
                "visit": entry.visit_id,
            }
        )
        digest = chain_hash(seq, head.hash, record)
        self._db.execute(
            "INSERT INTO audit (seq, hash, record) VALUES (?, ?, ?)",
            [seq, digest, record.decode()],
        )
        return AuditHead(seq, digest)

    def of_visit(self, visit_id: str) -> list[AuditRecord]:
        """Return the visit's rows in the order they were written."""
        return self._records("WHERE visit_id = ? ORDER BY seq", [visit_id])

    def of_subjects(self, subjects: Iterable[Subject]) -> list[AuditRecord]:
        """Return the rows about these, in the order they were written."""
        hashes = [self._context.subject_hash(subject) for subject in subjects]
        marks = ", ".join("?" * len(hashes))
        return self._records(f"WHERE subject IN ({marks}) ORDER BY seq", [*hashes])

    def recent(self, limit: int) -> list[AuditRecord]:
        """Return at most ``limit`` rows, the newest first."""
        return self._records("ORDER BY seq DESC LIMIT ?", [limit])

    def _records(self, rest: str, values: list[object]) -> list[AuditRecord]:
        return [_record_of(*row) for row in self._db.execute(f"{_COLUMNS} {rest}", values)]

    def verify(self) -> AuditVerdict:
        """Follow the whole chain from the store's id to the head."""
        return self._verify(0, genesis_hash(self._context.store_id))

    def verify_end(self, rows: int) -> AuditVerdict:
        """Follow the last ``rows`` rows only, trusting the hash of the row before them."""
        start = self.head().seq - rows
        row = self._db.execute("SELECT hash FROM audit WHERE seq = ?", [start]).fetchone()
        return self.verify() if row is None else self._verify(start, row[0])

    def _verify(self, after_seq: int, previous: bytes) -> AuditVerdict:
        rows = 0
        expected = after_seq
        for seq, digest, record in self._rows_after(after_seq):
            expected += 1
            content = record.encode("utf-8", "surrogateescape")
            if seq == expected and chain_hash(seq, previous, content) == digest:
                rows += 1
                previous = digest
                continue
            return AuditVerdict(False, self._count(after_seq), expected, self._kind(expected))
        head = self.head()
        if head.seq > expected:
            return AuditVerdict(False, rows, expected + 1, ChainBreak.CUT)
        if head != AuditHead(expected, previous):
            return AuditVerdict(False, rows, max(expected, 1), ChainBreak.ALTERED)
        return AuditVerdict(True, rows)

    def _rows_after(self, seq: int) -> Iterator[tuple[int, bytes, str]]:
        return iter(self._db.execute(f"{_COLUMNS} WHERE seq > ? ORDER BY seq", [seq]))

    def _count(self, after_seq: int) -> int:
        (count,) = self._db.execute(
            "SELECT count(*) FROM audit WHERE seq > ?", [after_seq]
        ).fetchone()
        return int(count)

    def _kind(self, seq: int) -> ChainBreak:
        """Tell why the chain breaks at ``seq``, by what stands there and where it went."""
        here = self._db.execute("SELECT record FROM audit WHERE seq = ?", [seq]).fetchone()
        if here is not None and _told_seq(here[0]) in (seq, None):
            return ChainBreak.ALTERED
        elsewhere = any(_told_seq(record) == seq for _, _, record in self._rows_after(0))
        return ChainBreak.REORDERED if elsewhere else ChainBreak.MISSING


def _told_seq(record: str) -> int | None:
    """Return the seq that a record tells of itself, None where it is no record."""
    try:
        told = json.loads(record)
    except ValueError:
        return None
    seq = told.get("seq") if isinstance(told, dict) else None
    return seq if isinstance(seq, int) else None


def _record_of(seq: int, digest: bytes, record: str) -> AuditRecord:
    """Read one row.  Raises StoreDamagedError where it holds no record of ours."""
    try:
        told = json.loads(record)
        return AuditRecord(
            seq=seq,
            at=decode_moment(told["at"]),
            monotonic_ms=told["monotonic_ms"],
            boot_id=told["boot"],
            desk_id=told["desk"],
            actor_id=told["actor"],
            act=Act(told["act"]),
            visit_id=told["visit"],
            consent_id=told["consent"],
            subject_hash=told["subject"],
            reason=told["reason"],
            hash=digest,
        )
    except (ValueError, KeyError, TypeError) as error:
        msg = f"audit row {seq} cannot be read"
        raise StoreDamagedError(msg) from error
