"""The table of files that were set aside; see :mod:`terminal.store.aside`."""

from __future__ import annotations

TABLES = (
    """
    CREATE TABLE files_aside (
        id TEXT PRIMARY KEY,
        body TEXT NOT NULL,
        original BLOB,
        kept_at TEXT NOT NULL AS (body->>'$.kept_at') STORED CHECK (length(kept_at) = 27),
        CHECK (id = body->>'$.id')
    ) STRICT
    """,
    "CREATE INDEX files_aside_by_time ON files_aside (kept_at)",
)
