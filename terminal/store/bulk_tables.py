"""The tables of appointments, of checks before the day, and of registered reference numbers."""

from __future__ import annotations

APPOINTMENTS = (
    """
    CREATE TABLE appointments (
        id TEXT PRIMARY KEY,
        body TEXT NOT NULL,
        day TEXT NOT NULL AS (body->>'$.day') STORED CHECK (length(day) = 10),
        time TEXT AS (body->>'$.time') STORED,
        CHECK (id = body->>'$.id')
    ) STRICT
    """,
    "CREATE INDEX appointments_by_day ON appointments (day, time)",
)

BULK = (
    """
    CREATE TABLE bulk_runs (
        id TEXT PRIMARY KEY,
        body TEXT NOT NULL,
        day TEXT NOT NULL AS (body->>'$.day') STORED CHECK (length(day) = 10),
        origin TEXT NOT NULL AS (body->>'$.origin') STORED,
        started_at TEXT NOT NULL AS (body->>'$.started_at') STORED
            CHECK (length(started_at) = 27),
        state TEXT NOT NULL AS (body->>'$.state') STORED
            CHECK (state IN ('running', 'paused', 'cancelled', 'done')),
        CHECK (id = body->>'$.id')
    ) STRICT
    """,
    "CREATE INDEX bulk_runs_by_day ON bulk_runs (day, started_at)",
    "CREATE INDEX bulk_runs_running ON bulk_runs (started_at) WHERE state = 'running'",
    """
    CREATE TABLE bulk_batches (
        id TEXT PRIMARY KEY,
        body TEXT NOT NULL,
        run_id TEXT NOT NULL AS (body->>'$.run_id') STORED REFERENCES bulk_runs (id),
        number INTEGER NOT NULL AS (body->>'$.number') STORED,
        state TEXT NOT NULL AS (body->>'$.state') STORED
            CHECK (state IN ('ready', 'sent', 'received', 'ended')),
        CHECK (id = body->>'$.id')
    ) STRICT
    """,
    "CREATE INDEX bulk_batches_by_run ON bulk_batches (run_id, number)",
    """
    CREATE TABLE bulk_items (
        id TEXT PRIMARY KEY,
        body TEXT NOT NULL,
        run_id TEXT NOT NULL AS (body->>'$.run_id') STORED REFERENCES bulk_runs (id),
        batch_id TEXT AS (body->>'$.batch_id') STORED,
        day TEXT NOT NULL AS (body->>'$.day') STORED CHECK (length(day) = 10),
        key TEXT NOT NULL AS (body->>'$.key') STORED,
        position INTEGER NOT NULL AS (body->>'$.position') STORED,
        attempts INTEGER NOT NULL AS (body->>'$.attempts') STORED,
        patient_number TEXT AS (body->>'$.patient_number') STORED,
        insurer_number TEXT NOT NULL AS (body->>'$.subject.insurer_number') STORED,
        number TEXT NOT NULL AS (body->>'$.subject.insured_identification_number') STORED,
        ended_at TEXT AS (body->>'$.ended_at') STORED,
        changed INTEGER NOT NULL AS (body->>'$.changed') STORED,
        state TEXT NOT NULL AS (body->>'$.state') STORED
            CHECK (state IN ('waiting', 'sent', 'answered', 'refused', 'failed', 'cancelled')),
        CHECK (id = body->>'$.id')
    ) STRICT
    """,
    """
    CREATE INDEX bulk_items_open ON bulk_items (run_id, attempts, position)
        WHERE state IN ('waiting', 'sent')
    """,
    "CREATE INDEX bulk_items_by_run ON bulk_items (run_id, state, changed)",
    "CREATE INDEX bulk_items_by_batch ON bulk_items (batch_id, position)",
    "CREATE INDEX bulk_items_by_day ON bulk_items (day)",
    "CREATE INDEX bulk_items_by_key ON bulk_items (key, ended_at)",
    "CREATE INDEX bulk_items_by_patient ON bulk_items (patient_number, ended_at)",
    "CREATE INDEX bulk_items_by_insured ON bulk_items (insurer_number, number, ended_at)",
    """
    CREATE TABLE bulk_answers (
        id TEXT PRIMARY KEY,
        body TEXT NOT NULL,
        original BLOB NOT NULL,
        question_id TEXT NOT NULL UNIQUE AS (body->>'$.question_id') STORED
            REFERENCES bulk_items (id),
        received_at TEXT NOT NULL AS (body->>'$.received_at') STORED
            CHECK (length(received_at) = 27),
        CHECK (id = body->>'$.id')
    ) STRICT
    """,
)

REFERENCE_NUMBERS = (
    """
    CREATE TABLE reference_registrations (
        id TEXT PRIMARY KEY,
        body TEXT NOT NULL,
        patient_number TEXT NOT NULL AS (body->>'$.patient_number') STORED,
        created_at TEXT NOT NULL AS (body->>'$.created_at') STORED
            CHECK (length(created_at) = 27),
        state TEXT NOT NULL AS (body->>'$.state') STORED
            CHECK (state IN ('waiting', 'sent', 'accepted', 'refused', 'failed')),
        CHECK (id = body->>'$.id')
    ) STRICT
    """,
    """
    CREATE INDEX reference_registrations_open ON reference_registrations (created_at)
        WHERE state IN ('waiting', 'sent')
    """,
    """
    CREATE INDEX reference_registrations_by_patient
        ON reference_registrations (patient_number, created_at)
    """,
)

REFERENCE_BATCHES = (
    """
    CREATE TABLE reference_batches (
        id TEXT PRIMARY KEY,
        body TEXT NOT NULL,
        created_at TEXT NOT NULL AS (body->>'$.created_at') STORED
            CHECK (length(created_at) = 27),
        state TEXT NOT NULL AS (body->>'$.state') STORED
            CHECK (state IN ('ready', 'sent', 'received', 'ended')),
        CHECK (id = body->>'$.id')
    ) STRICT
    """,
    """
    CREATE INDEX reference_batches_open ON reference_batches (created_at)
        WHERE state <> 'ended'
    """,
)

PAYER_LISTS = (
    """
    CREATE TABLE payer_lists (
        id TEXT PRIMARY KEY,
        body TEXT NOT NULL,
        asked_at TEXT NOT NULL AS (body->>'$.asked_at') STORED CHECK (length(asked_at) = 27),
        state TEXT NOT NULL AS (body->>'$.state') STORED
            CHECK (state IN ('ready', 'sent', 'received', 'ended')),
        CHECK (id = body->>'$.id')
    ) STRICT
    """,
    "CREATE INDEX payer_lists_by_time ON payer_lists (asked_at)",
    "CREATE INDEX payer_lists_open ON payer_lists (asked_at) WHERE state <> 'ended'",
    """
    CREATE TABLE payer_list_entries (
        id TEXT PRIMARY KEY,
        body TEXT NOT NULL,
        original BLOB NOT NULL,
        list_id TEXT NOT NULL AS (body->>'$.question_id') STORED REFERENCES payer_lists (id),
        CHECK (id = body->>'$.id')
    ) STRICT
    """,
    "CREATE INDEX payer_list_entries_by_list ON payer_list_entries (list_id)",
)

TABLES = (*APPOINTMENTS, *BULK, *REFERENCE_NUMBERS)
