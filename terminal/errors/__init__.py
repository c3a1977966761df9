"""Errors of the desk, split by what the caller can do.

::

    TerminalError
    ├── ConfigError                   the file or key named is wrong: correct it
    ├── PortInUseError                another program holds the address: stop it or choose another
    ├── ReaderError                   the way to the card is not there
    │   ├── NoReaderError             no reader plugged in
    │   ├── PcscUnavailableError      the PC/SC daemon does not answer
    │   ├── ReaderBusyError           another program holds the card
    │   └── ReaderAccessDeniedError   polkit refuses the service user
    ├── CardError                     the card in the reader
    │   ├── CardRemovedError          taken away: put it back
    │   │   └── AnotherCardError      another card lies there now: the right one back
    │   ├── CardUnreadableError       mute or broken: put it again, then staff
    │   ├── UnknownCardError          not a My Number card, and which other where it can be told
    │   ├── CardProtocolError         a status word or data that must not come
    │   ├── InvalidPinError           wrong PIN, with the tries left
    │   ├── PinBlockedError           no try left: staff's look, unlock at the municipality
    │   ├── PinEntryError             nothing reached the card from the reader's keypad: ask again
    │   │   ├── PinEntryTimeoutError      no key was pressed in time
    │   │   ├── PinEntryCancelledError    the holder pressed the red key
    │   │   ├── PinEntryLengthError       too few or too many digits
    │   │   └── PinEntryUnsupportedError  these keys cannot do it: ask on the screen
    │   ├── NumberBRefusedError       照合番号B does not fit the card, with the tries left
    │   ├── NumberBBlockedError       照合番号B has no try left: another way, unlock as above
    │   ├── NumberBSparedError        not tried, since few tries are left: staff type it
    │   ├── CertificateRejectedError  chain, validity or policy does not hold, with the reason
    │   └── OwnKeyRejectedError       the card's record or own key does not hold, with the reason
    ├── NumberBEntryError             a part of 照合番号B cannot be right: correct it
    ├── RegisterError                 the clinic's register of patients
    │   └── UnknownPatientError       no patient of this number
    ├── CsvFileError                  a clinic's file is none that can be read, with the reason
    ├── BulkStateError                the check of expected patients is not in a state for this
    ├── PreviewOutdatedError          what a file would do changed meanwhile: look at it again
    ├── RightNameRefusedError         what was entered is no name: correct it
    ├── VisitError                    the command does not fit the visit
    │   ├── UnknownVisitError         no such visit
    │   └── VisitStateError           not allowed in this state (a late or doubled command)
    │       └── LookRefusedError          a look cannot identify this holder, with the reason
    ├── DisasterModeOffError          asking by name outside disaster mode: an administrator
    ├── DisasterRefusedError          disaster mode cannot be switched so, with the reason
    ├── ExportRefusedError            history is not handed out as a file so, with the reason
    ├── DisclosureRefusedError        nothing opens so for this visit, with the reason
    ├── AnswerWithheldError           this visit may not hand out such an answer
    ├── UnknownMonthError             no month, or one that has not begun
    ├── UnknownPayerListError         no such list of the payer's, or it was deleted
    ├── UnknownFileError              no such file is set aside, or its bytes were never read
    ├── AccessError                   the person may not do this
    │   ├── LoginRefusedError         name, password or code do not fit
    │   ├── LoginThrottledError       too many tries: wait
    │   ├── RoleError                 this role may not
    │   └── AccountRefusedError       the account cannot be made or changed so, with the reason
    └── StoreError                    the database
        ├── StoreMissingError         absent or empty where one must be: damage, not a first start
        ├── StoreKeyError             the key does not open it
        ├── StoreDamagedError         it opens, but is not whole, or its audit chain is broken
        ├── StoreVersionError         written by a newer release
        └── StoreUnwritableError      disk full, read-only or failing: reads go on

Messages hold ids, codes and counts, never health data, PINs or keys.
"""

from __future__ import annotations

from enum import StrEnum

from terminal.errors.card import (
    AnotherCardError as AnotherCardError,
    CardError as CardError,
    CardProtocolError as CardProtocolError,
    CardRemovedError as CardRemovedError,
    CardUnreadableError as CardUnreadableError,
    CertificateReason as CertificateReason,
    CertificateRejectedError as CertificateRejectedError,
    ForeignCard as ForeignCard,
    InvalidPinError as InvalidPinError,
    NoReaderError as NoReaderError,
    NumberBBlockedError as NumberBBlockedError,
    NumberBEntryError as NumberBEntryError,
    NumberBPart as NumberBPart,
    NumberBReason as NumberBReason,
    NumberBRefusedError as NumberBRefusedError,
    NumberBSparedError as NumberBSparedError,
    OwnKeyReason as OwnKeyReason,
    OwnKeyRejectedError as OwnKeyRejectedError,
    PcscUnavailableError as PcscUnavailableError,
    PinBlockedError as PinBlockedError,
    PinEntryCancelledError as PinEntryCancelledError,
    PinEntryError as PinEntryError,
    PinEntryLengthError as PinEntryLengthError,
    PinEntryTimeoutError as PinEntryTimeoutError,
    PinEntryUnsupportedError as PinEntryUnsupportedError,
    ReaderAccessDeniedError as ReaderAccessDeniedError,
    ReaderBusyError as ReaderBusyError,
    ReaderError as ReaderError,
    UnknownCardError as UnknownCardError,
)
from terminal.errors.root import TerminalError as TerminalError


class ConfigError(TerminalError):
    """The configuration cannot be used."""

    def __init__(self, file: str, key: str | None, reason: str) -> None:
        """``file`` and ``key`` tell where; ``reason`` tells what is allowed."""
        place = f"{file}: {key}" if key else file
        super().__init__(f"{place}: {reason}")
        self.file = file
        self.key = key
        self.reason = reason


class PortInUseError(TerminalError):
    """The address to listen on is taken."""

    def __init__(self, host: str, port: int) -> None:
        """``host`` and ``port``: the address."""
        super().__init__(f"{host}:{port} is in use by another program")
        self.host = host
        self.port = port


class CsvFileReason(StrEnum):
    """Why a file cannot be taken."""

    EMPTY = "empty"
    TOO_LARGE = "too-large"
    TOO_MANY_LINES = "too-many-lines"
    ENCODING = "encoding"
    NOT_CSV = "not-csv"
    COLUMN_MISSING = "column-missing"
    COLUMN_TWICE = "column-twice"
    INDIVIDUAL_NUMBER = "individual-number"
    LINES = "lines"


class CsvFileError(TerminalError):
    """The file is not taken; nothing of it is."""

    def __init__(
        self, reason: CsvFileReason, columns: tuple[str, ...] = (), line: int | None = None
    ) -> None:
        """``columns``: which, by the record's field names; ``line``: where, if at one place."""
        where = "" if line is None else f" at line {line}"
        which = f" ({', '.join(columns)})" if columns else ""
        super().__init__(f"the file is not taken: {reason}{which}{where}")
        self.reason = reason
        self.columns = columns
        self.line = line


class PreviewOutdatedError(TerminalError):
    """What taking a file would do changed meanwhile, or nobody looked at one lately."""


class BulkStateError(TerminalError):
    """The check of expected patients is not in a state for this, or there is none."""


class RegisterError(TerminalError):
    """Something about the clinic's register of patients (患者台帳)."""


class UnknownPatientError(RegisterError):
    """The register has no patient of this number."""


class RightNameRefusedError(TerminalError):
    """What was entered as somebody's right name is none; it is not repeated."""

    def __init__(self) -> None:
        super().__init__("what was entered cannot be kept as a name")


class VisitError(TerminalError):
    """The command does not fit the visit."""


class UnknownVisitError(VisitError):
    """There is no such visit."""


class VisitStateError(VisitError):
    """The visit's state does not allow this: a late, doubled or foreign command."""


class LookReason(StrEnum):
    """Why staff cannot identify a holder by looking (目視確認)."""

    CERTIFICATE = "certificate"
    PHONE = "phone"
    NO_PHOTO = "no-photo"
    NO_CARD = "no-card"


class LookRefusedError(VisitStateError):
    """A look cannot identify this holder."""

    def __init__(self, visit_id: str, reason: LookReason) -> None:
        """``reason``: what is wanting."""
        super().__init__(f"visit {visit_id} cannot be identified by a look: {reason}")
        self.reason = reason


class ExportReason(StrEnum):
    """Why history is not handed out as a file."""

    OFF = "off"
    NO_REASON = "no-reason"
    PERSON = "person"
    """The payer's answer names people of several birth dates."""


class ExportRefusedError(TerminalError):
    """History is not handed out as a file like this."""

    def __init__(self, reason: ExportReason) -> None:
        """``reason``: what does not hold."""
        super().__init__(f"history is not handed out as a file: {reason}")
        self.reason = reason


class DisasterModeOffError(TerminalError):
    """Disaster mode is not on, or has ended by now."""

    def __init__(self) -> None:
        super().__init__("disaster mode is not on")


class DisasterReason(StrEnum):
    """Why disaster mode is not switched as was asked."""

    NO_REASON = "no-reason"
    TIME = "time"
    ALREADY_ON = "already-on"


class DisasterRefusedError(TerminalError):
    """Disaster mode cannot be switched like this."""

    def __init__(self, reason: DisasterReason) -> None:
        """``reason``: what does not hold."""
        super().__init__(f"disaster mode is not switched: {reason}")
        self.reason = reason


class DisclosureReason(StrEnum):
    """Why no medical data can be opened without a card in disaster mode for a visit."""

    WITH_CARD = "with-card"
    NOT_SUPPORTED = "not-supported"
    NOT_ANSWERED = "not-answered"
    SEVERAL = "several"
    DOUBTFUL = "doubtful"
    NOT_NAMED = "not-named"
    """The payer has not opened it to this institution: it names nobody a consent could be for."""
    SPOKEN = "spoken"
    """The patient said yes or no: nothing is opened without consent."""
    NO_REASON = "no-reason"


class DisclosureRefusedError(TerminalError):
    """Medical data cannot be opened like this."""

    def __init__(self, visit_id: str, reason: DisclosureReason) -> None:
        """``reason``: what does not hold."""
        super().__init__(f"visit {visit_id}: nothing is opened without a card: {reason}")
        self.reason = reason


class AnswerWithheldError(TerminalError):
    """The visit does not stand on this answer, or it may be another person's."""


class UnknownMonthError(TerminalError):
    """There is no report of such a month."""


class UnknownFileError(TerminalError):
    """No file, or more than one, is set aside under this id, or its bytes were never read."""


class UnknownPayerListError(TerminalError):
    """No such list was asked of the payer, or it was deleted after its time."""


class AccessError(TerminalError):
    """The person may not do this."""


class LoginRefusedError(AccessError):
    """Name, password or code do not fit (never says which)."""


class LoginThrottledError(AccessError):
    """Too many tries."""

    def __init__(self, retry_after: float) -> None:
        """``retry_after``: seconds to wait."""
        super().__init__(f"too many tries, wait {retry_after:.0f} s")
        self.retry_after = retry_after


class RoleError(AccessError):
    """This role may not do this."""


class AccountReason(StrEnum):
    """Why an account is not made or changed."""

    NAME_FORM = "name-form"
    NAME_TAKEN = "name-taken"
    PASSWORD_TOO_SHORT = "password-too-short"  # noqa: S105  # a reason, not a password
    PASSWORD_TOO_LONG = "password-too-long"  # noqa: S105  # a reason, not a password
    PASSWORD_GUESSABLE = "password-guessable"  # noqa: S105  # a reason, not a password
    INDIVIDUAL_NUMBER = "individual-number"
    LAST_ADMINISTRATOR = "last-administrator"
    UNKNOWN_ACCOUNT = "unknown-account"


class AccountRefusedError(AccessError):
    """The account cannot be made or changed like this."""

    def __init__(self, reason: AccountReason) -> None:
        """``reason``: what does not hold."""
        super().__init__(f"account refused: {reason}")
        self.reason = reason


class StoreError(TerminalError):
    """The database cannot do what was asked."""


class StoreMissingError(StoreError):
    """The database is absent, empty or another one's where ours must be."""


class StoreKeyError(StoreError):
    """The key does not open the database."""


class StoreDamagedError(StoreError):
    """The database or its audit chain is not whole."""


class StoreVersionError(StoreError):
    """The database was written by a newer release."""


class StoreUnwritableError(StoreError):
    """Nothing can be written now: disk full, read-only or failing."""
