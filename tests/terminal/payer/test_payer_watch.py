"""The look at the payer that nobody asked for: at start and daily."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from eligibility.fhir.client import FhirPayer, PayerSettings
from terminal.jobs import DAY_SECONDS
from terminal.payer.watch import PayerWatch
from tests.clinic import Clinic
from tests.terminal.certificates import certificate

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


def test_the_payer_is_looked_at_as_soon_as_the_desk_starts(clinic: Clinic) -> None:
    """The capability statement is read and the certificate's days are counted at start."""
    checks = clinic.terminal.payer_watch.checks
    assert [check.code for check in checks] == ["payer.answers", "certificate.holds"]


def test_a_payer_that_no_longer_speaks_our_profile_is_logged(
    clinic: Clinic, caplog: pytest.LogCaptureFixture
) -> None:
    """What changed at the payer's side since yesterday is a warning with its remedy."""
    clinic.payer.faults.set("malformed", path="metadata")
    with caplog.at_level(logging.WARNING, "terminal.payer.watch"):
        clinic.terminal.payer_watch.look()
    clinic.payer.faults.clear()
    assert [check.code for check in clinic.terminal.payer_watch.checks][:1] == ["payer.protocol"]
    (record,) = caplog.records
    assert "does not speak our FHIR profile" in record.getMessage()


def test_a_certificate_that_ends_soon_is_logged_daily(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The days left are counted at each look, with a payer that is away, too."""
    file = tmp_path / "client.pem"
    ends = certificate("山田医院", ends=NOW + timedelta(days=20))
    file.write_bytes(ends.public_bytes(serialization.Encoding.PEM))
    settings = PayerSettings(
        base_url="https://localhost:9/fhir",
        ca_file=file,
        client_certificate=file,
        client_key=file,
        connect_seconds=1,
        answer_seconds=1,
    )
    payer = FhirPayer(settings, now=lambda: NOW)
    watch = PayerWatch(payer, file, lambda: NOW)
    with caplog.at_level(logging.WARNING, "terminal.payer.watch"):
        watch.look()
    payer.close()
    assert [check.code for check in watch.checks] == ["payer.trust", "certificate.expires-soon"]
    assert "holds 20 more days" in caplog.text
    assert DAY_SECONDS == 86_400
