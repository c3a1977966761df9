"""The configuration: one TOML file in, frozen sections out, each error named by file and key.

Every key's description stands in its field; :mod:`terminal.config_keys` makes a table of them.
Nothing else in the program reads the file or the environment.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import ErrorDetails

from eligibility.fhir.client import PayerSettings
from eligibility.national.settings import ASIDE_DAYS, ASIDE_FILES, NationalSettings
from eligibility.numbers import institution_code_is_consistent, refuse_individual_number
from terminal.bulk.settings import BulkSettings
from terminal.card_camera.settings import CardCameraSettings
from terminal.config_trust import check_trust, refuse_test_settings
from terminal.errors import ConfigError
from terminal.face.settings import FaceSettings
from terminal.reader.settings import ReaderSettings
from terminal.retention.settings import RetentionSettings
from terminal.views import ConsentItem


class Section(BaseModel):
    """One table of the file: no unknown key, no change after loading."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class DeskSection(Section):
    """``[terminal]``: which desk this is."""

    environment: Literal["demo", "production"] = Field(
        description="`production` refuses test certificates, the socket reader and the simulator"
    )
    desk_id: str = Field(
        "desk-1",
        pattern=r"^[a-z0-9][a-z0-9-]{0,31}$",
        description="Name of this desk in visits and the audit log: small letters, digits, hyphens",
    )
    data_dir: Path = Field(description="Folder that the terminal may write to")


class InstitutionSection(Section):
    """``[institution]``: whose desk this is."""

    code: str = Field(
        pattern=r"^[0-9]{10}$",
        description="医療機関コード, 10 digits: prefecture 2, fee table 1, institution 7 "
        "(the last is a check digit)",
    )
    kind: Literal["clinic", "dental", "pharmacy"] = Field(
        description="Kind of institution (医科, 歯科, 薬局)"
    )
    name: str = Field(min_length=1, max_length=100, description="Name, as patients know it")
    access_list: Literal["role", "name"] = Field(
        "role",
        description="How staff stand in the list of who looked that a patient gets: by `role`, or "
        "by `name` and role",
    )
    history_files: Literal["off", "with-reason", "on"] = Field(
        "with-reason",
        description="Whether clinicians and pharmacists may take consented history as files: "
        "`off`, `with-reason` (they say why, for the audit log), or `on`",
    )

    @field_validator("name")
    @classmethod
    def _no_individual_number(cls, value: str) -> str:
        refuse_individual_number(value)
        return value

    @property
    def check_digit_fits(self) -> bool:
        """Whether the code's check digit fits; many real ones in public samples do not."""
        return institution_code_is_consistent(self.code)


class CardSection(Section):
    """``[card]``: which authentication certificates are trusted, and who tells of revoked ones."""

    anchors: tuple[Path, ...] = Field(
        min_length=1,
        description="PEM files of the certification authorities (公的個人認証 利用者証明用CA)",
    )
    revocation_lists: tuple[Path, ...] = Field(
        (),
        description="Revocation lists (CRL, PEM or DER) of these authorities: files, or folders of "
        "`.crl`, `.pem` and `.der` files; a file that changes is read again",
    )
    ocsp_url: str | None = Field(
        None, description="http or https address of a responder (OCSP) to ask for each card"
    )
    ocsp_ca_file: Path | None = Field(
        None, description="PEM file: who vouches for an https responder; absent: the system's list"
    )
    ocsp_seconds: float = Field(
        3.0, ge=0.2, le=30, description="seconds that the responder may take for one answer"
    )
    record_issuers: tuple[Path, ...] = Field(
        (),
        description="PEM files of the public keys above the signed records of cards "
        "(券面事項確認); without any, a card's own key proves nothing",
    )
    terminal_authenticator: str | None = Field(
        None,
        min_length=1,
        description="Installed plug-in of a certified face reader (docs/certified-readers.md)",
    )

    @field_validator("ocsp_url")
    @classmethod
    def _address_of_a_responder(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        fits = parts.scheme in ("http", "https") and parts.hostname and not parts.fragment
        if not fits or parts.username is not None or not value.isascii() or " " in value:
            msg = "should be an http or https address without a user name"
            raise ValueError(msg)
        _ = parts.port  # a ValueError for what is no port
        return value


class EligibilitySection(Section):
    """``[eligibility]``: over what the payer is asked, and how far its answers may be relied on."""

    interface: Literal["fhir", "national"] = Field(
        "fhir",
        description="What the payer is asked over: `fhir` (section `payer`), or `national`, the "
        "files of the link application (section `national`); both sections may stand there",
    )
    freshness: Literal["always", "monthly", "by-staff"] = Field(
        "always",
        description="When an earlier answer may stand in for the payer's of today: never "
        "(`always` ask), in the same calendar month, or where staff say so for a visit",
    )


class StoreSection(Section):
    """``[store]``: the encrypted database; all three values are made by `store create`."""

    path: Path = Field(description="The database file")
    key_file: Path = Field(description="File with the database key, readable by the service only")
    store_id: str = Field(
        pattern=r"^[A-Za-z0-9-]{8,64}$",
        description="Id that the database must have; another or an empty one is damage",
    )


class WebSection(Section):
    """``[web]``: where browsers find the terminal and how long staff stay logged in."""

    host: str = Field(
        "127.0.0.1",
        description="Address to listen on; production allows loopback only, since there is no TLS",
    )
    port: int = Field(8600, ge=1, le=65535, description="TCP port to listen on")
    name: str = Field(
        "localhost",
        pattern=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$",
        description="The one name in the address bar; requests by another name are refused",
    )
    session_idle_minutes: int = Field(
        30, ge=1, le=240, description="Minutes without a request after which staff log in again"
    )
    session_hours: int = Field(
        10, ge=1, le=24, description="Hours after which staff log in again in any case"
    )

    @property
    def origin(self) -> str:
        """The one origin of all pages, e.g. ``http://localhost:8600``."""
        return f"http://{self.name}:{self.port}"


class KioskSection(Section):
    """``[kiosk]``: the screen in front of the patient."""

    panel_inches: float = Field(
        24.0, ge=7, le=100, description="Diagonal of the panel in inches; sizes on it follow"
    )
    panel_pixels: tuple[int, int] = Field(
        (1080, 1920), description="Width and height of the panel in pixels"
    )
    viewing_mm: int = Field(
        600, ge=200, le=3000, description="Distance between the eyes and the panel in mm"
    )
    idle_seconds: int = Field(
        60, ge=20, le=600, description="Seconds of silence after which a step ends by itself"
    )
    sound: bool = Field(
        True, description="Whether a soft tone reminds of a card that lies on the reader"
    )
    consents: tuple[ConsentItem, ...] = Field(
        tuple(ConsentItem),
        min_length=1,
        description="What patients are asked to share, in this order; what is not used here is "
        "better not asked for",
    )
    prescription_choice: bool = Field(
        False,
        description="Whether patients choose an electronic or a paper prescription "
        "(処方箋発行形態); for institutions that issue both",
    )
    languages: tuple[Literal["ja", "en"], ...] = Field(
        ("ja", "en"), min_length=1, description="Languages to choose from, the first is shown first"
    )

    @field_validator("panel_pixels")
    @classmethod
    def _panel_has_an_area(cls, value: tuple[int, int]) -> tuple[int, int]:
        if min(value) < 320 or max(value) > 16384:
            msg = "each side must be 320 to 16384 pixels"
            raise ValueError(msg)
        return value

    @field_validator("languages", "consents")
    @classmethod
    def _each_once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(value)) != len(value):
            msg = "each one once"
            raise ValueError(msg)
        return value


class TerminalConfig(Section):
    """The whole file.  ``file`` is where it was read from."""

    terminal: DeskSection
    institution: InstitutionSection
    reader: ReaderSettings = Field(default_factory=lambda: ReaderSettings.model_validate({}))
    card: CardSection
    card_camera: CardCameraSettings = Field(
        default_factory=lambda: CardCameraSettings.model_validate({})
    )
    face: FaceSettings = Field(default_factory=lambda: FaceSettings.model_validate({}))
    payer: PayerSettings | None = None
    national: NationalSettings | None = None
    eligibility: EligibilitySection = Field(
        default_factory=lambda: EligibilitySection.model_validate({})
    )
    appointments: BulkSettings = Field(default_factory=lambda: BulkSettings.model_validate({}))
    store: StoreSection
    retention: RetentionSettings = Field(
        default_factory=lambda: RetentionSettings.model_validate({})
    )
    web: WebSection = Field(default_factory=lambda: WebSection.model_validate({}))
    kiosk: KioskSection = Field(default_factory=lambda: KioskSection.model_validate({}))
    file: Path = Field(exclude=True)

    @property
    def is_production(self) -> bool:
        """Whether test parts are refused."""
        return self.terminal.environment == "production"

    @property
    def files_aside(self) -> tuple[int, int]:
        """For how many days, and how many, files are kept that were set aside; also once FHIR."""
        if self.national is None:
            return ASIDE_DAYS, ASIDE_FILES
        return self.national.aside_days, self.national.aside_files

    @property
    def payer_certificate(self) -> Path | None:
        """The certificate by which the payer knows this desk; None where it is not asked by one."""
        if self.payer is None or self.eligibility.interface != "fhir":
            return None
        return self.payer.client_certificate


def load_config(file: Path, *, trust: bool = True) -> TerminalConfig:
    """Read and check ``file``; relative paths in it start at its own folder.

    ``trust=False`` leaves the certificates unread, for commands that only need the store (the
    payer may not have issued them yet).  Raises ConfigError.
    """
    file = file.absolute()
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(str(file), None, f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(str(file), None, "is not UTF-8 text") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(str(file), None, f"is not TOML: {error}") from error
    if "file" in raw:
        raise ConfigError(str(file), "file", _unknown(TerminalConfig, "file"))
    anchored = {
        name: _anchored(model, raw[name], file.parent) if (model := section_of(name)) else raw[name]
        for name in raw
    }
    try:
        config = TerminalConfig.model_validate({**anchored, "file": file})
    except ValidationError as error:
        raise _first_error(file, error.errors(include_url=False)) from error
    section = {"fhir": "payer", "national": "national"}[config.eligibility.interface]
    if getattr(config, section) is None:
        reason = f'is missing: eligibility.interface is "{config.eligibility.interface}"'
        raise ConfigError(str(file), section, reason)
    if config.is_production:
        refuse_test_settings(config)
    if trust:
        check_trust(config)
    return config


def section_of(name: str) -> type[BaseModel] | None:
    """Return the type of a table of the file, None for what is none."""
    field = TerminalConfig.model_fields.get(name)
    kind = field.annotation if field else None
    for one in (kind, *get_args(kind)):  # a section, or one that may be absent
        if isinstance(one, type) and issubclass(one, BaseModel):
            return one
    return None


def _anchored(model: type[BaseModel], table: object, folder: Path) -> object:
    """Return ``table`` with its relative paths made absolute from ``folder``."""
    if not isinstance(table, Mapping):
        return table

    def place(key: str, value: object) -> object:
        field = model.model_fields.get(key)
        if field is None or not _holds_paths(field.annotation):
            return value
        if isinstance(value, str) and value:
            return folder / value
        if isinstance(value, list):
            return [folder / item if isinstance(item, str) and item else item for item in value]
        return value

    return {key: place(key, value) for key, value in table.items()}


def _holds_paths(annotation: object) -> bool:
    return annotation is Path or any(_holds_paths(part) for part in get_args(annotation))


def _first_error(file: Path, errors: Sequence[ErrorDetails]) -> ConfigError:
    first, *others = sorted(errors, key=lambda error: error["type"] != "extra_forbidden")
    reason = _reason(first)
    if others:
        keys = dict.fromkeys(_dotted(error["loc"]) for error in others)
        reason += f" (also wrong: {', '.join(keys)})"
    return ConfigError(str(file), _dotted(first["loc"]), reason)


def _dotted(place: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in place)


def _reason(error: ErrorDetails) -> str:
    place = error["loc"]
    model: type[BaseModel] | None = TerminalConfig if len(place) == 1 else section_of(str(place[0]))
    key = str(place[min(1, len(place) - 1)])
    field = model.model_fields.get(key) if model else None
    about = f" ({field.description})" if field and field.description else ""
    match error["type"]:
        case "extra_forbidden" if model:
            return _unknown(model, key)
        case "missing":
            return f"is missing{about}"
        case "literal_error":
            return f"must be {error['ctx']['expected']}{about}"
    message = error["msg"].removeprefix("Value error, ").replace("Input should", "should")
    message = message.replace("String should", "should").replace("valid tuple", "list")
    return f"{message}{about}"


def _unknown(model: type[BaseModel], key: str) -> str:
    allowed = [name for name in model.model_fields if name != "file"]
    near = difflib.get_close_matches(key, allowed, n=1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    return f"unknown key{hint}; allowed here: {', '.join(allowed)}"
