"""The way to the payer over real TLS: each fault has its one error, and every call ends."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from pydantic import ValidationError

from eligibility.errors import (
    PayerProtocolError,
    PayerRefusedError,
    PayerTimeoutError,
    PayerTrustError,
    PayerUnavailableError,
)
from eligibility.fhir.client import FhirPayer, PayerSettings
from eligibility.fhir.connection import retry_after
from eligibility.fhir.wire import LARGEST_ANSWER
from tests.fhir.samples import EXAMPLES
from tests.fhir.scripted_server import Exchange, ScriptedServer, Trust, another_ca, reply

OpenServer = Callable[..., ScriptedServer]
OpenPayer = Callable[..., FhirPayer]

CAPABILITY = reply((EXAMPLES / "capability-statement.json").read_bytes())
REFUSAL = (EXAMPLES / "refusal-consent-missing.json").read_bytes()
PATIENCE = 15.0


def answers(data: bytes) -> Callable[[Exchange], None]:
    """Return a behaviour that sends the same to each request."""
    return lambda exchange: exchange.send(data)


def drips(data: bytes) -> Callable[[Exchange], None]:
    """Return a behaviour that sends one byte at a time, for ever slower than any limit."""

    def behave(exchange: Exchange) -> None:
        for place in range(len(data)):
            if exchange.stopped.wait(0.05):
                return
            exchange.send(data[place : place + 1])

    return behave


# -- Going well ------------------------------------------------------------------------------------


def test_calls_share_one_kept_connection(server: OpenServer, payer: OpenPayer) -> None:
    """After the first call the connection is kept: the next one costs one round trip."""
    running = server(answers(CAPABILITY))
    desk = payer(running.port)
    for _ in range(5):
        desk.check_reachable()
    assert (running.connections, len(running.requests)) == (1, 5)


STALE = reply(b'{"resourceType":"Parameters"}')


@pytest.mark.parametrize(
    "first",
    [
        pytest.param(CAPABILITY + STALE, id="two answers"),
        pytest.param(CAPABILITY + CAPABILITY, id="one answer twice"),
        pytest.param(CAPABILITY + STALE[:40], id="one answer and a half"),
        pytest.param(b"HTTP/1.1 103 Early Hints\r\n\r\n" + CAPABILITY + STALE, id="after hints"),
    ],
)
def test_what_follows_an_answer_answers_nothing(
    server: OpenServer, payer: OpenPayer, first: bytes
) -> None:
    """An answer too many is dropped with its connection; the next question gets its own answer."""
    replies = [first, CAPABILITY, CAPABILITY]

    def behave(exchange: Exchange) -> None:
        exchange.send(replies.pop(0))

    running = server(behave)
    desk = payer(running.port)
    for _ in range(3):
        desk.check_reachable()
    assert (running.connections, replies) == (2, [])


def test_nothing_but_what_is_needed_is_sent(server: OpenServer, payer: OpenPayer) -> None:
    """A request names what it accepts and its host: no cookie, no user agent, no packing."""
    running = server(answers(CAPABILITY))
    desk = payer(running.port)
    desk.check_reachable()
    head = running.requests[0].decode().split("\r\n\r\n")[0].split("\r\n")
    assert head[0] == "GET /fhir/metadata HTTP/1.1"
    names = {line.split(":")[0].lower() for line in head[1:]}
    assert names == {"host", "accept", "accept-encoding"}


def test_proxy_settings_of_the_environment_are_not_used(
    server: OpenServer, payer: OpenPayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy in the environment never sees where the desk connects to."""
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    payer(server(answers(CAPABILITY)).port).check_reachable()


def test_a_stale_connection_is_replaced_once(server: OpenServer, payer: OpenPayer) -> None:
    """A kept connection that the payer closes under a request is replaced, unnoticed."""

    def closes_on_the_second(exchange: Exchange) -> None:
        if len(running.requests) == 2:
            exchange.close()
        else:
            exchange.send(CAPABILITY)

    running = server(closes_on_the_second)
    desk = payer(running.port)
    desk.check_reachable()
    desk.check_reachable()
    assert (running.connections, len(running.requests)) == (2, 3)


def test_a_fresh_connection_is_not_tried_again(server: OpenServer, payer: OpenPayer) -> None:
    """A payer that hangs up on a new connection is unavailable, and asked only once."""
    running = server(lambda exchange: exchange.close())
    with pytest.raises(PayerUnavailableError) as refused:
        payer(running.port).check_reachable()
    assert not isinstance(refused.value, PayerTimeoutError)
    assert len(running.requests) == 1


# -- Time ------------------------------------------------------------------------------------------


def ends_in_time(call: Callable[[], object]) -> None:
    """Run a call that must raise PayerTimeoutError, and end long before the test's patience."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            call()
        except PayerTimeoutError as error:
            raised.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert len(raised) == 1


@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param(lambda exchange: exchange.stopped.wait(PATIENCE), id="silent"),
        pytest.param(drips(b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 10_000), id="headers drip"),
        pytest.param(drips(reply(b" " * 100_000)), id="body drips"),
    ],
)
def test_an_answer_that_does_not_end_is_ended(
    server: OpenServer, payer: OpenPayer, behaviour: Callable[[Exchange], None]
) -> None:
    """Silence and dripping end at the same limit: it counts for the whole answer."""
    desk = payer(server(behaviour).port, answer_seconds=0.5)
    ends_in_time(desk.check_reachable)


def test_a_connection_that_is_never_accepted_is_unavailable(
    trust: Trust, opened: ExitStack
) -> None:
    """A server that takes the connection but never speaks TLS cannot be reached."""
    listener = opened.enter_context(socket.create_server(("127.0.0.1", 0)))
    desk = FhirPayer(
        trust.settings(listener.getsockname()[1], connect_seconds=0.3),
        now=lambda: datetime.now(UTC),
    )
    opened.callback(desk.close)
    with pytest.raises(PayerUnavailableError, match="no connection"):
        desk.check_reachable()


# -- What the payer answers ------------------------------------------------------------------------


def test_a_closed_port_is_unavailable(payer: OpenPayer) -> None:
    """Nobody listening: ask again later."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        with pytest.raises(PayerUnavailableError, match="cannot be reached"):
            payer(port).check_reachable()


@pytest.mark.parametrize("status", ["500 Oops", "502 Bad", "503 Busy", "429 Many", "408 Slow"])
def test_a_payer_in_trouble_is_unavailable(
    server: OpenServer, payer: OpenPayer, status: str
) -> None:
    """5xx, 429 and 408 mean later, and Retry-After says when."""
    running = server(answers(reply(REFUSAL, status, "Retry-After: 7")))
    with pytest.raises(PayerUnavailableError) as refused:
        payer(running.port).check_reachable()
    assert refused.value.retry_after == 7
    assert not isinstance(refused.value, PayerTimeoutError)


@pytest.mark.parametrize("status", ["200 OK", "400 Bad", "403 No", "422 No"])
def test_a_refusal_is_a_refusal_whatever_the_status(
    server: OpenServer, payer: OpenPayer, status: str
) -> None:
    """An OperationOutcome with an error refuses, even with 200; code and words are kept."""
    running = server(answers(reply(REFUSAL, status)))
    with pytest.raises(PayerRefusedError) as refused:
        payer(running.port).check_reachable()
    assert (refused.value.code, refused.value.words) == (
        "consent-missing",
        "有効な閲覧同意がありません。",
    )
    assert refused.value.original == REFUSAL
    assert refused.value.words not in str(refused.value)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(reply(b"<html>"), id="html"),
        pytest.param(reply(b"{}", "404 Not Found"), id="error without outcome"),
        pytest.param(reply(b"<html>", "403 No"), id="error in html"),
        pytest.param(reply(b"{}"), id="another resource"),
        pytest.param(reply(b"", "302 Found", "Location: https://localhost/x"), id="redirect"),
        pytest.param(reply(b"", "204 No Content"), id="nothing"),
        pytest.param(reply(b"{}", "200 OK", "Content-Encoding: gzip"), id="packed"),
        pytest.param(b"what?\r\n\r\n", id="not http"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", id="bad length"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", id="bad chunk"
        ),
    ],
)
def test_what_is_no_answer_is_a_protocol_error(
    server: OpenServer, payer: OpenPayer, answer: bytes
) -> None:
    """Whatever else comes, HTTP or not, is one error; a redirect is not followed."""
    running = server(answers(answer))
    with pytest.raises(PayerProtocolError):
        payer(running.port).check_reachable()
    assert len(running.requests) == 1


@pytest.mark.parametrize("declared", [True, False])
def test_an_answer_without_end_is_cut(server: OpenServer, payer: OpenPayer, declared: bool) -> None:
    """More than the largest answer is not taken into memory, whether announced or not."""
    head = f"Content-Length: {10 * LARGEST_ANSWER}" if declared else "Connection: close"

    def floods(exchange: Exchange) -> None:
        exchange.send(f"HTTP/1.1 200 OK\r\n{head}\r\n\r\n".encode())
        while not exchange.stopped.is_set():
            exchange.send(b" " * 65536)

    with pytest.raises(PayerProtocolError, match="larger than"):
        payer(server(floods).port).check_reachable()


def test_half_an_answer_is_none(server: OpenServer, payer: OpenPayer) -> None:
    """A connection that breaks in the middle of an answer: ask again later."""

    def breaks(exchange: Exchange) -> None:
        exchange.send(CAPABILITY[:-20])
        exchange.close()

    with pytest.raises(PayerUnavailableError, match=r"whole|broke"):
        payer(server(breaks).port).check_reachable()


def test_the_payer_is_usable_again_after_a_fault(server: OpenServer, payer: OpenPayer) -> None:
    """No fault leaves a connection behind that spoils the next call."""
    faults: list[bytes] = [b"what?\r\n\r\n", reply(b"", "503 Busy"), CAPABILITY[:-5], CAPABILITY]

    def behave(exchange: Exchange) -> None:
        exchange.send(faults[len(running.requests) - 1])
        exchange.close()

    running = server(behave)
    desk = payer(running.port)
    for _ in range(3):
        with pytest.raises((PayerProtocolError, PayerUnavailableError)):
            desk.check_reachable()
    desk.check_reachable()


# -- Trust -----------------------------------------------------------------------------------------


def test_plain_http_is_not_spoken_to(server: OpenServer, payer: OpenPayer) -> None:
    """A server without TLS is no payer."""
    running = server(answers(CAPABILITY), tls=False)
    with pytest.raises(PayerTrustError, match="does not speak TLS"):
        payer(running.port).check_reachable()
    assert all(b"metadata" not in request for request in running.requests)


def test_another_authority_is_not_trusted(
    server: OpenServer, payer: OpenPayer, tmp_path: Path
) -> None:
    """Only the configured CA vouches for the payer; the error names its file."""
    foreign = tmp_path / "foreign-ca.pem"
    foreign.write_bytes(another_ca().certificate.public_bytes(serialization.Encoding.PEM))
    running = server(answers(CAPABILITY))
    with pytest.raises(PayerTrustError, match=r"foreign-ca\.pem"):
        payer(running.port, ca_file=foreign).check_reachable()
    assert running.requests == []


def test_the_certificates_name_is_checked(server: OpenServer, payer: OpenPayer) -> None:
    """A certificate of our CA for another name is refused."""
    running = server(answers(CAPABILITY), host="127.0.0.2")
    with pytest.raises(PayerTrustError, match="another name"):
        payer(running.port, base_url=f"https://127.0.0.2:{running.port}/fhir").check_reachable()
    assert running.requests == []


def test_a_client_certificate_of_another_authority_is_told(
    server: OpenServer, payer: OpenPayer, tmp_path: Path
) -> None:
    """If the payer does not accept the institution's certificate, the error names its file."""
    certificate, key = another_ca().issue_client("1310000003")
    (tmp_path / "stranger.pem").write_bytes(certificate)
    (tmp_path / "stranger.key").write_bytes(key)
    running = server(answers(CAPABILITY))
    desk = payer(
        running.port,
        client_certificate=tmp_path / "stranger.pem",
        client_key=tmp_path / "stranger.key",
    )
    with pytest.raises(PayerTrustError, match=r"stranger\.pem"):
        desk.check_reachable()
    assert running.requests == []


@pytest.mark.parametrize("field", ["ca_file", "client_certificate", "client_key"])
@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_an_unusable_file_is_named(
    payer: OpenPayer, tmp_path: Path, field: str, content: bytes | None
) -> None:
    """A file that is absent, empty or something else is named in the error."""
    bad = tmp_path / f"bad-{field}.pem"
    if content is not None:
        bad.write_bytes(content)
    with pytest.raises(PayerTrustError, match=f"bad-{field}"):
        payer(9, **{field: bad}).check_reachable()


def test_a_key_of_another_certificate_is_told(payer: OpenPayer, trust: Trust) -> None:
    """Certificate and key must belong together."""
    with pytest.raises(PayerTrustError, match=r"client\.pem with .*server\.key"):
        payer(9, client_key=trust.files.server_key).check_reachable()


def test_an_encrypted_key_is_refused_without_asking(
    payer: OpenPayer, trust: Trust, tmp_path: Path
) -> None:
    """A key with a passphrase never makes the service wait on a console."""
    key = serialization.load_pem_private_key(trust.files.client_key.read_bytes(), None)
    locked = tmp_path / "locked.key"
    locked.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    with pytest.raises(PayerTrustError, match=r"locked\.key"):
        payer(9, client_key=locked).check_reachable()


def test_a_corrected_file_is_taken_without_a_restart(
    server: OpenServer, payer: OpenPayer, trust: Trust, tmp_path: Path
) -> None:
    """A desk that started with a wrong file goes on once the installer put it right."""
    ca_file = tmp_path / "ca.pem"
    desk = payer(server(answers(CAPABILITY)).port, ca_file=ca_file)
    foreign = another_ca().certificate.public_bytes(serialization.Encoding.PEM)
    for wrong in (None, b"no certificate", foreign):
        if wrong is not None:
            ca_file.write_bytes(wrong)
        with pytest.raises(PayerTrustError):
            desk.check_reachable()
    ca_file.write_bytes(trust.files.ca.read_bytes())
    desk.check_reachable()


# -- Settings --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost/fhir",
        "localhost/fhir",
        "https:///fhir",
        "https://user:pw@localhost/fhir",
        "https://localhost:99999/fhir",
        "https://localhost/fhir?x=1",
        "https://localhost/fhir#x",
    ],
)
def test_only_an_https_address_is_a_payer(trust: Trust, url: str) -> None:
    """The payer's address is https and nothing but an address."""
    with pytest.raises(ValidationError):
        trust.settings(1, base_url=url)


def test_settings_are_closed(trust: Trust) -> None:
    """An unknown key or a limit of zero is an error, not ignored."""
    with pytest.raises(ValidationError):
        trust.settings(1, verify=False)
    with pytest.raises(ValidationError):
        trust.settings(1, answer_seconds=0)
    assert trust.settings(1, base_url="https://localhost/fhir/").base_url.endswith("/fhir")
    assert PayerSettings.model_config["frozen"]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("", None),
        ("soon", None),
        ("-7", None),
        ("9" * 20, None),
        ("2 Nov 5 " + "3" * 40 + ":0", None),
        ("Tue, 24 Nov 2026 01:02:33 GMT", 30.0),
        ("Tue, 24 Nov 2026 01:02:00 GMT", 0.0),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str, seconds: float | None) -> None:
    """Both forms of Retry-After are read; what is unclear asks for nothing."""
    assert retry_after(header, datetime(2026, 11, 24, 1, 2, 3, tzinfo=UTC)) == seconds
