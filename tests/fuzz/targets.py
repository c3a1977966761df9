"""What is fuzzed: every parser of what a card, a reader or a responder says, with good input.

Good input comes from the files of one issued card, so that a kept wallet repeats every case.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from face_auth.errors import PhotoError
from face_auth.photo import decode_photo
from terminal.card import common, cv, jpki, own_key, text, tlv, visual
from terminal.card.certificates import CertificateVerifier, load_certificate, subject_of
from terminal.card.connection import CardConnection
from terminal.card.number_b import NumberB
from terminal.card.ocsp import OcspResponder
from terminal.card.revocation_lists import RevocationLists
from terminal.card.terminal_authentication import Step, authenticate_terminal
from terminal.errors import TerminalError
from terminal.reader.part10 import parse_features, parse_properties
from terminal.virtual_card.files import BinaryFile, RecordFile
from terminal.virtual_card.records import tlv as encode
from tests.card.authority import Authority, Leaf, name_of
from tests.card.revoking import crl, issuing_point
from tests.card.wallet import Wallet
from tests.fuzz.session import AnswersFromBytes, Desk, recorded, whole_session

DEEPEST = 8
DAY = timedelta(days=1)
NONCE = bytes(range(32))
"""Stands in a recorded answer where the question's own nonce belongs."""

Parse = Callable[[bytes], object]

NAMES = (
    "tlv", "card-record", "cv-certificate", "record-issuer", "municipality",
    "certificates-present", "token-info", "text-attributes", "visual-record",
    "photo", "signed-record", "number-b", "certificate", "subject", "verifier", "verifier-signed",
    "crl", "crl-signed", "ocsp", "ocsp-signed", "reader-features", "terminal-authentication",
    "answers",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Target:
    """``parse`` may return anything or raise a TerminalError; ``good``: input to spoil."""

    parse: Parse
    good: Sequence[bytes]


def walk(found: tlv.Tlv, depth: int = 0) -> None:
    """Read all that lies in a data object."""
    for child in found.children():
        if depth < DEEPEST:
            try:
                walk(child, depth + 1)
            except TerminalError:
                continue  # a value that holds no objects


def targets(wallet: Wallet) -> dict[str, Target]:
    """Return every parser by its name, in the order of :data:`NAMES`."""
    files = _files(wallet)
    leaf, ca = files["jpki/000A"], files["jpki/000B"]
    desk = Desk(wallet)
    verifier = desk.verifier
    now = load_certificate(leaf).not_valid_before_utc + 400 * DAY
    cv_certificate = files["visual/0004"]
    face = files["visual/0002"]
    certificates = _Signed(now)
    lists = _Lists(wallet, verifier, now)
    responder = _Responder(wallet, leaf, ca, now)
    found = {
        "tlv": Target(
            lambda content: walk(tlv.parse(content)), [face, files["text/0002"], cv_certificate]
        ),
        "card-record": Target(common.parse_card_record, [files["common/0001"]]),
        "cv-certificate": Target(cv.parse_cv_certificate, [cv_certificate]),
        "record-issuer": Target(
            lambda content: desk.issuers.signer(cv.parse_cv_certificate(content)), [cv_certificate]
        ),
        "municipality": Target(visual.parse_municipality, [files["visual/0003"]]),
        "certificates-present": Target(jpki.parse_certificates_present, [files["jpki/0008"]]),
        "token-info": Target(
            lambda content: jpki.parse_token_info(content).kind, [files["jpki/0006"]]
        ),
        "text-attributes": Target(text.parse_attributes, [files["text/0002"]]),
        "visual-record": Target(visual.parse_visual_record, [face]),
        "photo": Target(_decode_photo, [visual.parse_visual_record(face).photo or b""]),
        "signed-record": Target(
            lambda content: own_key.parse_signed_record(content).signed, [face]
        ),
        "number-b": Target(_make_number_b, [bytes.fromhex("0AFE1C07EF") + b"1234"]),
        "certificate": Target(load_certificate, [leaf, ca]),
        "subject": Target(subject_of, [leaf]),
        "verifier": Target(lambda content: verifier.verify(content, now), [leaf]),
        "verifier-signed": Target(certificates.verify, certificates.good),
        "crl": Target(lists.read, lists.good),
        "crl-signed": Target(lists.read_signed, lists.to_sign),
        "ocsp": Target(responder.answer, responder.good),
        "ocsp-signed": Target(responder.answer_signed, responder.to_sign),
        "reader-features": Target(
            lambda content: (parse_features(content), parse_properties(content)),
            [bytes.fromhex("0604423300061204423300120A0400000100")],
        ),
        "terminal-authentication": Target(
            _authenticate, [bytes.fromhex("90000000" * 3 + "90000010") + bytes(16) + b"\x90\0\0\0"]
        ),
        "answers": Target(
            lambda content: whole_session(AnswersFromBytes(content), desk, FixedTerminal()),
            [recorded(wallet.card(), desk, FixedTerminal())],
        ),
    }
    return {name: found[name] for name in NAMES}


def _files(wallet: Wallet) -> dict[str, bytes]:
    """Return the contents of a card's files by ``application/FID``."""
    files = {}
    for application in wallet.card().applications:
        for fid, file in application.files.items():
            if isinstance(file, BinaryFile):
                files[f"{application.name}/{fid:04X}"] = file.content
            elif isinstance(file, RecordFile):
                files[f"{application.name}/{fid:04X}"] = file.records[0]
    return files


def _decode_photo(content: bytes) -> None:
    try:
        decode_photo(content)
    except PhotoError:
        pass


def _make_number_b(content: bytes) -> None:
    """Take birth date (a day's number), expiry year and security code from ``content``."""
    day = 1 + int.from_bytes(content[:3]) % date.max.toordinal()
    year = int.from_bytes(content[3:5])
    with NumberB(
        date.fromordinal(day), year, bytearray(content[5:]), today=date(2026, 11, 24)
    ) as number:
        shown = AnswersFromBytes(b"\x90\0\0\0" * 2)
        number.show(shown, visual.NUMBER_B)
        sent = shown.sent[-1]
        assert len(sent) == 5 + 14, "照合番号B has 14 digits"
        assert sent[5:].isdigit()


class FixedTerminal:
    """A certified reader whose answers are always the same, so that no time goes by in signing."""

    name = "fixed"
    challenge_size = 16

    def certificates(self) -> Sequence[Step]:
        """Return two certificates, the second too long for a short command."""
        return (Step(0x00, 0x80, bytes(16)), Step(0x00, 0x80, bytes(307)))

    def sign(self, challenge: bytes) -> Step:
        """Return what no card accepts."""
        return Step(0x00, 0x00, challenge)


def _authenticate(content: bytes) -> None:
    connection: CardConnection = AnswersFromBytes(content)
    authenticate_terminal(connection, FixedTerminal())


# -- spoilt before it is signed: what stands behind the check of a signature -----------------------

_ECDSA = {
    "SHA-256": (hashes.SHA256(), bytes.fromhex("300A06082A8648CE3D040302")),
    "SHA-384": (hashes.SHA384(), bytes.fromhex("300A06082A8648CE3D040303")),
}
_KEY = ec.derive_private_key(0x0FEDCBA987654321, ec.SECP256R1())
_AUTHORITY = Authority(key=_KEY)


def _signed(content: bytes, hashed: str) -> bytes:
    """Sign ``content`` (what is to be signed, DER); return the whole with algorithm and bits."""
    algorithm, identifier = _ECDSA[hashed]
    signature = _KEY.sign(content, ec.ECDSA(algorithm))
    return encode(0x30, content + identifier + encode(0x03, b"\0" + signature))


class _Signed:
    """Certificates whose content is spoilt, and then signed by an authority that is trusted."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._verifier = CertificateVerifier([_AUTHORITY.pem], allow_test=True)
        leaf = Leaf(issuer=_AUTHORITY, key=_KEY, begin=now - 400 * DAY, end=now + 400 * DAY)
        kinds = (leaf, leaf.but(lists_at=issuing_name()), leaf.but(is_ca=True, policy=None))
        self.good = [
            x509.load_der_x509_certificate(kind.der).tbs_certificate_bytes for kind in kinds
        ]

    def verify(self, content: bytes) -> object:
        """Verify what is signed anew."""
        return self._verifier.verify(_signed(content, "SHA-384"), self._now)


def issuing_name() -> x509.GeneralName:
    """Return a distribution point's name."""
    return x509.DirectoryName(name_of("JPKI"))


class _Lists:
    """Revocation lists, read from memory as from a file."""

    def __init__(self, wallet: Wallet, verifier: CertificateVerifier, now: datetime) -> None:
        self._now = now
        self._file = wallet.folder / "spoilt.crl"
        self._verifier = verifier
        self._own = CertificateVerifier([_AUTHORITY.pem], allow_test=True)
        listed = (wallet.folder / "crl.pem").read_bytes()
        self.good = [listed, x509.load_pem_x509_crl(listed).public_bytes(Encoding.DER)]
        reason = x509.ReasonFlags.certificate_hold
        lists = (
            crl(_AUTHORITY, now, 1, 0x0A1B2C, reason=reason),
            crl(_AUTHORITY, now, 5, extensions=((issuing_point("千代田区"), True),)),
        )
        self.to_sign = [x509.load_der_x509_crl(made).tbs_certlist_bytes for made in lists]

    def read(self, content: bytes) -> object:
        """Read a list whose signature no longer fits; a file that is refused is told as such."""
        return self._report(content, self._verifier)

    def read_signed(self, content: bytes) -> object:
        """Read a list that was spoilt before it was signed."""
        return self._report(_signed(content, "SHA-256"), self._own)

    def _report(self, content: bytes, verifier: CertificateVerifier) -> object:
        self._file.write_bytes(content)
        lists = RevocationLists([self._file], verifier, lambda: self._now)
        leaf = verifier.anchors[0]
        return lists.report(), lists.look_up(leaf, leaf)


class _Responder(OcspResponder):
    """A responder whose answers are handed in, all else as in the desk's own."""

    def __init__(self, wallet: Wallet, leaf: bytes, ca: bytes, now: datetime) -> None:
        super().__init__("http://127.0.0.1", seconds=1, now=lambda: now)
        self._body: Callable[[bytes], bytes] = bytes
        self._leaf = load_certificate(leaf)
        self._ca = load_certificate(ca)
        key = serialization.load_pem_private_key((wallet.folder / "ca.key").read_bytes(), None)
        assert isinstance(key, rsa.RSAPrivateKey)
        own = load_certificate(Leaf(issuer=_AUTHORITY, key=_KEY).der)
        self._own, self._own_ca = own, _AUTHORITY.certificate
        self.good = [_ocsp_answer(self._leaf, self._ca, key, now).public_bytes(Encoding.DER)]
        self.to_sign = [
            _ocsp_answer(own, self._own_ca, _KEY, now, status).tbs_response_bytes
            for status in (ocsp.OCSPCertStatus.GOOD, ocsp.OCSPCertStatus.REVOKED)
        ]

    def answer(self, content: bytes) -> object:
        """Take an answer as it is."""
        self._body = lambda _nonce: content
        return self.look_up(self._leaf, self._ca)

    def answer_signed(self, content: bytes) -> object:
        """Take an answer that was spoilt before it was signed."""
        self._body = lambda nonce: _whole_answer(content.replace(NONCE, nonce))
        self._known.clear()
        return self.look_up(self._own, self._own_ca)

    def _exchange(self, body: bytes) -> bytes:
        request = ocsp.load_der_ocsp_request(body)
        return self._body(request.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce)


def _whole_answer(content: bytes) -> bytes:
    """Sign ``content`` (what an answer signs, DER) and wrap it as a successful answer."""
    kind = bytes.fromhex("06092B0601050507300101")
    basic = encode(0x30, kind + encode(0x04, _signed(content, "SHA-256")))
    return encode(0x30, bytes.fromhex("0A0100") + encode(0xA0, basic))


def _ocsp_answer(
    leaf: x509.Certificate,
    ca: x509.Certificate,
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey,
    now: datetime,
    status: ocsp.OCSPCertStatus = ocsp.OCSPCertStatus.GOOD,
) -> ocsp.OCSPResponse:
    revoked = status is ocsp.OCSPCertStatus.REVOKED
    return (
        ocsp.OCSPResponseBuilder()
        .add_response(
            cert=leaf,
            issuer=ca,
            algorithm=hashes.SHA1(),  # noqa: S303  # an identifier
            cert_status=status,
            this_update=now,
            next_update=now + DAY,
            revocation_time=now if revoked else None,
            revocation_reason=x509.ReasonFlags.certificate_hold if revoked else None,
        )
        .responder_id(ocsp.OCSPResponderEncoding.HASH, ca)
        .add_extension(x509.OCSPNonce(NONCE), critical=False)
        .sign(key, hashes.SHA256())
    )
