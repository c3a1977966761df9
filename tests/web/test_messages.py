"""Both catalogues say everything that the pages ask for, and nothing else."""

import re
from dataclasses import fields as fields_of
from enum import StrEnum
from pathlib import Path
from string import Formatter
from typing import TypeVar

import pytest
from babel.messages.pofile import read_po

import web
from eligibility.codes import CodeTable
from eligibility.errors import EligibilityError
from eligibility.model import FindingCode
from terminal import health, health_payer
from terminal.errors import StoreError, TerminalError
from terminal.face.check import FaceProblem
from terminal.health_face import check_face
from terminal.health_payer import payer_problem
from terminal.payer.question import QuestionProblem
from terminal.reader.types import ReaderState
from web import errors, i18n
from web.coverage_words import kebab
from web.enquiry_form import NumberEntry, PersonEntry
from web.wording import ONE_WORD, WITH_NEXT_STEP

Error = TypeVar("Error", bound=Exception)
WEB = Path(web.__file__).parent
DESK = ("csv", "register", "appointments", "enquiry", "sharing")
OTHER_LANGUAGES = [language for language in i18n.LANGUAGES if language != "ja"]


def messages(language: str, domain: str) -> dict[str, str]:
    """Return one catalogue file by id; none of it may be fuzzy."""
    path = i18n.TRANSLATIONS / language / "LC_MESSAGES" / f"{domain}.po"
    with path.open("rb") as file:
        found = list(read_po(file, locale=language, abort_invalid=True))
    assert not [message.id for message in found if message.id and message.fuzzy]
    return {str(message.id): str(message.string) for message in found if message.id}


def placeholders(message: str) -> set[str]:
    """Return the names that a message leaves to be filled in."""
    return {field for _, field, _, _ in Formatter().parse(message) if field is not None}


def leaves(kind: type[Error]) -> set[type[Error]]:
    """Return ``kind`` and all that is made of it."""
    found = {kind}
    for child in kind.__subclasses__():
        found |= leaves(child)
    return found


def asked_by_value() -> set[str]:
    """Return the ids that are put together from a value."""
    asked = {
        f"{prefix}.{member.value}.{part}"
        for prefix, enum in WITH_NEXT_STEP.items()
        for member in enum
        for part in ("what", "next")
    }
    asked |= {f"{prefix}.{member.value}" for prefix, enum in ONE_WORD.items() for member in enum}
    for page in [*errors.PAGES.values(), *map(http_page, errors.HTTP_PAGES.values())]:
        asked |= {page.what, page.next}
    return asked


def http_page(name: str) -> errors.ErrorPage:
    """Return the page that an HTTP error of this name is told by."""
    return errors.ErrorPage(errors.BAD, name)


def health_codes() -> set[str]:
    """Return every code that a health check may carry."""
    files = (health.__file__, health_payer.__file__)
    source = "".join(Path(one or "").read_text(encoding="utf-8") for one in files)
    names = "configuration|certificate|payer|files|store|disk|clock|dumps|revocation|card-camera"
    codes = set(re.findall(rf'"((?:{names})\.[a-z-]+)"', source))
    codes |= {
        health.check_reader(state, is_needed=needed).code
        for state in ReaderState
        for needed in (True, False)
    }
    codes |= {payer_problem(kind.__new__(kind)).code for kind in leaves(EligibilityError)}
    codes |= {check_face(problem, vouched=True).code for problem in (None, *FaceProblem)}
    codes.add(check_face(None, vouched=False).code)
    return codes | {health.store_problem(kind.__new__(kind)).code for kind in leaves(StoreError)}


def written_out() -> set[str]:
    """Return the ids that stand in the sources as they are."""
    asked: set[str] = set()
    known = {key for name in ("staff", "codes", *DESK) for key in messages("ja", name)}
    for path in [*WEB.glob("*.py"), *WEB.glob("templates/**/*.html")]:
        source = path.read_text(encoding="utf-8")
        asked |= set(re.findall(r'_\("([a-z0-9.-]+)"[,)]', source))
        asked |= known & set(re.findall(r'"([a-z0-9-]+(?:\.[a-z0-9-]+)+)"', source))
    return asked


@pytest.mark.parametrize("domain", i18n.DOMAINS)
@pytest.mark.parametrize("language", OTHER_LANGUAGES)
def test_catalogues_agree(language: str, domain: str) -> None:
    """Each language has every message of the Japanese catalogue, with the same placeholders."""
    japanese, other = messages("ja", domain), messages(language, domain)
    assert set(other) == set(japanese)
    assert [key for key, words in {**japanese, **other}.items() if not words.strip()] == []
    differing = [key for key in japanese if placeholders(japanese[key]) != placeholders(other[key])]
    assert differing == []


def test_no_id_stands_in_two_domains() -> None:
    """An id has one home, so that no domain overwrites the other."""
    ids = [key for domain in i18n.DOMAINS for key in messages("ja", domain)]
    assert len(ids) == len(set(ids))


def test_everything_asked_for_is_there() -> None:
    """No page can ask for a message that the catalogues lack."""
    known = set(i18n.catalogue("ja"))
    assert written_out() - known == set()
    assert asked_by_value() - known == set()
    what = {f"health.{code}.what" for code in health_codes()}
    names = {f"health.{code.partition('.')[0]}" for code in health_codes()}
    assert (what | names) - known == set()


def test_nothing_is_left_over() -> None:
    """A message that nobody asks for any more is taken out of the staff's catalogues."""
    parts = (
        *("today", "number", "expected", "patients", "month"),
        *("devices", "accounts", "kiosks", "disaster"),
    )
    pages = {f"staff.nav.{name}" for name in parts}
    checks = {f"health.{code}{part}" for code in health_codes() for part in (".what", ".next")} | {
        f"health.{code.partition('.')[0]}" for code in health_codes()
    }
    pages |= {f"staff.report.part.{part}" for part in ("total", "calls", "time", "silence")}
    fields = {one.name for kind in (NumberEntry, PersonEntry) for one in fields_of(kind)}
    pages |= {f"enquiry.error.{name}" for name in fields}
    pages |= {f"finding.{code}.without-card" for code in FindingCode}
    pages |= {f"problem.{problem}.without-card" for problem in QuestionProblem}
    used = written_out() | asked_by_value() | checks | pages
    known = {key for name in ("staff", *DESK) for key in messages("ja", name)}
    assert known - used == set()


def test_every_code_has_labels_and_what_to_do() -> None:
    """Each code of each table has its labels, a table's name and a next step, and no other has."""
    tables = [one for one in CodeTable.__subclasses__() if one.__module__ == "eligibility.codes"]
    members = [member for table in tables for member in table]
    assert len(members) > 80
    assert all(member.ja.strip() and member.en.strip() for member in members)
    names = {f"code.{kebab(table.__name__)}" for table in tables} | {"code.contribution-ratio"}
    steps = {f"code.{kebab(type(member).__name__)}.{member.value}" for member in members}
    rest = {key for key in messages("ja", "codes") if key in written_out()} | {"code.unknown"}
    assert names | steps | rest == set(messages("ja", "codes"))


def test_every_problem_of_a_check_says_what_to_do() -> None:
    """A check that is not well has its next step in the catalogue."""
    well = {"valid", "ready", "answers", "holds", "whole", "room", "synchronised", "off"}
    well |= {"current", "not-configured", "well", "none-aside", "not-needed"}
    wanting = {
        f"health.{code}.next" for code in health_codes() if code.partition(".")[2] not in well
    }
    assert wanting - set(i18n.catalogue("ja")) == set()


@pytest.mark.parametrize("root", [TerminalError, EligibilityError])
def test_every_error_has_its_own_page(root: type[Exception]) -> None:
    """The one table names each error of ours itself, none by its parent's entry only."""
    package = root.__module__.removesuffix(".root")
    ours = {kind for kind in leaves(root) if kind.__module__.startswith(package)}
    assert ours - set(errors.PAGES) == set()


def test_enums_with_words_are_of_strings() -> None:
    """The value that is stored is the value that the message's id carries."""
    for enum in (*WITH_NEXT_STEP.values(), *ONE_WORD.values()):
        assert issubclass(enum, StrEnum)
        assert len({member.value for member in enum}) == len(enum)


def test_an_unknown_id_is_never_shown() -> None:
    """An id that no catalogue holds raises; a page shows no raw id."""
    with pytest.raises(i18n.UnknownMessageError):
        i18n.text("staff.no-such-message", "ja")
