"""Frozen dataclasses ⇄ canonical JSON, as the bodies of the tables hold them.

Keys are sorted and nothing is left to the writer's taste, so that equal content is equal text.
Moments are UTC with six decimals (text order is time order), days are ISO dates, bytes are
base64, exact numbers are text, a code is its value, an unknown code is an object with its table and
value.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from types import GenericAlias
from typing import Any, Generic, TypeVar, cast

from pydantic import ConfigDict, TypeAdapter

from eligibility.model import NOT_READ

T = TypeVar("T")


def encode_moment(moment: datetime) -> str:
    """Return ``moment`` as UTC text of fixed width.  Raises ValueError if it has no zone."""
    if moment.tzinfo is None:
        msg = "a moment without a time zone cannot be stored"
        raise ValueError(msg)
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def decode_moment(text: str) -> datetime:
    """Return the moment that :func:`encode_moment` wrote."""
    return datetime.fromisoformat(text)


def encode_bytes(value: bytes) -> str:
    """Return ``value`` as the bodies hold it (base64, URL-safe alphabet)."""
    return base64.urlsafe_b64encode(value).decode("ascii")


def _plain(value: object) -> object:
    """Turn ``value`` into what JSON knows.  Raises TypeError for what no body may hold."""
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, datetime):
        return encode_moment(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return encode_bytes(value)
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(_plain(key)): _plain(item) for key, item in value.items()}
    if is_dataclass(value):
        return _plain_fields(value)
    msg = f"a {type(value).__name__} cannot be stored"
    raise TypeError(msg)


def _plain_fields(record: object) -> dict[str, object]:
    """Turn a dataclass into an object; what nobody read is left out, its default says so again."""
    plain: dict[str, object] = {}
    for field in fields(cast("type", record)):
        value = getattr(record, field.name)
        if value is NOT_READ and field.default is NOT_READ:
            continue
        plain[field.name] = _plain(value)
    return plain


def encode(record: object) -> str:
    """Return the canonical JSON of a dataclass."""
    return json.dumps(
        _plain(record), ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
    )


class Decoder(Generic[T]):
    """Reads bodies of one dataclass; built once, since building costs milliseconds."""

    def __init__(self, kind: type[T]) -> None:
        # pydantic takes a configuration for a tuple of plain dataclasses, not for one.
        config = ConfigDict(val_json_bytes="base64", hide_input_in_errors=True)
        one: Any = GenericAlias(tuple, (kind,))
        self._adapter: TypeAdapter[tuple[T]] = TypeAdapter(one, config=config)

    def __call__(self, body: str) -> T:
        """Return the record.  Raises ValueError, without its content, where ``body`` holds none."""
        return self._adapter.validate_json(f"[{body}]", strict=True)[0]
