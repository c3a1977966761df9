"""Which cards this desk believes: the configured anchors, and who may tell what was revoked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from terminal.card.certificates import CertificateVerifier
from terminal.card.ocsp import OcspResponder
from terminal.card.own_key import RecordIssuers
from terminal.card.revocation import RevocationChecker
from terminal.card.revocation_lists import RevocationLists
from terminal.card_proofs import read_record_issuers
from terminal.config import TerminalConfig
from terminal.errors import ConfigError


@dataclass(frozen=True, slots=True)
class CardTrust:
    """``lists``, ``responder`` and ``record_issuers`` are None where none is configured."""

    verifier: CertificateVerifier
    revocation: RevocationChecker
    lists: RevocationLists | None
    responder: OcspResponder | None
    record_issuers: RecordIssuers | None


def make_card_trust(config: TerminalConfig, now: Callable[[], datetime]) -> CardTrust:
    """Return what ``config`` trusts; reads no revocation list yet, asks nobody.

    Lists are asked before the responder.  Raises ConfigError for a file that cannot be used.
    """
    card = config.card
    contents = [_content(config, index) for index in range(len(card.anchors))]
    try:
        verifier = CertificateVerifier(contents, allow_test=not config.is_production)
    except ValueError as error:
        raise ConfigError(str(config.file), "card.anchors", str(error)) from error
    lists = RevocationLists(card.revocation_lists, verifier, now) if card.revocation_lists else None
    responder = _responder(config, now)
    sources = [source for source in (lists, responder) if source is not None]
    issuers = None
    if card.record_issuers:
        issuers = read_record_issuers(
            config.file, card.record_issuers, allow_test=not config.is_production
        )
    return CardTrust(verifier, RevocationChecker(verifier, sources), lists, responder, issuers)


def _responder(config: TerminalConfig, now: Callable[[], datetime]) -> OcspResponder | None:
    card = config.card
    if card.ocsp_url is None:
        return None
    try:
        return OcspResponder(
            card.ocsp_url, seconds=card.ocsp_seconds, now=now, ca_file=card.ocsp_ca_file
        )
    except OSError as error:
        reason = f"{card.ocsp_ca_file} cannot be used: {error.strerror or error}"
        raise ConfigError(str(config.file), "card.ocsp_ca_file", reason) from error


def _content(config: TerminalConfig, index: int) -> bytes:
    path = config.card.anchors[index]
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(
            str(config.file), f"card.anchors.{index}", f"{path}: {error.strerror}"
        ) from error
