"""Errors of the card and of the way to it: whoever stands at the reader has to do something."""

from __future__ import annotations

from enum import StrEnum

from terminal.errors.root import TerminalError


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
