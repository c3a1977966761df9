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
    ├── AnswerWithheldError           this visit may not hand out such an answer
    ├── UnknownMonthError             no month, or one that has not begun
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


class TerminalError(Exception):
    """Root of all errors that this package raises."""


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


class ReaderError(TerminalError):
    """The way to the card is not there."""


class NoReaderError(ReaderError):
    """No reader, or the one that was there is gone."""


class PcscUnavailableError(ReaderError):
    """The PC/SC daemon (pcscd) does not answer."""


class ReaderBusyError(ReaderError):
    """Another program holds the card exclusively."""


class ReaderAccessDeniedError(ReaderError):
    """The daemon's access policy (polkit) refuses this user."""


class CardError(TerminalError):
    """Something about the card in the reader."""


class CardRemovedError(CardError):
    """The card was taken away."""


class AnotherCardError(CardRemovedError):
    """Another card lies in the reader than the one that was read before."""


class CardUnreadableError(CardError):
    """The card does not answer, or not in time."""


class ForeignCard(StrEnum):
    """What a card is that is no My Number card."""

    RESIDENCE_CARD = "residence-card"
    DRIVING_LICENCE = "driving-licence"
    BANK_CARD = "bank-card"
    PASSPORT = "passport"
    TRANSIT_CARD = "transit-card"
    OTHER = "other"


class UnknownCardError(CardError):
    """The card has no JPKI application: it is not a My Number card."""

    def __init__(self, message: str, kind: ForeignCard = ForeignCard.OTHER) -> None:
        """``kind``: what it is instead, where somebody looked."""
        super().__init__(message)
        self.kind = kind


class CardProtocolError(CardError):
    """The card answered with something that the protocol does not allow."""

    def __init__(self, message: str, sw: int | None = None) -> None:
        """``sw``: the status word, if that was it."""
        super().__init__(message if sw is None else f"{message} (SW {sw:04X})")
        self.sw = sw


class InvalidPinError(CardError):
    """The PIN is wrong."""

    def __init__(self, tries_left: int) -> None:
        """``tries_left``: 1 or more."""
        super().__init__(f"wrong PIN, {tries_left} tries left")
        self.tries_left = tries_left


class PinBlockedError(CardError):
    """The PIN has no try left."""


class PinEntryError(CardError):
    """The entry on the reader's keypad ended without a PIN; the card lost no try."""


class PinEntryTimeoutError(PinEntryError):
    """Nobody finished the entry in time."""


class PinEntryCancelledError(PinEntryError):
    """The holder cancelled the entry."""


class PinEntryLengthError(PinEntryError):
    """The entry had too few or too many digits."""


class PinEntryUnsupportedError(PinEntryError):
    """The reader has no keypad for this PIN, whatever it says of itself."""


class NumberBRefusedError(CardError):
    """照合番号B does not fit this card."""

    def __init__(self, tries_left: int) -> None:
        """``tries_left``: 1 or more, of the application that was asked."""
        super().__init__(f"照合番号B refused, {tries_left} tries left")
        self.tries_left = tries_left


class NumberBBlockedError(CardError):
    """照合番号B has no try left in the application that was asked."""


class NumberBSparedError(CardError):
    """照合番号B was not tried: too few tries are left for a number that nobody typed."""

    def __init__(self, tries_left: int | None) -> None:
        """``tries_left``: None where the card does not tell."""
        super().__init__(f"照合番号B not tried, {tries_left} tries left")
        self.tries_left = tries_left


class CertificateReason(StrEnum):
    """Why a certificate is not accepted."""

    NOT_LOADED = "not-loaded"
    UNREADABLE = "unreadable"
    UNKNOWN_ISSUER = "unknown-issuer"
    NOT_YET_VALID = "not-yet-valid"
    EXPIRED = "expired"
    CARD_EXPIRED = "card-expired"
    WRONG_USAGE = "wrong-usage"
    TEST_HIERARCHY = "test-hierarchy"
    SIGNATURE_MISMATCH = "signature-mismatch"
    REVOKED = "revoked"


class CertificateRejectedError(CardError):
    """The authentication certificate does not hold."""

    def __init__(self, reason: CertificateReason) -> None:
        """``reason``: what does not hold."""
        super().__init__(f"certificate rejected: {reason}")
        self.reason = reason


class OwnKeyReason(StrEnum):
    """Why a card's own key proves nothing."""

    UNKNOWN_ISSUER = "unknown-issuer"
    TEST_HIERARCHY = "test-hierarchy"
    RECORD_ALTERED = "record-altered"
    SIGNATURE_MISMATCH = "signature-mismatch"
    UNREADABLE = "unreadable"


class OwnKeyRejectedError(CardError):
    """The signed record or the own key of the card (券面事項確認) does not hold."""

    def __init__(self, reason: OwnKeyReason) -> None:
        """``reason``: what does not hold."""
        super().__init__(f"own key rejected: {reason}")
        self.reason = reason


class NumberBPart(StrEnum):
    """What 照合番号B is made of."""

    BIRTHDATE = "birthdate"
    EXPIRY_YEAR = "expiry-year"
    SECURITY_CODE = "security-code"


class NumberBReason(StrEnum):
    """Why a part of 照合番号B cannot be right."""

    FORM = "form"
    IN_FUTURE = "in-future"
    OUT_OF_RANGE = "out-of-range"


class NumberBEntryError(TerminalError):
    """A part of 照合番号B cannot be right; nothing was sent to the card."""

    def __init__(self, part: NumberBPart, reason: NumberBReason) -> None:
        """``part`` and ``reason`` tell what to correct; what was typed is not kept."""
        super().__init__(f"照合番号B: {part}: {reason}")
        self.part = part
        self.reason = reason


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


class AnswerWithheldError(TerminalError):
    """The visit does not stand on this answer, or it may be another person's."""


class UnknownMonthError(TerminalError):
    """There is no report of such a month."""


class UnknownFileError(TerminalError):
    """No file, or more than one, is set aside under this id, or its bytes were never read."""


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
