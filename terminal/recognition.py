"""What the desk does with a card: read who issued it, and let it prove that the PIN is known.

Each step takes the card exclusively and lets it go unpowered, so that nobody after us finds a
verified PIN; the later step makes sure that it is still the same card.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from eligibility.errors import EligibilityError
from eligibility.model import NOT_READ, HolderAttributes, NotRead
from eligibility.payer import Challenge
from terminal.card.certificates import VerifiedCertificate
from terminal.card.common import read_card_issue
from terminal.card.connection import CardConnection, KeypadReader, PinPad
from terminal.card.foreign import recognise_foreign
from terminal.card.jpki import JpkiSession, TokenKind
from terminal.card.number_b import NumberB
from terminal.card.own_key import OwnKeyProof, RecordIssuers, prove_own_key
from terminal.card.proof import check_signature, digest_info, make_desk_challenge
from terminal.card.revocation import NotChecked, Revocation, not_checked
from terminal.card.text import TextSession
from terminal.card.visual import VisualSession
from terminal.errors import (
    AnotherCardError,
    CardError,
    CardProtocolError,
    CertificateReason,
    CertificateRejectedError,
    NumberBBlockedError,
    NumberBRefusedError,
    NumberBSparedError,
    OwnKeyReason,
    OwnKeyRejectedError,
    PinEntryUnsupportedError,
    ReaderError,
    UnknownCardError,
)
from terminal.reader.types import CardReader

log = logging.getLogger(__name__)

CHALLENGE_SECONDS = 0.5
"""How long a typed PIN waits for the payer's challenge before the desk makes its own."""

REVOCATION_SECONDS = 0.5
"""How long a proved PIN waits for word about revocation, asked for since the tap."""


@dataclass(frozen=True, slots=True)
class CardInReader:
    """A My Number card as found; nothing of it is verified yet.

    ``tries_left``: 0 when blocked, None when the card does not tell.  ``token``: a card or which
    phone, by its label.  ``has_signature_certificate``: asked only of a card whose PIN is blocked,
    else None.  ``has_keypad``: the PIN is to be typed on the reader.
    """

    reader: str
    certificate: bytes = field(repr=False)
    tries_left: int | None
    has_pin: bool
    token: TokenKind = TokenKind.UNKNOWN
    has_signature_certificate: bool | None = None
    has_keypad: bool = False


@dataclass(frozen=True, slots=True)
class KnownCard:
    """The card of a visit that is not over: what was read, verified and asked of the payer."""

    card: CardInReader
    verified: VerifiedCertificate
    challenge: Future[Challenge]
    revocation: Future[Revocation]

    def revocation_within(self, seconds: float) -> Revocation:
        """Return what is known about revocation of the certificate, waiting ``seconds`` at most."""
        try:
            return self.revocation.result(timeout=seconds)
        except FutureTimeoutError:
            return not_checked(NotChecked.TOO_LATE)

    def challenge_for(self, desk_id: str, visit_id: str, now: datetime) -> Challenge:
        """Return the payer's challenge if it came, else one of the desk's own."""
        try:
            return self.challenge.result(timeout=CHALLENGE_SECONDS)
        except (EligibilityError, FutureTimeoutError) as error:
            log.info("visit %s: the desk's own challenge is used: %r", visit_id, error)
            return make_desk_challenge(desk_id, visit_id, now, secrets.token_bytes(32))


@dataclass(frozen=True, slots=True)
class CardDetails:
    """What 照合番号B opened: the holder's attributes, and the card's last day in Japan.

    A phone has JPKI alone: all is NOT_READ then, and ``token`` tells which phone by its label.
    ``own_key``: what the card's own key proved, or why it proves nothing, where it was asked to;
    ``has_photo``: what the record of its face says, where that was read; ``photo``: that very
    photo (JPEG 2000), where it was asked for, the receiver's to overwrite.
    """

    attributes: HolderAttributes = field(repr=False)
    expires_on: date | NotRead
    token: TokenKind
    own_key: OwnKeyProof | OwnKeyReason | None = None
    has_photo: bool | None = None
    photo: bytearray | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class OwnKeyQuestion:
    """What the card's own key is to sign, and whose signed records count."""

    challenge: Challenge
    issuers: RecordIssuers


def read_card(reader: CardReader, name: str) -> CardInReader:
    """Read the authentication certificate of the card in reader ``name``, and its PIN's state.

    Raises UnknownCardError with what the card is instead, CertificateRejectedError where none was
    loaded (未搭載), and the other card and reader errors.
    """
    with reader.connect(name) as connection:
        try:
            session = JpkiSession(connection)
        except UnknownCardError as error:
            raise UnknownCardError(str(error), recognise_foreign(connection)) from error
        certificate = _authentication_certificate(session)
        token = _token(session)
        has_pin = session.has_pin
        tries_left = session.pin_tries_left() if has_pin else None
        signature = session.certificates_present().signature if tries_left == 0 else None
        return CardInReader(
            name,
            certificate,
            tries_left,
            has_pin,
            token,
            signature,
            has_keypad=has_pin and _keypad_of(connection) is not None,
        )


def _token(session: JpkiSession) -> TokenKind:
    """Tell a card from a phone; a label that cannot be read leaves it open and stops nobody."""
    try:
        return session.token_info().kind
    except CardProtocolError as error:
        log.info("token info not read: %s", error)
        return TokenKind.UNKNOWN


def why_expired(reader: CardReader, name: str, today: date) -> CertificateReason:
    """Tell a card that has itself expired from one whose certificate alone has.

    Asked only of a card whose certificate was refused as expired; what cannot be read, as on a
    phone, leaves it at the certificate.  ``today``: the day in Japan.
    """
    try:
        with reader.connect(name) as connection:
            expires_on = read_card_issue(connection).expires_on
    except (CardError, ReaderError) as error:
        log.info("the card's own expiry is not read: %s", error)
        return CertificateReason.EXPIRED
    return CertificateReason.CARD_EXPIRED if expires_on < today else CertificateReason.EXPIRED


def _keypad_of(connection: CardConnection) -> PinPad | None:
    return connection.pinpad() if isinstance(connection, KeypadReader) else None


def _authentication_certificate(session: JpkiSession) -> bytes:
    try:
        return session.authentication_certificate()
    except CardProtocolError as error:
        # asked only now: a card that has one is not kept waiting
        if session.certificates_present().authentication:
            raise
        raise CertificateRejectedError(CertificateReason.NOT_LOADED) from error


def prove_pin(
    reader: CardReader, card: CardInReader, pin: bytearray, challenge: Challenge
) -> bytes:
    """Let the card sign ``challenge`` after VERIFY; return the checked signature.

    Raises InvalidPinError, PinBlockedError, CardRemovedError (also where another card lies there
    now) and the other card and reader errors.  ``pin`` is for the caller to clear.
    """
    with reader.connect(card.reader) as connection:
        session = _same_card(connection, card)
        session.verify_pin(pin)
        signature = session.sign(digest_info(challenge.value))
    check_signature(card.certificate, challenge.value, signature)
    return signature


def prove_pin_on_reader(
    reader: CardReader,
    card: CardInReader,
    challenge: Callable[[], Challenge],
    typed: Callable[[], None],
) -> tuple[Challenge, bytes]:
    """Let the holder type the PIN on the reader's keys, then the card sign a challenge.

    Waits as long as the reader does; ``typed`` is called once the card has accepted the PIN, and
    ``challenge`` after it.  Returns the challenge and its checked signature.

    Raises PinEntryError where nothing reached the card, and what :func:`prove_pin` raises.
    """
    with reader.connect(card.reader) as connection:
        session = _same_card(connection, card)
        keypad = _keypad_of(connection)
        if keypad is None:
            msg = "the reader has no keypad any more"
            raise PinEntryUnsupportedError(msg)
        session.verify_pin_on(keypad)
        typed()
        asked = challenge()
        signature = session.sign(digest_info(asked.value))
    check_signature(card.certificate, asked.value, signature)
    return asked, signature


def read_attributes(
    reader: CardReader,
    card: CardInReader,
    number_b: NumberB,
    *,
    spared: int = 0,
    own_key: OwnKeyQuestion | None = None,
    photo: bool = False,
) -> CardDetails:
    """Read name, address, birth date, sex (券面入力補助) and the card's expiry, under one hold.

    ``number_b`` is tried at most once, and not at all against another card, a phone or a card whose
    expiry cannot be read; it is for the caller to clear.  ``spared``: it is not tried where the
    card has no more tries than this.  ``own_key``: once the number was right, also let the card's
    own key sign (券面事項確認); the counter there is another one.  ``photo``: give the photo of
    that application as well.

    Raises NumberBRefusedError with the tries left, NumberBBlockedError, NumberBSparedError,
    AnotherCardError, CardRemovedError and the other card and reader errors.
    """
    with reader.connect(card.reader) as connection:
        _same_card(connection, card)
        try:
            issue = read_card_issue(connection)
        except UnknownCardError:
            return CardDetails(HolderAttributes(), NOT_READ, card.token)
        text = TextSession(connection)
        if spared:
            tries_left = text.number_b_tries_left()
            if tries_left is None or tries_left <= spared:
                raise NumberBSparedError(tries_left)
        text.verify_number_b(number_b)
        attributes = text.attributes()
        details = CardDetails(attributes, issue.expires_on, TokenKind.CARD)
        if own_key is None and not photo:
            return details
        return _with_face(connection, number_b, details, own_key, photo=photo)


def _with_face(
    connection: CardConnection,
    number_b: NumberB,
    details: CardDetails,
    asked: OwnKeyQuestion | None,
    *,
    photo: bool,
) -> CardDetails:
    """Read the record of the card's face and let the card's own key sign, as far as asked.

    What hinders that leaves the attributes as they were read.
    """
    try:
        visual = VisualSession(connection)
        visual.verify_number_b(number_b)
        record = visual.record()
        details = replace(details, has_photo=record.photo is not None)
        if photo and record.photo is not None:
            details = replace(details, photo=bytearray(record.photo))
        if asked is None:
            return details
        read = details.attributes
        if (record.birthdate, record.sex) != (read.birthdate, read.sex):
            return replace(details, own_key=OwnKeyReason.RECORD_ALTERED)
        proof = prove_own_key(connection, record.content, asked.issuers, asked.challenge)
        return replace(details, own_key=proof)
    except OwnKeyRejectedError as error:
        return replace(details, own_key=error.reason)
    except (
        CardProtocolError,
        NumberBBlockedError,
        NumberBRefusedError,
        UnknownCardError,
    ) as error:
        log.warning("the card's face is not read: %s", type(error).__name__)
        return details if asked is None else replace(details, own_key=OwnKeyReason.UNREADABLE)


def _same_card(connection: CardConnection, card: CardInReader) -> JpkiSession:
    """SELECT JPKI on the card that was read before.  Raises AnotherCardError for another one."""
    session = JpkiSession(connection)
    if not session.carries(card.certificate):
        msg = "another card lies in the reader"
        raise AnotherCardError(msg)
    return session
