"""Variant forms of one character (異体字), by a table that others maintain: data, not code.

``variants.tsv`` says as which characters of JIS X 0213 the family registers (戸籍) and that
standard itself take a form; its source, version and licence stand in its first lines and in NOTICE.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("variants.tsv")


def are_variants(one: str, other: str) -> bool:
    """Whether the table has one of two characters as the other, or both as a third.

    It says nothing of characters that only look or sound alike: 斉 and 斎 are two.
    """
    written_as = _table()
    here = written_as.get(one, frozenset())
    there = written_as.get(other, frozenset())
    return one == other or other in here or one in there or not here.isdisjoint(there)


@cache
def _table() -> dict[str, frozenset[str]]:
    lines = _FILE.read_text(encoding="utf-8").splitlines()
    rows = (line.partition("\t") for line in lines if not line.startswith("#"))
    return {form: frozenset(characters) for form, _, characters in rows}
