"""The list of checks: what each finding is called and what is to be done."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from eligibility.errors import (
    EligibilityError,
    PayerProtocolError,
    PayerRefusedError,
    PayerTimeoutError,
    PayerTrustError,
    PayerUnavailableError,
)
from terminal import health, health_payer
from terminal.audit import AuditVerdict, ChainBreak
from terminal.errors import (
    StoreDamagedError,
    StoreError,
    StoreKeyError,
    StoreMissingError,
    StoreUnwritableError,
    StoreVersionError,
)
from terminal.health import HealthCheck, HealthState
from terminal.reader.types import ReaderState
from tests.terminal.certificates import certificate

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


def test_each_state_of_the_reader_has_its_own_words() -> None:
    """No reader, no daemon and no permission are three findings with three remedies."""
    found = [health.check_reader(state) for state in ReaderState]
    bad = [check for check in found if check.state is HealthState.FAIL]
    assert len(found) - len(bad) == 1
    assert len({check.remedy for check in bad}) == len(bad) == 3
    spared = [health.check_reader(state, is_needed=False) for state in ReaderState]
    assert {check.state for check in spared} == {HealthState.PASS}
    assert "polkit" in health.check_reader(ReaderState.ACCESS_DENIED).reason


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (PayerTrustError("x"), "payer.trust"),
        (PayerTimeoutError("x"), "payer.timeout"),
        (PayerUnavailableError("x"), "payer.unavailable"),
        (PayerProtocolError("x"), "payer.protocol"),
        (PayerRefusedError("E1", "no"), "payer.refused"),
    ],
)
def test_each_trouble_with_the_payer_has_its_own_remedy(error: EligibilityError, code: str) -> None:
    """A line that is down and a certificate that is refused are not the same."""
    check = health_payer.payer_problem(error)
    assert (check.code, check.state) == (code, HealthState.FAIL)
    assert check.remedy


@pytest.mark.parametrize(
    ("left", "state"),
    [
        (timedelta(days=200), HealthState.PASS),
        (timedelta(days=30), HealthState.WARN),
        (timedelta(seconds=1), HealthState.WARN),
        (timedelta(), HealthState.FAIL),
    ],
)
def test_the_institutions_certificate_is_warned_about_a_month_before_its_end(
    tmp_path: Path, left: timedelta, state: HealthState
) -> None:
    """45 % of institutions met an expired certificate: the desk says so in time."""
    file = tmp_path / "client.pem"
    file.write_bytes(
        certificate("山田医院", ends=NOW + left).public_bytes(serialization.Encoding.PEM)
    )
    assert health_payer.check_certificate(file, NOW).state is state


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_a_certificate_that_cannot_be_read_fails(tmp_path: Path, content: bytes | None) -> None:
    """An absent, empty or other file is a finding, not a crash."""
    file = tmp_path / "client.pem"
    if content is not None:
        file.write_bytes(content)
    assert health_payer.check_certificate(file, NOW).code == "certificate.unreadable"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (StoreMissingError("x"), "store.missing"),
        (StoreKeyError("x"), "store.key"),
        (StoreVersionError("x"), "store.version"),
        (StoreUnwritableError("x"), "store.unwritable"),
        (StoreDamagedError("x"), "store.damaged"),
    ],
)
def test_each_trouble_with_the_store_has_its_own_remedy(error: StoreError, code: str) -> None:
    """Never is a new database the remedy."""

    def verify() -> AuditVerdict:
        raise error

    check = health.check_store(verify)
    assert (check.code, check.state) == (code, HealthState.FAIL)
    assert check.remedy


def test_a_broken_audit_chain_fails() -> None:
    """That rows were altered is said with the first of them."""
    broken = AuditVerdict(ok=False, rows=9, first_bad_seq=4, kind=ChainBreak.ALTERED)
    check = health.check_store(lambda: broken)
    assert check.state is HealthState.FAIL
    assert "altered" in check.reason
    assert "4" in check.reason
    assert health.check_store(lambda: AuditVerdict(ok=True, rows=9)).state is HealthState.PASS


def test_a_data_folder_that_is_not_there_fails(tmp_path: Path) -> None:
    """Nothing can be recorded without the folder."""
    assert health.check_disk(tmp_path / "absent").code == "disk.missing"
    assert health.check_disk(tmp_path).code in {"disk.room", "disk.low", "disk.full"}


@pytest.mark.parametrize(
    ("year", "synchronised", "ahead", "code", "state"),
    [
        (2026, True, None, "clock.synchronised", HealthState.PASS),
        (2026, True, 3, "clock.synchronised", HealthState.PASS),
        (2026, None, None, "clock.unsynchronised", HealthState.WARN),
        (2026, False, 3, "clock.unsynchronised", HealthState.WARN),
        (2026, True, 90, "clock.differs", HealthState.WARN),
        (2026, True, -90, "clock.differs", HealthState.WARN),
        (2026, True, 3600, "clock.differs", HealthState.FAIL),
        (1970, True, None, "clock.wrong-year", HealthState.FAIL),
    ],
)
def test_the_clock_is_judged_by_synchronisation_and_by_the_payers(
    year: int, synchronised: bool | None, ahead: float | None, code: str, state: HealthState
) -> None:
    """A desk with a wrong clock signs and records wrong times."""
    check = health.check_clock(
        NOW.replace(year=year),
        synchronised=synchronised,
        payer_ahead=None if ahead is None else timedelta(seconds=ahead),
    )
    assert (check.code, check.state) == (code, state)


def test_this_machines_clock_can_be_asked() -> None:
    """The kernel answers, or says that it may not be asked."""
    assert health.clock_is_synchronised() in {True, False, None}


def test_the_worst_check_decides_and_all_fields_go_into_json() -> None:
    """One failure among warnings is a failure."""
    checks = [HealthCheck("a", state, "a.b", "because") for state in HealthState]
    assert health.worst(checks) is HealthState.FAIL
    assert health.worst(checks[:2]) is HealthState.WARN
    assert health.worst([]) is HealthState.PASS
    assert json.loads(json.dumps(checks[0].as_dict())) == {
        "name": "a",
        "state": "pass",
        "code": "a.b",
        "reason": "because",
        "remedy": "",
    }
