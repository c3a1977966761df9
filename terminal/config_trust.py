"""What a configuration may trust: in production nothing that was made for tests."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.x509.oid import NameOID

from eligibility.fhir.client import PayerSettings
from terminal.card_proofs import check_terminal_authenticator, read_record_issuers
from terminal.errors import ConfigError

if TYPE_CHECKING:
    from terminal.config import TerminalConfig

LOOPBACK = ("127.0.0.1", "::1", "localhost")

JPKI_TEST_ORGANISATION = "JPKI-TEST"
"""Organisation of the test hierarchy's certification authority, as J-LIS names it."""

SIMULATOR_ORGANISATION = "TEST ONLY"
"""How the organisation of every throw-away authority for a simulated payer begins."""


def refuse_test_settings(config: TerminalConfig) -> None:
    """Raise ConfigError for a part that only a demo may use."""
    if config.reader.kind == "socket":
        reason = "a production terminal must use 'pcsc': the socket reader takes any program's card"
        raise ConfigError(str(config.file), "reader.kind", reason)
    if config.card_camera.kind == "recorded":
        reason = "a production terminal must not take pictures of a recording for a card's face"
        raise ConfigError(str(config.file), "card_camera.kind", reason)
    if config.face.kind == "recorded":
        reason = "a production terminal must not take a recording for the patient's face"
        raise ConfigError(str(config.file), "face.kind", reason)
    if config.face.kind != "none" and config.face.turns == 0:
        reason = "a production terminal must ask for a head turn: a photo would pass without"
        raise ConfigError(str(config.file), "face.turns", reason)
    if config.web.host not in LOOPBACK:
        reason = f"must be one of {', '.join(LOOPBACK)} in production: put a TLS proxy before it"
        raise ConfigError(str(config.file), "web.host", reason)


def check_trust(config: TerminalConfig) -> None:
    """Read the certificates that trust stands on; in production, refuse those made for tests.

    Raises ConfigError.
    """
    for number, anchor in enumerate(config.card.anchors):
        key = f"card.anchors.{number}"
        for certificate in _certificates(config, key, anchor):
            if config.is_production and JPKI_TEST_ORGANISATION in _organisations(certificate):
                reason = "a production terminal must not trust the JPKI test hierarchy"
                raise ConfigError(str(config.file), key, reason)
    if config.card.ocsp_ca_file is not None:
        _certificates(config, "card.ocsp_ca_file", config.card.ocsp_ca_file)
    read_record_issuers(
        config.file, config.card.record_issuers, allow_test=not config.is_production
    )
    check_terminal_authenticator(config.file, config.card.terminal_authenticator)
    if config.payer is not None:
        _check_payer(config, config.payer)


def _check_payer(config: TerminalConfig, payer: PayerSettings) -> None:
    for key, path in (
        ("payer.ca_file", payer.ca_file),
        ("payer.client_certificate", payer.client_certificate),
    ):
        for certificate in _certificates(config, key, path):
            names = _organisations(certificate)
            if config.is_production and any(n.startswith(SIMULATOR_ORGANISATION) for n in names):
                reason = "a production terminal must not use certificates of a simulated payer"
                raise ConfigError(str(config.file), key, reason)
    _content(config, "payer.client_key", payer.client_key)


def _content(config: TerminalConfig, key: str, path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        reason = f"{path} cannot be read: {error.strerror}"
        raise ConfigError(str(config.file), key, reason) from error


def _certificates(config: TerminalConfig, key: str, path: Path) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(_content(config, key, path))
    except ValueError as error:
        raise ConfigError(str(config.file), key, f"{path} holds no PEM certificate") from error


def _organisations(certificate: x509.Certificate) -> list[str]:
    """Return the organisations of subject and issuer."""
    return [
        str(attribute.value)
        for name in (certificate.subject, certificate.issuer)
        for attribute in name.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    ]
