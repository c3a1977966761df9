"""OperationOutcome → PayerRefusedError: the payer's code and words, verbatim."""

from __future__ import annotations

from pydantic import Field

from eligibility.errors import CardNotRegisteredError, PayerRefusedError
from eligibility.fhir.vocabulary import CS_ERROR
from eligibility.fhir.wire import (
    CodeableConcept,
    Element,
    Many,
    Text,
    parse_json,
    read_resource,
    reading,
)

NOT_REGISTERED = "not-registered"
CONSENT_MISSING = "consent-missing"
_ERRORS = frozenset({"error", "fatal"})


class _Issue(Element):
    severity: Text
    code: Text
    details: CodeableConcept | None = None
    diagnostics: Text | None = None


class _OperationOutcome(Element):
    issue: Many[_Issue] = Field(min_length=1)


def refusal_in(body: bytes) -> PayerRefusedError | None:
    """Return the refusal that ``body`` is, or None if it is something else.

    An outcome without an error refuses nothing, but answers nothing either: None, and whoever
    expected an answer finds another resource.  Raises PayerProtocolError for what cannot be read.
    """
    resource = parse_json(body)
    if resource.get("resourceType") != "OperationOutcome":
        return None

    def read() -> PayerRefusedError | None:
        outcome = read_resource(_OperationOutcome, "OperationOutcome", resource)
        for issue in outcome.issue:
            if issue.severity in _ERRORS:
                code = _code(issue)
                kind = CardNotRegisteredError if code == NOT_REGISTERED else PayerRefusedError
                return kind(code, _words(issue), original=body)
        return None

    return reading(body, read)


def _code(issue: _Issue) -> str:
    codings = [] if issue.details is None else issue.details.coding
    for coding in codings:
        if coding.system == CS_ERROR and coding.code is not None:
            return coding.code
    return issue.code


def _words(issue: _Issue) -> str:
    if issue.details is not None and issue.details.text is not None:
        return issue.details.text
    return issue.diagnostics or ""
