"""The card's operating system: what each ISO 7816-4 command does, and the security state.

Facts about the real card (which commands, which status words, when the verified state is lost)
come from measurements on physical JPKI test cards published by soltia48/myna-card.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric import rsa

from terminal.virtual_card.commands import SW, Command, StatusError, check_class, parse
from terminal.virtual_card.files import (
    Application,
    BinaryFile,
    CardFile,
    RecordFile,
    Secret,
    SignatureModeError,
    SigningKey,
    TerminalCa,
    verifies,
)
from terminal.virtual_card.trace import Trace

#: A contactless My Number card as a Type B reader shows it.
MY_NUMBER_ATR = bytes.fromhex("3BDA13FF8131FB468012392F31C173C601C03B")

#: GlobalPlatform issuer security domain: selected after power-up, nothing in it to read.
ISSUER_DOMAIN = Application(bytes.fromhex("A0000001510000"), "isd")


class CardOs:
    """A card with these applications.

    The verified state is lost when the power goes off or on and by SELECT of any application,
    also the same one; it outlives a warm reset.  Retry counters outlive everything but
    :meth:`reissue`.  All methods may be called from any thread.
    """

    def __init__(
        self,
        applications: Sequence[Application],
        *,
        atr: bytes = MY_NUMBER_ATR,
        trace: Trace | None = None,
        first_command_fails: bool = False,
    ) -> None:
        """``first_command_fails``: answer the first command after power-up with 6F00, as one
        surveyed card does.
        """
        self.atr = atr
        self.trace = trace if trace is not None else Trace()
        self.applications = tuple(applications)
        self._first_command_fails = first_command_fails
        self._lock = threading.RLock()
        self._fresh = True
        self._application = ISSUER_DOMAIN
        self._current: int | None = None
        self._verified: set[int] = set()
        self._challenge: bytes | None = None
        # the current application's terminal CA and the terminal's key under it
        self._terminal: tuple[int, rsa.RSAPublicKey] | None = None

    def power_on(self) -> None:
        """Begin afresh: no application, nothing verified."""
        with self._lock:
            self._enter(ISSUER_DOMAIN)
            self._fresh = True

    def power_off(self) -> None:
        """Forget what was verified."""
        self.power_on()

    def reset(self) -> None:
        """Warm reset: changes nothing on this card."""

    @property
    def pin_tries_left(self) -> int | None:
        """Tries left of the authentication PIN (JPKI 0018), None on a card without."""
        secret = self._pin()
        return None if secret is None else secret.tries_left

    def block_pin(self) -> None:
        """Leave the authentication PIN no try, as wrong entries elsewhere do."""
        with self._lock:
            secret = self._pin()
            if secret is not None:
                secret.tries_left = 0

    def _pin(self) -> Secret | None:
        for application in self.applications:
            secret = application.files.get(0x0018)
            if isinstance(secret, Secret):
                return secret
        return None

    def reissue(self) -> None:
        """Set every retry counter to its value at issue and power the card off."""
        with self._lock:
            for application in self.applications:
                for file in application.files.values():
                    if isinstance(file, Secret):
                        file.restore()
            self.power_off()

    def transmit(self, apdu: bytes) -> bytes:
        """Answer one command APDU; never raises for anything in it."""
        with self._lock:
            try:
                data, sw = self._answer(apdu)
            except StatusError as refusal:
                data, sw = b"", refusal.sw
            self.trace.add(apdu, self._target(), sw, len(data))
            return data + sw.to_bytes(2)

    def _target(self) -> str:
        name = self._application.name
        return name if self._current is None else f"{name}/{self._current:04X}"

    def _enter(self, application: Application) -> None:
        self._application = application
        self._current = None
        self._verified.clear()
        self._challenge = self._terminal = None

    def _answer(self, apdu: bytes) -> tuple[bytes, int]:
        if self._first_command_fails and self._fresh:
            self._fresh = False
            return b"", SW.FAULT
        command = parse(apdu)
        check_class(command.cla)
        match (command.cla & 0x80, command.ins):
            case (0x00, 0xA4):
                return self._select(command)
            case (0x00, 0xB0):
                return self._read_binary(command)
            case (0x00, 0xB2):
                return self._read_record(command)
            case (0x00, 0x20):
                return self._verify(command)
            case (0x00, 0x84):
                return self._get_challenge(command)
            case (0x00, 0xCA):
                return b"", SW.NO_DATA_OBJECT
            case (0x00, 0x82):
                return self._external_authenticate(command)
            case (0x80, 0x2A):
                return self._sign(command)
            case (0x80, 0xA2):
                return self._set_public_key(command)
            case _:
                return b"", SW.INSTRUCTION

    def _select(self, command: Command) -> tuple[bytes, int]:
        if command.p1 == 0x04:
            return self._select_application(command)
        if command.p1 != 0x02 or command.p2 not in (0x00, 0x0C):
            return b"", SW.BAD_PARAMETERS
        if len(command.data) != 2:
            return b"", SW.WRONG_LENGTH
        fid = int.from_bytes(command.data)
        if fid not in self._application.files:
            return b"", SW.NOT_FOUND
        self._current = fid
        return b"", SW.OK

    def _select_application(self, command: Command) -> tuple[bytes, int]:
        if command.p2 not in (0x00, 0x0C):
            return b"", SW.BAD_PARAMETERS
        if not 1 <= len(command.data) <= 16:
            return b"", SW.WRONG_LENGTH
        for application in (*self.applications, ISSUER_DOMAIN):
            if application.aid.startswith(command.data):
                self._enter(application)
                wants_fci = command.p2 == 0x00 and command.expected is not None
                return (application.fci if wants_fci else b""), SW.OK
        return b"", SW.NOT_FOUND

    def _file(self, short_id: int) -> CardFile:
        """Return the current file, or with ``short_id`` not 0 make that one current."""
        if short_id:
            if short_id not in self._application.files:
                raise StatusError(SW.NOT_FOUND)
            self._current = short_id
        if self._current is None:
            raise StatusError(SW.NO_CURRENT_FILE)
        return self._application.files[self._current]

    def _read_binary(self, command: Command) -> tuple[bytes, int]:
        if command.data or command.expected is None:
            return b"", SW.WRONG_LENGTH
        if command.p1 & 0x80:
            if command.p1 & 0x60:
                return b"", SW.BAD_PARAMETERS
            file, offset = self._file(command.p1 & 0x1F), command.p2
        else:
            file, offset = self._file(0), command.p1 << 8 | command.p2
        if not isinstance(file, BinaryFile):
            return b"", SW.WRONG_FILE_TYPE
        if not file.access.allows(self._verified):
            return b"", SW.NOT_VERIFIED
        if offset >= len(file.content):
            return b"", SW.BEYOND_END
        return file.content[offset : offset + command.expected], SW.OK

    def _read_record(self, command: Command) -> tuple[bytes, int]:
        if command.data or command.expected is None:
            return b"", SW.WRONG_LENGTH
        if command.p2 & 0x07 != 0x04:
            return b"", SW.BAD_PARAMETERS
        file = self._file(command.p2 >> 3)
        if not isinstance(file, RecordFile):
            return b"", SW.WRONG_FILE_TYPE
        if not file.access.allows(self._verified):
            return b"", SW.NOT_VERIFIED
        if not 1 <= command.p1 <= len(file.records):
            return b"", SW.NO_RECORD
        return file.records[command.p1 - 1][: command.expected], SW.OK

    def _verify(self, command: Command) -> tuple[bytes, int]:
        if command.p1 or command.p2 & 0xE0 != 0x80:
            return b"", SW.BAD_PARAMETERS
        secret = self._file(command.p2 & 0x1F)
        if not isinstance(secret, Secret):
            return b"", SW.WRONG_FILE_TYPE
        if not command.data:
            return b"", SW.TRIES_LEFT | secret.tries_left
        if not secret.tries_left:
            return b"", SW.BLOCKED
        fid = self._current or 0
        if secret.verify(command.data):
            self._verified.add(fid)
            return b"", SW.OK
        self._verified.discard(fid)
        return b"", SW.TRIES_LEFT | secret.tries_left

    def _sign(self, command: Command) -> tuple[bytes, int]:
        if not command.data:
            return b"", SW.WRONG_LENGTH
        if command.p1 == 0 and command.p2 == 0 and self._application.own_key is not None:
            key: CardFile = self._application.own_key
        elif command.p1 > 5 or command.p2 & 0xE0 != 0x80:
            return b"", SW.BAD_PARAMETERS
        elif command.p2 == 0x80 and self._current is None:
            return b"", SW.CONDITIONS
        else:
            key = self._file(command.p2 & 0x1F)
        if not isinstance(key, SigningKey) or command.p1 not in key.modes:
            return b"", SW.CONDITIONS
        if not key.access.allows(self._verified):
            return b"", SW.NOT_VERIFIED
        try:
            return key.sign(command.p1, command.data), SW.OK
        except SignatureModeError:
            return b"", SW.BAD_DATA

    def _get_challenge(self, command: Command) -> tuple[bytes, int]:
        if command.p1 or command.p2:
            return b"", SW.BAD_PARAMETERS
        if command.data or command.expected is None or command.expected > 256:
            return b"", SW.WRONG_LENGTH
        self._challenge = secrets.token_bytes(command.expected)
        return self._challenge, SW.OK

    def _set_public_key(self, command: Command) -> tuple[bytes, int]:
        """SET PUBLIC IC KEY: keep the key of a terminal that the current terminal CA vouches for.

        P1-P2 0080 (the current file) is this card's own choice: the real values are not public.
        """
        if (command.p1, command.p2) != (0x00, 0x80):
            return b"", SW.BAD_PARAMETERS
        authority = self._file(0)
        if not isinstance(authority, TerminalCa):
            return b"", SW.WRONG_FILE_TYPE
        key = authority.accept(command.data)
        self._terminal = None if key is None or self._current is None else (self._current, key)
        return b"", SW.BAD_DATA if self._terminal is None else SW.OK

    def _external_authenticate(self, command: Command) -> tuple[bytes, int]:
        """Take a terminal's signature over the last challenge; each challenge serves once."""
        if command.p1 or command.p2:
            return b"", SW.BAD_PARAMETERS
        challenge, self._challenge = self._challenge, None
        if challenge is None or self._terminal is None:
            return b"", SW.CONDITIONS
        authority, key = self._terminal
        if not verifies(key, challenge, command.data):
            return b"", SW.NO_LIMIT
        self._verified.add(authority)
        return b"", SW.OK


class MuteCard:
    """A card that has an ATR and answers no command: broken, or pushed in half."""

    def __init__(self, trace: Trace | None = None) -> None:
        self.atr = MY_NUMBER_ATR
        self.trace = trace if trace is not None else Trace()

    def power_on(self) -> None:
        """Begin afresh."""

    def power_off(self) -> None:
        """Nothing to forget."""

    def reset(self) -> None:
        """Nothing to reset."""

    def reissue(self) -> None:
        """Nothing to restore."""

    def transmit(self, apdu: bytes) -> None:
        """Do not answer."""
        self.trace.add(apdu, "mute", None, 0)
