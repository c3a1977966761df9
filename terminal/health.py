"""One list of named checks: what works, what does not, and what to do about it.

``eligibility-terminal doctor``, the staff page and the installer all show this list.  A check
never raises for what it looks at; it says so.
"""

from __future__ import annotations

import ctypes
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from terminal.audit import AuditVerdict
from terminal.card.ocsp import OcspResponder
from terminal.card.revocation_lists import ListProblem, RevocationLists
from terminal.card_camera.watch import CardCameraProblem
from terminal.config import TerminalConfig
from terminal.errors import (
    StoreError,
    StoreKeyError,
    StoreMissingError,
    StoreUnwritableError,
    StoreVersionError,
)
from terminal.reader.types import ReaderState

DISK_WARNING_BYTES = 1 << 30
DISK_FAILURE_BYTES = 200 << 20
CLOCK_WARNING = timedelta(seconds=60)
CLOCK_FAILURE = timedelta(minutes=5)
EARLIEST_YEAR = 2026


class HealthState(StrEnum):
    """How a check went: all is well, look at it soon, or something does not work."""

    PASS = "pass"  # noqa: S105  # not a password
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """One check.  ``code`` names the finding for translations, e.g. ``reader.no-reader``.

    ``reason`` says what was found, ``remedy`` what to do (empty where nothing is to be done).
    ``days``: how many are left, where that was looked at.
    """

    name: str
    state: HealthState
    code: str
    reason: str
    remedy: str = ""
    days: int | None = None

    def as_dict(self) -> dict[str, str]:
        """Return the fields as plain text, for JSON."""
        return {key: str(value) for key, value in asdict(self).items() if value is not None}


def worst(checks: list[HealthCheck]) -> HealthState:
    """Return the worst state of ``checks``."""
    order = list(HealthState)
    return max((check.state for check in checks), key=order.index, default=HealthState.PASS)


def check_configuration(config: TerminalConfig) -> HealthCheck:
    """Look at a configuration that could be loaded."""
    if not config.institution.check_digit_fits:
        return HealthCheck(
            "configuration",
            HealthState.WARN,
            "configuration.check-digit",
            "institution.code does not end in its check digit",
            f"Compare institution.code in {config.file} with the code that the payer gave you.",
        )
    environment = config.terminal.environment
    reason = f"{config.file} is valid ({environment})"
    return HealthCheck("configuration", HealthState.PASS, "configuration.valid", reason)


_READER = {
    ReaderState.READY: (HealthState.PASS, "The reader is ready.", ""),
    ReaderState.NO_READER: (
        HealthState.FAIL,
        "No card reader is plugged in.",
        "Plug the reader in; if it is, try another USB socket, then another cable.",
    ),
    ReaderState.PCSC_DOWN: (
        HealthState.FAIL,
        "The PC/SC daemon (pcscd) does not answer.",
        "Run: systemctl restart pcscd.socket pcscd",
    ),
    ReaderState.ACCESS_DENIED: (
        HealthState.FAIL,
        "polkit does not let this user reach the card reader (0x8010006A).",
        "Install the polkit rule for the service user: run scripts/install again.",
    ),
}


def check_reader(state: ReaderState, *, is_needed: bool = True) -> HealthCheck:
    """Say what a reader's state means; ``is_needed``: whether cards are checked at this desk."""
    if not is_needed and state is not ReaderState.READY:
        reason = "No card reader is in use here, and none is needed: cards are checked elsewhere."
        return HealthCheck("reader", HealthState.PASS, "reader.not-needed", reason)
    verdict, reason, remedy = _READER[state]
    return HealthCheck("reader", verdict, f"reader.{state}", reason, remedy)


def check_revocation(
    lists: RevocationLists | None, responder: OcspResponder | None, now: datetime
) -> HealthCheck:
    """Tell how old the revocation lists are, and whether the responder answered last time."""
    name = "revocation"
    reports = lists.report() if lists is not None else []
    if lists is None and responder is None:
        reason = "Revocation of cards is not checked here; the payer checks it."
        return HealthCheck(name, HealthState.PASS, "revocation.not-configured", reason)
    if lists is not None and not reports:
        reason = "card.revocation_lists names folders without a revocation list."
        remedy = "Put the lists there, or see why they are not fetched."
        return HealthCheck(name, HealthState.FAIL, "revocation.no-list", reason, remedy)
    for report in reports:
        if report.problem is None:
            continue
        reason = f"{report.file}: {report.problem}{_age(report.this_update, now)}."
        if report.problem is ListProblem.STALE:
            remedy = "Fetch a new list; until then cards are taken as not checked."
            return HealthCheck(name, HealthState.WARN, "revocation.stale", reason, remedy)
        remedy = "Replace the file by a complete list of an authority in card.anchors."
        return HealthCheck(name, HealthState.FAIL, "revocation.unusable", reason, remedy)
    if responder is not None and responder.problem is not None:
        reason = f"The responder at card.ocsp_url: {responder.problem}."
        remedy = "Check card.ocsp_url and the line; until then cards are taken as not checked."
        return HealthCheck(name, HealthState.WARN, "revocation.no-answer", reason, remedy)
    ages = [report.this_update for report in reports if report.this_update is not None]
    reason = "Revocation of cards is checked" + (_age(min(ages), now) if ages else "") + "."
    return HealthCheck(name, HealthState.PASS, "revocation.current", reason)


def _age(since: datetime | None, now: datetime) -> str:
    return "" if since is None else f", the list is {(now - since) // timedelta(hours=1)} hours old"


_STORE_REMEDIES = {
    StoreMissingError: (
        "missing",
        "Never make a new one in its place: restore the last backup, or look for the right disk.",
    ),
    StoreKeyError: ("key", "Put the key file that belongs to this database at store.key_file."),
    StoreVersionError: ("version", "Install the release that wrote it, or a newer one."),
    StoreUnwritableError: ("unwritable", "Make room on the disk, or have the disk looked at."),
}


def store_problem(error: StoreError) -> HealthCheck:
    """Say what to do about a database that cannot be used."""
    code, remedy = _STORE_REMEDIES.get(
        type(error), ("damaged", "Keep a copy of the file as it is, then restore the last backup.")
    )
    return HealthCheck("store", HealthState.FAIL, f"store.{code}", str(error), remedy)


def check_store(verify: Callable[[], AuditVerdict]) -> HealthCheck:
    """Judge what ``verify`` found of the database, or the StoreError that it raised."""
    try:
        verdict = verify()
    except StoreError as error:
        return store_problem(error)
    if not verdict.ok:
        return HealthCheck(
            "store",
            HealthState.FAIL,
            "store.audit-broken",
            f"The audit chain is broken ({verdict.kind}) at record {verdict.first_bad_seq}.",
            "Keep a copy of the file as it is and tell who answers for the access log.",
        )
    reason = f"The database opens and its audit chain of {verdict.rows} records is whole."
    return HealthCheck("store", HealthState.PASS, "store.whole", reason)


_CAMERA_REMEDIES: dict[CardCameraProblem, tuple[str, str, str]] = {
    CardCameraProblem.NO_TESSERACT: (
        "card-camera.no-tesseract",
        "tesseract is not installed.",
        "Run scripts/install again: it installs tesseract.",
    ),
    CardCameraProblem.NO_LANGUAGE: (
        "card-camera.no-language",
        "A model of tesseract is not installed.",
        "Run scripts/install again: it installs tesseract-ocr-eng and tesseract-ocr-jpn.",
    ),
    CardCameraProblem.UNPLUGGED: (
        "card-camera.unplugged",
        "There is no camera at card_camera.device.",
        "Plug it in; if it is, compare the name with those under /dev/v4l/by-id.",
    ),
    CardCameraProblem.BUSY: (
        "card-camera.busy",
        "Another program has the camera.",
        "End that program.",
    ),
    CardCameraProblem.NO_PERMISSION: (
        "card-camera.no-permission",
        "The service user may not open the camera.",
        "Add the service user to the group video.",
    ),
    CardCameraProblem.UNUSABLE: (
        "card-camera.unusable",
        "What stands at card_camera.device is no camera, or gives no picture.",
        "Compare the name with those under /dev/v4l/by-id.",
    ),
    CardCameraProblem.BLACK: (
        "card-camera.black",
        "The camera sees nothing.",
        "Take the lid off the lens, or switch on the light.",
    ),
    CardCameraProblem.FROZEN: (
        "card-camera.frozen",
        "The camera gives no new picture.",
        "Unplug it and plug it in again.",
    ),
}


def check_card_camera(problem: CardCameraProblem | None) -> HealthCheck:
    """Say what kept the last card's face from being read; staff type the number meanwhile."""
    name = "card-camera"
    if problem is None:
        reason = "The camera over the card gives pictures, or was not needed yet."
        return HealthCheck(name, HealthState.PASS, "card-camera.well", reason)
    code, reason, remedy = _CAMERA_REMEDIES[problem]
    return HealthCheck(name, HealthState.WARN, code, f"Card camera: {reason}", remedy)


def check_disk(folder: Path) -> HealthCheck:
    """Look at the room left for ``folder`` and whether it may be written to."""
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        reason = f"{folder}: {error.strerror}"
        remedy = "Make the folder that terminal.data_dir names, owned by the service user."
        return HealthCheck("disk", HealthState.FAIL, "disk.missing", reason, remedy)
    if not os.access(folder, os.W_OK | os.X_OK):
        reason = f"{folder} cannot be written to."
        remedy = "Make the service user the owner of the folder, and the disk writable."
        return HealthCheck("disk", HealthState.FAIL, "disk.read-only", reason, remedy)
    reason = f"{free / (1 << 30):.1f} GiB are free."
    remedy = "Make room on the disk: without it nothing can be recorded."
    if free < DISK_FAILURE_BYTES:
        return HealthCheck("disk", HealthState.FAIL, "disk.full", reason, remedy)
    if free < DISK_WARNING_BYTES:
        return HealthCheck("disk", HealthState.WARN, "disk.low", reason, remedy)
    return HealthCheck("disk", HealthState.PASS, "disk.room", reason)


def check_clock(
    now: datetime, *, synchronised: bool | None, payer_ahead: timedelta | None = None
) -> HealthCheck:
    """Judge the clock.  ``payer_ahead``: the payer's clock minus ours, where it is known."""
    remedy = "Set the clock and switch on time synchronisation: timedatectl set-ntp true"
    if now.year < EARLIEST_YEAR:
        reason = f"The clock says {now:%Y-%m-%d}, before this release was made."
        return HealthCheck("clock", HealthState.FAIL, "clock.wrong-year", reason, remedy)
    if payer_ahead is not None and abs(payer_ahead) >= CLOCK_WARNING:
        seconds = abs(payer_ahead).total_seconds()
        side = "behind" if payer_ahead > timedelta() else "ahead of"
        reason = f"The clock is {seconds:.0f} s {side} the payer's."
        state = HealthState.FAIL if abs(payer_ahead) >= CLOCK_FAILURE else HealthState.WARN
        return HealthCheck("clock", state, "clock.differs", reason, remedy)
    if synchronised:
        reason = "The clock is synchronised."
        return HealthCheck("clock", HealthState.PASS, "clock.synchronised", reason)
    if payer_ahead is not None:
        reason = "The clock agrees with the payer's, but nothing is known to synchronise it."
        return HealthCheck("clock", HealthState.WARN, "clock.unsynchronised", reason, remedy)
    reason = "Nothing is known to synchronise the clock."
    return HealthCheck("clock", HealthState.WARN, "clock.unsynchronised", reason, remedy)


def check_dumps(*, off: bool) -> HealthCheck:
    """Judge whether a crash could write the memory, with a PIN in it, to a disk."""
    if off:
        reason = "No picture of the memory is written when the program ends by a fault."
        return HealthCheck("dumps", HealthState.PASS, "dumps.off", reason)
    return HealthCheck(
        "dumps",
        HealthState.WARN,
        "dumps.possible",
        "A fault could write the memory, and a PIN in it, to the disk.",
        "Run the service by its unit file, which sets LimitCORE=0 and allows prctl.",
    )


class _Timex(ctypes.Structure):
    """The beginning of Linux's ``struct timex`` (adjtimex(2)), with room for the rest."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("rest", ctypes.c_char * 256),
    )


def clock_is_synchronised() -> bool | None:
    """Whether the kernel's clock is disciplined by anything (timesyncd, chrony, ntpd).

    As ``timedatectl`` judges it: a maximum error below 16 s.  None where it may not be asked.
    """
    timex = _Timex()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.adjtimex(ctypes.byref(timex)) < 0:
        return True if Path("/run/systemd/timesync/synchronized").exists() else None
    return bool(timex.maxerror < 16_000_000)
