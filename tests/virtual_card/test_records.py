"""The signed records of the 券面 applications, checked as a PIN-less desk would check them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from terminal.card import tlv
from terminal.virtual_card.card_os import CardOs
from tests.virtual_card.commands import b_reference, read, select, send, verify

DIGEST_INFO = bytes.fromhex("3031300D060960864801650304020105000420")


def key_of(record: bytes) -> rsa.RSAPublicKey:
    """Read an RSA key as the card writes it: exponent 90, modulus 91."""
    exponent = tlv.parse(record)
    modulus = tlv.parse(record[2 + len(exponent.value) :])
    assert (exponent.tag, modulus.tag) == (0x90, 0x91)
    numbers = rsa.RSAPublicNumbers(int.from_bytes(exponent.value), int.from_bytes(modulus.value))
    return numbers.public_key()


def read_face(card: CardOs) -> bytes:
    """Open and read visual file 0002 with 照合番号B."""
    number = b_reference(card)
    select(card, "visual", 0x0002)
    assert read(card) == (b"", 0x6982)
    assert verify(card, 0x12, number) == 0x9000
    send(card, "00A4020C020002")
    content, sw = read(card)
    assert sw == 0x9000
    return content


def record_key(card: CardOs, cards: Path) -> rsa.RSAPublicKey:
    """The key that signs records, from the card's CV certificate, checked up to the issuer."""
    select(card, "visual", 0x0004)
    content, sw = read(card)
    assert sw == 0x9000
    outer = tlv.parse(content)
    body, signature = outer.find(0x5F4E), outer.find(0x5F37)
    assert (outer.tag, len(body), len(signature)) == (0x7F21, 297, 256)
    assert body[:1] == body[16:17] == b"6"
    issuer = serialization.load_pem_public_key((cards / "record-ca.pem").read_bytes())
    assert isinstance(issuer, rsa.RSAPublicKey)
    issuer.verify(signature, body, padding.PKCS1v15(), hashes.SHA256())
    return key_of(body[32:])


def groups(content: bytes) -> bytes:
    """The three signed groups of visual 0002, each hashed."""
    fields = {child.tag: child for child in tlv.parse(content).children()}

    def encoded(*tags: int) -> bytes:
        start = content.index(tags[0].to_bytes(2))
        last = fields[tags[-1]]
        end = content.index(tags[-1].to_bytes(2), start)
        return content[start : end + tlv.read_header(content[end:]).size + len(last.value)]

    parts = (encoded(0xDF22, 0xDF24), encoded(0xDF25, 0xDF26), encoded(0xDF27))
    return b"".join(hashlib.sha256(part).digest() for part in parts)


def test_the_face_is_signed_up_to_the_issuer_and_the_card_holds_its_key(
    card: CardOs, cards: Path
) -> None:
    """CV certificate, record signature, and a fresh signature by the key in the record all fit."""
    content = read_face(card)
    outer = tlv.parse(content)
    signer = record_key(card, cards)
    signer.verify(outer.find(0xDF28), groups(content), padding.PKCS1v15(), hashes.SHA256())
    assert outer.find(0xDF22) == b"19800217"
    assert outer.find(0xDF23) == b"2"
    assert outer.find(0xDF25).startswith(b"\x89PNG")
    assert outer.find(0xDF27).startswith(bytes.fromhex("0000000C6A502020"))
    challenge, _ = send(card, "0084000020")
    digest = DIGEST_INFO + hashlib.sha256(challenge).digest()
    signature, sw = send(card, b"\x80\x2a\x00\x00\x33" + digest + b"\x00")
    assert sw == 0x9000
    own_key = key_of(outer.find(0xDF24))
    own_key.verify(signature, challenge, padding.PKCS1v15(), hashes.SHA256())


@pytest.mark.parametrize("field", [0xDF22, 0xDF25])
def test_a_changed_face_does_not_verify(card: CardOs, cards: Path, field: int) -> None:
    """One changed byte in a signed group breaks the signature."""
    content = bytearray(read_face(card))
    content[content.index(field.to_bytes(2)) + 5] ^= 1
    signature = tlv.parse(bytes(content)).find(0xDF28)
    with pytest.raises(InvalidSignature):
        record_key(card, cards).verify(
            signature, groups(bytes(content)), padding.PKCS1v15(), hashes.SHA256()
        )


def test_the_age_record_opens_with_the_birth_date(card: CardOs) -> None:
    """Visual 0001: six digits of the era birth date, then birth date, key and signature."""
    select(card, "visual", 0x0001)
    assert verify(card, 0x11, b"800217") == 0x63C9
    assert verify(card, 0x11, b"550217") == 0x9000
    send(card, "00A4020C020001")
    content, sw = read(card)
    assert sw == 0x9000
    outer = tlv.parse(content)
    assert outer.tag == 0xFF10
    assert [child.tag for child in outer.children()] == [0xDF11, 0xDF12, 0xDF13]
