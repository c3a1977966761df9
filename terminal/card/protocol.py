"""Commands of ISO/IEC 7816-4 as the My Number card speaks them, one function each.

A status word becomes an exception in :func:`check` and nowhere else.  PINs are written into one
buffer that is cleared as soon as the card has answered; no command's data is ever logged or put
into an exception.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from terminal.card.apdu import CommandApdu, Ins, ResponseApdu, Sw, long_read
from terminal.card.connection import CardConnection, LongAnswers
from terminal.card.tlv import read_header
from terminal.card.traffic import log_exchange
from terminal.errors import (
    CardError,
    CardProtocolError,
    InvalidPinError,
    PinBlockedError,
    UnknownCardError,
)

JPKI_AID = bytes.fromhex("D392F000260100000001")
TEXT_AID = bytes.fromhex("D3921000310001010408")
VISUAL_AID = bytes.fromhex("D3921000310001010402")
COMMON_AID = bytes.fromhex("D3921000310001010100")

INDIVIDUAL_NUMBER_FILES = frozenset({(TEXT_AID, 0x0001), (VISUAL_AID, 0x0005)})

BLOCK = 256
SMALLEST_BLOCK = 32
LONGEST_FILE = 0x7FFF

_BLOCKED = (Sw.BLOCKED_NO_TRIES, Sw.AUTHENTICATION_BLOCKED, Sw.REFERENCE_BLOCKED)
# Failing memory or a fault inside the card: it may be ours and broken, so not "a foreign card".
_FAULTS = (0x62, 0x64, 0x65, 0x6F)


@dataclass(frozen=True, slots=True)
class ElementaryFile:
    """An EF that may be read: the application's AID and the file's FID.

    The two files that hold the Individual Number (個人番号), as text and as an image, cannot be
    named by this type, so that no code path can read them.  Raises ValueError for them.
    """

    aid: bytes
    fid: int

    def __post_init__(self) -> None:
        """Refuse the files of the Individual Number."""
        if (self.aid, self.fid) in INDIVIDUAL_NUMBER_FILES:
            msg = "the Individual Number is never read"
            raise ValueError(msg)


def transmit(connection: CardConnection, command: CommandApdu) -> ResponseApdu:
    """Send ``command``; follow one 6Cxx (right length) and one 61xx (GET RESPONSE).

    Whatever status word comes then is returned.
    """
    data, sw = _exchange(connection, command.encode())
    if sw >> 8 == 0x6C:
        data, sw = _exchange(connection, replace(command, le=sw & 0xFF or BLOCK).encode())
    if sw >> 8 == 0x61:
        more = CommandApdu(command.cla & 0x03, Ins.GET_RESPONSE, 0, 0, le=sw & 0xFF or BLOCK)
        rest, sw = _exchange(connection, more.encode())
        data += rest
    return ResponseApdu(data, sw)


def _exchange(connection: CardConnection, apdu: bytes | bytearray) -> tuple[bytes, int]:
    data, sw = connection.transmit(apdu)
    log_exchange(apdu, len(data), sw)
    return data, sw


def send(connection: CardConnection, command: CommandApdu, doing: str) -> bytes:
    """Send ``command`` and return the data of a good answer.

    ``doing`` names the step in the message of the CardError that anything else raises.
    """
    response = transmit(connection, command)
    check(response.sw, doing)
    return response.data


def check(sw: int, doing: str) -> None:
    """Return for 9000; raise what any other status word means while ``doing`` something.

    63Cx → InvalidPinError with x tries; 63C0, 6983, 6984 → PinBlockedError; else
    CardProtocolError.
    """
    if sw != Sw.OK:
        raise _meaning(sw, doing)


def _meaning(sw: int, doing: str) -> CardError:
    if sw in _BLOCKED:
        return PinBlockedError(f"{doing}: no try left")
    if sw & 0xFFF0 == Sw.BLOCKED_NO_TRIES:
        return InvalidPinError(sw & 0x000F)
    return CardProtocolError(doing, sw)


def select_application(connection: CardConnection, aid: bytes, *, first: bool = False) -> bool:
    """SELECT an application by its whole AID; False if the card does not have it.

    ``first``: this is the first command after power-up, which some cards answer with 6F00: it is
    then sent once more.  Clears the security state.  Raises CardProtocolError for a card's fault.
    """
    command = CommandApdu(0x00, Ins.SELECT, 0x04, 0x0C, aid)
    response = transmit(connection, command)
    if first and response.sw == Sw.NO_DIAGNOSIS:
        response = transmit(connection, command)
    if response.sw == Sw.OK:
        return True
    if response.sw >> 8 in _FAULTS:
        check(response.sw, "SELECT application")
    return False


def enter_application(connection: CardConnection, aid: bytes, *, first: bool = False) -> None:
    """SELECT an application that the card must have, see :func:`select_application`.

    Raises UnknownCardError where it does not.
    """
    if not select_application(connection, aid, first=first):
        msg = f"the card has no application {aid.hex().upper()}"
        raise UnknownCardError(msg)


def select_file(connection: CardConnection, fid: int) -> bool:
    """SELECT an EF of the current application; False if there is none (6A82)."""
    command = CommandApdu(0x00, Ins.SELECT, 0x02, 0x0C, fid.to_bytes(2))
    response = transmit(connection, command)
    if response.sw == Sw.FILE_NOT_FOUND:
        return False
    check(response.sw, f"SELECT file {fid:04X}")
    return True


def read_object(connection: CardConnection, file: ElementaryFile) -> bytes:
    """Read the one data object (BER-TLV or DER) that ``file`` of the current application holds.

    Reads 256 bytes first and takes the total from the header; filler behind it is not returned.
    Raises CardProtocolError where the file is absent, not open, or shorter than its header says.
    """
    doing = f"READ BINARY {file.fid:04X}"
    content = read_first_block(connection, file)
    total = read_header(content).total
    if total > LONGEST_FILE:
        msg = f"{doing}: a file of {total} bytes is longer than any"
        raise CardProtocolError(msg)
    if total - len(content) > BLOCK:
        content += _read_long(connection, len(content), total - len(content))
    # no card gives so little at a time: without a limit a broken one would keep the desk waiting
    reads, most = 0, total // SMALLEST_BLOCK + 2
    while len(content) < total:
        reads += 1
        if reads > most:
            msg = f"{doing}: {most} answers did not bring {total} bytes"
            raise CardProtocolError(msg)
        block = _read_block(connection, len(content), min(BLOCK, total - len(content)), doing)
        if not block:
            msg = f"{doing}: the file ends at {len(content)} of {total} bytes"
            raise CardProtocolError(msg)
        content += block
    return content[:total]


def read_first_block(connection: CardConnection, file: ElementaryFile) -> bytes:
    """SELECT ``file`` in the current application and read up to 256 bytes from its start.

    Raises CardProtocolError where the file is absent, not open or empty.
    """
    doing = f"READ BINARY {file.fid:04X}"
    if not select_file(connection, file.fid):
        raise CardProtocolError(doing, Sw.FILE_NOT_FOUND)
    block = _read_block(connection, 0, BLOCK, doing)
    if not block:
        msg = f"{doing}: the file is empty"
        raise CardProtocolError(msg)
    return block


def _read_long(connection: CardConnection, offset: int, length: int) -> bytes:
    """Read in the extended form where the reader says that it passes; empty where it does not.

    A refusal is no error: the file is then read in short pieces.
    """
    longest = connection.longest_data if isinstance(connection, LongAnswers) else BLOCK
    if longest <= BLOCK:
        return b""
    data, sw = _exchange(connection, long_read(offset, min(length, longest)))
    return data if sw == Sw.OK else b""


def _read_block(connection: CardConnection, offset: int, length: int, doing: str) -> bytes:
    command = CommandApdu(0x00, Ins.READ_BINARY, offset >> 8, offset & 0xFF, le=length)
    response = transmit(connection, command)
    if response.sw in (Sw.OFFSET_BEYOND_END, Sw.END_OF_FILE):
        return response.data
    check(response.sw, doing)
    return response.data


def read_record(connection: CardConnection, file: ElementaryFile, number: int) -> bytes:
    """SELECT ``file`` and read its record ``number`` (from 1).  Raises CardProtocolError."""
    doing = f"READ RECORD {file.fid:04X}"
    if not select_file(connection, file.fid):
        raise CardProtocolError(doing, Sw.FILE_NOT_FOUND)
    return send(connection, CommandApdu(0x00, Ins.READ_RECORD, number, 0x04, le=BLOCK), doing)


def tries_left(connection: CardConnection) -> int | None:
    """Ask how often the selected PIN may still be tried; costs no try.

    0: blocked; None: the card does not tell (some answer 9000 once the PIN was right).
    """
    response = transmit(connection, CommandApdu(0x00, Ins.VERIFY, 0x00, 0x80))
    if response.sw == Sw.OK:
        return None
    try:
        check(response.sw, "ask for the PIN's tries")
    except PinBlockedError:
        return 0
    except InvalidPinError as answer:
        return answer.tries_left
    return None


def verify(connection: CardConnection, pin: bytearray) -> None:
    """VERIFY the selected PIN with ``pin`` (ASCII), sent exactly once whatever comes back.

    ``pin`` is the caller's to clear; the command made of it is cleared here.  Raises
    InvalidPinError with the tries left, PinBlockedError, CardProtocolError.
    """
    command = bytearray((0x00, Ins.VERIFY, 0x00, 0x80, len(pin)))
    command += pin
    try:
        _, sw = _exchange(connection, command)
    finally:
        command[:] = bytes(len(command))
    check(sw, "VERIFY")


def compute_signature(connection: CardConnection, digest_info: bytes) -> bytes:
    """Let the selected key sign ``digest_info`` (PERFORM SECURITY OPERATION 80 2A 00 80).

    The card pads it (PKCS#1 v1.5).  Raises CardProtocolError with 6982 before a right VERIFY.
    """
    command = CommandApdu(0x80, Ins.PERFORM_SECURITY_OPERATION, 0x00, 0x80, digest_info, le=BLOCK)
    return send(connection, command, "sign")
