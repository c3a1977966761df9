"""Terminal authentication with the virtual card's own test terminal CA, and how plug-ins load."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from eligibility.payer import IdentificationMethod, ProofKind, unproved
from terminal.card.jpki import JpkiSession
from terminal.card.proof import check_signature, digest_info
from terminal.card.protocol import JPKI_AID, enter_application
from terminal.card.terminal_authentication import (
    ENTRY_POINT_GROUP,
    Step,
    TerminalAuthenticator,
    TerminalAuthenticatorError,
    authenticate_terminal,
    load_terminal_authenticator,
)
from terminal.errors import CardProtocolError
from terminal.virtual_card.certificates import new_key
from terminal.virtual_card.sample_reader import SampleReader
from tests.card.cards import DirectConnection, WrittenCard
from tests.card.wallet import Wallet

MESSAGE = b"the payer's challenge"


@pytest.fixture
def reader(wallet: Wallet) -> SampleReader:
    """The reader that the wallet's test terminal CA approved."""
    return SampleReader.load(wallet.folder)


class Replaying:
    """A reader without a key, which kept what a real one answered once."""

    name = "replaying"
    challenge_size = 16

    def __init__(self, certificate: Step, kept: Step) -> None:
        self._certificate, self._kept = certificate, kept

    def certificates(self) -> Sequence[Step]:
        """Return the certificate that anybody can copy."""
        return (self._certificate,)

    def sign(self, challenge: bytes) -> Step:
        """Return the old answer."""
        return self._kept


@pytest.mark.parametrize("persona", ["taro", "face-only", "blocked"])
def test_an_approved_reader_lets_the_card_sign_without_pin(
    wallet: Wallet, reader: SampleReader, persona: str
) -> None:
    """Also a card without PIN, or whose PIN is blocked, then proves its certificate's key."""
    connection = DirectConnection(wallet.card(persona))
    session = JpkiSession(connection)
    authenticate_terminal(connection, reader)
    signature = session.sign(digest_info(MESSAGE))
    check_signature(session.authentication_certificate(), MESSAGE, signature)


def test_the_proof_is_the_certificates_key_and_leaves_nothing_open() -> None:
    """With face and authentication key the payer is told of nothing unproved."""
    assert unproved(IdentificationMethod.FACE, ProofKind.AUTH_KEY) == ()


def test_the_commands_are_those_known_and_inferred(wallet: Wallet, reader: SampleReader) -> None:
    """80 A2 with an extended length, GET CHALLENGE, 00 82 with an extended length."""
    connection = DirectConnection(wallet.card())
    JpkiSession(connection)
    authenticate_terminal(connection, reader)
    heads = [command[:7].hex() for command in connection.commands[-4:]]
    assert heads[0] == "00a4020c020016"
    assert heads[1].startswith("80a2008000")
    assert heads[2] == "0084000010"
    assert heads[3] == "00820000000100"


def test_a_reader_of_another_ca_is_refused(wallet: Wallet) -> None:
    """A certificate that the card's terminal CA did not sign: refused, and the key stays shut."""
    connection = DirectConnection(wallet.card())
    session = JpkiSession(connection)
    certificate = (wallet.folder / "record.cv").read_bytes()
    with pytest.raises(CardProtocolError, match="SET PUBLIC IC KEY") as refusal:
        authenticate_terminal(connection, SampleReader(certificate, new_key()))
    assert refusal.value.sw == 0x6A80
    with pytest.raises(CardProtocolError, match="6982"):
        session.sign(digest_info(MESSAGE))


def test_a_certificate_without_its_key_is_refused(wallet: Wallet) -> None:
    """Whoever only copied a certificate cannot sign the card's challenge."""
    connection = DirectConnection(wallet.card())
    session = JpkiSession(connection)
    certificate = (wallet.folder / "terminal.cv").read_bytes()
    with pytest.raises(CardProtocolError, match="EXTERNAL AUTHENTICATE") as refusal:
        authenticate_terminal(connection, SampleReader(certificate, new_key()))
    assert refusal.value.sw == 0x6300
    with pytest.raises(CardProtocolError, match="6982"):
        session.sign(digest_info(MESSAGE))


def test_a_recorded_answer_does_not_fit_a_new_challenge(
    wallet: Wallet, reader: SampleReader
) -> None:
    """What a reader once signed opens no card again."""
    connection = DirectConnection(wallet.card())
    JpkiSession(connection)
    kept = reader.sign(bytes(16))
    with pytest.raises(CardProtocolError, match="EXTERNAL AUTHENTICATE"):
        authenticate_terminal(connection, Replaying(reader.certificates()[0], kept))


def test_each_challenge_serves_once(wallet: Wallet, reader: SampleReader) -> None:
    """After a wrong answer even the right one needs a new challenge."""
    card = wallet.card()
    JpkiSession(DirectConnection(card))
    assert card.transmit(bytes.fromhex("00A4020C020016")) == b"\x90\x00"
    step = reader.certificates()[0]
    size = len(step.data).to_bytes(2)
    assert card.transmit(b"\x80\xa2\x00\x80\x00" + size + step.data) == b"\x90\x00"
    challenge = card.transmit(bytes.fromhex("0084000010"))[:-2]
    assert card.transmit(b"\x00\x82\x00\x00\x01\x00") == b"\x63\x00"
    right = reader.sign(challenge).data
    late = card.transmit(b"\x00\x82\x00\x00\x00\x01\x00" + right)
    assert late == b"\x69\x85"


@pytest.mark.parametrize("loss", ["select", "power"])
def test_what_was_opened_is_shut_again(wallet: Wallet, reader: SampleReader, loss: str) -> None:
    """SELECT of an application and loss of power end the terminal's right, as they end a PIN's."""
    card = wallet.card()
    connection = DirectConnection(card)
    session = JpkiSession(connection)
    authenticate_terminal(connection, reader)
    if loss == "power":
        card.power_off()
    enter_application(connection, JPKI_AID)
    with pytest.raises(CardProtocolError, match="6982"):
        session.sign(digest_info(MESSAGE))


def test_a_terminal_opens_the_authentication_key_alone(
    wallet: Wallet, reader: SampleReader
) -> None:
    """The signature key stays behind its password."""
    connection = DirectConnection(wallet.card())
    JpkiSession(connection)
    authenticate_terminal(connection, reader)
    info = digest_info(MESSAGE)
    _, sw = connection.transmit(b"\x80\x2a\x00\x9a" + bytes((len(info),)) + info + b"\0")
    assert sw == 0x6982


def test_a_card_without_terminal_ca_is_told(reader: SampleReader) -> None:
    """No file 0016: a clear error, and nothing is sent to it."""
    card = WrittenCard(("00A4020C020016", "6A82"))
    with pytest.raises(CardProtocolError, match="no terminal CA"):
        authenticate_terminal(card, reader)
    assert card.all_said


def test_a_short_challenge_is_not_signed(reader: SampleReader) -> None:
    """A card that gives fewer bytes than asked gets no signature."""

    class WithoutCertificates(SampleReader):
        def certificates(self) -> Sequence[Step]:
            return ()

    bare = WithoutCertificates(b"", new_key())
    card = WrittenCard(("00A4020C020016", "9000"), ("0084000010", "01029000"))
    with pytest.raises(CardProtocolError, match="2 of 16 bytes"):
        authenticate_terminal(card, bare)
    assert card.all_said


@pytest.mark.parametrize(("p1", "p2", "size"), [(256, 0, 1), (0, -1, 1), (0, 0, 0), (0, 0, 65536)])
def test_a_step_that_no_command_carries_is_refused(p1: int, p2: int, size: int) -> None:
    """A plug-in's mistake is told before anything is sent."""
    with pytest.raises(ValueError, match="byte"):
        Step(p1, p2, bytes(size))


# -- Plug-ins --------------------------------------------------------------------------------------

PLUGIN = """
class Reader:
    name = "a certified reader"
    challenge_size = 8
    def certificates(self):
        return ()
    def sign(self, challenge):
        raise OSError("no reader")

def nothing():
    return object()
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A Python package of somebody else, installed as pip leaves it."""
    (tmp_path / "certified_reader_sample.py").write_text(PLUGIN)
    info = tmp_path / "certified_reader_sample-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: certified-reader-sample\n")
    (info / "entry_points.txt").write_text(
        f"[{ENTRY_POINT_GROUP}]\n"
        "good = certified_reader_sample:Reader\n"
        "wrong = certified_reader_sample:nothing\n"
        "gone = certified_reader_sample:removed\n"
        "absent = certified_reader_absent:Reader\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    sys.modules.pop("certified_reader_sample", None)


def test_an_installed_plug_in_is_loaded_by_its_name(installed: Path) -> None:
    """Configuration names it; the package brings the entry point."""
    found = load_terminal_authenticator("good")
    assert isinstance(found, TerminalAuthenticator)
    assert found.name == "a certified reader"


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("other", "installed: absent, gone, good, wrong"),
        ("wrong", "no terminal authenticator"),
        ("gone", "cannot be loaded"),
        ("absent", "cannot be loaded"),
    ],
)
def test_what_is_no_plug_in_is_told(installed: Path, name: str, problem: str) -> None:
    """A wrong name or a broken package is one clear error that names it."""
    with pytest.raises(TerminalAuthenticatorError, match=problem) as error:
        load_terminal_authenticator(name)
    assert repr(name) in str(error.value)


def test_without_plug_ins_none_is_offered() -> None:
    """This project brings none of its own: an approved reader's maker does."""
    with pytest.raises(TerminalAuthenticatorError, match="installed: none"):
        load_terminal_authenticator("any")
