"""Errors of the payer's side, split by what the caller can do.

::

    EligibilityError
    ├── PayerUnavailableError         ask again later: refused, reset, 5xx, 429
    │   ├── PayerTimeoutError         the payer did not answer in time
    │   ├── PayerSilentError          nothing was sent: the last calls failed, it is not yet time
    │   ├── FolderAwayError           a folder of the national interface cannot be used
    │   └── RequestsNotTakenError     the link application leaves our requests lying
    ├── PayerProtocolError            the answer cannot be read: ask again, then give it to staff
    ├── PayerRefusedError             the payer understood and said no: its code and words
    │   └── CardNotRegisteredError    not yet an insurance card (利用登録): ask the patient
    ├── AnswerForAnotherPersonError   never shown, given to staff
    ├── ConflictingAnswersError       two that differ to one question: neither counts, to staff
    ├── ConsentRequiredError          history without a live consent: do not fetch
    ├── ExportNotValidError           a history's bundle is no valid FHIR: not handed out, tell us
    ├── NotSupportedError             this way of asking is not the adapter's: use another
    ├── QuestionNotWritableError      the interface's characters do not hold a value: correct it
    └── PayerTrustError               certificates missing, refused or expired: call the installer

Messages hold ids, codes and counts, never health data.
"""

from __future__ import annotations

from collections.abc import Sequence


class EligibilityError(Exception):
    """Root of all errors that this package raises."""


class PayerUnavailableError(EligibilityError):
    """The payer could not be reached or is not able to answer now; asking again is right."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        """``retry_after``: seconds that the payer asked us to wait, if it did."""
        super().__init__(message)
        self.retry_after = retry_after


class PayerTimeoutError(PayerUnavailableError):
    """The payer did not answer within the time limit."""


class PayerSilentError(PayerUnavailableError):
    """Nothing was sent, since the payer did not answer the last calls; it is asked again later."""


class FolderAwayError(PayerUnavailableError):
    """A folder of the national interface is not there, not mounted or not ours to write."""


class RequestsNotTakenError(PayerUnavailableError):
    """The link application has not taken requests for longer than an answer may last."""


class PayerProtocolError(EligibilityError):
    """The payer answered, but not in a form that the interface knows."""

    def __init__(self, message: str, *, original: bytes = b"") -> None:
        """``original``: the answer as received, so that it is not lost."""
        super().__init__(message)
        self.original = original


class PayerRefusedError(EligibilityError):
    """The payer understood the question and refused it."""

    def __init__(self, code: str, words: str, *, original: bytes = b"") -> None:
        """``code`` and ``words``: the payer's own, verbatim."""
        super().__init__(f"payer refused: {code}")
        self.code = code
        self.words = words
        self.original = original


class CardNotRegisteredError(PayerRefusedError):
    """The card is not yet registered as an insurance card (健康保険証利用登録)."""


class AnswerForAnotherPersonError(EligibilityError):
    """The answer names another certificate or patient than the question."""

    def __init__(self, question_id: str, *, original: bytes = b"") -> None:
        """``question_id``: the question whose answer is refused."""
        super().__init__(f"answer to question {question_id} is for another person")
        self.question_id = question_id
        self.original = original


class ConflictingAnswersError(EligibilityError):
    """One question has two answers that differ; nobody can say which one holds."""

    def __init__(self, question_id: str, count: int) -> None:
        """``count``: how many different answers there are."""
        super().__init__(f"question {question_id} has {count} answers that differ")
        self.question_id = question_id
        self.count = count


class ConsentRequiredError(EligibilityError):
    """History was asked for without a consent that holds now."""

    def __init__(self, category: str) -> None:
        """``category``: the consent category code that is missing."""
        super().__init__(f"no live consent for {category}")
        self.category = category


class ExportNotValidError(EligibilityError):
    """A bundle made of a history is no valid FHIR, and is not handed out."""

    def __init__(self, file_id: str, count: int, places: Sequence[str]) -> None:
        """``count``: of what does not hold; ``places``: the first elements of it."""
        super().__init__(f"export {file_id} is not valid FHIR: {count} at {', '.join(places)}")
        self.file_id = file_id
        self.count = count


class NotSupportedError(EligibilityError):
    """The payer's adapter does not know this way of asking; see its ``capabilities``."""

    def __init__(self, capability: str) -> None:
        """``capability``: the one that is missing."""
        super().__init__(f"the payer's interface in use cannot do this: {capability}")
        self.capability = capability


class QuestionNotWritableError(EligibilityError):
    """A value of the question has a character that the interface cannot carry."""

    def __init__(self, field: str, encoding: str) -> None:
        """``field``: the element's name; ``encoding``: the one that is written."""
        super().__init__(f"{field} cannot be written in {encoding}")
        self.field = field
        self.encoding = encoding


class PayerTrustError(EligibilityError):
    """TLS with the payer cannot be set up: files, certificates or names do not fit."""
