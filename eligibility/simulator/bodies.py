"""JSON as it is received, and the FHIR data types of our profile; all else is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Annotated, Any, TypeVar

from pydantic import (
    AwareDatetime,
    Base64Bytes,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)

from eligibility.simulator.names import RefusalCode
from eligibility.simulator.refusals import RefusalError

LARGEST_BODY = 256 * 1024
"""Bytes of one request."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=1000)]


def _instant_text(value: object) -> object:
    """Let only text through: pydantic would take a number as seconds since 1970."""
    if not isinstance(value, str):
        msg = "a moment is text"
        raise ValueError(msg)  # noqa: TRY004  # pydantic turns ValueError into its own
    return value


Instant = Annotated[AwareDatetime, BeforeValidator(_instant_text)]
Day = Annotated[date, BeforeValidator(_instant_text)]


class Element(BaseModel):
    """What is not named is ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)


class _Assigner(Element):
    display: Text


class Identifier(Element):
    """A number and its system."""

    system: str | None = None
    value: Text
    assigner: _Assigner | None = None


class Coding(Element):
    """A code and its system."""

    system: Text
    code: Text


class Concept(Element):
    """What is told by codes."""

    coding: list[Coding] = Field(min_length=1, max_length=10)


class Extension(Element):
    """An extension with the kinds of value that the profile uses."""

    url: Text
    coding: Coding | None = Field(default=None, alias="valueCoding")
    code: Text | None = Field(default=None, alias="valueCode")
    text: Text | None = Field(default=None, alias="valueString")
    moment: Instant | None = Field(default=None, alias="valueInstant")
    octets: Base64Bytes | None = Field(default=None, alias="valueBase64Binary")
    extension: list[Extension] = Field(default_factory=list, max_length=50)


def invalid(detail: str) -> RefusalError:
    """Return the refusal of a request that is not formed as the profile says."""
    return RefusalError(RefusalCode.REQUEST_INVALID, detail)


def _no_constant(name: str) -> object:
    raise invalid(f"{name} is no JSON")


def _no_name_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise invalid("a name is given twice")
    return found


def parse_json(body: bytes) -> dict[str, Any]:
    """Return the JSON object in ``body``; raise RefusalError.

    Refuses what could not be sent back as it came: doubled names, numbers beyond all bounds,
    halves of surrogate pairs; and what is larger than LARGEST_BODY.
    """
    if len(body) > LARGEST_BODY:
        raise RefusalError(RefusalCode.REQUEST_TOO_LARGE)
    try:
        parsed = json.loads(
            body.decode("utf-8"), parse_constant=_no_constant, object_pairs_hook=_no_name_twice
        )
        canonical(parsed)
    except (ValueError, RecursionError) as error:
        raise invalid("no JSON") from error
    if not isinstance(parsed, dict):
        raise invalid("not a JSON object")
    return parsed


def canonical(parsed: object) -> bytes:
    """Return the same bytes for the same content; raise ValueError for what is no JSON."""
    return json.dumps(
        parsed, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
    ).encode()


Body = TypeVar("Body", bound=Element)


def read(model: type[Body], parsed: dict[str, Any]) -> Body:
    """Read a body by its model; raise RefusalError with the first fault's place."""
    try:
        return model.model_validate(parsed)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        raise invalid(f"{place}: {first['type']}") from error


Item = TypeVar("Item")


def only(items: Iterable[Item], fits: Callable[[Item], bool], what: str) -> Item:
    """Return the one item that fits: two are as wrong as none."""
    found = [item for item in items if fits(item)]
    if len(found) != 1:
        raise invalid(f"{what}: {len(found)} given")
    return found[0]


def identifier(identifiers: Sequence[Identifier], system: str) -> Identifier:
    """Return the one identifier of a system; raise RefusalError."""
    return only(identifiers, lambda item: item.system == system, system)
