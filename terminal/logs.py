"""Log set-up: to standard error, in UTC, with secrets cut out by the name of their field.

Health data and card traffic do not belong in the log at all: callers log ids and counts.  The
redaction here is the second net, for a value that slipped in under a telling name.
"""

from __future__ import annotations

import logging
import re
import sys
import time
from collections.abc import Mapping
from typing import TextIO

TRAFFIC = 5
"""Level of card traffic, below DEBUG: VERIFY data and photo bytes are cut before they get here."""

REDACTED = "[redacted]"

SECRET_FIELDS = ("pin", "password", "passwd", "code", "token", "authorization", "cookie")

NOT_SECRET = ("status_code", "error_code", "exit_code")

_FIELD = re.compile(
    rf"""\b(?P<name>[\w-]*(?:{"|".join(SECRET_FIELDS)}))\b(?P<sign>["']?\s*[=:]\s*)"""
    r"""(?P<value>"[^"\n]*"|'[^'\n]*'|(?:(?:Basic|Bearer)\s+)?[^\s,;&)}\]]+)""",
    re.IGNORECASE,
)
_COOKIES = re.compile(r"\b((?:set-)?cookie:\s*)[^\n]+", re.IGNORECASE)


def is_secret(name: str) -> bool:
    """Whether a field of this name is never logged."""
    plain = name.lower().replace("-", "_")
    return plain not in NOT_SECRET and plain.endswith(SECRET_FIELDS)


def redact(text: str) -> str:
    """Return ``text`` with the values of secret fields (``pin=…``, ``"password": …``) cut out."""

    def cut(match: re.Match[str]) -> str:
        if not is_secret(match["name"]):
            return match[0]
        return f"{match['name']}{match['sign']}{REDACTED}"

    return _FIELD.sub(cut, _COOKIES.sub(rf"\1{REDACTED}", text))


class RedactionFilter(logging.Filter):
    """Cuts a record's named arguments and ``extra`` fields, whose values stand without a name."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change ``record`` in place; it is always kept."""
        for name in list(vars(record)):
            if is_secret(name):
                setattr(record, name, REDACTED)
        if isinstance(record.args, Mapping):
            record.args = {
                key: REDACTED if is_secret(str(key)) else value
                for key, value in record.args.items()
            }
        return True


class RedactingFormatter(logging.Formatter):
    """``2026-11-24T05:00:00.123Z WARNING terminal.reception message``, tracebacks included."""

    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def __init__(self) -> None:
        """Set the one format."""
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")
        self.converter = time.gmtime

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, or the lines of a traceback, without secrets."""
        return redact(super().format(record))


def set_up_logging(level: int | str = logging.INFO, stream: TextIO | None = None) -> None:
    """Send all logs to ``stream`` (standard error), replacing what was set up before."""
    logging.addLevelName(TRAFFIC, "TRAFFIC")
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(RedactingFormatter())
    handler.addFilter(RedactionFilter())
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    for noisy in ("apscheduler", "httpx", "httpcore", "waitress.queue"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
