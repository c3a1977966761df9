"""The same targets, with input that coverage chooses: atheris, which is libFuzzer for Python.

``python -m tests.fuzz.guided SET TARGET …`` is one search in a process of its own, as libFuzzer
ends the process that it runs in.  Nothing of the terminal is imported at the top: what is imported
before it is instrumented cannot be watched.
"""

from __future__ import annotations

import logging
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

WATCHED = {
    "card": [
        "terminal.card", "terminal.recognition", "terminal.reader.part10", "face_auth.jpeg2000",
    ],
    "payer": ["eligibility"],
    "xml": ["eligibility"],
}  # fmt: skip
SECONDS_A_CASE = 10
MOST_MEMORY_MIB = 1024
LONGEST_INPUT = 16 * 1024


def search(
    name: str, good: Sequence[bytes], folder: Path, runs: int, seed: int, of: str = "card"
) -> dict[str, object]:
    """Search one target and return its line; what breaks it is kept as ``input``.

    ``folder``: the input that reached something new is kept there for the next search.  ``of``:
    the set that the target belongs to.
    """
    corpus, broken = folder / name / "corpus", folder / name / "broken"
    corpus.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(broken, ignore_errors=True)
    broken.mkdir()
    for number, content in enumerate(good):
        (corpus / f"good-{number}").write_bytes(content)
    done = subprocess.run(  # noqa: S603  # this very module
        [
            *(sys.executable, "-m", __name__, of, name),
            *(f"-atheris_runs={runs}", f"-seed={seed}"),
            *(f"-timeout={SECONDS_A_CASE}", f"-rss_limit_mb={MOST_MEMORY_MIB}"),
            *(f"-max_len={LONGEST_INPUT}", f"-artifact_prefix={broken}/", str(corpus)),
        ],
        capture_output=True,
        text=True,
        errors="replace",
    )
    said = done.stdout + done.stderr
    found = sorted(broken.iterdir())
    # libFuzzer's own alarm may end a process that is done
    ended_early = not re.search(r"^Done \d+", said, re.MULTILINE)
    if found or ended_early:
        sys.stderr.write(said[-4000:])
    line: dict[str, object] = {"target": name, "guided": True, "seed": seed}
    counted = re.findall(r"^(?:#|Done )(\d+)\s", said, re.MULTILINE)
    line |= {"cases": max(map(int, counted), default=0)}
    for key, word in (("covered", "cov"), ("features", "ft"), ("corpus", "corp")):
        line[key] = max(map(int, re.findall(rf"\b{word}: (\d+)", said)), default=0)
    line["failures"] = len(found) or int(ended_early)
    if found:
        line["input"] = str(found[0])
    return line


def main() -> None:
    """Search; ends the process."""
    import atheris

    logging.disable()
    of, name = sys.argv[1:3]
    ours: tuple[type[Exception], ...]
    with atheris.instrument_imports(include=WATCHED[of]):
        if of == "card":
            from terminal.errors import TerminalError
            from tests.fuzz import card, targets

            parse, ours = targets.targets(card.kept_wallet())[name].parse, (TerminalError,)
        elif of == "xml":
            from tests.fuzz import xml

            parse, ours = xml.targets()[name].parse, xml.OURS
        else:
            from tests.fuzz import payer

            parse, ours = payer.targets()[name].parse, payer.OURS

    def one(content: bytes) -> None:
        try:
            parse(content)
        except ours:
            pass

    atheris.Setup([sys.argv[0], *sys.argv[3:]], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
