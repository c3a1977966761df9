"""Words and marks for what the desk decided, by value; nothing is decided here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from eligibility.asking import ListKind
from eligibility.calendar import JAPAN
from eligibility.codes import (
    CodeTable,
    ConsentCategory,
    PrescriptionIssue,
    QualificationValidity,
    UnknownCode,
    read_code,
)
from eligibility.consenting import ActingFor, ConsentEnd, OralReason
from eligibility.holder import Match
from eligibility.model import (
    Confirmation,
    ConfirmationSource,
    ConsentDecision,
    CopayRatio,
    Coverage,
    FindingCode,
    Severity,
)
from eligibility.payer import IdentificationMethod, ProofKind
from eligibility.register import Ground
from eligibility.validity import CONFIRMED
from terminal.access.accounts import Role
from terminal.access_list import Looked
from terminal.audit import Act
from terminal.bulk.run import RunOrigin, RunState, RunWay
from terminal.card.jpki import TokenKind
from terminal.csv_file import LineReason
from terminal.decision import DecisionBasis
from terminal.desk_enquiry import DocumentSeen
from terminal.errors import (
    AccountReason,
    CertificateReason,
    CsvFileReason,
    DisasterReason,
    DisclosureReason,
    ExportReason,
    LookReason,
    OwnKeyReason,
)
from terminal.expected.appointment import NotAskable
from terminal.expected.expected_list import RowGroup
from terminal.health import HealthCheck
from terminal.history_export import ExportForm
from terminal.identification import NumberBEntry, RevocationState, VisualReason
from terminal.kept_history import HistoryEnd
from terminal.payer.calls import CallOutcome
from terminal.payer.question import QuestionProblem, QuestionState
from terminal.report.beside import BesideKind
from terminal.report.month import Result
from terminal.retention.run import Erasable, RunStart
from terminal.staff_look import look_refused_because
from terminal.views import (
    ConsentItem,
    DeskNeed,
    HistoryClosed,
    NumberBState,
    OwnKeyState,
    VisitRow,
)
from terminal.visit import (
    CloseReason,
    RegistrationAnswer,
    StaffNeed,
    Visit,
    VisitOrigin,
    VisitState,
)
from web.i18n import (
    current_language,
    has_message,
    show_date,
    show_moment,
    show_number,
    text,
)
from web.number_words import insurer_number, recipient_number

PRESCRIPTIONS = {"electronic": "prescription.electronic", "paper": "prescription.paper"}
WITH_NEXT_STEP: dict[str, type[StrEnum]] = {
    "finding": FindingCode,
    "problem": QuestionProblem,
    "need": DeskNeed,
    "not-askable": NotAskable,
    "history-closed": HistoryClosed,
    "staff-need": StaffNeed,
    "certificate-reason": CertificateReason,
    "number-b": NumberBState,
    "own-key": OwnKeyState,
}
"""Enums whose members have two messages: ``PREFIX.VALUE.what`` and ``PREFIX.VALUE.next``."""

ONE_WORD: dict[str, type[StrEnum]] = {
    "visual-reason": VisualReason,
    "close-reason": CloseReason,
    "visit-state": VisitState,
    "look-reason": LookReason,
    "token": TokenKind,
    "registration": RegistrationAnswer,
    "acting-for": ActingFor,
    "revocation": RevocationState,
    "severity": Severity,
    "source": ConfirmationSource,
    "consent-item": ConsentItem,
    "consent-end": ConsentEnd,
    "history-end": HistoryEnd,
    "erasable": Erasable,
    "run-start": RunStart,
    "looked": Looked,
    "decision": ConsentDecision,
    "decision-basis": DecisionBasis,
    "method": IdentificationMethod,
    "proof": ProofKind,
    "role": Role,
    "act": Act,
    "account-reason": AccountReason,
    "match": Match,
    "number-b-entry": NumberBEntry,
    "own-key-reason": OwnKeyReason,
    "line-reason": LineReason,
    "ground": Ground,
    "csv-file": CsvFileReason,
    "call-outcome": CallOutcome,
    "report-result": Result,
    "lists.kind": ListKind,
    "report-beside": BesideKind,
    "report-beside.way": RunWay,
    "origin": VisitOrigin,
    "run-state": RunState,
    "run-origin": RunOrigin,
    "row-group": RowGroup,
    "document": DocumentSeen,
    "disaster-reason": DisasterReason,
    "export-reason": ExportReason,
    "export-form": ExportForm,
    "disclosure-reason": DisclosureReason,
    "oral-reason": OralReason,
}
"""Enums whose members have one message: ``PREFIX.VALUE``."""

ENUMS = {**WITH_NEXT_STEP, **ONE_WORD}
NOT_VALID = frozenset(
    {
        QualificationValidity.INVALID,
        QualificationValidity.INVALID_NEW_EXISTS,
        QualificationValidity.NOT_FOUND,
    }
)
SEVERITIES = tuple(Severity)
WAITING = frozenset({QuestionState.PENDING, QuestionState.SENT})


@dataclass(frozen=True, slots=True)
class Mark:
    """A status: the kind gives shape and colour, the label the word; never one alone."""

    kind: str
    label: str


def waiting_for(visit: Visit) -> tuple[str, str]:
    """Return the ids of the two messages that tell why a visit waits for staff, and what to do."""
    if visit.certificate_reason is not None:
        waiting = f"certificate-reason.{visit.certificate_reason}"
    elif visit.staff_need is StaffNeed.CALLED and look_refused_because(visit) is not None:
        return "staff-need.called.what", "staff.visit.called-no-look"
    else:
        waiting = f"staff-need.{visit.staff_need}"
    return f"{waiting}.what", f"{waiting}.next"


def coverage_mark(row: VisitRow) -> Mark:
    """Return the mark of a visit's coverage: ● valid, ▲ to check, ■ not valid, ◇ not known yet."""
    if row.confirmation is None:
        waiting = row.question is not None and row.question.state in WAITING
        return Mark("waiting", text("mark.checking" if waiting else "mark.not-confirmed"))
    if not row.is_current:
        return Mark("attention", text("mark.recorded"))
    if row.validity in NOT_VALID:
        return Mark("invalid", label(row.validity))
    if row.validity in CONFIRMED and row.worst is not Severity.STOP:
        if row.confirmation.source is ConfirmationSource.RECORDED:
            return Mark("valid", text("mark.recorded-current"))
        return Mark("valid", label(row.validity))
    return Mark("attention", text("mark.attention"))


def label(code: CodeTable | UnknownCode | None) -> str:
    """Return a code's label in the page's language; an unknown one is shown as it came."""
    if code is None:
        return text("field.none")
    if isinstance(code, UnknownCode):
        return text("field.unknown-code", code=code.value)
    return code.ja if current_language() == "ja" else code.en


def share(ratio: CopayRatio | UnknownCode | None) -> str:
    """Return the patient's share: 3割, 30 %."""
    if not isinstance(ratio, CopayRatio):
        return label(ratio)
    if ratio.percent and ratio.percent % 10 == 0:
        return text("share.tenths", tenths=ratio.percent // 10)
    return text("share.percent", percent=ratio.percent)


def birthdate(day: date, now: datetime) -> str:
    """Return the birth date with the age today in Japan."""
    today = now.astimezone(JAPAN).date()
    age = today.year - day.year - ((today.month, today.day) < (day.month, day.day))
    return text("field.birthdate.age", date=show_date(day), age=age)


def period(start: date | None, end: date | None) -> str:
    """Return a period in words."""
    if start is None and end is None:
        return text("field.none")
    return text(
        "field.period",
        start=show_date(start) or text("field.none"),
        end=show_date(end) or text("field.open-end"),
    )


def amount(quantity: Decimal | str | None, unit: str | None) -> str:
    """Return a quantity or result with its unit; nothing where there is none."""
    if quantity is None:
        return ""
    number = quantity if isinstance(quantity, str) else show_number(quantity)
    return f"{number} {unit}" if unit else number


def insurance_rows(coverage: Coverage) -> list[tuple[str, str]]:
    """Return what a bill needs, in the order of the official form."""
    none = text("field.none")
    number = coverage.insured_identification_number
    if number and coverage.is_medical_assistance:
        number = recipient_number(number)
    return [
        (text("field.insurer-number"), insurer_number(coverage.insurer_number)),
        (text("field.insurer-name"), coverage.insurer_name),
        (text("field.symbol"), coverage.insured_card_symbol or none),
        (text("field.number"), number or none),
        (text("field.branch"), coverage.insured_branch_number or none),
        (text("field.personal-family"), label(coverage.personal_family_classification)),
        (text("field.card-classification"), label(coverage.insured_card_classification)),
        (text("field.address"), coverage.person.address or none),
    ]


def burden_rows(coverage: Coverage) -> list[tuple[str, str]]:
    """Return what the patient pays and up to which limit."""
    rows = [(text("field.ratio"), share(coverage.insured_partial_contribution_ratio))]
    elderly = coverage.elderly_recipient_certificate
    if elderly is not None:
        during = period(elderly.valid_start_date, elderly.valid_end_date)
        ratio = share(elderly.contribution_ratio)
        rows.append((text("field.elderly-ratio"), f"{ratio}　{during}"))
    limit = coverage.limit_certificate
    if limit is not None:
        during = period(limit.valid_start_date, limit.valid_end_date)
        rows.append((text("field.limit"), f"{label(limit.category)}　{during}"))
        rows.append((text("field.limit-kind"), label(limit.classification)))
    else:
        rows.append((text("field.limit"), text("field.none")))
    return rows


def date_rows(coverage: Coverage) -> list[tuple[str, str]]:
    """Return since when and until when; the days that speak of an end only where they are set."""
    rows = [
        (text("field.qualified"), show_date(coverage.qualification_date) or text("field.none")),
        (text("field.valid-from"), show_date(coverage.insured_card_valid_date)),
        (text("field.valid-until"), show_date(coverage.insured_card_expiration_date)),
        (text("field.disqualified"), show_date(coverage.disqualification_date)),
    ]
    if coverage.reason_of_loss is not None:
        rows.append((text("field.loss-reason"), label(coverage.reason_of_loss)))
    return [row for row in rows if row[1]]


def minutes(since: datetime, now: datetime) -> int:
    """Return the whole minutes between two moments."""
    return max(0, int((now - since).total_seconds() // 60))


def former_rows(former: tuple[Confirmation, ...]) -> list[tuple[str, str, str]]:
    """Return a visit's earlier confirmations as cells: when, what kind, which validity."""
    return [
        (
            show_moment(confirmation.as_of),
            text(f"source.{confirmation.source}"),
            label(confirmation.qualification_validity),
        )
        for confirmation in former
    ]


def seconds(now: datetime, until: datetime) -> int:
    """Return the whole seconds left, never less than none."""
    return max(0, int((until - now).total_seconds()))


def prescription(form: PrescriptionIssue) -> str:
    """Return the form of prescription that a patient chose."""
    return text(PRESCRIPTIONS[form.name.lower()])


def category_words(codes: str | None) -> str:
    """Return categories, as the audit log names them, in words; empty for anything else."""
    found = [read_code(ConsentCategory, code) for code in (codes or "").split(",")]
    known = [label(one) for one in found if not isinstance(one, UnknownCode)]
    return text("kiosk.consent.and").join(known) if len(known) == len(found) else ""


def health_words(check: HealthCheck) -> tuple[str, str]:
    """Return what a check found and what to do: translated where the code is known."""
    what, then = f"health.{check.code}.what", f"health.{check.code}.next"
    return known(what, check.reason, check.days), known(then, check.remedy)


def known(message_id: str, otherwise: str, days: int | None = None) -> str:
    """Return the message if there is one, else ``otherwise``; ``days``: for its placeholder."""
    if not has_message(message_id):
        return otherwise
    return text(message_id) if days is None else text(message_id, days=days)
