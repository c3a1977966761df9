"""Revocation by a responder: whose answer counts, and what becomes of all others."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from terminal.card.certificates import CertificateVerifier
from terminal.card.ocsp import LARGEST_ANSWER, OcspResponder
from terminal.card.revocation import NotChecked, Revocation, RevocationChecker
from terminal.card.revocation_lists import RevocationLists
from terminal.identification import RevocationState
from tests.card.authority import Authority, Key, Leaf, ec_key, rsa_key
from tests.card.revoking import (
    HOUR,
    Delegate,
    crl,
    openssl_responder,
    scripted_responder,
    server_certificate,
)
from tests.ports import free_port

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
AUTHORITY = Authority()
LEAF = Leaf()
GOOD, REVOKED, UNKNOWN = (
    ocsp.OCSPCertStatus.GOOD,
    ocsp.OCSPCertStatus.REVOKED,
    ocsp.OCSPCertStatus.UNKNOWN,
)


class Desk:
    """A desk that asks a responder, with a clock that can be set."""

    def __init__(
        self,
        url: str,
        authority: Authority = AUTHORITY,
        now: datetime = NOW,
        seconds: float = 5,
        ca_file: Path | None = None,
    ) -> None:
        """``seconds``: how long it waits; ``ca_file``: who vouches for the responder's server."""
        self.now = now
        self.verifier = CertificateVerifier([authority.pem], allow_test=False)
        self.responder = OcspResponder(url, seconds=seconds, now=lambda: self.now, ca_file=ca_file)
        self.checker = RevocationChecker(self.verifier, [self.responder])

    def checks(self, leaf: Leaf = LEAF) -> Revocation:
        """Look a certificate up."""
        return self.checker.check(leaf.der)


@dataclass(frozen=True)
class Answer:
    """An OCSP answer that is right in everything that is not changed."""

    status: ocsp.OCSPCertStatus = GOOD
    leaf: Leaf = LEAF
    issuer: Authority = field(default_factory=Authority)
    signer: Delegate | None = None
    forged: bool = False
    this_update: datetime = NOW - MINUTE
    next_update: datetime | None = NOW + HOUR
    nonce: bytes | None = b"repeat"

    def to(self, request: bytes) -> tuple[int, bytes]:
        """Return HTTP status and body for a request."""
        asked = ocsp.load_der_ocsp_request(request)
        revoked = self.status is REVOKED
        signer = self.signer or self.issuer
        impostor = replace(signer, key=rsa_key("impostor"))
        builder = (
            ocsp.OCSPResponseBuilder()
            .add_response(
                cert=x509.load_der_x509_certificate(self.leaf.der),
                issuer=self.issuer.certificate,
                algorithm=hashes.SHA1(),  # noqa: S303  # an identifier
                cert_status=self.status,
                this_update=self.this_update,
                next_update=self.next_update,
                revocation_time=NOW - HOUR if revoked else None,
                revocation_reason=x509.ReasonFlags.certificate_hold if revoked else None,
            )
            .responder_id(
                # the one who forges can only take the name
                ocsp.OCSPResponderEncoding.NAME if self.forged else ocsp.OCSPResponderEncoding.HASH,
                impostor.certificate if self.forged else signer.certificate,
            )
        )
        if self.signer is not None:
            builder = builder.certificates([self.signer.certificate])
        if self.nonce is not None:
            sent = asked.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce
            assert len(sent) == 32
            nonce = sent if self.nonce == b"repeat" else self.nonce
            builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
        key = impostor.key if self.forged else signer.key
        response = builder.sign(key, hashes.SHA256())
        return 200, response.public_bytes(Encoding.DER)


def found(answer: Callable[[bytes], tuple[int, bytes]], desk: Authority = AUTHORITY) -> Revocation:
    """Return what a desk makes of this answer."""
    with scripted_responder(answer) as responder:
        leaf = Leaf(issuer=desk)
        return Desk(responder.url, desk).checks(leaf)


@pytest.mark.parametrize("delegate", [None, Delegate()])
@pytest.mark.parametrize("key", [rsa_key("ca"), ec_key("ca")])
def test_openssl_s_responder_is_understood(
    tmp_path: Path, delegate: Delegate | None, key: Key
) -> None:
    """OpenSSL's own responder tells good, revoked and unknown, signed by the CA or a delegate."""
    authority = Authority(key=key)
    good, revoked, unknown = (Leaf(issuer=authority, serial=s) for s in (0x10, 0xA0FF, 0x30))
    delegate = delegate and Delegate(issuer=authority)
    with openssl_responder(
        tmp_path, authority, (good, "V"), (revoked, "R"), delegate=delegate
    ) as url:
        desk = Desk(url, authority, datetime.now(UTC))
        first, second, third = (desk.checks(leaf) for leaf in (good, revoked, unknown))
    assert [first.state, second.state] == [RevocationState.GOOD, RevocationState.REVOKED]
    assert first.as_of is not None
    assert abs(first.as_of - desk.now) < 5 * MINUTE
    assert (third.state, third.why) == (
        RevocationState.NOT_CHECKED,
        NotChecked.UNKNOWN_TO_RESPONDER,
    )


@pytest.mark.parametrize(
    ("answer", "revocation"),
    [
        (Answer(), Revocation(RevocationState.GOOD, NOW - MINUTE)),
        (Answer(REVOKED), Revocation(RevocationState.REVOKED, NOW - MINUTE)),
        (Answer(signer=Delegate()), Revocation(RevocationState.GOOD, NOW - MINUTE)),
        (Answer(next_update=None), Revocation(RevocationState.GOOD, NOW - MINUTE)),
        (Answer(next_update=NOW), Revocation(RevocationState.GOOD, NOW - MINUTE)),
        (
            Answer(UNKNOWN),
            Revocation(RevocationState.NOT_CHECKED, NOW - MINUTE, NotChecked.UNKNOWN_TO_RESPONDER),
        ),
        (
            Answer(this_update=NOW - HOUR, next_update=NOW - MINUTE),
            Revocation(RevocationState.NOT_CHECKED, NOW - HOUR, NotChecked.STALE),
        ),
        (
            Answer(this_update=NOW - HOUR, next_update=None),
            Revocation(RevocationState.NOT_CHECKED, NOW - HOUR, NotChecked.STALE),
        ),
    ],
)
def test_a_trusted_answer_says_what_it_says(answer: Answer, revocation: Revocation) -> None:
    """Good and revoked (also on hold) come with their time; old and unknown are not checked."""
    assert found(answer.to) == revocation


@pytest.mark.parametrize(
    "answer",
    [
        Answer(nonce=b"another nonce than ours, 32 long"),
        Answer(nonce=None),
        Answer(forged=True),
        Answer(leaf=LEAF.but(serial=5)),
        Answer(issuer=Authority(key=rsa_key("impostor"))),
        Answer(signer=Delegate(may_answer=False)),
        Answer(signer=Delegate(issuer=Authority(key=rsa_key("impostor")))),
        Answer(signer=Delegate(end=NOW - MINUTE)),
        Answer(signer=Delegate(begin=NOW + MINUTE)),
        Answer(signer=Delegate(), forged=True),
        Answer(this_update=NOW + 6 * MINUTE),
        Answer(REVOKED, forged=True),
    ],
)
def test_an_answer_that_proves_nothing_is_not_believed(answer: Answer) -> None:
    """Replayed, forged, foreign, or signed by who may not: neither good nor revoked."""
    assert found(answer.to) == Revocation(
        RevocationState.NOT_CHECKED, None, NotChecked.UNTRUSTED_ANSWER
    )


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        (200, b"no OCSP", NotChecked.UNTRUSTED_ANSWER),
        (200, b"", NotChecked.UNTRUSTED_ANSWER),
        (200, bytes(LARGEST_ANSWER + 1), NotChecked.UNTRUSTED_ANSWER),
        (503, b"", NotChecked.NO_ANSWER),
        (302, b"", NotChecked.NO_ANSWER),
        (
            200,
            ocsp.OCSPResponseBuilder.build_unsuccessful(
                ocsp.OCSPResponseStatus.TRY_LATER
            ).public_bytes(Encoding.DER),
            NotChecked.NO_ANSWER,
        ),
    ],
)
def test_what_is_no_answer_is_told_as_such(status: int, body: bytes, why: NotChecked) -> None:
    """Errors and nonsense leave the certificate not checked."""
    assert found(lambda _: (status, body)).why is why


def test_a_responder_that_is_down_or_slow_is_given_up() -> None:
    """Nobody there, or no answer in time: not checked, and the next question may succeed."""
    down = Desk(f"http://127.0.0.1:{free_port()}")
    assert down.checks().why is NotChecked.NO_ANSWER
    assert down.responder.problem is NotChecked.NO_ANSWER

    go = threading.Event()

    def late(request: bytes) -> tuple[int, bytes]:
        go.wait(30)
        return Answer().to(request)

    with scripted_responder(late) as responder:
        slow = Desk(responder.url, seconds=0.2)
        assert slow.checks().why is NotChecked.NO_ANSWER
        go.set()
        assert Desk(responder.url).checks().state is RevocationState.GOOD


@pytest.mark.parametrize("status", [GOOD, REVOKED])
def test_an_answer_is_kept_until_its_end(status: ocsp.OCSPCertStatus) -> None:
    """Within its time it is told again with its age; after it the responder is asked anew."""
    with scripted_responder(Answer(status).to) as responder:
        desk = Desk(responder.url)
        first = desk.checks()
        desk.now = NOW + HOUR
        assert (desk.checks(), responder.asked) == (first, 1)
        desk.now = NOW + HOUR + MINUTE
        assert (desk.checks().why, responder.asked) == (NotChecked.STALE, 2)


@pytest.mark.parametrize("answer", [Answer(UNKNOWN), Answer(next_update=None), Answer(nonce=None)])
def test_what_may_change_at_once_is_not_kept(answer: Answer) -> None:
    """Unknown, untrusted, and answers for this moment alone are asked for again."""
    with scripted_responder(answer.to) as responder:
        desk = Desk(responder.url)
        desk.checks()
        desk.checks()
        assert responder.asked == 2


def test_one_person_s_answer_is_never_told_of_another() -> None:
    """Answers are kept by issuer and serial."""
    with scripted_responder(Answer().to) as responder:
        desk = Desk(responder.url)
        assert desk.checks().state is RevocationState.GOOD
        other = desk.checks(LEAF.but(serial=5))
        assert other.why is NotChecked.UNTRUSTED_ANSWER


def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """The address in the configuration is asked directly."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    assert found(Answer().to).state is RevocationState.GOOD


def test_an_https_responder_is_asked_only_where_its_server_is_vouched_for(tmp_path: Path) -> None:
    """The configured CA opens the connection; without it no question leaves the desk."""
    server_pem = server_certificate(tmp_path)
    with scripted_responder(Answer().to, server_pem) as responder:
        stranger = Desk(responder.url).checks()
        assert (stranger.state, stranger.why) == (
            RevocationState.NOT_CHECKED,
            NotChecked.NO_ANSWER,
        )
        assert responder.asked == 0
        assert Desk(responder.url, ca_file=server_pem).checks().state is RevocationState.GOOD


def test_lists_come_before_the_responder_which_fills_their_gaps(tmp_path: Path) -> None:
    """A list that knows decides without a question; one that is stale lets the responder decide."""
    with scripted_responder(Answer(REVOKED).to) as responder:
        desk = Desk(responder.url)
        lists = RevocationLists([tmp_path], desk.verifier, lambda: desk.now)
        checker = RevocationChecker(desk.verifier, [lists, desk.responder])
        (tmp_path / "list.crl").write_bytes(crl(AUTHORITY, NOW - HOUR))
        assert checker.check(LEAF.der).state is RevocationState.GOOD
        assert responder.asked == 0
        (tmp_path / "list.crl").write_bytes(crl(AUTHORITY, NOW - 48 * HOUR))
        assert checker.check(LEAF.der).state is RevocationState.REVOKED
