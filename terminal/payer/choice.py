"""Which payer adapter a configuration asks for; everything else knows only the protocol."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from eligibility.fhir.client import FhirPayer
from eligibility.national.client import NationalPayer
from eligibility.national.exchange import ExchangeBook
from eligibility.payer import Payer
from terminal.config import TerminalConfig
from terminal.errors import ConfigError


def make_payer(
    config: TerminalConfig, now: Callable[[], datetime], book: ExchangeBook | None = None
) -> Payer:
    """Return the adapter that the desk asks over (``eligibility.interface``).

    ``book``: remembers the questions and keeps what is set aside, over the national interface.
    """
    if config.eligibility.interface == "fhir":
        return fhir_payer(config, now)
    return national_payer(config, now, book)


def fhir_payer(config: TerminalConfig, now: Callable[[], datetime]) -> FhirPayer:
    """Return the adapter that speaks FHIR.  Raises ConfigError where it is not configured."""
    if config.payer is None:
        raise ConfigError(str(config.file), "payer", "is missing: nothing is asked over FHIR")
    return FhirPayer(config.payer, config.institution.code, now=now)


def national_payer(
    config: TerminalConfig, now: Callable[[], datetime], book: ExchangeBook | None = None
) -> NationalPayer:
    """Return the adapter that exchanges files.  Raises ConfigError where it is not configured."""
    if config.national is None:
        reason = "is missing: nothing is asked over the national interface"
        raise ConfigError(str(config.file), "national", reason)
    return NationalPayer(config.national, config.institution.code, now=now, book=book)
