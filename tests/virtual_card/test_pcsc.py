"""The card through a real pcscd: by pyscard as the desk sees it, by OpenSC as a third party."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from smartcard.Exceptions import CardConnectionException
from smartcard.pcsc.PCSCCardConnection import PCSCCardConnection
from smartcard.pcsc.PCSCExceptions import EstablishContextException
from smartcard.scard import (
    SCARD_RESET_CARD,
    SCARD_S_SUCCESS,
    SCARD_SCOPE_USER,
    SCARD_STATE_PRESENT,
    SCARD_STATE_UNAWARE,
    SCARD_UNPOWER_CARD,
    SCardEstablishContext,
    SCardGetStatusChange,
    SCardListReaders,
    SCardReleaseContext,
)
from smartcard.System import readers

from terminal.virtual_card.applets import JPKI_AID, driving_licence
from terminal.virtual_card.card_os import CardOs, MuteCard
from terminal.virtual_card.files import Card
from terminal.virtual_card.issuing import load_card
from terminal.virtual_card.pcscd import PrivatePcscd
from terminal.virtual_card.personas import read_card
from terminal.virtual_card.vpicc import VirtualCardSlot
from tests.virtual_card.parts import PIN, wait_until

SELECT_JPKI = [0x00, 0xA4, 0x04, 0x0C, 0x0A, *JPKI_AID]
VERIFY = [0x00, 0x20, 0x00, 0x98]
SIGN = [0x80, 0x2A, 0x00, 0x97, 0x33]
DIGEST_INFO = [*bytes.fromhex("3031300D060960864801650304020105000420"), *bytes(32)]
PKCS11 = "/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so"


def has_card() -> bool:
    """Tell whether the first reader reports a card, without touching it."""
    result, context = SCardEstablishContext(SCARD_SCOPE_USER)
    if result != SCARD_S_SUCCESS:
        return False
    try:
        _, names = SCardListReaders(context, [])
        states = [(name, SCARD_STATE_UNAWARE) for name in names[:1]]
        _, told = SCardGetStatusChange(context, 0, states)
        return any(state & SCARD_STATE_PRESENT and atr for _, state, atr in told)
    finally:
        SCardReleaseContext(context)


@contextmanager
def connected() -> Iterator[PCSCCardConnection]:
    """A connection to the card in the first reader, unpowered at the end as the desk does."""
    connection = readers()[0].createConnection()
    try:
        connection.connect()
        yield connection
    finally:
        for end in (connection.disconnect, connection.release):
            with suppress(CardConnectionException):  # the card or the daemon may be gone
                end()


def transmit(connection: PCSCCardConnection, command: list[int]) -> int:
    """Send a command; return the status word."""
    _, sw1, sw2 = connection.transmit(command)
    return int(sw1) << 8 | int(sw2)


def put(slot: VirtualCardSlot, card: Card) -> None:
    """Put a card on the reader and wait until the reader tells of it."""
    slot.insert(card)
    wait_until(lambda: slot.connected, "the slot has met the reader")
    wait_until(has_card, "the reader tells of the card")


def run(daemon: PrivatePcscd, *command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run one of OpenSC's programs on this daemon."""
    environment = {**os.environ, "PCSCLITE_CSOCK_NAME": str(daemon.socket_path)}
    return subprocess.run(  # noqa: S603  # fixed commands of these tests
        [str(part) for part in command],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def ordinary(cards: Path, slot: VirtualCardSlot) -> CardOs:
    """A fresh ordinary card on the reader."""
    card = load_card(cards, "normal").card
    put(slot, card)
    return card


def test_opensc_recognises_the_card_and_reads_the_certificate(
    cards: Path, daemon: PrivatePcscd, ordinary: CardOs
) -> None:
    """OpenSC's jpki driver takes the card for a real one and reads the certificate we issued."""
    assert run(daemon, "opensc-tool", "-n").stdout.strip() == "jpki"
    certificate = read_card(cards / "cards" / "normal.json").auth_certificate
    assert run(daemon, "pkcs15-tool", "--read-certificate", "01").stdout == certificate
    assert ordinary.pin_tries_left == 3


def test_opensc_signs_and_openssl_verifies(
    cards: Path, daemon: PrivatePcscd, ordinary: CardOs, tmp_path: Path
) -> None:
    """A PKCS#11 signature made with the PIN verifies under the certificate's key by openssl."""
    (tmp_path / "auth.pem").write_text(read_card(cards / "cards" / "normal.json").auth_certificate)
    (tmp_path / "message").write_bytes(b"challenge")
    signed = run(
        daemon,
        *("pkcs11-tool", "--module", PKCS11, "--slot", "0", "--login", "--pin", PIN.decode()),
        *("--id", "01", "--sign", "--mechanism", "SHA256-RSA-PKCS"),
        *("--input-file", tmp_path / "message", "--output-file", tmp_path / "signature"),
    )
    assert signed.returncode == 0, signed.stderr
    key = run(daemon, "openssl", "x509", "-in", tmp_path / "auth.pem", "-pubkey", "-noout")
    (tmp_path / "key.pem").write_text(key.stdout)
    verified = run(
        daemon,
        *("openssl", "dgst", "-sha256", "-verify", tmp_path / "key.pem"),
        *("-signature", tmp_path / "signature", tmp_path / "message"),
    )
    assert verified.stdout.strip() == "Verified OK"


def test_opensc_opens_the_signature_certificate_with_the_password(
    cards: Path, daemon: PrivatePcscd, ordinary: CardOs
) -> None:
    """The signature certificate comes with the password and not without."""
    read = ("pkcs15-tool", "--read-certificate", "02")
    assert run(daemon, *read).returncode == 1
    opened = run(daemon, *read, "--verify-pin", "--auth-id", "02", "--pin", "PASSWORD1")
    assert opened.stdout == read_card(cards / "cards" / "normal.json").sign_certificate


def test_opensc_counts_tries_and_sees_the_blocked_pin(
    daemon: PrivatePcscd, ordinary: CardOs
) -> None:
    """Wrong PINs through PKCS#11 cost tries; a blocked card is still recognised and says 0."""
    login = ("pkcs11-tool", "--module", PKCS11, "--slot", "0", "--login", "--list-objects")
    for _ in range(3):
        assert run(daemon, *login, "--pin", "0000").returncode == 1
    assert ordinary.pin_tries_left == 0
    assert run(daemon, *login, "--pin", PIN.decode()).returncode == 1
    assert run(daemon, "opensc-tool", "-n").stdout.strip() == "jpki"
    listed = run(daemon, "pkcs15-tool", "--list-pins").stdout
    tries = [line.split(":")[1].strip() for line in listed.splitlines() if "Tries left" in line]
    assert tries == ["0", "5"]


def test_leaving_unpowered_forgets_the_pin_and_leaving_by_reset_does_not(
    ordinary: CardOs,
) -> None:
    """SCARD_UNPOWER_CARD clears the verified state; a warm reset keeps it (as measured)."""
    with connected() as connection:
        assert transmit(connection, SELECT_JPKI) == 0x9000
        assert transmit(connection, [*VERIFY, 4, *PIN]) == 0x9000
        connection.reconnect(disposition=SCARD_RESET_CARD)
        assert transmit(connection, [*SIGN, *DIGEST_INFO, 0]) == 0x9000
        connection.reconnect(disposition=SCARD_UNPOWER_CARD)
        assert transmit(connection, SELECT_JPKI) == 0x9000
        assert transmit(connection, [*SIGN, *DIGEST_INFO, 0]) == 0x6982


def test_taking_the_card_away_ends_everything_and_tries_stay(
    slot: VirtualCardSlot, ordinary: CardOs
) -> None:
    """A removed card fails the next command; put back, its counter is as it was left."""
    with connected() as connection:
        transmit(connection, SELECT_JPKI)
        assert transmit(connection, [*VERIFY, 4, *b"0000"]) == 0x63C2
        slot.remove()
        with pytest.raises(CardConnectionException):
            transmit(connection, SELECT_JPKI)
    wait_until(lambda: not has_card(), "the reader tells of the removal")
    put(slot, ordinary)
    with connected() as connection:
        transmit(connection, SELECT_JPKI)
        assert transmit(connection, VERIFY) == 0x63C2


def test_extended_length_passes_the_reader(ordinary: CardOs) -> None:
    """A whole certificate comes in one READ with a three-byte Le."""
    with connected() as connection:
        transmit(connection, SELECT_JPKI)
        data, sw1, sw2 = connection.transmit([0x00, 0xB0, 0x8A, 0x00, 0x00, 0x00, 0x00])
        assert (sw1, sw2) == (0x90, 0x00)
        assert len(data) > 1000


def test_another_card_is_no_my_number_card(slot: VirtualCardSlot) -> None:
    """A driving licence answers, with 6A82."""
    put(slot, driving_licence())
    with connected() as connection:
        assert transmit(connection, SELECT_JPKI) == 0x6A82


def test_a_mute_card_is_freed_by_taking_it_away(slot: VirtualCardSlot) -> None:
    """A command to a mute card hangs until the card is taken; the next card then works."""
    mute = MuteCard()
    put(slot, mute)
    failed: list[BaseException] = []

    def ask() -> None:
        try:
            with connected() as connection:
                transmit(connection, SELECT_JPKI)
        except CardConnectionException as error:
            failed.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    wait_until(lambda: bool(mute.trace.entries()), "the command reaches the card")
    assert asking.is_alive()
    slot.remove()
    asking.join(10)
    assert failed
    put(slot, driving_licence())
    with connected() as connection:
        assert transmit(connection, SELECT_JPKI) == 0x6A82


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_card_comes_back_by_itself_after_the_daemon_does(
    daemon: PrivatePcscd, slot: VirtualCardSlot, ordinary: CardOs, end: str
) -> None:
    """While the daemon is gone there is no service; after it returns the card is there again."""
    getattr(daemon, end)()
    assert not daemon.running
    with pytest.raises(EstablishContextException):
        readers()
    wait_until(lambda: not slot.connected, "the slot sees the daemon go")
    daemon.start()
    wait_until(has_card, "the card is back")
    with connected() as connection:
        assert transmit(connection, SELECT_JPKI) == 0x9000


def test_a_fault_inside_the_card_is_a_status_word(slot: VirtualCardSlot) -> None:
    """Whatever breaks inside answers 6F00, and the card goes on."""

    class Broken(CardOs):
        def transmit(self, apdu: bytes) -> bytes:
            raise RuntimeError("broken")

    put(slot, Broken(()))
    with connected() as connection:
        assert transmit(connection, SELECT_JPKI) == 0x6F00
        assert transmit(connection, SELECT_JPKI) == 0x6F00
