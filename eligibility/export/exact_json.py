"""JSON with numbers as they were told: 5.60 stays 5.60, which FHIR asks for."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from json.encoder import encode_basestring as _quoted  # the fast one where Python has it


def write_exact_json(value: object) -> bytes:
    """Return ``value`` as UTF-8; names and lists keep their order.

    Raises TypeError for what JSON cannot hold, UnicodeEncodeError for half a character.
    """
    return "".join(_parts(value)).encode()


def _parts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield _quoted(value)
    elif isinstance(value, dict):
        mark = "{"
        for name, part in value.items():
            yield f"{mark}{_quoted(name)}:"
            yield from _parts(part)
            mark = ","
        yield "}" if value else "{}"
    elif isinstance(value, list | tuple):
        mark = "["
        for part in value:
            yield mark
            yield from _parts(part)
            mark = ","
        yield "]" if value else "[]"
    elif isinstance(value, bool):
        yield "true" if value else "false"
    elif isinstance(value, int):
        yield str(value)
    elif isinstance(value, Decimal) and value.is_finite():
        yield f"{value:f}"
    else:
        msg = f"JSON holds no {type(value).__name__}"
        raise TypeError(msg)
