"""The card's own key: what it proves with the virtual card, and what it refuses to prove."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from hypothesis import given
from hypothesis import strategies as st

from eligibility.payer import (
    Challenge,
    IdentificationMethod,
    ProofKind,
    Unproved,
)
from eligibility.simulator.card_records import CardRecords
from eligibility.simulator.population import Population
from terminal.card import protocol, tlv
from terminal.card.own_key import (
    VISUAL_RECORD,
    RecordIssuers,
    SignedRecord,
    load_issuer_key,
    parse_signed_record,
    prove_own_key,
)
from terminal.card.proof import digest_info, make_desk_challenge
from terminal.card.protocol import VISUAL_AID
from terminal.card.visual import parse_visual_record
from terminal.errors import CardProtocolError, OwnKeyReason, OwnKeyRejectedError
from terminal.virtual_card import records
from terminal.virtual_card.personas import read_card
from tests.card.cards import DirectConnection, WrittenCard, reading
from tests.card.wallet import Wallet

NOW = datetime(2026, 11, 24, 1, 2, 3, tzinfo=UTC)
CODE_B = 0x0012


def challenge(nonce: int = 1) -> Challenge:
    """A fresh challenge of the desk."""
    return make_desk_challenge("desk-1", "v-1", NOW, bytes([nonce]) * 16)


def issuers(wallet: Wallet, *, allow_test: bool = True) -> RecordIssuers:
    """The configured issuer of the wallet's cards."""
    return RecordIssuers.load([wallet.folder / "record-ca.pem"], allow_test=allow_test)


@dataclass
class OpenCard:
    """A card whose record was opened by 照合番号B, and that record."""

    connection: DirectConnection
    record: bytes

    def prove(self, wallet: Wallet, record: bytes | None = None) -> None:
        """Let it prove its own key."""
        prove_own_key(self.connection, record or self.record, issuers(wallet), challenge())


def opened(wallet: Wallet, persona: str = "taro") -> OpenCard:
    """Open the record of a card."""
    stored = read_card(wallet.folder / "cards" / f"{persona}.json")
    code = records.reference_number_b(
        stored.person.birthdate, stored.expires_on, stored.security_code
    )
    connection = DirectConnection(wallet.card(persona))
    protocol.enter_application(connection, VISUAL_AID)
    assert protocol.select_file(connection, CODE_B)
    protocol.verify(connection, bytearray(code.encode()))
    return OpenCard(connection, protocol.read_object(connection, VISUAL_RECORD))


def test_a_genuine_card_proves_its_own_key(wallet: Wallet) -> None:
    """CV certificate, record and signature hold, and the evidence says what is left open."""
    card = opened(wallet)
    proof = prove_own_key(card.connection, card.record, issuers(wallet), challenge())
    proof.own_key.verify(proof.signature, challenge().value, padding.PKCS1v15(), hashes.SHA256())
    evidence = proof.evidence(IdentificationMethod.FACE, NOW)
    assert (evidence.method, evidence.proof) == (IdentificationMethod.FACE, ProofKind.OWN_KEY)
    assert (evidence.challenge, evidence.signature) == (challenge(), proof.signature)
    assert evidence.unproved == (Unproved.CERTIFICATE_KEY,)
    assert Unproved.HOLDER in proof.evidence(IdentificationMethod.NONE, NOW).unproved


def test_the_signature_is_asked_for_as_measured(wallet: Wallet) -> None:
    """80 2A 00 00 with the 51 bytes of the DigestInfo, and nothing verified for it."""
    card = opened(wallet)
    card.prove(wallet)
    assert card.connection.commands[-1].hex() == (
        "802a000033" + digest_info(challenge().value).hex() + "00"
    )


def test_the_payer_comes_to_the_same_result(wallet: Wallet) -> None:
    """The evidence is enough for the payer's own check, and no picture is in it."""
    card = opened(wallet)
    proof = prove_own_key(card.connection, card.record, issuers(wallet), challenge())
    own = proof.evidence(IdentificationMethod.STAFF_VISUAL, NOW).own_key
    assert own is not None
    assert b"\x89PNG" in card.record
    assert b"\x89PNG" not in own.key_group
    stored = read_card(wallet.folder / "cards" / "taro.json").person
    population = Population(1, as_of=NOW.date(), size=50)
    person = next(one for one in population.people if one.sex.value == stored.sex)
    person = replace(person, birthdate=stored.birthdate)
    payer = CardRecords.load(wallet.folder / "record-ca.pem")
    assert payer.check(own, person).public_numbers() == proof.own_key.public_numbers()


def test_the_record_of_another_card_is_refused(wallet: Wallet) -> None:
    """A genuine record that was copied from another card: this card has not its key."""
    with pytest.raises(OwnKeyRejectedError) as refusal:
        opened(wallet, "hanako").prove(wallet, opened(wallet, "taro").record)
    assert refusal.value.reason is OwnKeyReason.SIGNATURE_MISMATCH


def place_of(record: bytes, tag: str) -> int:
    """Return where a data object begins; its two bytes may also stand in another one's value."""
    at = tlv.read_header(record).size
    for child in tlv.parse(record).children():
        if child.tag == int(tag, 16):
            return at
        at += tlv.read_header(record[at:]).total
    raise AssertionError(tag)


@pytest.mark.parametrize("tag", ["DF22", "DF23", "DF24", "DF25", "DF26", "DF28"])
def test_any_altered_signed_object_is_refused(wallet: Wallet, tag: str) -> None:
    """One bit in birth date, sex, key, pictures or signature: RECORD_ALTERED."""
    card = opened(wallet)
    record = bytearray(card.record)
    value = place_of(bytes(record), tag) + (3 if tag in ("DF22", "DF23") else 40)
    record[value] ^= 0x01
    with pytest.raises(OwnKeyRejectedError) as refusal:
        card.prove(wallet, bytes(record))
    assert refusal.value.reason is OwnKeyReason.RECORD_ALTERED


def test_a_photo_slipped_in_is_refused(wallet: Wallet) -> None:
    """Another photo in the record is not the issuer's."""
    card = opened(wallet)
    photo, other = (
        records.tlv(0xDF27, parse_visual_record(opened(wallet, persona).record).photo or b"")
        for persona in ("taro", "hanako")
    )
    assert photo in card.record
    children = card.record[5:].replace(photo, other, 1)
    with pytest.raises(OwnKeyRejectedError, match="record-altered"):
        card.prove(wallet, records.tlv(0xFF20, children))


def test_expiry_is_outside_of_the_signature(wallet: Wallet) -> None:
    """The printed expiry can be altered unseen: whoever uses it may not call it proved."""
    card = opened(wallet)
    record = bytearray(card.record)
    record[record.index(b"\xdf\x29\x08") + 3] ^= 0x01
    card.prove(wallet, bytes(record))


def test_a_foreign_issuer_is_refused(wallet: Wallet) -> None:
    """A CV certificate that no configured key signed: UNKNOWN_ISSUER, as with none configured."""
    card = opened(wallet)
    foreign = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    for keys in ([foreign], []):
        with pytest.raises(OwnKeyRejectedError) as refusal:
            prove_own_key(
                card.connection, card.record, RecordIssuers(keys, allow_test=True), challenge()
            )
        assert refusal.value.reason is OwnKeyReason.UNKNOWN_ISSUER


def test_the_test_hierarchy_is_refused_in_production(wallet: Wallet) -> None:
    """A certificate of the test hierarchy holds only where tests are allowed."""
    card = opened(wallet)
    with pytest.raises(OwnKeyRejectedError) as refusal:
        prove_own_key(card.connection, card.record, issuers(wallet, allow_test=False), challenge())
    assert refusal.value.reason is OwnKeyReason.TEST_HIERARCHY


def test_a_recorded_signature_does_not_fit_a_new_challenge(wallet: Wallet) -> None:
    """A copy that answers with the signature of an earlier visit: SIGNATURE_MISMATCH."""
    card = opened(wallet)
    old = prove_own_key(card.connection, card.record, issuers(wallet), challenge(1))
    fresh = challenge(2)
    command = "802A000033" + digest_info(fresh.value).hex() + "00"
    copy = WrittenCard(
        *reading("0004", old.record.cv_certificate), (command, old.signature.hex() + "9000")
    )
    with pytest.raises(OwnKeyRejectedError) as refusal:
        prove_own_key(copy, card.record, issuers(wallet), fresh)
    assert refusal.value.reason is OwnKeyReason.SIGNATURE_MISMATCH
    assert copy.all_said


def test_an_object_twice_is_no_record(wallet: Wallet) -> None:
    """Of two photos one would be checked and the other believed."""
    record = opened(wallet).record
    doubled = records.tlv(0xFF20, record[5:] + records.tlv(0xDF27, b"another face"))
    with pytest.raises(CardProtocolError, match="twice"):
        parse_signed_record(doubled)


@pytest.mark.parametrize("tag", ["DF22", "DF25", "DF27", "DF28"])
def test_a_record_without_a_signed_object_is_refused(wallet: Wallet, tag: str) -> None:
    """What is missing cannot be checked."""
    record = bytearray(opened(wallet).record)
    record[place_of(bytes(record), tag) + 1] = 0x3F
    with pytest.raises(CardProtocolError, match=f"no {tag}"):
        parse_signed_record(bytes(record))


def test_filler_behind_the_record_is_left_alone(wallet: Wallet) -> None:
    """A file may be longer than its object."""
    record = opened(wallet).record
    assert parse_signed_record(record + b"\xff" * 9).signed == parse_signed_record(record).signed


@given(content=st.binary(max_size=64) | st.binary(max_size=64).map(lambda b: b"\xff\x20" + b))
def test_any_bytes_are_a_record_or_our_error(content: bytes) -> None:
    """Wild files raise CardProtocolError and nothing else."""
    try:
        record = parse_signed_record(content)
    except CardProtocolError:
        return
    assert isinstance(record, SignedRecord)


def test_an_issuer_is_an_rsa_key(tmp_path: Path) -> None:
    """Anything but a PEM public key of RSA is a ValueError, never ignored."""
    elliptic = ec.generate_private_key(ec.SECP256R1()).public_key()
    pem = elliptic.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    for content in (b"", b"no key", pem):
        with pytest.raises(ValueError, match=r".+"):
            load_issuer_key(content)
    with pytest.raises(OSError, match="No such file"):
        RecordIssuers.load([tmp_path / "absent.pem"], allow_test=True)
