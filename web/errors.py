"""Every error as a page: ONE table from exception to status, what happened and what to do next.

The messages' ids are ``error.NAME.what`` and ``error.NAME.next``.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from flask import Flask, render_template, request
from werkzeug.exceptions import HTTPException, default_exceptions

from eligibility import errors as payer
from eligibility.numbers import IndividualNumberError
from terminal import errors as desk

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """How one error is told: HTTP status and the name of its two messages."""

    status: HTTPStatus
    name: str

    @property
    def what(self) -> str:
        """The message id of what happened."""
        return f"error.{self.name}.what"

    @property
    def next(self) -> str:
        """The message id of what to do next."""
        return f"error.{self.name}.next"


BAD = HTTPStatus.BAD_REQUEST
CONFLICT = HTTPStatus.CONFLICT
DOWN = HTTPStatus.SERVICE_UNAVAILABLE
PAYER = HTTPStatus.BAD_GATEWAY

PAGES: Mapping[type[Exception], ErrorPage] = {
    IndividualNumberError: ErrorPage(HTTPStatus.UNPROCESSABLE_ENTITY, "individual-number"),
    desk.TerminalError: ErrorPage(HTTPStatus.INTERNAL_SERVER_ERROR, "unexpected"),
    desk.ConfigError: ErrorPage(HTTPStatus.INTERNAL_SERVER_ERROR, "config"),
    desk.PortInUseError: ErrorPage(DOWN, "port-in-use"),
    desk.ReaderError: ErrorPage(DOWN, "reader"),
    desk.NoReaderError: ErrorPage(DOWN, "no-reader"),
    desk.PcscUnavailableError: ErrorPage(DOWN, "pcsc-down"),
    desk.ReaderBusyError: ErrorPage(DOWN, "reader-busy"),
    desk.ReaderAccessDeniedError: ErrorPage(DOWN, "reader-access-denied"),
    desk.CardError: ErrorPage(CONFLICT, "card"),
    desk.CardRemovedError: ErrorPage(CONFLICT, "card-removed"),
    desk.AnotherCardError: ErrorPage(CONFLICT, "another-card"),
    desk.CardUnreadableError: ErrorPage(CONFLICT, "card-unreadable"),
    desk.UnknownCardError: ErrorPage(CONFLICT, "unknown-card"),
    desk.CardProtocolError: ErrorPage(CONFLICT, "card-protocol"),
    desk.InvalidPinError: ErrorPage(CONFLICT, "invalid-pin"),
    desk.PinBlockedError: ErrorPage(CONFLICT, "pin-blocked"),
    desk.PinEntryError: ErrorPage(CONFLICT, "pin-entry"),
    desk.PinEntryTimeoutError: ErrorPage(CONFLICT, "pin-entry-timeout"),
    desk.PinEntryCancelledError: ErrorPage(CONFLICT, "pin-entry-cancelled"),
    desk.PinEntryLengthError: ErrorPage(CONFLICT, "pin-entry-length"),
    desk.PinEntryUnsupportedError: ErrorPage(CONFLICT, "pin-entry-unsupported"),
    desk.NumberBRefusedError: ErrorPage(CONFLICT, "number-b-refused"),
    desk.NumberBBlockedError: ErrorPage(CONFLICT, "number-b-blocked"),
    desk.NumberBSparedError: ErrorPage(CONFLICT, "number-b-spared"),
    desk.CertificateRejectedError: ErrorPage(CONFLICT, "certificate-rejected"),
    desk.OwnKeyRejectedError: ErrorPage(CONFLICT, "own-key-rejected"),
    desk.NumberBEntryError: ErrorPage(BAD, "number-b-entry"),
    desk.CsvFileError: ErrorPage(BAD, "csv-file"),
    desk.PreviewOutdatedError: ErrorPage(CONFLICT, "preview-outdated"),
    desk.BulkStateError: ErrorPage(CONFLICT, "bulk-state"),
    desk.RegisterError: ErrorPage(CONFLICT, "register"),
    desk.UnknownPatientError: ErrorPage(HTTPStatus.NOT_FOUND, "unknown-patient"),
    desk.RightNameRefusedError: ErrorPage(BAD, "right-name-refused"),
    desk.VisitError: ErrorPage(CONFLICT, "visit"),
    desk.UnknownVisitError: ErrorPage(HTTPStatus.NOT_FOUND, "unknown-visit"),
    desk.VisitStateError: ErrorPage(CONFLICT, "visit-state"),
    desk.LookRefusedError: ErrorPage(CONFLICT, "look-refused"),
    desk.DisasterModeOffError: ErrorPage(CONFLICT, "disaster-mode-off"),
    desk.DisasterRefusedError: ErrorPage(BAD, "disaster-refused"),
    desk.ExportRefusedError: ErrorPage(CONFLICT, "export-refused"),
    desk.DisclosureRefusedError: ErrorPage(CONFLICT, "disclosure-refused"),
    desk.AnswerWithheldError: ErrorPage(HTTPStatus.NOT_FOUND, "answer-withheld"),
    desk.UnknownMonthError: ErrorPage(HTTPStatus.NOT_FOUND, "unknown-month"),
    desk.UnknownPayerListError: ErrorPage(HTTPStatus.NOT_FOUND, "unknown-list"),
    desk.UnknownFileError: ErrorPage(HTTPStatus.NOT_FOUND, "unknown-file"),
    desk.AccessError: ErrorPage(HTTPStatus.FORBIDDEN, "access"),
    desk.LoginRefusedError: ErrorPage(HTTPStatus.UNAUTHORIZED, "login-refused"),
    desk.LoginThrottledError: ErrorPage(HTTPStatus.TOO_MANY_REQUESTS, "login-throttled"),
    desk.RoleError: ErrorPage(HTTPStatus.FORBIDDEN, "role"),
    desk.AccountRefusedError: ErrorPage(CONFLICT, "account-refused"),
    desk.StoreError: ErrorPage(DOWN, "store"),
    desk.StoreMissingError: ErrorPage(DOWN, "store-missing"),
    desk.StoreKeyError: ErrorPage(DOWN, "store-key"),
    desk.StoreDamagedError: ErrorPage(DOWN, "store-damaged"),
    desk.StoreVersionError: ErrorPage(DOWN, "store-version"),
    desk.StoreUnwritableError: ErrorPage(DOWN, "store-unwritable"),
    payer.EligibilityError: ErrorPage(PAYER, "payer"),
    payer.PayerUnavailableError: ErrorPage(PAYER, "payer-unavailable"),
    payer.PayerSilentError: ErrorPage(PAYER, "payer-unavailable"),
    payer.FolderAwayError: ErrorPage(PAYER, "folder-away"),
    payer.RequestsNotTakenError: ErrorPage(PAYER, "requests-not-taken"),
    payer.PayerTimeoutError: ErrorPage(HTTPStatus.GATEWAY_TIMEOUT, "payer-timeout"),
    payer.PayerProtocolError: ErrorPage(PAYER, "payer-protocol"),
    payer.PayerRefusedError: ErrorPage(PAYER, "payer-refused"),
    payer.CardNotRegisteredError: ErrorPage(PAYER, "card-not-registered"),
    payer.AnswerForAnotherPersonError: ErrorPage(PAYER, "another-person"),
    payer.ConflictingAnswersError: ErrorPage(PAYER, "conflicting-answers"),
    payer.ConsentRequiredError: ErrorPage(HTTPStatus.FORBIDDEN, "consent-required"),
    payer.ExportNotValidError: ErrorPage(HTTPStatus.INTERNAL_SERVER_ERROR, "export-not-valid"),
    payer.NotSupportedError: ErrorPage(CONFLICT, "not-supported"),
    payer.QuestionNotWritableError: ErrorPage(BAD, "question-not-writable"),
    payer.PayerTrustError: ErrorPage(PAYER, "payer-trust"),
}

HTTP_PAGES: Mapping[int, str] = {
    400: "bad-request",
    401: "log-in-first",
    403: "forbidden",
    404: "not-found",
    405: "not-found",
    413: "too-large",
    421: "wrong-address",
}


def page_for(error: Exception) -> ErrorPage:
    """Return how ``error`` is told: its own entry, else its nearest parent's."""
    for kind in type(error).__mro__:
        if kind in PAGES:
            return PAGES[kind]
    return PAGES[desk.TerminalError]


def _answer(page: ErrorPage) -> tuple[str, int]:
    side = "kiosk" if request.path.startswith("/kiosk") else "staff"
    return render_template([f"{side}/error.html", "error.html"], page=page), page.status


def show_error(error: Exception) -> tuple[str, int]:
    """Answer with the page of one of our own errors."""
    page = page_for(error)
    if page.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.warning("%s %s: %s", request.method, request.endpoint, type(error).__name__)
    return _answer(page)


def show_http_error(error: HTTPException) -> tuple[str, int]:
    """Answer with the page of an HTTP error."""
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    return _answer(ErrorPage(status, HTTP_PAGES.get(status, "unexpected")))


def init(app: Flask) -> None:
    """Have ``app`` tell all errors by the table."""
    app.register_error_handler(desk.TerminalError, show_error)
    app.register_error_handler(payer.EligibilityError, show_error)
    app.register_error_handler(IndividualNumberError, show_error)
    for code in default_exceptions:
        app.register_error_handler(code, show_http_error)
