"""The tables.  One set of steps; each step and the record that it ran commit together, but for one
that may run again.

A body is the canonical JSON of one dataclass (:mod:`terminal.store.encoding`); every other column
is computed from it by the database itself, so that an index can never tell another story than
the record.  Medicines, treatment and checkups are kept sealed, each under its consent's own key.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlite_utils import Database, Migrations

from terminal.store import aside_tables, bulk_tables, spine_tables

MIGRATIONS = Migrations("eligibility-terminal")


def step_0001_spine(db: Database) -> None:
    """Visits, identifications, questions, answers, confirmations, consents, accounts, audit."""
    for statement in (*spine_tables.TABLES, *spine_tables.TRIGGERS):
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


def step_0014_told_files(db: Database) -> None:
    """The files of card visits that no answer holds; each goes with its visit."""
    db.execute(
        """
        CREATE TABLE told_files (
            id TEXT PRIMARY KEY REFERENCES visits (id) ON DELETE CASCADE,
            body TEXT NOT NULL,
            original BLOB NOT NULL,
            CHECK (id = body->>'$.visit_id')
        ) STRICT
        """
    )


def step_0015_reference_batches(db: Database) -> None:
    """照会番号 that are handed in together, with the 受付番号 of their results."""
    for statement in bulk_tables.REFERENCE_BATCHES:
        db.execute(statement)


def step_0016_counted_beside(db: Database) -> None:
    """Consents, history, checks before the day and 照会番号 of a month, counted by indexes."""
    for table, column in (
        ("questions", "kind TEXT AS (body->>'$.kind')"),
        ("disclosure_calls", "category TEXT AS (body->>'$.category')"),
        ("disclosure_calls", "outcome TEXT AS (body->>'$.outcome')"),
        ("bulk_runs", "way TEXT AS (body->>'$.way')"),
    ):
        db.execute(f"ALTER TABLE {table} ADD COLUMN {column} VIRTUAL")
    db.execute("DROP INDEX questions_by_creation")
    for index in (
        "questions_by_creation"
        " ON questions (created_at, kind, state, problem, attempts, visit_id, id)",
        "disclosure_calls_by_time ON disclosure_calls (asked_at, category, outcome)",
        "bulk_runs_by_start ON bulk_runs (started_at, way, id)",
        "reference_registrations_by_time ON reference_registrations (created_at, state)",
    ):
        db.execute(f"CREATE INDEX {index}")


def step_0017_histories(db: Database) -> None:
    """What a consent opened, sealed while it stands: the key wrapped, the content under it."""
    db.execute(
        """
        CREATE TABLE histories (
            id TEXT PRIMARY KEY REFERENCES consents (id),
            wrapped_key BLOB NOT NULL CHECK (length(wrapped_key) = 60),
            body TEXT NOT NULL,
            content BLOB NOT NULL,
            CHECK (id = body->>'$.consent_id')
        ) STRICT
        """
    )


def step_0018_written_anew(db: Database) -> None:
    """Write the file anew, once: free space of a former release may hold what was deleted."""
    (installed,) = db.execute("SELECT count(*) FROM identity").fetchone()
    if installed:
        db.conn.execute("VACUUM")


def step_0019_retention_runs(db: Database) -> None:
    """Deletions of what is older than it is kept, each with its counts."""
    db.execute(
        """
        CREATE TABLE retention_runs (
            id TEXT PRIMARY KEY,
            body TEXT NOT NULL,
            started_at TEXT NOT NULL AS (body->>'$.started_at') STORED
                CHECK (length(started_at) = 27),
            CHECK (id = body->>'$.id')
        ) STRICT
        """
    )
    db.execute("CREATE INDEX retention_runs_by_start ON retention_runs (started_at)")


def step_0020_emergencies(db: Database) -> None:
    """What was opened without consent in disasters, by whom and why."""
    db.execute(
        """
        CREATE TABLE emergencies (
            id TEXT PRIMARY KEY,
            body TEXT NOT NULL,
            visit_id TEXT NOT NULL AS (body->>'$.visit_id') STORED REFERENCES visits (id),
            opened_at TEXT NOT NULL AS (body->>'$.opened_at') STORED CHECK (length(opened_at) = 27),
            CHECK (id = body->>'$.id')
        ) STRICT
        """
    )
    db.execute("CREATE INDEX emergencies_by_visit ON emergencies (visit_id, opened_at)")
    db.execute("CREATE INDEX emergencies_by_time ON emergencies (opened_at)")


def step_0021_payer_lists(db: Database) -> None:
    """Lists that the payer keeps for the institution, and who stood on them."""
    for statement in bulk_tables.PAYER_LISTS:
        db.execute(statement)


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
    step_0014_told_files,
    step_0015_reference_batches,
    step_0016_counted_beside,
    step_0017_histories,
    step_0018_written_anew,
    step_0019_retention_runs,
    step_0020_emergencies,
    step_0021_payer_lists,
)
_OUTSIDE_TRANSACTIONS = frozenset({step_0018_written_anew})
for _step in STEPS:
    MIGRATIONS(transactional=_step not in _OUTSIDE_TRANSACTIONS)(_step)


def migrate(db: Database) -> None:
    """Bring an older database up to this release; a failing step leaves it as it was."""
    MIGRATIONS.apply(db)


def unknown_steps(db: Database) -> list[str]:
    """Return the names of steps in the database that this release does not know."""
    known = {step.__name__ for step in STEPS}
    return [step.name for step in MIGRATIONS.applied(db) if step.name not in known]
