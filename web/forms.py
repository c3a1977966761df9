"""Form fields → typed values; what no field may hold."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TypeVar

from flask import Flask, request

from eligibility.numbers import refuse_individual_number
from web.security import TOKEN_FIELD

Choice = TypeVar("Choice", bound=StrEnum)

SECRETS = frozenset({"password", "present", "new", "again", "pin", "security_code", "code"})
"""Fields that are hashed or handed to the card, and kept nowhere as they were typed."""
_OWN_ID = re.compile(r"\b(?:[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b")
"""Ids that we made ourselves, alone or in an address: twelve digits may follow in one by chance."""


def one_of(choices: type[Choice], value: str | None) -> Choice | None:
    """Return the member of ``choices`` that was chosen, None for nothing or anything else."""
    try:
        return choices(value or "")
    except ValueError:
        return None


def refuse_individual_numbers() -> None:
    """Refuse a form of which any free field holds an Individual Number (個人番号).

    Raises IndividualNumberError, before a view sees the form.
    """
    for name, values in request.form.lists():
        if name in SECRETS or name == TOKEN_FIELD:
            continue
        for value in values:
            refuse_individual_number(_OWN_ID.sub("id", value))


def init(app: Flask) -> None:
    """Look through every form that ``app`` is sent."""
    app.before_request(refuse_individual_numbers)
