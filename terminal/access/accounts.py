"""Staff accounts, their log-ins and enrolled kiosks, as plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """What a member of staff may see: reception has coverage only, clinicians also history."""

    RECEPTION = "reception"
    CLINICIAN = "clinician"
    PHARMACIST = "pharmacist"
    ADMINISTRATOR = "administrator"

    @property
    def may_see_coverage(self) -> bool:
        """Whether visits and coverage are open to this role."""
        return self is not Role.ADMINISTRATOR

    @property
    def may_see_history(self) -> bool:
        """Whether consented medical data is open to this role."""
        return self in (Role.CLINICIAN, Role.PHARMACIST)

    @property
    def may_open_without_consent(self) -> bool:
        """Whether this role may look, in a disaster, at who cannot be asked."""
        return self is Role.CLINICIAN


@dataclass(frozen=True, slots=True)
class StaffAccount:
    """One member of staff; ``password_hash`` is an argon2id encoded hash."""

    id: str
    login_name: str
    display_name: str
    role: Role
    password_hash: str = field(repr=False)
    created_at: datetime
    disabled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StaffSession:
    """A log-in; ``token_hash`` is the SHA-256 of the cookie's token, which is never stored."""

    token_hash: bytes = field(repr=False)
    account_id: str
    started_at: datetime
    last_seen_at: datetime
    ends_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, as the desk and the audit log know it: an account, the card's holder,
    the kiosk or the terminal."""

    id: str
    role: Role | None = None
    display_name: str = ""


HOLDER = Actor("holder")
KIOSK = Actor("kiosk")
TERMINAL = Actor("terminal")
PAYER = Actor("payer")
"""Who said what the desk takes by the payer's word."""


@dataclass(frozen=True, slots=True)
class KioskEnrolment:
    """A browser enrolled as the kiosk of a desk; ``token_hash`` as for staff."""

    id: str
    desk_id: str
    token_hash: bytes = field(repr=False)
    enrolled_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class EnrolmentCode:
    """A one-time code that makes a browser a kiosk; kept as SHA-256, used once, short-lived."""

    code_hash: bytes = field(repr=False)
    desk_id: str
    made_at: datetime
    ends_at: datetime
    used_at: datetime | None = None
