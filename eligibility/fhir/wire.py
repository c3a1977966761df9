"""JSON as it arrives, and the FHIR data types that our profile uses.

Whatever cannot be read exactly is a :class:`~eligibility.errors.PayerProtocolError`; nothing is
completed, rounded or chosen.
"""

from __future__ import annotations

import binascii
import json
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, NoReturn, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, FailFast, Field, ValidationError

from eligibility.codes import CodeTable, Table, UnknownCode, read_code
from eligibility.errors import PayerProtocolError
from eligibility.fhir.vocabulary import CODE_SYSTEMS, ID_CERTIFICATE
from eligibility.model import CardSubject

Json = dict[str, Any]

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)
_SERIAL = re.compile(r"0|[1-9a-f][0-9a-f]*", re.ASCII)
_HALF_A_CHARACTER = re.compile(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
_MOST_DIGITS = 30
_MOST_YEN = 10**9

LARGEST_ANSWER = 4 * 1024 * 1024
"""Bytes of one answer; a whole page of history needs a tenth of it."""

MOST_ITEMS = 1000
"""Of one list in an answer: so that reading a hostile one costs no more than a large true one."""


def _unreadable(reason: str) -> NoReturn:
    raise ValueError(reason)


# -- JSON ------------------------------------------------------------------------------------------


def _object(pairs: list[tuple[str, Any]]) -> Json:
    """Return the object; a name that comes twice has two values, and neither is the right one."""
    made = dict(pairs)
    if len(made) != len(pairs):
        _unreadable("a name comes twice in one object")
    return made


def parse_json(body: bytes) -> Json:
    """Return the JSON object in ``body`` (UTF-8, numbers as int or Decimal).

    Raises PayerProtocolError, which keeps ``body`` unless that is larger than LARGEST_ANSWER.
    """
    if len(body) > LARGEST_ANSWER:
        msg = f"the answer is larger than {LARGEST_ANSWER} bytes"
        raise PayerProtocolError(msg)
    try:
        value = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_object,
            parse_float=Decimal,
            parse_constant=lambda _: _unreadable("not a JSON number"),
        )
    except (ValueError, ArithmeticError, RecursionError) as error:
        msg = f"the answer is not JSON as it should be ({type(error).__name__})"
        raise PayerProtocolError(msg, original=body) from None
    if _HALF_A_CHARACTER.search(body) and not _is_text(value):
        msg = "the answer holds half a character, which is no text"
        raise PayerProtocolError(msg, original=body)
    if not isinstance(value, dict):
        msg = "the answer is JSON, but not an object"
        raise PayerProtocolError(msg, original=body)
    return value


def _is_text(value: object) -> bool:
    """Whether every string in ``value`` can be written: JSON may escape lone surrogates."""
    try:
        json.dumps(value, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError:
        return False
    return True


def write_json(value: Json) -> bytes:
    """Return ``value`` as UTF-8; the same value always gives the same bytes."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


# -- Primitive types -------------------------------------------------------------------------------


def _read_day(value: object) -> date:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        _unreadable("a day is written YYYY-MM-DD")
    return date.fromisoformat(value)


def _read_instant(value: object) -> datetime:
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        _unreadable("an instant is written with date, time and zone")
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except OverflowError:
        _unreadable("the instant lies outside the calendar")


def _read_decimal(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        _unreadable("a number is written as a JSON number")
    number = Decimal(value)
    if not number.is_finite() or len(number.as_tuple().digits) > _MOST_DIGITS:
        _unreadable("the number cannot be held exactly")
    if abs(number.adjusted()) > _MOST_DIGITS:
        _unreadable("the number is out of any range")
    return number


def _read_base64(value: object) -> bytes:
    if not isinstance(value, str):
        _unreadable("bytes are written in base64")
    try:
        return b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        _unreadable("bytes are written in base64")


def _read_text(value: object) -> str:
    if not isinstance(value, str):
        _unreadable("a text is written as a JSON string")
    if not value.strip():
        _unreadable("a text is not empty")
    if any(0xD800 <= ord(character) <= 0xDFFF for character in value):
        _unreadable("half of a character")
    return value


Value = TypeVar("Value")

Many = Annotated[list[Value], Field(max_length=MOST_ITEMS), FailFast()]
"""A list of a bounded length.  The first bad item ends it: a million would be a million errors."""

Day = Annotated[date, BeforeValidator(_read_day)]
Instant = Annotated[datetime, BeforeValidator(_read_instant)]
Number = Annotated[Decimal, BeforeValidator(_read_decimal)]
Bytes = Annotated[bytes, BeforeValidator(_read_base64)]
Text = Annotated[str, BeforeValidator(_read_text)]


def write_instant(moment: datetime) -> str:
    """Return a FHIR instant in UTC with milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def write_bytes(value: bytes) -> str:
    """Return base64 as FHIR writes it."""
    return b64encode(value).decode("ascii")


# -- Complex types ---------------------------------------------------------------------------------


class Element(BaseModel):
    """A FHIR element: what the profile does not name is not read."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


class Coding(Element):
    """A code and the table that it belongs to."""

    system: Text | None = None
    code: Text | None = None
    display: Text | None = None


class CodeableConcept(Element):
    """A notion, coded or in words."""

    coding: Many[Coding] = Field(default_factory=list)
    text: Text | None = None


class Assigner(Element):
    """Who gave an identifier."""

    display: Text | None = None


class Identifier(Element):
    """A number and the system that it belongs to."""

    system: Text | None = None
    value: Text | None = None
    assigner: Assigner | None = None


class Reference(Element):
    """Another resource, by address or by identifier."""

    reference: Text | None = None
    identifier: Identifier | None = None
    display: Text | None = None


class Quantity(Element):
    """A number in a unit; ``comparator``: on which side of it the true one lies."""

    value: Number | None = None
    unit: Text | None = None
    comparator: Text | None = None


class Period(Element):
    """From when to when."""

    start: Instant | None = None
    end: Instant | None = None


class Money(Element):
    """An amount in a currency."""

    value: Number | None = None
    currency: Text | None = None


class Extension(Element):
    """An extension with one of the kinds of value that the profile uses."""

    url: Text
    extension: Many[Extension] = Field(default_factory=list)
    value_string: Text | None = Field(None, alias="valueString")
    value_code: Text | None = Field(None, alias="valueCode")
    value_date: Day | None = Field(None, alias="valueDate")
    value_instant: Instant | None = Field(None, alias="valueInstant")
    value_money: Money | None = Field(None, alias="valueMoney")
    value_coding: Coding | None = Field(None, alias="valueCoding")
    value_identifier: Identifier | None = Field(None, alias="valueIdentifier")
    value_reference: Reference | None = Field(None, alias="valueReference")
    value_quantity: Quantity | None = Field(None, alias="valueQuantity")
    value_boolean: bool | None = Field(None, alias="valueBoolean")


AnyElement = TypeVar("AnyElement", bound=Element)


def read_resource(kind: type[AnyElement], resource_type: str, value: object) -> AnyElement:
    """Return ``value`` as a resource of this type; raises ValueError naming the elements."""
    if not isinstance(value, dict) or value.get("resourceType") != resource_type:
        _unreadable(f"a {resource_type} was expected")
    return kind.model_validate(value)


def reading(body: bytes, read: Callable[[], Value]) -> Value:
    """Return ``read()``, turning its ValueError into a PayerProtocolError that keeps ``body``.

    The error's message names elements and rules, never values: they are health data.
    """
    try:
        return read()
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        places = sorted({".".join(str(part) for part in one["loc"]) for one in found})
        msg = f"the answer cannot be read at {', '.join(places[:5])}"
        raise PayerProtocolError(msg, original=body) from None
    except ValueError as error:
        msg = f"the answer cannot be read: {error}"
        raise PayerProtocolError(msg, original=body) from None


def only(values: Sequence[Value], what: str) -> Value:
    """Return the one value there must be; raises ValueError for none or several."""
    if len(values) != 1:
        _unreadable(f"{what} comes {len(values)} times, not once")
    return values[0]


def at_most_one(values: Sequence[Value], what: str) -> Value | None:
    """Return the value or None; raises ValueError for several: none of them is picked."""
    return only(values, what) if values else None


def find_extension(extensions: Sequence[Extension], url: str) -> Extension | None:
    """Return the extension with this URL, or None; raises ValueError where it comes twice."""
    return at_most_one([one for one in extensions if one.url == url], url)


def string_of(extensions: Sequence[Extension], url: str) -> str | None:
    """Return the text of the extension with this URL, or None where it is absent."""
    found = find_extension(extensions, url)
    return None if found is None else _present(found.value_string, url)


def day_of(extensions: Sequence[Extension], url: str) -> date | None:
    """Return the day of the extension with this URL, or None where it is absent."""
    found = find_extension(extensions, url)
    return None if found is None else _present(found.value_date, url)


def instant_of(extensions: Sequence[Extension], url: str) -> datetime | None:
    """Return the moment of the extension with this URL, or None where it is absent."""
    found = find_extension(extensions, url)
    return None if found is None else _present(found.value_instant, url)


def yen_of(extensions: Sequence[Extension], url: str) -> int | None:
    """Return the whole yen of the extension with this URL, or None where it is absent."""
    found = find_extension(extensions, url)
    if found is None:
        return None
    money = _present(found.value_money, url)
    amount = _present(money.value, url)
    whole = amount == amount.to_integral_value()
    if money.currency != "JPY" or not whole or not 0 <= amount <= _MOST_YEN:
        _unreadable(f"{url} is no whole number of yen")
    return int(amount)


def code_of(
    extensions: Sequence[Extension], url: str, table: type[Table]
) -> Table | UnknownCode | None:
    """Return the code of the extension with this URL, or None where it is absent."""
    found = find_extension(extensions, url)
    return None if found is None else read_coding(table, _present(found.value_coding, url))


def _present(value: Value | None, what: str) -> Value:
    if value is None:
        _unreadable(f"{what} has no value of its kind")
    return value


def read_coding(table: type[Table], coding: Coding) -> Table | UnknownCode:
    """Return the code in ``table``; one of another system is unknown, whatever its letters."""
    code = _present(coding.code, "a coding")
    if coding.system != CODE_SYSTEMS[table]:
        return UnknownCode(table.__name__, f"{coding.system or ''}|{code}")
    return read_code(table, code)


def write_coding(code: CodeTable) -> Json:
    """Return a Coding with the Japanese label."""
    return {"system": CODE_SYSTEMS[type(code)], "code": code.value, "display": code.ja}


def read_subject(identifier: Identifier) -> CardSubject:
    """Return the certificate that an identifier names; raises ValueError."""
    issuer = None if identifier.assigner is None else identifier.assigner.display
    if identifier.system != ID_CERTIFICATE or issuer is None:
        _unreadable("this does not name a certificate")
    serial = identifier.value
    if serial is None or not _SERIAL.fullmatch(serial):
        _unreadable("a serial number is lower-case hex without leading zeros")
    return CardSubject(issuer, serial)


def write_subject(subject: CardSubject) -> Json:
    """Return the Identifier of a certificate."""
    return {
        "system": ID_CERTIFICATE,
        "value": subject.serial,
        "assigner": {"display": subject.issuer},
    }
