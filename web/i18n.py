"""Languages: message catalogues with ids as keys, and Babel for dates, times and numbers.

Each language has one catalogue file a domain (:data:`DOMAINS`) under ``translations/``; all are
read once at start.  Japanese is the first language and the one that is fallen back to; an id that
no catalogue holds raises, it is never shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path

from babel.dates import format_date, format_time, format_timedelta
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from flask import Flask, g, redirect, request
from werkzeug.wrappers import Response

from eligibility.calendar import JAPAN, CalendarMonth
from web.security import Right, cookie_name, requires, set_cookie

TRANSLATIONS = Path(__file__).parent / "translations"
DOMAINS = (
    "staff",
    "kiosk",
    "codes",
    "csv",
    "register",
    "appointments",
    "declaration",
    "enquiry",
    "history",
    "sharing",
    "retention",
    "emergency",
)
LANGUAGES: Mapping[str, str] = {"ja": "日本語", "en": "English"}
DEFAULT_LANGUAGE = "ja"
_YEAR = 365 * 24 * 3600


class UnknownMessageError(KeyError):
    """A message id that no catalogue holds: a defect of the program."""


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """Return the messages of ``language`` by id, all domains merged."""
    messages: dict[str, str] = {}
    for domain in DOMAINS:
        path = TRANSLATIONS / language / "LC_MESSAGES" / f"{domain}.po"
        if not path.exists():
            continue
        with path.open("rb") as file:
            for message in read_po(file, locale=language, domain=domain, abort_invalid=True):
                if message.id and isinstance(message.string, str) and message.string:
                    messages[str(message.id)] = message.string
    return messages


def text(message_id: str, /, language: str | None = None, **values: object) -> str:
    """Return the message in ``language`` (of the request), its ``{placeholders}`` filled.

    Raises UnknownMessageError.
    """
    try:
        message = catalogue(language or current_language())[message_id]
    except KeyError:
        raise UnknownMessageError(message_id) from None
    return message.format_map(values) if values else message


def has_message(message_id: str) -> bool:
    """Whether the catalogues hold this id."""
    return message_id in catalogue(DEFAULT_LANGUAGE)


def area() -> str:
    """Return which side of the terminal the request is for: ``staff`` or ``kiosk``."""
    return "kiosk" if request.path.startswith("/kiosk") else "staff"


def current_language() -> str:
    """Return the language of this request: the one chosen on this side, else Japanese."""
    chosen: str | None = g.get("language")
    if chosen is None:
        chosen = request.cookies.get(cookie_name(f"{area()}-language"), "")
        if chosen not in LANGUAGES:
            chosen = DEFAULT_LANGUAGE
        g.language = chosen
    return chosen


def set_language(response: Response, side: str, language: str) -> None:
    """Keep ``language`` for ``side`` in this browser."""
    set_cookie(response, f"{side}-language", language, max_age=_YEAR)


@requires(Right.PUBLIC)
def choose_language() -> Response:
    """Take the language chosen (POST ``language``) and return to the page ``next``."""
    response = redirect(own_path(request.form.get("next", "")), 303)
    language = request.form.get("language", "")
    if language in LANGUAGES:
        set_language(response, area(), language)
    return response


def own_path(candidate: str) -> str:
    """Return ``candidate`` if it is a path of this server and side, else the side's first page."""
    start = f"/{area()}/"
    plain = candidate.startswith(start) and "//" not in candidate and "\\" not in candidate
    return candidate if plain and candidate.isprintable() else start


def show_date(day: date | None) -> str:
    """Return a day in words: 2026年11月24日, 24 Nov 2026; of a moment, its day in Japan."""
    if day is None:
        return ""
    if isinstance(day, datetime):
        day = day.astimezone(JAPAN).date()
    pattern = "y年M月d日" if current_language() == "ja" else "d MMM y"
    return format_date(day, pattern, locale=current_language())


def show_month(month: CalendarMonth) -> str:
    """Return a month in words: 2026年11月, November 2026."""
    pattern = "y年M月" if current_language() == "ja" else "MMMM y"
    return format_date(month.first, pattern, locale=current_language())


def show_clock(moment: datetime) -> str:
    """Return the time of day in Japan, 24 hours: 14:05."""
    return format_time(moment, "HH:mm", tzinfo=JAPAN, locale=current_language())


def show_moment(moment: datetime) -> str:
    """Return day and time in Japan."""
    return f"{show_date(moment.astimezone(JAPAN).date())} {show_clock(moment)}"


def show_age(moment: datetime, now: datetime) -> str:
    """Return how long ago in words: 3日, 3 days."""
    age = format_timedelta(
        max(now - moment, timedelta(0)), granularity="minute", locale=current_language()
    )
    return age.replace(" ", "") if current_language() == "ja" else age


def show_number(number: Decimal | int) -> str:
    """Return a number in the language's form, no digit of it lost."""
    return format_decimal(number, locale=current_language(), decimal_quantization=False)


def init(app: Flask) -> None:
    """Give ``app`` its templates' functions and the language switch of each side."""
    for language in LANGUAGES:
        catalogue(language)
    functions: dict[str, Callable[..., object]] = {
        "_": text,
        "show_date": show_date,
        "show_month": show_month,
        "show_clock": show_clock,
        "show_moment": show_moment,
        "show_age": show_age,
        "show_number": show_number,
        "current_language": current_language,
    }
    app.jinja_env.globals.update(functions, LANGUAGES=LANGUAGES)
    for side in ("staff", "kiosk"):
        app.add_url_rule(f"/{side}/language", f"{side}_language", choose_language, methods=["POST"])
