"""The test reader: a terminal under the virtual card's own test terminal CA.

It stands in the place of a certified face reader, so that the frame of terminal authentication can
be shown and tested.  Nothing in it is the real protocol's: form of the certificate, parameters and
signature are made up, and no real card knows its CA.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from terminal.card.terminal_authentication import Step


class SampleReader:
    """A TerminalAuthenticator with a key from a folder of issued cards."""

    name = "test reader of the virtual card"
    challenge_size = 16

    def __init__(self, certificate: bytes, key: rsa.RSAPrivateKey) -> None:
        """``certificate``: 7F21 under the test terminal CA."""
        self._certificate = certificate
        self._key = key

    @classmethod
    def load(cls, folder: Path) -> SampleReader:
        """Read ``terminal.cv`` and ``terminal.key``.  Raises OSError, ValueError."""
        key = serialization.load_pem_private_key((folder / "terminal.key").read_bytes(), None)
        if not isinstance(key, rsa.RSAPrivateKey):
            msg = "the test reader's key is not RSA"
            raise ValueError(msg)  # noqa: TRY004  # wrong content, as any other
        return cls((folder / "terminal.cv").read_bytes(), key)

    def certificates(self) -> Sequence[Step]:
        """Return the one certificate, for the current file (P1-P2 0080)."""
        return (Step(0x00, 0x80, self._certificate),)

    def sign(self, challenge: bytes) -> Step:
        """Return the signature over the card's challenge."""
        return Step(0x00, 0x00, self._key.sign(challenge, padding.PKCS1v15(), hashes.SHA256()))
