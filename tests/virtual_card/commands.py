"""Command APDUs as a desk sends them, for tests against the card without a reader."""

from __future__ import annotations

from terminal.virtual_card.applets import COMMON_AID, JPKI_AID, TEXT_AID, VISUAL_AID
from terminal.virtual_card.card_os import CardOs

AIDS = {"jpki": JPKI_AID, "text": TEXT_AID, "visual": VISUAL_AID, "common": COMMON_AID}


def send(card: CardOs, command: str | bytes) -> tuple[bytes, int]:
    """Send one command, hex or bytes; return data and status word."""
    answer = card.transmit(bytes.fromhex(command) if isinstance(command, str) else command)
    return answer[:-2], int.from_bytes(answer[-2:])


def select(card: CardOs, application: str, file: int | None = None) -> int:
    """SELECT an application by name and, if given, a file in it; return the last status word."""
    aid = AIDS[application]
    _, sw = send(card, b"\x00\xa4\x04\x0c" + bytes([len(aid)]) + aid)
    if file is not None:
        assert sw == 0x9000
        _, sw = send(card, b"\x00\xa4\x02\x0c\x02" + file.to_bytes(2))
    return sw


def read(card: CardOs) -> tuple[bytes, int]:
    """READ BINARY of the whole current file, 256 bytes at a time."""
    content = b""
    while True:
        data, sw = send(card, b"\x00\xb0" + len(content).to_bytes(2) + b"\x00")
        content += data
        if sw != 0x9000:
            return content, 0x9000 if content and sw == 0x6B00 else sw
        if len(data) < 256:
            return content, sw


def verify(card: CardOs, file: int, value: bytes) -> int:
    """VERIFY by short identifier; return the status word."""
    body = bytes([len(value)]) + value if value else b""
    return send(card, bytes([0x00, 0x20, 0x00, 0x80 | file]) + body)[1]


def sign(card: CardOs, key: int, data: bytes, mode: int = 0) -> tuple[bytes, int]:
    """PSO: COMPUTE SIGNATURE by short identifier."""
    head = bytes([0x80, 0x2A, mode, 0x80 | key, len(data)])
    return send(card, head + data + b"\x00")


def b_reference(card: CardOs) -> bytes:
    """照合番号B of a card of the tests, worked out from its other files."""
    text = next(app for app in card.applications if app.name == "text")
    value = text.files[0x15]
    stored = getattr(value, "value", None)
    assert isinstance(stored, bytes)
    return stored
