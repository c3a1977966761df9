"""The tables.  One set of steps; each step and the record that it ran commit together.

A body is the canonical JSON of one dataclass (:mod:`terminal.store.encoding`); every other column
is computed from it by the database itself, so that an index can never tell another story than
the record.  There is no table for medicines, treatment or checkups: they are never stored.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlite_utils import Database, Migrations

from terminal.store import aside_tables, bulk_tables

MIGRATIONS = Migrations("eligibility-terminal")

_TABLES = (
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

_TRIGGERS = (
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


def step_0001_spine(db: Database) -> None:
    """Visits, identifications, questions, answers, confirmations, consents, accounts, audit."""
    for statement in (*_TABLES, *_TRIGGERS):
        db.execute(statement)


def step_0002_holders(db: Database) -> None:
    """What cards said of their holders, found by visit and by certificate."""
    db.execute(
        """
        CREATE TABLE holders (
            id TEXT PRIMARY KEY REFERENCES visits (id),
            body TEXT NOT NULL,
            read_at TEXT NOT NULL AS (body->>'$.read_at') STORED CHECK (length(read_at) = 27),
            CHECK (id = body->>'$.visit_id')
        ) STRICT
        """
    )
    db.execute("CREATE INDEX visits_by_subject ON visits (subject_serial, subject_issuer)")


def step_0003_insured(db: Database) -> None:
    """Answers found by insurer and number, so that a renewed card's holder is."""
    for result in range(2):
        person = f"body->>'$.results[{result}]"
        db.execute(
            f"CREATE INDEX answers_by_insured_{result} ON answers "  # literals
            f"({person}.insurer_number', {person}.insured_identification_number')"
        )


def step_0004_decisions(db: Database) -> None:
    """What staff decided for visits while the payer gave no answer."""
    db.execute(
        """
        CREATE TABLE decisions (
            id TEXT PRIMARY KEY,
            body TEXT NOT NULL,
            visit_id TEXT NOT NULL AS (body->>'$.visit_id') STORED REFERENCES visits (id),
            decided_at TEXT NOT NULL AS (body->>'$.decided_at') STORED
                CHECK (length(decided_at) = 27),
            CHECK (id = body->>'$.id')
        ) STRICT
        """
    )
    db.execute("CREATE INDEX decisions_by_visit ON decisions (visit_id, decided_at)")


def step_0005_clinic_records(db: Database) -> None:
    """The clinic's own register of patients."""
    db.execute(
        """
        CREATE TABLE clinic_records (
            id TEXT PRIMARY KEY,
            body TEXT NOT NULL,
            birthdate TEXT NOT NULL AS (body->>'$.record.birthdate') STORED
                CHECK (length(birthdate) = 10),
            searched TEXT NOT NULL AS (body->>'$.searched') STORED,
            taken_at TEXT NOT NULL AS (body->>'$.taken_at') STORED CHECK (length(taken_at) = 27),
            CHECK (id = body->>'$.record.patient_number')
        ) STRICT
        """
    )
    db.execute("CREATE INDEX clinic_records_by_birthdate ON clinic_records (birthdate)")
    db.execute("CREATE INDEX clinic_records_by_import ON clinic_records (taken_at)")


def step_0006_calls(db: Database) -> None:
    """Each call to the payer with its time and outcome; a month's report read from indexes alone.

    The rows hold certificates and originals, which a count need not go through.
    """
    db.execute(
        """
        CREATE TABLE calls (
            id TEXT PRIMARY KEY,
            body TEXT NOT NULL,
            question_id TEXT NOT NULL AS (body->>'$.question_id') STORED REFERENCES questions (id),
            asked_at TEXT NOT NULL AS (body->>'$.asked_at') STORED CHECK (length(asked_at) = 27),
            outcome TEXT AS (body->>'$.outcome') STORED,
            milliseconds INTEGER AS (body->>'$.milliseconds') STORED CHECK (milliseconds >= 0),
            CHECK (id = body->>'$.id')
        ) STRICT
        """
    )
    for table, column in (
        ("questions", "problem TEXT AS (body->>'$.problem')"),
        ("questions", "attempts INTEGER AS (body->>'$.attempts')"),
        ("visits", "origin TEXT AS (body->>'$.origin')"),
        ("identifications", "method TEXT AS (body->>'$.evidence.method')"),
        ("confirmations", "validity TEXT AS (body->>'$.qualification_validity')"),
    ):
        db.execute(f"ALTER TABLE {table} ADD COLUMN {column} VIRTUAL")
    for index in (
        "calls_by_question ON calls (question_id, asked_at)",
        "calls_by_time ON calls (asked_at, outcome, milliseconds)",
        "questions_by_creation ON questions (created_at, state, problem, attempts, visit_id, id)",
        "visits_origin ON visits (id, origin)",
        "identifications_method ON identifications (id, method)",
        "answers_reception ON answers (question_id, received_at, id)",
        "confirmations_validity ON confirmations (answer_id, validity)",
    ):
        db.execute(f"CREATE INDEX {index}")
    # the two that begin as these do are not needed beside them
    db.execute("DROP INDEX answers_by_question")
    db.execute("DROP INDEX confirmations_by_answer")


def step_0007_record_links(db: Database) -> None:
    """Whom of the register staff linked cards' holders to."""
    db.execute(
        """
        CREATE TABLE record_links (
            id TEXT PRIMARY KEY,
            body TEXT NOT NULL,
            subject_issuer TEXT NOT NULL AS (body->>'$.subject.issuer') STORED,
            subject_serial TEXT NOT NULL AS (body->>'$.subject.serial') STORED,
            made_at TEXT NOT NULL AS (body->>'$.made_at') STORED CHECK (length(made_at) = 27),
            CHECK (id = body->>'$.id')
        ) STRICT
        """
    )
    db.execute(
        "CREATE INDEX record_links_by_subject "
        "ON record_links (subject_serial, subject_issuer, made_at)"
    )


def step_0008_right_names(db: Database) -> None:
    """The names that staff entered for cards' holders."""
    db.execute(
        """
        CREATE TABLE right_names (
            id TEXT PRIMARY KEY,
            body TEXT NOT NULL,
            subject_issuer TEXT NOT NULL AS (body->>'$.subject.issuer') STORED,
            subject_serial TEXT NOT NULL AS (body->>'$.subject.serial') STORED,
            entered_at TEXT NOT NULL AS (body->>'$.entered_at') STORED
                CHECK (length(entered_at) = 27),
            CHECK (id = body->>'$.id')
        ) STRICT
        """
    )
    db.execute(
        "CREATE INDEX right_names_by_subject "
        "ON right_names (subject_serial, subject_issuer, entered_at)"
    )


def step_0009_appointments(db: Database) -> None:
    """Appointments, checks of many people before they come, registrations of 照会番号."""
    for statement in bulk_tables.TABLES:
        db.execute(statement)


def step_0010_without_card(db: Database) -> None:
    """Rows about people without a card, found by insurer and birth date; disaster mode.

    The columns of the certificate are made anew, since they may be empty from now on.  They are
    computed from the bodies, so nothing is lost with them and no other table notices.
    """
    for table, moment in (
        ("answers", "received_at"),
        ("record_links", "made_at"),
        ("right_names", "entered_at"),
        ("visits", "opened_at"),
    ):
        if table != "visits":
            db.execute(f"DROP INDEX {table}_by_subject")
            for part in ("issuer", "serial"):
                db.execute(f"ALTER TABLE {table} DROP COLUMN subject_{part}")
                db.execute(
                    f"ALTER TABLE {table} ADD COLUMN subject_{part} TEXT"
                    f" AS (body->>'$.subject.{part}') VIRTUAL"
                )
            db.execute(
                f"CREATE INDEX {table}_by_subject"
                f" ON {table} (subject_serial, subject_issuer, {moment})"
            )
        for column, part in (("insurer", "insurer_number"), ("birthdate", "birthdate")):
            db.execute(
                f"ALTER TABLE {table} ADD COLUMN subject_{column} TEXT"
                f" AS (body->>'$.subject.{part}') VIRTUAL"
            )
        db.execute(
            f"CREATE INDEX {table}_by_number"
            f" ON {table} (subject_insurer, subject_birthdate, {moment})"
            " WHERE subject_insurer IS NOT NULL"
        )
    db.execute(
        """
        CREATE TABLE desk_enquiries (
            id TEXT PRIMARY KEY REFERENCES visits (id),
            body TEXT NOT NULL,
            CHECK (id = body->>'$.visit_id')
        ) STRICT
        """
    )
    db.execute(
        """
        CREATE TABLE disaster_periods (
            id TEXT PRIMARY KEY,
            body TEXT NOT NULL,
            began_at TEXT NOT NULL AS (body->>'$.began_at') STORED CHECK (length(began_at) = 27),
            CHECK (id = body->>'$.id')
        ) STRICT
        """
    )


def step_0011_files_aside(db: Database) -> None:
    """Files of the national interface that were no answer."""
    for statement in aside_tables.TABLES:
        db.execute(statement)


def step_0012_disclosure_calls(db: Database) -> None:
    """Each call about a consent and the history that it opens, with its time and outcome."""
    db.execute(
        """
        CREATE TABLE disclosure_calls (
            id TEXT PRIMARY KEY,
            body TEXT NOT NULL,
            visit_id TEXT NOT NULL AS (body->>'$.visit_id') STORED REFERENCES visits (id),
            asked_at TEXT NOT NULL AS (body->>'$.asked_at') STORED CHECK (length(asked_at) = 27),
            CHECK (id = body->>'$.id')
        ) STRICT
        """
    )
    db.execute("CREATE INDEX disclosure_calls_by_visit ON disclosure_calls (visit_id, asked_at)")


def step_0013_looks(db: Database) -> None:
    """Looks found by whom they were at; consents found by when they were given."""
    db.execute("ALTER TABLE audit ADD COLUMN subject TEXT AS (record->>'$.subject') VIRTUAL")
    for index in (
        "audit_by_subject ON audit (subject) WHERE subject IS NOT NULL",
        "consents_by_time ON consents (given_at)",
    ):
        db.execute(f"CREATE INDEX {index}")


STEPS: tuple[Callable[[Database], None], ...] = (
    step_0001_spine,
    step_0002_holders,
    step_0003_insured,
    step_0004_decisions,
    step_0005_clinic_records,
    step_0006_calls,
    step_0007_record_links,
    step_0008_right_names,
    step_0009_appointments,
    step_0010_without_card,
    step_0011_files_aside,
    step_0012_disclosure_calls,
    step_0013_looks,
)
for _step in STEPS:
    MIGRATIONS()(_step)


def migrate(db: Database) -> None:
    """Bring an older database up to this release; a failing step leaves it as it was."""
    MIGRATIONS.apply(db)


def unknown_steps(db: Database) -> list[str]:
    """Return the names of steps in the database that this release does not know."""
    known = {step.__name__ for step in STEPS}
    return [step.name for step in MIGRATIONS.applied(db) if step.name not in known]
