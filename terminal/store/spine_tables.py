"""The tables of the first release: visits, questions, answers, confirmations, access and audit.

Later steps stand in :mod:`terminal.store.schema`.
"""

from __future__ import annotations

TABLES = (
    """
    CREATE TABLE identity (
        only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
        store_id TEXT NOT NULL CHECK (store_id <> '')
    ) STRICT
    """,
    """
    CREATE TABLE visits (
        id TEXT PRIMARY KEY,
        body TEXT NOT NULL,
        opened_at TEXT NOT NULL AS (body->>'$.opened_at') STORED CHECK (length(opened_at) = 27),
        state TEXT NOT NULL AS (body->>'$.state') STORED
            CHECK (state IN ('opened', 'with-staff', 'identified', 'finished', 'abandoned')),
        version INTEGER NOT NULL AS (body->>'$.version') STORED CHECK (version >= 1),
        subject_issuer TEXT AS (body->>'$.subject.issuer') STORED,
        subject_serial TEXT AS (body->>'$.subject.serial') STORED,
        CHECK (id = body->>'$.id'),
        CHECK ((subject_issuer IS NULL) = (subject_serial IS NULL))
    ) STRICT
    """,
    "CREATE INDEX visits_by_opening ON visits (opened_at)",
    """
    CREATE INDEX visits_unfinished ON visits (opened_at)
        WHERE state IN ('opened', 'with-staff', 'identified')
    """,
    """
    CREATE TABLE identifications (
        id TEXT PRIMARY KEY REFERENCES visits (id),
        body TEXT NOT NULL,
        CHECK (id = body->>'$.visit_id')
    ) STRICT
    """,
    """
    CREATE TABLE questions (
        id TEXT PRIMARY KEY,
        body TEXT NOT NULL,
        visit_id TEXT NOT NULL AS (body->>'$.visit_id') STORED REFERENCES visits (id),
        state TEXT NOT NULL AS (body->>'$.state') STORED
            CHECK (state IN ('pending', 'sent', 'answered', 'refused', 'given-to-staff')),
        created_at TEXT NOT NULL AS (body->>'$.created_at') STORED CHECK (length(created_at) = 27),
        next_at TEXT NOT NULL AS (body->>'$.next_at') STORED CHECK (length(next_at) = 27),
        CHECK (id = body->>'$.id')
    ) STRICT
    """,
    "CREATE INDEX questions_by_visit ON questions (visit_id, created_at)",
    "CREATE INDEX questions_waiting ON questions (next_at) WHERE state IN ('pending', 'sent')",
    """
    CREATE TABLE answers (
        id TEXT PRIMARY KEY,
        body TEXT NOT NULL,
        original BLOB NOT NULL,
        question_id TEXT NOT NULL AS (body->>'$.question_id') STORED REFERENCES questions (id),
        received_at TEXT NOT NULL AS (body->>'$.received_at') STORED
            CHECK (length(received_at) = 27),
        subject_issuer TEXT NOT NULL AS (body->>'$.subject.issuer') STORED,
        subject_serial TEXT NOT NULL AS (body->>'$.subject.serial') STORED,
        CHECK (id = body->>'$.id')
    ) STRICT
    """,
    "CREATE INDEX answers_by_subject ON answers (subject_serial, subject_issuer, received_at)",
    "CREATE INDEX answers_by_question ON answers (question_id)",
    """
    CREATE TABLE confirmations (
        id TEXT PRIMARY KEY,
        body TEXT NOT NULL,
        visit_id TEXT NOT NULL AS (body->>'$.visit_id') STORED REFERENCES visits (id),
        answer_id TEXT NOT NULL AS (body->>'$.answer_id') STORED REFERENCES answers (id),
        source TEXT NOT NULL AS (body->>'$.source') STORED
            CHECK (source IN ('live', 'recorded', 'pushed', 'staff')),
        as_of TEXT NOT NULL AS (body->>'$.as_of') STORED CHECK (length(as_of) = 27),
        made_at TEXT NOT NULL AS (body->>'$.made_at') STORED CHECK (length(made_at) = 27),
        supersedes TEXT AS (body->>'$.supersedes') STORED REFERENCES confirmations (id),
        CHECK (id = body->>'$.id')
    ) STRICT
    """,
    "CREATE INDEX confirmations_by_visit ON confirmations (visit_id, made_at)",
    "CREATE INDEX confirmations_by_answer ON confirmations (answer_id)",
    "CREATE INDEX confirmations_superseded ON confirmations (supersedes)",
    """
    CREATE TABLE consents (
        id TEXT PRIMARY KEY,
        body TEXT NOT NULL,
        visit_id TEXT NOT NULL AS (body->>'$.visit_id') STORED REFERENCES visits (id),
        given_at TEXT NOT NULL AS (body->>'$.given_at') STORED CHECK (length(given_at) = 27),
        CHECK (id = body->>'$.id')
    ) STRICT
    """,
    "CREATE INDEX consents_by_visit ON consents (visit_id, given_at)",
    """
    CREATE TABLE accounts (
        id TEXT PRIMARY KEY,
        body TEXT NOT NULL,
        login_name TEXT NOT NULL AS (body->>'$.login_name') STORED UNIQUE,
        CHECK (id = body->>'$.id')
    ) STRICT
    """,
    """
    CREATE TABLE sessions (
        id TEXT PRIMARY KEY,
        body TEXT NOT NULL,
        account_id TEXT NOT NULL AS (body->>'$.account_id') STORED REFERENCES accounts (id),
        started_at TEXT NOT NULL AS (body->>'$.started_at') STORED CHECK (length(started_at) = 27),
        CHECK (id = body->>'$.token_hash')
    ) STRICT
    """,
    "CREATE INDEX sessions_by_account ON sessions (account_id, started_at)",
    """
    CREATE TABLE kiosks (
        id TEXT PRIMARY KEY,
        body TEXT NOT NULL,
        token_hash TEXT NOT NULL AS (body->>'$.token_hash') STORED UNIQUE,
        enrolled_at TEXT NOT NULL AS (body->>'$.enrolled_at') STORED
            CHECK (length(enrolled_at) = 27),
        CHECK (id = body->>'$.id')
    ) STRICT
    """,
    """
    CREATE TABLE kiosk_codes (
        id TEXT PRIMARY KEY,
        body TEXT NOT NULL,
        CHECK (id = body->>'$.code_hash')
    ) STRICT
    """,
    """
    CREATE TABLE throttle (
        number INTEGER PRIMARY KEY,
        key TEXT NOT NULL,
        at TEXT NOT NULL CHECK (length(at) = 27)
    ) STRICT
    """,
    "CREATE INDEX throttle_by_key ON throttle (key, at)",
    "CREATE INDEX throttle_by_age ON throttle (at)",
    """
    CREATE TABLE audit (
        seq INTEGER PRIMARY KEY CHECK (seq >= 1),
        hash BLOB NOT NULL CHECK (length(hash) = 32),
        record TEXT NOT NULL,
        visit_id TEXT AS (record->>'$.visit') STORED
    ) STRICT
    """,
    "CREATE INDEX audit_by_visit ON audit (visit_id) WHERE visit_id IS NOT NULL",
    """
    CREATE TABLE audit_head (
        only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
        seq INTEGER NOT NULL CHECK (seq >= 0),
        hash BLOB NOT NULL CHECK (length(hash) = 32)
    ) STRICT
    """,
)

TRIGGERS = (
    """
    CREATE TRIGGER audit_rows_stay BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'audit rows are never deleted'); END
    """,
    """
    CREATE TRIGGER audit_rows_keep_their_words BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'audit rows are never changed'); END
    """,
    """
    CREATE TRIGGER audit_has_no_gaps BEFORE INSERT ON audit
    WHEN NEW.seq IS NOT (SELECT seq + 1 FROM audit_head)
    BEGIN SELECT RAISE(ABORT, 'audit rows follow each other without gaps'); END
    """,
    """
    CREATE TRIGGER audit_moves_its_head AFTER INSERT ON audit
    BEGIN UPDATE audit_head SET seq = NEW.seq, hash = NEW.hash; END
    """,
    """
    CREATE TRIGGER audit_head_stays BEFORE DELETE ON audit_head
    BEGIN SELECT RAISE(ABORT, 'the audit head is never deleted'); END
    """,
    """
    CREATE TRIGGER audit_head_only_grows BEFORE UPDATE ON audit_head
    WHEN NEW.seq IS NOT OLD.seq + 1
    BEGIN SELECT RAISE(ABORT, 'the audit head only grows'); END
    """,
)
