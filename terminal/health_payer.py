"""Whether the payer can be asked, and what to do where it cannot."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509

from eligibility.errors import (
    EligibilityError,
    FolderAwayError,
    PayerProtocolError,
    PayerTimeoutError,
    PayerTrustError,
    PayerUnavailableError,
    RequestsNotTakenError,
)
from eligibility.payer import Payer
from terminal.health import HealthCheck, HealthState

CERTIFICATE_WARNING = timedelta(days=30)

_PAYER_REMEDIES: tuple[tuple[type[EligibilityError], str, str], ...] = (
    (
        PayerTrustError,
        "trust",
        "Check payer.ca_file, payer.client_certificate and payer.client_key.",
    ),
    (
        FolderAwayError,
        "folder-away",
        "See that the share is mounted and that the service may read and write the folders of "
        "[national].",
    ),
    (
        RequestsNotTakenError,
        "not-taken",
        "See that the link application runs and takes its requests from national.req_dir.",
    ),
    (
        PayerTimeoutError,
        "timeout",
        "Check the line to the payer; visits go on with recorded answers meanwhile.",
    ),
    (
        PayerUnavailableError,
        "unavailable",
        "Check payer.base_url and the line; visits go on with recorded answers meanwhile.",
    ),
    (
        PayerProtocolError,
        "protocol",
        "Check payer.base_url: what answers there does not speak our FHIR profile.",
    ),
    (EligibilityError, "refused", "Ask the payer why it refuses this institution."),
)


def check_payer(payer: Payer) -> HealthCheck:
    """Ask the payer whether it answers; may block up to the payer's time limits."""
    try:
        payer.check_reachable()
    except EligibilityError as error:
        return payer_problem(error)
    return HealthCheck("payer", HealthState.PASS, "payer.answers", "The payer answers.")


def payer_problem(error: EligibilityError) -> HealthCheck:
    """Say what to do about a payer that cannot be asked."""
    code, remedy = next(row[1:] for row in _PAYER_REMEDIES if isinstance(error, row[0]))
    return HealthCheck("payer", HealthState.FAIL, f"payer.{code}", str(error), remedy)


def check_certificate(file: Path, now: datetime) -> HealthCheck:
    """Tell how long the certificate that opens the payer's door still holds."""
    name = "certificate"
    try:
        ends = x509.load_pem_x509_certificate(file.read_bytes()).not_valid_after_utc
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "not a PEM certificate"
        reason, remedy = f"{file}: {why}", "Put the institution's certificate there."
        return HealthCheck(name, HealthState.FAIL, "certificate.unreadable", reason, remedy)
    remedy = (
        "Order a new certificate from the payer and put it in place of payer.client_certificate."
    )
    if ends <= now:
        reason = f"The payer's certificate for this institution ended on {ends:%Y-%m-%d}."
        return HealthCheck(name, HealthState.FAIL, "certificate.expired", reason, remedy)
    days = (ends - now).days
    reason = f"The payer's certificate for this institution holds {days} more days."
    if ends - now <= CERTIFICATE_WARNING:
        return HealthCheck(name, HealthState.WARN, "certificate.expires-soon", reason, remedy, days)
    return HealthCheck(name, HealthState.PASS, "certificate.holds", reason, days=days)


def payer_checks(payer: Payer, certificate: Path | None, now: datetime) -> list[HealthCheck]:
    """Look at the payer, and at the certificate by which it knows this desk, where it needs one."""
    checks = [check_payer(payer)]
    if certificate is not None:
        checks.append(check_certificate(certificate, now))
    return checks


def check_files_aside(count: int) -> HealthCheck:
    """Tell how many files of the link application were no answer in the last 24 hours."""
    if count == 0:
        reason = "No file of the link application was set aside in the last 24 hours."
        return HealthCheck("files", HealthState.PASS, "files.none-aside", reason)
    remedy = (
        "See 'eligibility-terminal payer aside list'; ask those who run the link application where "
        "it happens often."
    )
    reason = f"{count} files of the link application were set aside in the last 24 hours."
    return HealthCheck("files", HealthState.WARN, "files.aside", reason, remedy)
