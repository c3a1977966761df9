"""Hostile answers for every reader of what a payer says, and hostile questions for the simulator.

Each case follows from the seed and its number alone.  Beside spoilt bytes there are spoilt
documents (another value, a part twice, a part elsewhere), and giants: the largest answer there may
be, of one kind of thing only, and one of a hundred megabytes.
"""

from __future__ import annotations

import argparse
import copy
import json
import logging
import random
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from eligibility.codes import ConsentCategory
from eligibility.errors import EligibilityError
from eligibility.fhir.answers import read_answer
from eligibility.fhir.connection import retry_after
from eligibility.fhir.consents import read_consent_receipt
from eligibility.fhir.documents import HistoryCall, calls_of, read_page
from eligibility.fhir.outcomes import refusal_in
from eligibility.fhir.questions import check_capability, read_challenge
from eligibility.fhir.reference_numbers import read_reference_number_results
from eligibility.fhir.registrations import read_registered
from eligibility.fhir.wire import LARGEST_ANSWER, parse_json
from eligibility.model import CardSubject, Consent, ConsentChannel, ConsentDecision
from eligibility.payer import CardRegistration, HolderEvidence, IdentificationMethod, ProofKind
from eligibility.simulator import bodies
from eligibility.simulator.consents import read_consent
from eligibility.simulator.questions_without_card import (
    read_question_without_card,
    read_reference_numbers,
)
from eligibility.simulator.refusals import RefusalError
from eligibility.simulator.registrations import read_registration
from eligibility.simulator.requests import read_question
from tests.fhir.samples import (
    ANYBODY,
    BY_NUMBER,
    BY_PERSON,
    EXAMPLES,
    INSTITUTION,
    NOW,
    QUESTION,
    REGISTRATIONS,
    SUBJECT,
    example,
)
from tests.fuzz import guided
from tests.fuzz.card import Outcome, case_of, report, spoil
from tests.fuzz.targets import Target

KEPT = Path("var/fuzz")
OURS = (EligibilityError, RefusalError)
SECONDS_A_CASE = 10.0
MOST_MEMORY_MIB = 1024
HUNDRED_MEGABYTES = 100_000_000
PATIENT = "Patient/pt-7Q2M"
CONSENT = example("consent-registered")
ANSWERED = {
    ConsentCategory(part["code"][0]["coding"][0]["code"]): ConsentDecision(  # type: ignore[call-arg]
        "yes" if part["type"] == "permit" else "no"
    )
    for part in CONSENT["provision"]["provision"]
}
REGISTERED = example("card-registered")
SEVERAL = replace(BY_NUMBER, id="q-01JDEXAMPLE0032", subject=ANYBODY)

Json = Any


def _addressed(name: str) -> bytes:
    """Return a documented answer as one to QUESTION."""
    answer = example(name)
    answer["request"]["identifier"]["value"] = QUESTION.id
    return json.dumps(answer, ensure_ascii=False).encode()


def _document(*names: str) -> list[bytes]:
    return [(EXAMPLES / f"{name}.json").read_bytes() for name in names]


def _answer(body: bytes) -> object:
    return read_answer(body, QUESTION, received_at=NOW, institution_code=INSTITUTION)


def _answer_without_card(body: bytes) -> object:
    """Read it as the answer to the question that it names, else to one by number."""
    asked = (BY_NUMBER, SEVERAL, BY_PERSON)
    question = next((one for one in asked if one.id.encode() in body), BY_NUMBER)
    return read_answer(body, question, received_at=NOW, institution_code=INSTITUTION)


def _asked_without_card(body: bytes) -> object:
    parsed = bodies.parse_json(body)
    return read_question_without_card(parsed, str(parsed.get("identifier", [{}])))


def _receipt(body: bytes) -> object:
    given = Consent(
        CONSENT["identifier"][0]["value"],
        "v-1",
        SUBJECT,
        ANSWERED,
        NOW,
        NOW + timedelta(hours=24),
        ConsentChannel.KIOSK,
    )
    return read_consent_receipt(body, given, CONSENT["patient"]["reference"])


def _registered(body: bytes) -> object:
    named = {one["name"]: one for one in REGISTERED["parameter"]}
    card = named["card-certificate"]["valueIdentifier"]
    registration = CardRegistration(
        named["question"]["valueIdentifier"]["value"],
        b"",
        CardSubject(card["assigner"]["display"], card["value"]),
        HolderEvidence(IdentificationMethod.PIN, ProofKind.AUTH_KEY, NOW),
        agreed_at=NOW,
    )
    return read_registered(body, registration)


def _page(call: HistoryCall, body: bytes) -> object:
    return read_page(body, call, PATIENT, "c-1")


def _retry_after(body: bytes) -> object:
    wait = retry_after(body.decode("latin-1"), datetime(2026, 11, 24, tzinfo=UTC))
    if wait is not None and wait < 0:
        msg = "nobody waits backwards"
        raise AssertionError(msg)
    return wait


def _asked(body: bytes) -> object:
    parsed = bodies.parse_json(body)
    return read_question(parsed, str(parsed.get("identifier", [{}])))


def targets() -> dict[str, Target]:
    """Return every reader by its name, with good input."""
    without_card = ["answer-number", "answer-number-several", "answer-person"]
    asked_without = ["question-number", "question-person"]
    answers = [path.stem for path in sorted(EXAMPLES.glob("answer-*.json"))]
    answers = [name for name in answers if name not in without_card]
    questions = [path.stem for path in sorted(EXAMPLES.glob("question-*.json"))]
    questions = [name for name in questions if name not in asked_without]
    page = partial(partial, _page)
    dispensed, prescribed = calls_of(ConsentCategory.YZK)
    (treated,), (measured,) = calls_of(ConsentCategory.SRJ), calls_of(ConsentCategory.TKK)
    operated, diagnosed = calls_of(ConsentCategory.SHJ)
    return {
        "json": Target(parse_json, [b'{"a":[1,2.5e3,"\\u3042\\ud842\\udfb7",null,true]}']),
        "answer": Target(_answer, [_addressed(name) for name in answers]),
        "answer-without-card": Target(_answer_without_card, _document(*without_card)),
        "reference-numbers": Target(
            lambda body: read_reference_number_results(body, REGISTRATIONS),
            _document("reference-numbers-registered"),
        ),
        "medicines": Target(page(dispensed), _document("medicines-page-1", "medicines-page-2")),
        "prescriptions": Target(page(prescribed), _document("prescriptions")),
        "treatments": Target(page(treated), _document("treatments")),
        "operations": Target(page(operated), _document("operations")),
        "diagnoses": Target(page(diagnosed), _document("diagnoses")),
        "checkups": Target(page(measured), _document("checkups")),
        "challenge": Target(read_challenge, _document("challenge")),
        "consent-receipt": Target(_receipt, _document("consent-registered")),
        "registered": Target(_registered, _document("card-registered")),
        "capability": Target(check_capability, _document("capability-statement")),
        "refusal": Target(
            refusal_in, _document("refusal-consent-missing", "refusal-signature-invalid")
        ),
        "retry-after": Target(_retry_after, [b"120", b"Tue, 24 Nov 2026 00:01:00 GMT"]),
        "asked-question": Target(_asked, _document(*questions)),
        "asked-without-card": Target(_asked_without_card, _document(*asked_without)),
        "asked-reference-numbers": Target(
            lambda body: read_reference_numbers(bodies.parse_json(body)),
            _document("register-reference-numbers"),
        ),
        "asked-consent": Target(
            lambda body: read_consent(bodies.parse_json(body)),
            _document("consent-request", "consent-by-parent", "consent-ended"),
        ),
        "asked-registration": Target(
            lambda body: read_registration(bodies.parse_json(body), "q-1"),
            _document("register-card"),
        ),
    }


NAMES = tuple(targets())

# -- Spoilt documents ------------------------------------------------------------------------------

_WILD: tuple[Json, ...] = (
    None, True, 0, -1, 10**40, 1.5, 1e308, "", " ", "０", "2026-02-30", "0000-00-00", "9999-12-31",
    "2026-11-24", "9999-12-31T23:59:59.999+00:00", "0001-01-01T00:00:00+23:59", "\ud800", "●" * 300,
    "Patient/" + "a" * 65, "#coverage-1", "#", "=", "AAAA", [], {}, [[]], [{}], {"value": {}},
    [1] * 2000, "\u0000", "\u202e", "030", "1", {"system": "x"},
)  # fmt: skip
_TOKENS = (b"NaN", b"Infinity", b"-0", b"1e999999999", b"9" * 4301, b"0.1e-999999999", b"00", b"'")
_ENCODINGS = ("utf-8", "utf-8", "utf-8", "utf-16", "utf-8-sig", "cp932", "utf-32-le")


def _places(value: Json, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, one in inner:
        if isinstance(one, dict | list):
            yield from _places(one, (*path, key))
        else:
            yield (*path, key)


def _holder(document: Json, path: tuple[Any, ...]) -> Json:
    for key in path[:-1]:
        document = document[key]
    return document


def spoil_document(chance: random.Random, good: bytes) -> bytes:
    """Return a document with some values changed, taken away, doubled or moved."""
    document = json.loads(good)
    for _ in range(chance.choice((1, 1, 2, 3))):
        found = list(_places(document))
        if not found:
            break
        path = chance.choice(found)
        holder = _holder(document, path)
        match chance.randrange(5):
            case 0:
                del holder[path[-1]]
            case 1 if isinstance(holder, list) and len(holder) < 20:
                holder += copy.deepcopy(holder * chance.choice((1, 2, 40)))
            case 2:
                other = chance.choice(found)
                holder[path[-1]] = copy.deepcopy(_holder(document, other)[other[-1]])
            case 3 if isinstance(holder, dict):
                name = chance.choice(("url", "extension", "value", "x"))
                holder[name] = copy.deepcopy(holder[path[-1]])
            case _:
                holder[path[-1]] = copy.deepcopy(chance.choice(_WILD))
    escaped = chance.random() < 0.5
    text = json.dumps(document, ensure_ascii=escaped)
    content = text.encode(chance.choice(_ENCODINGS), "replace")
    if chance.random() < 0.2:
        at = content.find(b": ", chance.randrange(len(content)))
        content = content[: at + 2] + chance.choice(_TOKENS) + content[at + 2 :]
    if chance.random() < 0.2:  # a name twice
        content = content.replace(b'{"', b'{"resourceType": "x", "', chance.randrange(1, 4))
    return content


# -- Giants ----------------------------------------------------------------------------------------


def _filled(item: bytes, size: int) -> bytes:
    return b"[" + b",".join([item] * (size // (len(item) + 1))) + b"]"


def giants(good: bytes, size: int = LARGEST_ANSWER) -> Iterator[tuple[str, bytes]]:
    """Yield hostile input of ``size``, and larger: by name, made when it is asked for."""
    yield "spaces", b" " * HUNDRED_MEGABYTES
    yield "padded", good + b" " * (HUNDRED_MEGABYTES - len(good))
    yield "deep lists", b"[" * size
    yield "deep objects", (b'{"a":' * size)[:size]
    yield "digits", b'{"a":' + b"9" * (size - 8) + b"}"
    yield "one text", b'{"resourceType":"' + b"a" * (size - 32) + b'"}'
    yield "half characters", b'{"a":"' + b"\\ud800" * (size // 6 - 4) + b'"}'
    yield "names", b"{" + b",".join(b'"%d":0' % n for n in range(size // 12)) + b"}"
    yield "one name", b'{"a":0' + b',"a":0' * (size // 6 - 2) + b"}"
    if not good.startswith(b"{"):
        return
    document = json.loads(good)
    seen = set()
    for path in list(_places(document)):
        holder = _holder(document, path)
        where = ".".join(key for key in path if isinstance(key, str))
        if isinstance(holder[path[-1]], list) and where not in seen:
            seen.add(where)
            kept, holder[path[-1]] = holder[path[-1]], "@@@"
            text = json.dumps(document, ensure_ascii=False).encode()
            holder[path[-1]] = kept
            for item in (b"{}", json.dumps(kept[0], ensure_ascii=False).encode()):
                yield (
                    f"{where} of {item[:8]!r}",
                    text.replace(b'"@@@"', _filled(item, size - len(good) - len(item))),
                )


# -- Searching -------------------------------------------------------------------------------------


def fuzz_reader(
    parse: Callable[[bytes], object], good: Sequence[bytes], seed: int, name: str, runs: int
) -> Outcome:
    """Give ``parse`` spoilt bytes and documents ``runs`` times."""
    outcome = Outcome()
    for number in range(runs):
        chance = case_of(seed, name, number)
        model = chance.choice(good)
        document = model.startswith(b"{") and chance.random() < 0.7
        data = spoil_document(chance, model) if document else spoil(chance, model)
        _one(parse, data, number, outcome)
    return outcome


def _one(parse: Callable[[bytes], object], data: bytes, number: int, outcome: Outcome) -> float:
    return time_of(partial(parse, data), number, outcome)


def time_of(work: Callable[[], object], number: int, outcome: Outcome) -> float:
    """Do one case, noting what is none of our errors; return the seconds that it took."""
    outcome.cases += 1
    started = time.process_time()  # a busy machine is no finding
    try:
        work()
    except OURS:
        pass
    except Exception as error:  # noqa: BLE001  # what is looked for
        outcome.note(number, error)
    return time.process_time() - started


def fuzz_giants(target: Target, name: str) -> tuple[Outcome, float, float]:
    """Give a reader its giants; return what came, the longest seconds and this process's MiB."""
    outcome, slowest = Outcome(), 0.0
    size = bodies.LARGEST_BODY if name.startswith("asked-") else LARGEST_ANSWER
    for number, (_, data) in enumerate(giants(target.good[0], size)):
        seconds = _one(target.parse, data, number, outcome)
        if seconds > SECONDS_A_CASE:
            outcome.note(number, TimeoutError(name))
        slowest = max(slowest, seconds)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if memory > MOST_MEMORY_MIB:
        outcome.note(outcome.cases, MemoryError(name))
    return outcome, slowest, memory


def _random(name: str, asked: argparse.Namespace) -> bool:
    target = targets()[name]
    well = report(
        name, asked.seed, fuzz_reader(target.parse, target.good, asked.seed, name, asked.runs)
    )
    outcome, slowest, memory = fuzz_giants(target, name)
    line: dict[str, object] = {"target": f"{name} giants", "cases": outcome.cases}
    line |= {"failures": outcome.failures.total(), "kinds": outcome.first}
    line |= {"slowest_s": round(slowest, 2), "memory_mib": round(memory)}
    print(json.dumps(line), flush=True)  # noqa: T201  # its very purpose
    return well and not outcome.failures


def _guided(name: str, asked: argparse.Namespace) -> bool:
    good = targets()[name].good
    found = guided.search(name, good, KEPT / "guided-payer", asked.runs, asked.seed, of="payer")
    print(json.dumps(found), flush=True)  # noqa: T201  # its very purpose
    return found["failures"] == 0


def main() -> int:
    """Run all targets; 1 where anything was found."""
    arguments = argparse.ArgumentParser(prog="./scripts/fuzz payer")
    arguments.add_argument("--runs", type=int, default=10_000, help="cases of each reader")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--only", action="append", choices=NAMES, help="a target")
    arguments.add_argument("--guided", action="store_true", help="let coverage choose the input")
    asked = arguments.parse_args()
    logging.disable()
    fuzz = _guided if asked.guided else _random
    return 0 if all([fuzz(name, asked) for name in asked.only or NAMES]) else 1


if __name__ == "__main__":
    sys.exit(main())
