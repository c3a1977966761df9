"""The applications of a My Number card: 公的個人認証 (JPKI), 券面事項確認 (visual),
券面入力補助 (text), 共通カード (common).

The Individual Number (個人番号) is on no virtual card: its two files, text 0001 and visual 0005,
are there only to refuse, whatever was verified, and 照合番号A, which is that number, fits nothing.

Assumed, as no public source tells: the holder of a card without PIN (顔認証マイナンバーカード) has
no signature certificate, and both PINs answer as blocked.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import rsa

from terminal.virtual_card import records
from terminal.virtual_card.card_os import CardOs
from terminal.virtual_card.files import (
    FREE,
    NEVER,
    Application,
    BinaryFile,
    CardFile,
    ForeignKey,
    RecordFile,
    Secret,
    SigningKey,
    TerminalCa,
    opened_by,
)
from terminal.virtual_card.personas import CardPictures
from terminal.virtual_card.trace import Trace

JPKI_AID = bytes.fromhex("D392F000260100000001")
VISUAL_AID = bytes.fromhex("D3921000310001010402")
TEXT_AID = bytes.fromhex("D3921000310001010408")
COMMON_AID = bytes.fromhex("D3921000310001010100")

PIN_TRIES = 3
PASSWORD_TRIES = 5
REFERENCE_NUMBER_TRIES = 10


@dataclass(frozen=True, slots=True)
class Contents:
    """All that makes one card.  Certificates in DER.

    ``auth_certificate`` None: no certificate was loaded.  ``phone``: JPKI alone, as in a phone.
    ``sign_certificate`` and ``sign_key`` None: a card without signature certificate.  ``pin``
    None: no PIN can be entered.  ``pin_tries_left``: of the authentication PIN, at issue.
    ``terminal_ca``: whose terminals may use the authentication key without PIN; None: nobody's.
    """

    face: records.Face
    pictures: CardPictures
    auth_certificate: bytes | None = field(repr=False)
    auth_ca: bytes = field(repr=False)
    auth_key: rsa.RSAPrivateKey = field(repr=False)
    sign_certificate: bytes | None = field(repr=False)
    sign_ca: bytes = field(repr=False)
    sign_key: rsa.RSAPrivateKey | None = field(repr=False)
    own_key: rsa.RSAPrivateKey = field(repr=False)
    record_key: rsa.RSAPrivateKey = field(repr=False)
    cv_certificate: bytes = field(repr=False)
    pin: bytes | None = field(repr=False)
    password: bytes | None = field(repr=False)
    pin_tries_left: int = PIN_TRIES
    phone: bool = False
    terminal_ca: rsa.RSAPublicKey | None = field(default=None, repr=False)


def my_number_card(
    contents: Contents, *, trace: Trace | None = None, first_command_fails: bool = False
) -> CardOs:
    """Return a card with these contents and the counters of its issue."""
    applications = [jpki(contents)]
    if not contents.phone:
        applications += [visual(contents), text(contents), common(contents)]
    return CardOs(applications, trace=trace, first_command_fails=first_command_fails)


def driving_licence(trace: Trace | None = None) -> CardOs:
    """Return a driving licence (運転免許証): it answers to its own applications' AIDs alone."""
    aids = ("A0000002310100000000000000000000", "A0000002310200000000000000000000")
    applications = [Application(bytes.fromhex(aid), "licence") for aid in aids]
    return CardOs(applications, atr=bytes.fromhex("3B888001000000009181710068"), trace=trace)


def jpki(contents: Contents) -> Application:
    """公的個人認証: certificates free or behind the password, keys behind PIN and password."""
    has_authentication = contents.auth_certificate is not None
    has_signature = contents.sign_certificate is not None
    pin = _secret(contents.pin, PIN_TRIES, contents.pin_tries_left)
    password = _secret(contents.password if has_signature else None, PASSWORD_TRIES)
    files: dict[int, CardFile] = {
        0x0002: BinaryFile(contents.sign_ca),
        0x0006: BinaryFile(records.token_info(contents.face.serial, phone=contents.phone)),
        0x0008: BinaryFile(
            bytes(0x8F if there else 0x00 for there in (has_signature, has_authentication))
            + b"\x00"
        ),
        0x0009: BinaryFile(b"", NEVER),
        0x000B: BinaryFile(contents.auth_ca),
        0x0016: ForeignKey(),
        0x0017: ForeignKey(),
        0x0018: pin,
        0x001A: ForeignKey(),
        0x001B: password,
    }
    if contents.auth_certificate is not None:
        files[0x000A] = BinaryFile(contents.auth_certificate)
        files[0x0017] = SigningKey(contents.auth_key, opened_by(0x0018, 0x0016))
    if contents.terminal_ca is not None:
        files[0x0016] = TerminalCa(contents.terminal_ca)
    if contents.sign_certificate is not None and contents.sign_key is not None:
        files[0x0001] = BinaryFile(contents.sign_certificate, opened_by(0x001B))
        files[0x001A] = SigningKey(contents.sign_key, opened_by(0x001B))
    return Application(JPKI_AID, "jpki", files)


def text(contents: Contents) -> Application:
    """券面入力補助: name, address, birth date and sex as text, behind the PIN or 照合番号B."""
    face = contents.face
    attributes = records.text_record(face)
    own_key = records.key_record(contents.own_key.public_key())
    anything = opened_by(0x0011, 0x0014, 0x0015)
    hashes = records.tlv(0xDF31, bytes(32)) + records.tlv(0xDF32, records.sha256(attributes))
    signature = records.sign_groups(contents.record_key, [hashes])
    key_signature = records.sign_groups(contents.record_key, [own_key])
    files: dict[int, CardFile] = {
        0x0001: BinaryFile(b"", NEVER),
        0x0002: BinaryFile(attributes, opened_by(0x0011, 0x0015)),
        0x0003: BinaryFile(records.tlv(0xFF30, hashes + records.tlv(0xDF33, signature)), anything),
        0x0004: BinaryFile(contents.cv_certificate),
        0x0005: BinaryFile(_basic_data(face)),
        0x0006: BinaryFile(own_key, anything),
        0x0007: BinaryFile(own_key + records.tlv(0xDF33, key_signature), anything),
        0x0011: _secret(contents.pin, PIN_TRIES),
        0x0012: Secret(None, PIN_TRIES, 0),
        0x0014: Secret(None, REFERENCE_NUMBER_TRIES),
        0x0015: Secret(_reference_number_b(face), REFERENCE_NUMBER_TRIES),
    }
    return Application(TEXT_AID, "text", files, _own_key(contents))


def visual(contents: Contents) -> Application:
    """券面事項確認: the card's face behind 照合番号A or B, the age record behind the birth date."""
    face, public = contents.face, contents.own_key.public_key()
    files: dict[int, CardFile] = {
        0x0001: BinaryFile(
            records.age_record(face, public, contents.record_key), opened_by(0x0011)
        ),
        0x0002: BinaryFile(
            records.visual_record(face, contents.pictures, public, contents.record_key),
            opened_by(0x0012, 0x0013),
        ),
        0x0003: BinaryFile(_basic_data(face)),
        0x0004: BinaryFile(contents.cv_certificate),
        0x0005: BinaryFile(b"", NEVER),
        0x0011: Secret(records.era_birthdate(face.birthdate).encode(), REFERENCE_NUMBER_TRIES),
        0x0012: Secret(_reference_number_b(face), REFERENCE_NUMBER_TRIES),
        0x0013: Secret(None, REFERENCE_NUMBER_TRIES),
    }
    return Application(VISUAL_AID, "visual", files, _own_key(contents))


def common(contents: Contents) -> Application:
    """共通カード: serial, municipality, expiry; free."""
    record = records.common_record(contents.face)
    return Application(COMMON_AID, "common", {0x0001: RecordFile((record,))})


def _secret(value: bytes | None, tries: int, tries_left: int = -1) -> Secret:
    return Secret(value, tries, 0 if value is None else tries_left)


def _reference_number_b(face: records.Face) -> bytes:
    number = records.reference_number_b(face.birthdate, face.expires_on, face.security_code)
    return number.encode()


def _basic_data(face: records.Face) -> bytes:
    return records.tlv(0xFF40, records.tlv(0xDF34, face.municipality.encode()))


def _own_key(contents: Contents) -> SigningKey:
    return SigningKey(contents.own_key, FREE, frozenset({0}))
