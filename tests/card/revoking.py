"""Revocation lists and OCSP responders of a test authority, right and wrong ones."""

from __future__ import annotations

import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from tests.card.authority import Authority, Key, Leaf, name_of, rsa_key, usage
from tests.ports import free_port

HOUR = timedelta(hours=1)


def crl(
    authority: Authority,
    this_update: datetime,
    *serials: int,
    holds: timedelta = 24 * HOUR,
    reason: x509.ReasonFlags | None = None,
    extensions: tuple[tuple[x509.ExtensionType, bool], ...] = (),
    entry_extensions: tuple[tuple[x509.ExtensionType, bool], ...] = (),
    signed_by: Key | None = None,
    encoding: Encoding = Encoding.DER,
) -> bytes:
    """Return the authority's list of ``serials``."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(name_of(authority.organization))
        .last_update(this_update)
        .next_update(this_update + holds)
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    for serial in serials:
        entry = x509.RevokedCertificateBuilder(serial, this_update)
        if reason is not None:
            entry = entry.add_extension(x509.CRLReason(reason), critical=False)
        for extension, critical in entry_extensions:
            entry = entry.add_extension(extension, critical=critical)
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign(signed_by or authority.key, hashes.SHA256()).public_bytes(encoding)


def distribution_point(municipality: str) -> x509.DirectoryName:
    """Return where a municipality's list stands, as the JPKI names it."""
    name = [
        x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "JPKI"),
        x509.NameAttribute(NameOID.COMMON_NAME, f"{municipality} CRLDP"),
    ]
    return x509.DirectoryName(x509.Name(name))


def issuing_point(municipality: str | None = None, **flags: object) -> x509.ExtensionType:
    """Return an IssuingDistributionPoint with these parts set."""
    parts: dict[str, object] = {
        "full_name": None if municipality is None else [distribution_point(municipality)],
        "relative_name": None,
        "only_contains_user_certs": False,
        "only_contains_ca_certs": False,
        "only_some_reasons": None,
        "indirect_crl": False,
        "only_contains_attribute_certs": False,
    }
    return x509.IssuingDistributionPoint(**{**parts, **flags})  # type: ignore[arg-type]  # by name


@dataclass(frozen=True)
class Delegate:
    """A responder's own certificate."""

    issuer: Authority = field(default_factory=Authority)
    key: Key = field(default_factory=lambda: rsa_key("responder"))
    may_answer: bool = True
    begin: datetime = datetime(2020, 1, 1, tzinfo=UTC)
    end: datetime = datetime(2040, 1, 1, tzinfo=UTC)

    @property
    def certificate(self) -> x509.Certificate:
        """The certificate, issued by the authority."""
        purposes = (
            ExtendedKeyUsageOID.OCSP_SIGNING if self.may_answer else ExtendedKeyUsageOID.CLIENT_AUTH
        )
        return (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "responder")]))
            .issuer_name(name_of(self.issuer.organization))
            .public_key(self.key.public_key())
            .serial_number(77)
            .not_valid_before(self.begin)
            .not_valid_after(self.end)
            .add_extension(usage(digital_signature=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage([purposes]), critical=False)
            .sign(self.issuer.key, hashes.SHA256())
        )


def _key_pem(key: Key) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@contextmanager
def openssl_responder(
    folder: Path, authority: Authority, *leaves: tuple[Leaf, str], delegate: Delegate | None = None
) -> Iterator[str]:
    """Let OpenSSL answer for these certificates (state V or R); yield its address."""
    lines = []
    for leaf, state in leaves:
        revoked = "251101000000Z" if state == "R" else ""
        serial = f"{leaf.serial:X}"
        serial = serial if len(serial) % 2 == 0 else f"0{serial}"
        lines.append(f"{state}\t{leaf.end:%y%m%d%H%M%SZ}\t{revoked}\t{serial}\tunknown\t/C=JP\n")
    (folder / "index.txt").write_text("".join(lines))
    (folder / "ca.pem").write_bytes(authority.pem)
    signer = authority.certificate if delegate is None else delegate.certificate
    (folder / "signer.pem").write_bytes(signer.public_bytes(Encoding.PEM))
    (folder / "signer.key").write_bytes(
        _key_pem(authority.key if delegate is None else delegate.key)
    )
    port = free_port()
    process = subprocess.Popen(  # noqa: S603  # fixed words and our own paths
        [
            *("/usr/bin/openssl", "ocsp", "-port", str(port), "-nmin", "60"),
            *("-index", folder / "index.txt", "-CA", folder / "ca.pem"),
            *("-rsigner", folder / "signer.pem", "-rkey", folder / "signer.key"),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        # a connection that asks nothing would hold it up, so its own word is waited for
        assert process.stderr is not None
        assert any(b"waiting for OCSP client" in line for line in process.stderr)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.communicate(timeout=10)


@dataclass
class ScriptedResponder:
    """A responder that sends what a test wants; ``asked`` counts the requests."""

    answer: Callable[[bytes], tuple[int, bytes]]
    url: str = ""
    asked: int = 0


def server_certificate(folder: Path) -> Path:
    """Write key and certificate of an HTTPS server on 127.0.0.1 that vouches for itself."""
    key = rsa_key("server")
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "responder's server")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(78)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2040, 1, 1, tzinfo=UTC))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    file.write_bytes(_key_pem(key) + certificate.public_bytes(Encoding.PEM))
    return file


@contextmanager
def scripted_responder(
    answer: Callable[[bytes], tuple[int, bytes]], server_pem: Path | None = None
) -> Iterator[ScriptedResponder]:
    """Serve ``answer``: request body → HTTP status and body; over HTTPS with ``server_pem``."""
    script = ScriptedResponder(answer)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            script.asked += 1
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, content = script.answer(body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            try:
                self.wfile.write(content)
            except OSError:
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if server_pem is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(server_pem)
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    scheme = "http" if server_pem is None else "https"
    script.url = f"{scheme}://127.0.0.1:{server.server_port}"
    try:
        yield script
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


UNKNOWN_EXTENSION = x509.UnrecognizedExtension(ObjectIdentifier("1.2.392.200149.1.1"), b"\x05\x00")
