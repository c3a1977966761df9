"""What a card's applications are made of: files, secrets, keys (ISO 7816-4)."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa, utils

_CV_HEAD = 5 + 5  # 7F21 and 5F4E with lengths of two bytes
_CV_BODY_END = _CV_HEAD + 297
_CV_SIGNATURE = _CV_BODY_END + 5
_MODULUS = 256


@dataclass(frozen=True, slots=True)
class Access:
    """Who may read a file or use a key: ``secrets`` are FIDs of which one must be verified.

    ``secrets`` None: everybody.  Empty: nobody, ever.
    """

    secrets: frozenset[int] | None

    def allows(self, verified: set[int]) -> bool:
        """Tell whether the verified secrets open it."""
        return self.secrets is None or not self.secrets.isdisjoint(verified)


FREE = Access(None)
NEVER = Access(frozenset())


def opened_by(*secrets: int) -> Access:
    """Return the access that any one of these secrets gives."""
    return Access(frozenset(secrets))


@dataclass(frozen=True, slots=True)
class BinaryFile:
    """A transparent EF."""

    content: bytes = field(repr=False)
    access: Access = FREE


@dataclass(frozen=True, slots=True)
class RecordFile:
    """A linear EF; records count from 1."""

    records: tuple[bytes, ...] = field(repr=False)
    access: Access = FREE


@dataclass(slots=True)
class Secret:
    """A PIN, password or 照合番号 with its retry counter.

    ``value`` None: nobody knows it, every entry is wrong.  ``tries_left`` 0: blocked; only
    :meth:`restore` (the municipality's window) frees it.
    """

    value: bytes | None = field(repr=False)
    tries: int
    tries_left: int = -1
    first_tries_left: int = field(init=False)

    def __post_init__(self) -> None:
        if self.tries_left < 0:
            self.tries_left = self.tries
        self.first_tries_left = self.tries_left

    def verify(self, entry: bytes) -> bool:
        """Count one entry; the caller has checked that a try is left."""
        if self.value is not None and hmac.compare_digest(self.value, entry):
            self.tries_left = self.tries
            return True
        self.tries_left -= 1
        return False

    def restore(self) -> None:
        """Set the counter to what it was when the card was issued."""
        self.tries_left = self.first_tries_left


class SignatureModeError(Exception):
    """The key cannot sign data of this form."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An RSA private key.  ``modes``: the P1 values of PSO: COMPUTE SIGNATURE that it takes."""

    key: rsa.RSAPrivateKey = field(repr=False)
    access: Access
    modes: frozenset[int] = frozenset(range(6))

    def sign(self, mode: int, data: bytes) -> bytes:
        """Return the signature; ``mode`` is P1.

        0 pads what it gets (1-245 bytes, normally a DigestInfo); 1 hashes and pads the bare hash;
        2 takes a SHA-256; 3 hashes and signs; 4 and 5 are PSS of a hash and of a message.
        Raises SignatureModeError where the length does not fit.
        """
        prehashed = utils.Prehashed(hashes.SHA256())
        pkcs1 = padding.PKCS1v15()
        pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
        if mode == 0:
            if not 1 <= len(data) <= self.key.key_size // 8 - 11:
                raise SignatureModeError
            return self.key.sign(data, pkcs1, utils.NoDigestInfo())
        if mode in (2, 4) and len(data) != hashes.SHA256.digest_size:
            raise SignatureModeError
        if mode == 1:
            digest = hashes.Hash(hashes.SHA256())
            digest.update(data)
            return self.key.sign(digest.finalize(), pkcs1, utils.NoDigestInfo())
        if mode == 2:
            return self.key.sign(data, pkcs1, prehashed)
        if mode == 3:
            return self.key.sign(data, pkcs1, hashes.SHA256())
        if mode == 4:
            return self.key.sign(data, pss, prehashed)
        return self.key.sign(data, pss, hashes.SHA256())


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A key that the card keeps for a purpose no desk has: every use is refused."""


@dataclass(frozen=True, slots=True)
class TerminalCa:
    """The key under which the card checks a terminal's certificate (JPKI 0016): of tests only.

    A certificate has the form of the card's own (7F21 with 5F4E and 5F37), which is made up here:
    what certified readers really hand over is not public.
    """

    key: rsa.RSAPublicKey = field(repr=False)

    def accept(self, certificate: bytes) -> rsa.RSAPublicKey | None:
        """Return the terminal's key that ``certificate`` vouches for, None where it does not."""
        body, signature = certificate[_CV_HEAD:_CV_BODY_END], certificate[_CV_SIGNATURE:]
        if not verifies(self.key, body, signature):
            return None
        return rsa.RSAPublicNumbers(65537, int.from_bytes(body[-_MODULUS:])).public_key()


def verifies(key: rsa.RSAPublicKey, message: bytes, signature: bytes) -> bool:
    """Whether ``key`` made this PKCS#1 v1.5 signature with SHA-256."""
    try:
        key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


CardFile = BinaryFile | RecordFile | Secret | SigningKey | ForeignKey | TerminalCa


@dataclass(frozen=True, slots=True)
class Application:
    """An application (AP): its AID, a short name for traces, its files by FID.

    ``own_key`` answers PSO with P1-P2 0000, without any secret.
    """

    aid: bytes
    name: str
    files: Mapping[int, CardFile] = field(default_factory=dict)
    own_key: SigningKey | None = None

    @property
    def fci(self) -> bytes:
        """The file control information that SELECT returns when it is asked for."""
        return b"\x6f" + bytes([len(self.aid) + 2]) + b"\x84" + bytes([len(self.aid)]) + self.aid


class Card(Protocol):
    """What a slot can hold."""

    atr: bytes

    def power_on(self) -> None:
        """Begin afresh: no application, nothing verified."""
        ...

    def power_off(self) -> None:
        """Forget what was verified."""
        ...

    def reset(self) -> None:
        """Warm reset: what was verified stays so, as on the real card."""
        ...

    def transmit(self, apdu: bytes) -> bytes | None:
        """Answer one command APDU with data and status word; None: no answer at all."""
        ...
