"""Proofs without a PIN as configured: whose records count, which certified reader is there.

Each function takes the configuration file's name for its ConfigError.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from terminal.card.own_key import RecordIssuers, load_issuer_key
from terminal.card.terminal_authentication import (
    TerminalAuthenticator,
    TerminalAuthenticatorError,
    find_terminal_authenticator,
    load_terminal_authenticator,
)
from terminal.errors import ConfigError


def read_record_issuers(
    config_file: Path, issuers: Sequence[Path], *, allow_test: bool
) -> RecordIssuers:
    """Return ``card.record_issuers``; ``allow_test``: never in production.

    Without any, every own key is refused.  Raises ConfigError.
    """
    keys = []
    for number, file in enumerate(issuers):
        place = f"card.record_issuers.{number}"
        try:
            keys.append(load_issuer_key(file.read_bytes()))
        except OSError as error:
            reason = f"{file} cannot be read: {error.strerror}"
            raise ConfigError(str(config_file), place, reason) from error
        except ValueError as error:
            reason = f"{file} holds no PEM public key (RSA)"
            raise ConfigError(str(config_file), place, reason) from error
    return RecordIssuers(keys, allow_test=allow_test)


def check_terminal_authenticator(config_file: Path, name: str | None) -> None:
    """Return if ``card.terminal_authenticator`` is installed, or none is configured.

    Runs nothing of it.  Raises ConfigError.
    """
    try:
        if name is not None:
            find_terminal_authenticator(name)
    except TerminalAuthenticatorError as error:
        raise _no_plugin(config_file, error) from error


def make_terminal_authenticator(
    config_file: Path, name: str | None
) -> TerminalAuthenticator | None:
    """Return ``card.terminal_authenticator``, None where none is configured.

    Raises ConfigError where it is not installed or no plug-in.
    """
    try:
        return None if name is None else load_terminal_authenticator(name)
    except TerminalAuthenticatorError as error:
        raise _no_plugin(config_file, error) from error


def _no_plugin(config_file: Path, error: TerminalAuthenticatorError) -> ConfigError:
    return ConfigError(str(config_file), "card.terminal_authenticator", str(error))
