"""How findings name a value, and in which order they stand."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from eligibility.codes import CodeTable, UnknownCode
from eligibility.model import NOT_READ, CopayRatio, Finding, FindingCode, NotRead, Severity

_SEVERITY_ORDER = tuple(Severity)
_CODE_ORDER = tuple(FindingCode)


def in_order(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return each finding once, the gravest first."""
    return tuple(sorted(set(found), key=_order))


def _order(finding: Finding) -> tuple[int, int, str, str, str, str, str]:
    return (
        _SEVERITY_ORDER.index(finding.severity),
        _CODE_ORDER.index(finding.code),
        finding.field or "",
        finding.from_payer,
        finding.recorded,
        finding.on_card,
        finding.in_record,
    )


def said(value: object) -> str | NotRead:
    """Return how a finding names a value: its code, its ISO date, its percent, or not read."""
    if value is None or isinstance(value, NotRead):
        return NOT_READ
    if isinstance(value, UnknownCode):
        return value.value
    if isinstance(value, CodeTable):
        return str(value.value)
    if isinstance(value, CopayRatio):
        return str(value.percent)
    if isinstance(value, date):
        return value.isoformat()
    return str(value)
