"""The log of card traffic over a whole visit: everything is told of it but what was said."""

from __future__ import annotations

import logging

import pytest

from terminal.logs import TRAFFIC
from terminal.virtual_card.files import BinaryFile, RecordFile
from terminal.virtual_card.personas import read_card
from terminal.virtual_card.records import reference_number_b
from tests.benchmarks.passing import OneCard
from tests.benchmarks.steps import PERSONA, Steps
from tests.card.cards import DirectConnection
from tests.card.wallet import PIN, Wallet

SHORTEST = 8
"""Bytes in a row: less is found in any text by chance."""


def pieces(content: bytes) -> set[str]:
    """Every run of so many bytes in ``content``, as a log could show it: hex, or as text."""
    runs = {content[at : at + SHORTEST] for at in range(len(content) - SHORTEST + 1)}
    runs = {run for run in runs if len(set(run)) > 2}
    return {run.hex() for run in runs} | {run.decode("ascii") for run in runs if run.isascii()}


def told(log: str, content: bytes) -> list[str]:
    """Return what of ``content`` stands in ``log``."""
    return [piece for piece in pieces(content) if piece.casefold() in log]


def test_the_traffic_of_a_visit_shows_no_file_no_secret_and_no_signature(
    wallet: Wallet, caplog: pytest.LogCaptureFixture
) -> None:
    """PIN, 照合番号B, photo, attributes, certificate: of none are eight bytes in the log."""
    card = wallet.card()
    said: list[bytes] = []

    class Listening(DirectConnection):
        def transmit(self, apdu: bytes | bytearray) -> tuple[bytes, int]:
            data, sw = super().transmit(apdu)
            said.append(data)
            return data, sw

    with caplog.at_level(logging.NOTSET), caplog.at_level(TRAFFIC):
        for step in Steps(OneCard(lambda _: Listening(card)), "reader", wallet).all.values():
            step()
    log = caplog.text.casefold()
    assert log.count("00200080 +5 bytes -> 0 bytes 9000") == 1
    assert log.count("00200080 +15 bytes -> 0 bytes 9000") == 2
    stored = read_card(wallet.folder / "cards" / f"{PERSONA}.json")
    number_b = reference_number_b(
        stored.person.birthdate, stored.expires_on, stored.security_code
    ).encode()
    for secret in (PIN, number_b, stored.security_code.encode()):
        assert secret.hex() not in log
    assert told(log, number_b) == []
    for text in (stored.person.name, stored.person.address):
        assert text not in caplog.text
        assert text.encode().hex() not in log
    for application in card.applications:
        for file in application.files.values():
            contents = [file.content] if isinstance(file, BinaryFile) else []
            contents += list(file.records) if isinstance(file, RecordFile) else []
            for content in contents:
                assert told(log, content) == [], f"{application.name}: a file is in the log"
    signature = said[-1]
    assert len(signature) == 256
    assert told(log, signature) == []
    assert told(f"planted {signature[100:120].hex()}", signature)
