"""The people who get a card, and the files in which cards are kept.

Nobody in them is real.  Every demo card has the PIN ``1234``: it is a constant, never a file's.
"""

from __future__ import annotations

import os
import tempfile
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from terminal.errors import ConfigError

DEMO_PIN = b"1234"
DEMO_PASSWORD = b"PASSWORD1"


class CardCondition(StrEnum):
    """In what state a person's card comes to the desk.

    EXPIRED: its certificate alone has expired; CARD_EXPIRED: the card itself, and with it the
    certificate.  IN_GRACE: its certificate expired within three months.  NOT_LOADED: no certificate
    was put on it.  REVOKED: card and certificate are whole; crl.pem and issued.json tell.  PHONE:
    no card but a phone, with JPKI alone.
    """

    NORMAL = "normal"
    LAST_TRY = "last-try"
    PIN_BLOCKED = "pin-blocked"
    EXPIRES_SOON = "expires-soon"
    EXPIRED = "expired"
    CARD_EXPIRED = "card-expired"
    FACE_ONLY = "face-only"
    IN_GRACE = "in-grace"
    NOT_LOADED = "not-loaded"
    REVOKED = "revoked"
    PHONE = "phone"


class Story(BaseModel):
    """Who this is and what will happen at the desk, in two languages."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ja: str
    en: str


class Person(BaseModel):
    """One invented person of ``people.json``; only those with a persona get a card.

    ``sex``: OQSCD007.  ``reissued``: the story of a second card with a certificate of its own,
    which then lies in the tray as ``<persona>-reissued``.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str = Field(min_length=1)
    persona: str | None = Field(default=None, pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")
    name: str = Field(min_length=1)
    name_kana: str
    birthdate: date
    sex: Literal["1", "2", "3"]
    address: str
    story: Story
    card_condition: CardCondition = CardCondition.NORMAL
    reissued: Story | None = None


class CardPictures(BaseModel):
    """The pictures in a chip: PNG 1 bit deep, and the photo as JP2; no photo is empty."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", ser_json_bytes="base64", val_json_bytes="base64"
    )

    name: bytes = Field(repr=False)
    address: bytes = Field(repr=False)
    security_code: bytes = Field(repr=False)
    photo: bytes = Field(repr=False)


class StoredCard(BaseModel):
    """One issued card as it lies in ``cards/<persona>.json``; keys and certificates in PEM.

    ``pictures`` None: issued before a card had any; they are drawn when it is loaded.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    person: Person
    serial: str = Field(pattern=r"^[0-9A-Z]{15}$")
    municipality: str = Field(pattern=r"^[0-9]{5}$")
    expires_on: date
    security_code: str = Field(pattern=r"^[0-9]{4}$")
    auth_certificate: str
    auth_key: str = Field(repr=False)
    sign_certificate: str | None = None
    sign_key: str | None = Field(default=None, repr=False)
    own_key: str = Field(repr=False)
    pictures: CardPictures | None = Field(default=None, repr=False)


class IssuedCard(BaseModel):
    """One line of ``issued.json``: what the payer may know of a card.

    ``issuer``: RFC 4514; ``serial``: lower-case hex without leading zeros; ``not_after``: ISO 8601.
    A person with a reissued card is there twice.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    person_id: str
    persona: str
    issuer: str
    serial: str
    not_after: str
    status: Literal["issued", "revoked"] = "issued"


_PEOPLE = TypeAdapter(list[Person])
_ISSUED = TypeAdapter(list[IssuedCard])


def read_people(path: Path) -> list[Person]:
    """Read ``people.json``.

    Raises ConfigError where it is missing, is not what it must be, or names a persona or an id
    twice.
    """
    try:
        people = _PEOPLE.validate_json(read_file(path))
    except ValidationError as error:
        raise config_error(path, error) from None
    for key in ("id", "persona"):
        values = [value for person in people if (value := getattr(person, key)) is not None]
        twice = sorted({value for value in values if values.count(value) > 1})
        if twice:
            raise ConfigError(str(path), key, f"{twice[0]} is there more than once")
    return people


def read_card(path: Path) -> StoredCard:
    """Read one card file.  Raises ConfigError."""
    try:
        return StoredCard.model_validate_json(read_file(path))
    except ValidationError as error:
        raise config_error(path, error) from None


def write_card(path: Path, card: StoredCard) -> None:
    """Write one card file, readable by its owner only."""
    write_file(path, card.model_dump_json(indent=2).encode() + b"\n")


def write_issued(path: Path, cards: list[IssuedCard]) -> None:
    """Write ``issued.json``."""
    write_file(path, _ISSUED.dump_json(cards, indent=2) + b"\n", mode=0o644)


def read_file(path: Path) -> bytes:
    """Return a file's bytes.  Raises ConfigError where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigError(str(path), None, f"cannot be read: {reason}") from None


def write_file(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Write a file whole or not at all.  Raises ConfigError where the folder refuses."""
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fchmod(file.fileno(), mode)
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigError(str(path), None, f"cannot be written: {reason}") from None


def config_error(path: Path, error: ValidationError) -> ConfigError:
    """Say the first thing that is wrong, with its place but never its value."""
    first = error.errors(include_input=False, include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"]) or None
    return ConfigError(str(path), place, first["msg"])
