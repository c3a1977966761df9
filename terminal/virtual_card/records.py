"""The texts and pictures of the 券面 applications as bytes (BER-TLV)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from terminal.virtual_card.personas import CardPictures

_ERAS = (
    (date(2019, 5, 1), "令和"),
    (date(1989, 1, 8), "平成"),
    (date(1926, 12, 25), "昭和"),
    (date(1912, 7, 30), "大正"),  # nobody older holds a card
)
_YEARS_TO_FIRST_EXPIRY = 5
_SEX_ON_CARD = {"1": "1", "2": "2"}
_FULL_WIDTH = str.maketrans("0123456789-", "０１２３４５６７８９－")


@dataclass(frozen=True, slots=True)
class Face:
    """What is printed on a card.  ``sex``: 1 male, 2 female, 9 otherwise, as on the card."""

    name: str = field(repr=False)
    address: str = field(repr=False)
    birthdate: date = field(repr=False)
    sex: str = field(repr=False)
    expires_on: date
    security_code: str = field(repr=False)
    serial: str
    municipality: str

    @property
    def has_photo(self) -> bool:
        """Whether a photo is on it: none where it was issued before the first birthday."""
        return self.expires_on.year - self.birthdate.year > _YEARS_TO_FIRST_EXPIRY


def sex_on_card(code: str) -> str:
    """Translate OQSCD007 (1, 2, 3 = not set) to the card's own code (9 = not applicable)."""
    return _SEX_ON_CARD.get(code, "9")


def era_of(birthdate: date) -> tuple[str, int]:
    """Return the era (元号) and the year within it, from 1."""
    begin, name = next((era for era in _ERAS if birthdate >= era[0]), _ERAS[-1])
    return name, birthdate.year - begin.year + 1


def era_birthdate(birthdate: date) -> str:
    """Return the birth date as YYMMDD in the year of the era (1980-02-17 is 550217)."""
    return f"{era_of(birthdate)[1]:02d}{birthdate:%m%d}"


def reference_number_b(birthdate: date, expires_on: date, security_code: str) -> str:
    """Return 照合番号B: birth date (era), year of expiry, security code; 14 digits."""
    return f"{era_birthdate(birthdate)}{expires_on.year:04d}{security_code}"


def tlv(tag: int, value: bytes) -> bytes:
    """Encode one BER-TLV object; ``tag`` of one or two bytes."""
    size = len(value)
    if size < 0x80:
        length = bytes([size])
    elif size < 0x100:
        length = bytes([0x81, size])
    else:
        length = b"\x82" + size.to_bytes(2)
    return tag.to_bytes(2 if tag > 0xFF else 1) + length + value


def with_offsets(tag: int, first: int, fields: Sequence[bytes]) -> bytes:
    """Wrap encoded fields in ``tag`` behind the offset table DF21 (two bytes a field).

    ``first`` is the tag of the table.  Offsets count from the start of the file.
    """
    table_size = 2 * len(fields)
    body = b"".join(fields)
    inner = len(tlv(first, bytes(table_size))) + len(body)
    start = len(tlv(tag, bytes(inner))) - len(body)
    offsets = []
    for item in fields:
        offsets.append(start.to_bytes(2))
        start += len(item)
    return tlv(tag, tlv(first, b"".join(offsets)) + body)


def text_record(face: Face) -> bytes:
    """Return text file 0002: name, address, birth date, sex."""
    return with_offsets(
        0xFF20,
        0xDF21,
        [
            tlv(0xDF22, face.name.replace(" ", "\u3000").encode()),
            tlv(0xDF23, face.address.translate(_FULL_WIDTH).encode()),
            tlv(0xDF24, f"{face.birthdate:%Y%m%d}".encode()),
            tlv(0xDF25, face.sex.encode()),
        ],
    )


def key_record(key: rsa.RSAPublicKey) -> bytes:
    """Return an RSA key as the card writes it: exponent 90, modulus 91."""
    numbers = key.public_numbers()
    return tlv(0x90, numbers.e.to_bytes(3)) + tlv(0x91, numbers.n.to_bytes(256))


def visual_record(
    face: Face, pictures: CardPictures, own_key: rsa.RSAPublicKey, issuer: rsa.RSAPrivateKey
) -> bytes:
    """Return visual file 0002: the card's face.

    Signed are three groups, each hashed by itself: birth date, sex and key; the pictures of name
    and address; the photo.  Expiry and security code are not signed, as on the real card.
    """
    birth = tlv(0xDF22, f"{face.birthdate:%Y%m%d}".encode())
    sex = tlv(0xDF23, face.sex.encode())
    key = tlv(0xDF24, key_record(own_key))
    name, address = tlv(0xDF25, pictures.name), tlv(0xDF26, pictures.address)
    photo = tlv(0xDF27, pictures.photo)
    signature = sign_groups(issuer, [birth + sex + key, name + address, photo])
    expiry = tlv(0xDF29, f"{face.expires_on:%Y%m%d}".encode())
    code = tlv(0xDF2A, pictures.security_code)
    fields = [birth, sex, key, name, address, photo, tlv(0xDF28, signature), expiry, code]
    return with_offsets(0xFF20, 0xDF21, fields)


def age_record(face: Face, own_key: rsa.RSAPublicKey, issuer: rsa.RSAPrivateKey) -> bytes:
    """Return visual file 0001: birth date, key, signature."""
    birth = tlv(0xDF11, f"{face.birthdate:%Y%m%d}".encode())
    key = tlv(0xDF12, key_record(own_key))
    return tlv(0xFF10, birth + key + tlv(0xDF13, sign_groups(issuer, [birth + key])))


def sign_groups(key: rsa.RSAPrivateKey, groups: Sequence[bytes]) -> bytes:
    """Sign the SHA-256 hashes of these groups, one behind the other."""
    return key.sign(
        b"".join(sha256(group) for group in groups), padding.PKCS1v15(), hashes.SHA256()
    )


def sha256(data: bytes) -> bytes:
    """Return the 32-byte hash."""
    digest = hashes.Hash(hashes.SHA256())
    digest.update(data)
    return digest.finalize()


def cv_certificate(
    issuer_id: bytes, subject_id: bytes, subject: rsa.RSAPublicKey, issuer: rsa.RSAPrivateKey
) -> bytes:
    """Return a CV certificate 7F21; ids of 16 bytes, beginning 6 in a test hierarchy."""
    body = issuer_id + subject_id + key_record(subject)
    signature = issuer.sign(body, padding.PKCS1v15(), hashes.SHA256())
    return tlv(0x7F21, tlv(0x5F4E, body) + tlv(0x5F37, signature))


def common_record(face: Face) -> bytes:
    """Return record 1 of common file 0001: serial 15, municipality 5, expiry YYYYMMDD."""
    digits = f"{face.serial}{face.municipality}{face.expires_on:%Y%m%d}"
    return tlv(0x01, digits.encode())


def token_info(serial: str, *, phone: bool = False) -> bytes:
    """Return JPKI file 0006, 160 bytes: label, maker, model, serial and zeroed counters."""
    label = "JPKIAPGPSETOKEN" if phone else "JPKIAPICCTOKEN2"
    parts = ((label, 32), ("JPKI-TEST", 32), ("VIRTUAL", 16), (serial, 16))
    text = "".join(part.ljust(size)[:size] for part, size in parts)
    return text.encode("ascii") + bytes(160 - len(text))
