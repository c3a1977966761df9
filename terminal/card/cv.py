"""The card-verifiable certificate that both 券面 applications carry (tag 7F21)."""

from __future__ import annotations

from dataclasses import dataclass, field

from terminal.card import tlv
from terminal.errors import CardProtocolError

CERTIFICATE_TAG, BODY_TAG, SIGNATURE_TAG = 0x7F21, 0x5F4E, 0x5F37
KEY_ID_SIZE = 16
BODY_SIZE = 297
SIGNATURE_SIZE = 256
TEST_ISSUER = b"6"


@dataclass(frozen=True, slots=True)
class CvCertificate:
    """The key that signed the card's records, under the issuer's key, which is not on the card.

    ``issuer_key_id``, ``subject_key_id``: 16 bytes; ``key``: 265 bytes; ``signature``: 256 bytes
    over the three.
    """

    issuer_key_id: bytes
    subject_key_id: bytes
    key: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    @property
    def is_test(self) -> bool:
        """Whether the issuer belongs to the test hierarchy: its id begins with 6."""
        return self.issuer_key_id.startswith(TEST_ISSUER)


def parse_cv_certificate(content: bytes) -> CvCertificate:
    """Take the certificate apart without judging it.  Raises CardProtocolError."""
    outer = tlv.parse(content)
    if outer.tag != CERTIFICATE_TAG:
        msg = f"expected a CV certificate, found data object {outer.tag:X}"
        raise CardProtocolError(msg)
    body, signature = outer.find(BODY_TAG), outer.find(SIGNATURE_TAG)
    if len(body) != BODY_SIZE or len(signature) != SIGNATURE_SIZE:
        msg = f"CV certificate of {len(body)} and {len(signature)} bytes"
        raise CardProtocolError(msg)
    return CvCertificate(
        body[:KEY_ID_SIZE], body[KEY_ID_SIZE : 2 * KEY_ID_SIZE], body[2 * KEY_ID_SIZE :], signature
    )
