"""What the audit log tells of a visit, in words: who did it, and why or what it was."""

from __future__ import annotations

from eligibility.codes import ConsentCategory, UnknownCode, read_code
from eligibility.model import ConsentDecision
from terminal.access.staff import Look
from terminal.audit import Act, AuditRecord
from terminal.errors import ExportReason
from terminal.history_export import NOT_VALID, ExportForm, read_note
from web import face_words, retention_words
from web.forms import one_of
from web.i18n import show_number, text
from web.wording import ENUMS, PRESCRIPTIONS, WITH_NEXT_STEP, category_words, label

ACTORS = {
    "holder": "staff.log.holder",
    "kiosk": "staff.log.kiosk",
    "terminal": "staff.log.terminal",
    "payer": "staff.log.payer",
}
CODES = (
    "acting-for",
    "visual-reason",
    "close-reason",
    "history-closed",
    "staff-need",
    "certificate-reason",
    "number-b-entry",
    "own-key-reason",
    "decision-basis",
    "consent-end",
    "source",
    "document",
    "origin",
    "method",
    "problem",
)
"""Kinds of codes that are recorded as a reason."""
SAID = {
    "nobody": "staff.visit.acting.nobody",
    "recheck": "staff.log.asked-by-itself",
    "asked again by hand": "staff.log.asked-by-hand",
}


def actor_name(look: Look) -> str:
    """Return who did something: a colleague's name, the patient, or which machine."""
    if look.name is not None:
        return look.name
    return text(ACTORS.get(look.record.actor_id, "staff.log.unknown"))


def told(record: AuditRecord) -> tuple[str, str]:
    """Return why something was done or what it was, and what stands below that in small."""
    reason = record.reason
    match record.act:
        case Act.FACE_COMPARED:
            return face_words.result_words(reason)
        case Act.HISTORY_EXPORTED:
            return export_words(reason)
        case Act.HISTORY_EXPORT_FAILED:
            return export_failure_words(reason), ""
        case Act.HISTORY_DELETED:
            return retention_words.history_words(reason), ""
        case _:
            return reason_words(reason), ""


def reason_words(reason: str | None) -> str:
    """Return a recorded reason: in words where it is one of our codes, else as it was recorded."""
    if reason is None:
        return ""
    for prefix in CODES:
        if reason in set(ENUMS[prefix]):
            suffix = ".what" if prefix in WITH_NEXT_STEP else ""
            return text(f"{prefix}.{reason}{suffix}")
    if reason in PRESCRIPTIONS:
        return text(PRESCRIPTIONS[reason])
    if reason in SAID:
        return text(SAID[reason])
    if reason.startswith("oral:"):
        _, why, who, _ = reason.split(":", 3)
        giver = "oral.acting.patient" if who == "patient" else f"acting-for.{who}"
        return text("oral.audit", reason=text(f"oral-reason.{why}"), who=text(giver))
    return answers(reason) or category_words(reason) or reason


def answers(recorded: str) -> str:
    """Return ``YZK=yes,TKK=no`` as words; empty for anything else."""
    said = []
    for part in recorded.split(","):
        code, _, decision = part.partition("=")
        category, answer = read_code(ConsentCategory, code), one_of(ConsentDecision, decision)
        if isinstance(category, UnknownCode) or answer is None:
            return ""
        said.append(f"{label(category)}: {text(f'decision.{answer}')}")
    return text("retention.and").join(said)


def export_words(note: str | None) -> tuple[str, str]:
    """Return what the audit log says of a file: its form and how many records of what; and why."""
    read = read_note(note or "")
    form = one_of(ExportForm, read.form)
    parts = [read.form if form is None else text(f"export-form.{form}")]
    parts += [
        text("retention.history.count", what=_category(code), count=show_number(count))
        for code, count in read.counts
    ]
    return text("retention.and").join(parts), read.reason


def export_failure_words(told: str | None) -> str:
    """Return which file was not handed out and why, of what the audit log recorded."""
    name, _, why = (told or "").partition(" ")
    form = one_of(ExportForm, name)
    reason = one_of(ExportReason, why)
    said = why if reason is None else text(f"export-reason.{reason}")
    if why == NOT_VALID:
        said = text("error.export-not-valid.what")
    return text("retention.and").join([name if form is None else text(f"export-form.{form}"), said])


def _category(code: str) -> str:
    known = read_code(ConsentCategory, code)
    return code if isinstance(known, UnknownCode) else str(label(known))
