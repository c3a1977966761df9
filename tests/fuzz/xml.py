"""Hostile files for every reader of the national messages: bytes, elements and giants.

Each case follows from the seed and its number alone.  What is read in spite of all is written and
read again, and must be the same.  Each reader is tried in a process of its own, which may hold only
so much memory.
"""

from __future__ import annotations

import argparse
import copy
import json
import logging
import random
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

from lxml import etree

from eligibility.asking import (
    BulkQuestion,
    BulkReception,
    NumberQuestion,
    ReferenceNumberRegistration,
)
from eligibility.errors import EligibilityError
from eligibility.model import NumberSubject
from eligibility.national import (
    bulk,
    checkups,
    confirmation,
    drugs,
    header,
    history,
    lists,
    references,
)
from eligibility.national.wire import BULK, SINGLE, Limits, XmlEncoding, parse_message
from tests.fuzz import guided
from tests.fuzz.card import Outcome, case_of, report, spoil
from tests.fuzz.payer import SECONDS_A_CASE, time_of
from tests.fuzz.xml_cases import GOOD

KEPT = Path("var/fuzz")
OURS = (EligibilityError,)
MOST_MEMORY_MIB = 1536
HUNDRED_MEGABYTES = 100_000_000

NOW = datetime(2026, 11, 24, 1, 2, 3, tzinfo=UTC)
SUBJECT = NumberSubject("00138123", "4260", date(2001, 3, 27), "12-34", "01")
QUESTION = NumberQuestion("q-1", SUBJECT, date(2026, 11, 24))
MANY = BulkQuestion("q-1", (QUESTION,), QUESTION.qualification_confirmation_date)
RECEPTION = BulkReception("q-1", "77", NOW)
REGISTRATION = ReferenceNumberRegistration("q-1", SUBJECT, "0042")


@dataclass(frozen=True, slots=True)
class XmlTarget:
    """``parse`` may return anything or raise an EligibilityError; ``good``: names of what to spoil.

    ``layout``: where what is read can be written again.
    """

    parse: Callable[[bytes], object]
    good: Sequence[str]
    limits: Limits = SINGLE
    layout: Any = None


def _message(layout: Any, good: Sequence[str], limits: Limits = SINGLE) -> XmlTarget:
    return XmlTarget(partial(header.read_message, layout, limits=limits), good, limits, layout)


def targets() -> dict[str, XmlTarget]:
    """Return every reader by its name."""
    told: dict[str, Any] = {"received_at": NOW, "institution_code": "1310000003"}
    return {
        "xml": XmlTarget(parse_message, tuple(GOOD)),
        "identifier": XmlTarget(header.identifier_of, ("confirmation", "bulk", "visit")),
        "request": _message(confirmation.REQUEST, ("question",)),
        "response": _message(confirmation.RESPONSE, ("confirmation", "visit", "error")),
        "answer": XmlTarget(
            lambda body: confirmation.read_answer(body, QUESTION, **told), ("confirmation", "error")
        ),
        "visit": XmlTarget(
            lambda body: confirmation.read_visit(body, told_as="face.xml", **told), ("visit",)
        ),
        "bulk-request": _message(bulk.REQUEST, ("bulk-question",), BULK),
        "bulk-reception": _message(bulk.RECEPTION, ("reception",)),
        "bulk-received": XmlTarget(
            lambda body: bulk.read_reception(body, "q-1", **told), ("reception",)
        ),
        "bulk-download": _message(bulk.DOWNLOAD, ("download",)),
        "bulk-response": _message(bulk.RESPONSE, ("bulk",), BULK),
        "bulk-answers": XmlTarget(
            lambda body: bulk.read_answers(body, MANY, RECEPTION, **told), ("bulk",), BULK
        ),
        "list-request": _message(lists.REQUEST, ("list-question",)),
        "listed": XmlTarget(
            lambda body: lists.read_listed(body, RECEPTION, **told), ("bulk",), BULK
        ),
        "registration-request": _message(references.REQUEST, ("registrations",), BULK),
        "registration-response": _message(references.RESPONSE, ("registered",)),
        "registered": XmlTarget(
            lambda body: references.read_registered(body, REGISTRATION, institution_code=None),
            ("registered",),
        ),
        "bulk-registered": XmlTarget(
            lambda body: references.read_bulk_registered(
                body, (REGISTRATION,), RECEPTION, institution_code=None
            ),
            ("bulk-registered",),
            BULK,
        ),
        "history-request": _message(history.REQUEST, ("history-question",)),
        "medicines": _message(drugs.RESPONSE, ("medicines",), BULK),
        "medicine-records": XmlTarget(
            lambda body: drugs.read_records(body, SUBJECT, "q-1"), ("medicines",), BULK
        ),
        "checkups": _message(checkups.RESPONSE, ("checkups",), BULK),
        "checkup-items": XmlTarget(
            lambda body: checkups.read_observations(body, SUBJECT, "q-1"), ("checkups",), BULK
        ),
    }


NAMES = tuple(targets())

# -- Spoilt documents ------------------------------------------------------------------------------

_WILD = (
    "", " ", "　", "0", "1", "2", "9", "00", "A1", "20010229", "20010327", "99999999", "00000000",
    "20261124250203", "２０２６", "-1", "1e9", "9" * 400, "  138123", "138123", "0013812", "●",
    "𠮷", "ﾃｱ", "\u202e", "\ufffd", "&", "<", "]]>", "q-2", "1.5.", "030", "30", "\U0010ffff",
    "\t1\n",
)  # fmt: skip
_NAMES = ("XmlMsg", "MessageHeader", "MessageBody", "ResultList", "Sex1", "x", "ﾃｱ", "Unknown")
_DECLARED = (
    "UTF-8", "UTF-8", "UTF-8", "Shift_JIS", "Shift_JIS", "windows-31j", "utf-16", "EUC-JP", "x",
)  # fmt: skip
_WRITTEN = ("utf-8", "utf-8", "utf-8", "cp932", "cp932", "cp932", "utf-16", "euc_jp", "utf-8-sig")
_BEFORE_ENDS = ("&a;", "<![CDATA[x]]>", "<!-- -->", "x", "<?x?>")
_PROLOGUES = (
    "", "", "", "<!DOCTYPE XmlMsg>", '<!DOCTYPE x [<!ENTITY a "b">]>', "<?x?>", "<!-- x -->",
    '<!DOCTYPE x SYSTEM "file:///etc/passwd">', "\n", "x",
)  # fmt: skip


def spoil_message(chance: random.Random, good: str) -> bytes:
    """Return a message with some elements changed, taken away, doubled, moved or renamed."""
    root: Any = etree.fromstring(good.encode())
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        _spoil_element(chance, root)
    text: str = etree.tostring(root, encoding="unicode")
    if chance.random() < 0.1:
        text = text.replace(
            "</", chance.choice(("&a;</", "<![CDATA[x]]></", "<!-- --></", "x</")), 3
        )
    prologue = chance.choice(_PROLOGUES)
    if chance.random() < 0.5:  # as declared
        at = chance.choice((0, 3))
        declared, written = _DECLARED[at], _WRITTEN[at]
    else:
        declared, written = chance.choice(_DECLARED), chance.choice(_WRITTEN)
    whole = f'<?xml version="1.0" encoding="{declared}" standalone="no"?>{prologue}{text}'
    return whole.encode(written, "xmlcharrefreplace")


def _spoil_element(chance: random.Random, root: Any) -> None:
    nodes = list(root.iter())
    node = chance.choice(nodes)
    parent = node.getparent()
    match chance.randrange(7):
        case 0 if parent is not None:
            parent.remove(node)
        case 1 if parent is not None:
            for _ in range(chance.choice((1, 1, 1, 50))):
                parent.append(copy.deepcopy(node))
        case 2:
            node.append(copy.deepcopy(chance.choice(nodes)))
        case 3:
            node.tag = chance.choice(_NAMES)
        case 4:
            node.set("a", "b")
        case 5:
            node.tail = chance.choice(_WILD)
        case _:
            node.text = chance.choice(_WILD)


# -- Giants ----------------------------------------------------------------------------------------


def giants(good: str, limits: Limits) -> Iterator[tuple[str, bytes]]:
    """Yield messages that are as large as a hostile writer can make them, by what they are of."""
    room = limits.most_bytes - len(good.encode()) - 100
    end = "</MessageBody>"
    body = f"<MessageBody>{end}"
    good = good.replace("<MessageBody/>", body)

    def filled(item: str, most: int = room) -> bytes:
        return good.replace(end, item * (most // len(item.encode())) + end).encode()

    def many(item: str) -> bytes:
        return filled(item, min(room, (limits.most_elements - 1000) * len(item.encode())))

    yield "bytes", good.encode() + b" " * HUNDRED_MEGABYTES
    yield "not XML", b"x" * room
    yield "elements", filled("<x/>")
    yield "permitted elements", many("<x/>")
    yield "permitted nests", many("<x><y/></x>")
    yield "known elements", many("<BulkConfirmUnit/>")
    yield "open elements", filled("<x>")
    attributes = "".join(f'a{number}="" ' for number in range(min(room // 12, 400_000)))
    yield "attributes", filled(f"<x {attributes}/>", len(attributes) + 8)
    yield "one text", filled("x")
    yield "one name", filled(f"<{'x' * (room - 8)}/>")
    yield "comments", filled("<!---->")
    yield "instructions", filled("<?x?>")
    yield "sections", filled("<![CDATA[]]>")
    yield "numbers", filled("&#65;")
    yield "entities", filled("&lt;")
    yield "undeclared entities", filled("&x;")


# -- Searching -------------------------------------------------------------------------------------


class NotTheSameError(Exception):
    """What was read, written and read again is something else."""


def _one(target: XmlTarget, body: bytes) -> None:
    try:
        found = target.parse(body)
    except OURS:
        return
    if target.layout is not None:
        found = replace(found, unread=())  # type: ignore[type-var]  # a message
        again = header.write_message(target.layout, found, XmlEncoding.UTF_8)
        if target.parse(again) != found:
            raise NotTheSameError


def fuzz_reader(target: XmlTarget, seed: int, name: str, runs: int) -> Outcome:
    """Give a reader spoilt bytes and messages ``runs`` times."""
    outcome = Outcome()
    encodings = tuple(XmlEncoding)
    for number in range(runs):
        chance = case_of(seed, name, number)
        good = GOOD[chance.choice(target.good)]
        if chance.random() < 0.7:
            data = spoil_message(chance, good)
        else:
            encoding = chance.choice(encodings)
            declared = f'<?xml version="1.0" encoding="{encoding.value}"?>'
            data = spoil(chance, (declared + good).encode(encoding.codec))
        time_of(partial(_one, target, data), number, outcome)
    return outcome


def fuzz_giants(target: XmlTarget, name: str) -> tuple[Outcome, float, float]:
    """Give a reader its giants; return what came, the longest seconds and this process's MiB."""
    outcome, slowest = Outcome(), 0.0
    for number, (_, data) in enumerate(giants(GOOD[target.good[0]], target.limits)):
        # not written again: what is asked is what reading costs
        seconds = time_of(partial(target.parse, data), number, outcome)
        if seconds > SECONDS_A_CASE:
            outcome.note(number, TimeoutError(name))
        slowest = max(slowest, seconds)
    return outcome, slowest, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _child(name: str, seed: int, runs: int) -> int:
    """Try one reader in this process, which may not hold more than it is given."""
    limit = MOST_MEMORY_MIB * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    target = targets()[name]
    well = report(name, seed, fuzz_reader(target, seed, name, runs))
    outcome, slowest, memory = fuzz_giants(target, name)
    line: dict[str, object] = {"target": f"{name} giants", "cases": outcome.cases}
    line |= {"failures": outcome.failures.total(), "kinds": outcome.first}
    line |= {"slowest_s": round(slowest, 2), "memory_mib": round(memory)}
    print(json.dumps(line), flush=True)  # noqa: T201  # its very purpose
    return 0 if well and not outcome.failures else 1


def _random(name: str, asked: argparse.Namespace) -> bool:
    done = subprocess.run(  # noqa: S603  # this very module
        [
            *(sys.executable, "-m", "tests.fuzz.xml", "--child", name),
            *("--runs", str(asked.runs), "--seed", str(asked.seed)),
        ],
        check=False,
    )
    return done.returncode == 0


def _guided(name: str, asked: argparse.Namespace) -> bool:
    good = [GOOD[one].encode() for one in targets()[name].good]
    found = guided.search(name, good, KEPT / "guided-xml", asked.runs, asked.seed, of="xml")
    print(json.dumps(found), flush=True)  # noqa: T201  # its very purpose
    return found["failures"] == 0


def main() -> int:
    """Run all targets; 1 where anything was found."""
    arguments = argparse.ArgumentParser(prog="./scripts/fuzz xml")
    arguments.add_argument("--runs", type=int, default=10_000, help="cases of each reader")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--only", action="append", choices=NAMES, help="a target")
    arguments.add_argument("--guided", action="store_true", help="let coverage choose the input")
    arguments.add_argument("--child", choices=NAMES, help=argparse.SUPPRESS)
    asked = arguments.parse_args()
    logging.disable()
    if asked.child:
        return _child(asked.child, asked.seed, asked.runs)
    fuzz = _guided if asked.guided else _random
    return 0 if all([fuzz(name, asked) for name in asked.only or NAMES]) else 1


if __name__ == "__main__":
    sys.exit(main())
