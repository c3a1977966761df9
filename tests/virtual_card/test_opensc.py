"""The card through a real pcscd as programs take it that nobody here wrote: OpenSC, OpenSSL."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

import pytest

from terminal.virtual_card.card_os import CardOs
from terminal.virtual_card.issuing import load_card
from terminal.virtual_card.pcscd import PrivatePcscd
from terminal.virtual_card.personas import read_card
from terminal.virtual_card.vpicc import VirtualCardSlot
from tests.virtual_card.parts import PIN
from tests.virtual_card.test_pcsc import put

PKCS11 = "/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so"
NAMES = [
    "User Authentication Certificate",
    "Digital Signature Certificate",
    "User Authentication Certificate CA",
    "Digital Signature Certificate CA",
]


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


def test_opensc_lists_reader_certificates_and_objects(
    daemon: PrivatePcscd, ordinary: CardOs
) -> None:
    """The reader holds a card; each of the four certificates is listed; no key is told unasked."""
    assert "0    Yes" in run(daemon, "opensc-tool", "-l").stdout
    for command in ("--list-certificates", "--dump"):
        listed = run(daemon, "pkcs15-tool", command).stdout
        assert [name for name in NAMES if f"X.509 Certificate [{name}]" in listed] == NAMES
    objects = run(daemon, "pkcs11-tool", "--module", PKCS11, "--list-objects").stdout
    assert objects.count("Certificate Object; type = X.509 cert") == 3
    assert "Private Key Object" not in objects


def test_pkcs15_crypt_signs_and_a_wrong_pin_costs_a_try(
    cards: Path, daemon: PrivatePcscd, ordinary: CardOs, tmp_path: Path
) -> None:
    """The signature over a SHA-256 verifies by openssl; a wrong PIN fails and counts."""
    (tmp_path / "auth.pem").write_text(read_card(cards / "cards" / "normal.json").auth_certificate)
    (tmp_path / "message").write_bytes(b"challenge")
    (tmp_path / "hash").write_bytes(hashlib.sha256(b"challenge").digest())
    sign = ("pkcs15-crypt", "--sign", "--key", "01", "--pkcs1", "--sha-256")
    files = ("--input", tmp_path / "hash", "--output", tmp_path / "signature")
    assert run(daemon, *sign, *files, "--pin", "9999").returncode != 0
    assert ordinary.pin_tries_left == 2
    assert run(daemon, *sign, *files, "--pin", PIN.decode()).returncode == 0
    assert ordinary.pin_tries_left == 3
    key = run(daemon, "openssl", "x509", "-in", tmp_path / "auth.pem", "-pubkey", "-noout")
    (tmp_path / "key.pem").write_text(key.stdout)
    verified = run(
        daemon,
        *("openssl", "dgst", "-sha256", "-verify", tmp_path / "key.pem"),
        *("-signature", tmp_path / "signature", tmp_path / "message"),
    )
    assert verified.stdout.strip() == "Verified OK"
