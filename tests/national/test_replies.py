import hashlib
import os
import random
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eligibility.errors import FolderAwayError, PayerProtocolError
from eligibility.national.exchange import AskedQuestion, Reply
from eligibility.national.folder import LARGEST_FILE
from tests.clinic import wait_for
from tests.national.exchange import KIND, Book, Exchange, message, opened_exchange

OPEN = AskedQuestion(is_open=True)
LONG = 10.0


def later(action: Callable[[], object], seconds: float = 0.1) -> threading.Timer:
    """Do something while somebody waits."""
    timer = threading.Timer(seconds, action)
    timer.start()
    return timer


def contents(replies: list[Reply]) -> list[bytes]:
    """Return what was taken."""
    return [one.content for one in replies]


def test_an_answer_is_taken_by_the_number_that_it_repeats(tmp_path: Path) -> None:
    """The file's name may be any of its kind: the number inside decides."""
    with opened_exchange(tmp_path) as exchange:
        later(lambda: exchange.put(f"{KIND}res_20261130.xml", message("q-1")))
        assert contents(exchange.replies.take(KIND, "q-1", LONG)) == [message("q-1")]


def test_an_answer_under_our_name_with_another_number_is_not_ours(tmp_path: Path) -> None:
    """A name promises nothing: an answer to another question is not taken for ours."""
    with opened_exchange(tmp_path) as exchange:
        exchange.put(f"{KIND}res_q-1.xml", message("q-2"))
        exchange.looks_through()
        assert exchange.replies.take(KIND, "q-1", 0) == []
        assert contents(exchange.replies.take(KIND, "q-2", LONG)) == [message("q-2")]


def test_an_answer_of_another_kind_is_not_ours(tmp_path: Path) -> None:
    """The kind of a message is told by its name, and each kind has numbers of its own."""
    with opened_exchange(tmp_path) as exchange:
        exchange.put("OQSmuquc01res_q-1.xml", message("q-1"))
        exchange.looks_through()
        assert exchange.replies.take(KIND, "q-1", 0) == []


def test_a_half_written_answer_is_waited_for(tmp_path: Path) -> None:
    """While somebody writes, nothing is taken and nothing is set aside."""
    with opened_exchange(tmp_path, settle_seconds=2) as exchange:
        whole = message("q-1", "word " * 200)

        def write_slowly() -> None:
            with (tmp_path / f"{KIND}res_q-1.xml").open("wb", buffering=0) as file:
                for start in range(0, len(whole), 100):
                    file.write(whole[start : start + 100])
                    time.sleep(0.25)

        writer = threading.Thread(target=write_slowly)
        writer.start()
        assert contents(exchange.replies.take(KIND, "q-1", LONG)) == [whole]
        writer.join()
        assert exchange.book.aside == []


def test_what_stays_half_is_set_aside_and_told(tmp_path: Path) -> None:
    """A truncated answer ends the wait as unreadable, with its bytes, and leaves the folder."""
    with opened_exchange(tmp_path) as exchange:
        later(lambda: exchange.put(f"{KIND}res_q-1.xml", message("q-1")[:-1]))
        with pytest.raises(PayerProtocolError) as caught:
            exchange.replies.take(KIND, "q-1", LONG)
        assert caught.value.original == message("q-1")[:-1]
        assert exchange.book.told == [(f"{KIND}res_q-1.xml", "unreadable")]
        assert exchange.book.aside[0].content == message("q-1")[:-1]
        assert exchange.names() == []
        # the next answer to the same question is taken as if nothing had been
        exchange.reply("q-1")
        assert contents(exchange.replies.take(KIND, "q-1", LONG)) == [message("q-1")]


def test_a_desk_that_cannot_keep_it_leaves_the_file(tmp_path: Path) -> None:
    """Nothing is removed before it is kept."""
    with opened_exchange(tmp_path, book=Book(keeps=False)) as exchange:
        exchange.put(f"{KIND}res_q-1.xml", b"no message")
        with pytest.raises(PayerProtocolError):
            exchange.replies.take(KIND, "q-1", LONG)
        assert exchange.names() == [f"{KIND}res_q-1.xml"]


def test_a_late_answer_is_taken_when_the_question_is_asked_again(tmp_path: Path) -> None:
    """It lies there until then, as long as the desk calls the question open."""
    with opened_exchange(tmp_path, book=Book({"q-1": OPEN})) as exchange:
        assert exchange.replies.take(KIND, "q-1", 0) == []
        exchange.reply("q-1")
        exchange.looks_through()
        assert exchange.names() == [f"{KIND}res_q-1.xml"]
        assert contents(exchange.replies.take(KIND, "q-1", 0)) == [message("q-1")]


def test_an_answer_stays_until_it_is_stored(tmp_path: Path) -> None:
    """A desk that is cut off between taking and storing finds it again; then it is removed."""
    book = Book({"q-1": OPEN})
    with opened_exchange(tmp_path, book=book) as exchange:
        exchange.reply("q-1")
        assert exchange.replies.take(KIND, "q-1", LONG)
    with opened_exchange(tmp_path, book=book) as exchange:
        assert contents(exchange.replies.take(KIND, "q-1", LONG)) == [message("q-1")]
        digest = hashlib.sha256(message("q-1")).hexdigest()
        book.asked["q-1"] = AskedQuestion(is_open=False, replies=frozenset((digest,)))
        wait_for(lambda: exchange.names() == [], "the folder to be clear")
        assert book.aside == []


def test_an_answer_that_comes_after_the_end_is_set_aside(tmp_path: Path) -> None:
    """A second, different answer to a question that has one already is kept and told, not taken."""
    book = Book({"q-1": AskedQuestion(is_open=False, replies=frozenset(("another",)))})
    with opened_exchange(tmp_path, book=book) as exchange:
        exchange.replies.start()
        exchange.reply("q-1")
        wait_for(lambda: exchange.names() == [], "the folder to be clear")
        assert book.told == [(f"{KIND}res_q-1.xml", "late")]


def test_the_same_answer_twice_is_one(tmp_path: Path) -> None:
    """Duplicates of a file are taken once and removed together."""
    with opened_exchange(tmp_path) as exchange:
        exchange.reply("q-1")
        exchange.reply("q-1", suffix="_copy")
        exchange.looks_through()
        taken = exchange.replies.take(KIND, "q-1", LONG)
        assert contents(taken) == [message("q-1")]
        exchange.replies.discard(KIND, "q-1", taken)
        assert exchange.names() == []


def test_two_different_answers_are_both_returned(tmp_path: Path) -> None:
    """None is preferred here: whoever knows what they mean decides whether they agree."""
    with opened_exchange(tmp_path) as exchange:
        exchange.reply("q-1", "one")
        exchange.reply("q-1", "two", suffix="_2")
        exchange.looks_through()
        assert len(exchange.replies.take(KIND, "q-1", LONG)) == 2


def test_an_answer_that_another_program_takes_away_is_none(tmp_path: Path) -> None:
    """What is moved to a trash folder before it is read was never there; a later one is taken."""
    with opened_exchange(tmp_path) as exchange:
        file = exchange.reply("q-1")
        exchange.looks_through()
        file.rename(tmp_path / "trash")
        assert exchange.replies.take(KIND, "q-1", 0) == []
        (tmp_path / "trash").rename(file)
        assert contents(exchange.replies.take(KIND, "q-1", LONG)) == [message("q-1")]


def test_a_replaced_file_is_read_anew(tmp_path: Path) -> None:
    """What counts is what stands there when it is taken."""
    with opened_exchange(tmp_path) as exchange:
        exchange.put(f"{KIND}res_x.xml", message("q-1"))
        exchange.looks_through()
        exchange.put(f"{KIND}res_x.xml", message("q-2"))
        assert contents(exchange.replies.take(KIND, "q-2", LONG)) == [message("q-2")]
        assert exchange.replies.take(KIND, "q-1", 0) == []


@pytest.mark.parametrize("shared", [True, False])
def test_foreign_answers(tmp_path: Path, shared: bool) -> None:
    """In a shared folder they stay untouched; in a folder of our own they are kept and cleared."""
    with opened_exchange(tmp_path, shared=shared) as exchange:
        exchange.replies.start()
        exchange.reply("somebody-elses")
        exchange.put("EPSsiDMP01res_1.xml", b"not even our kind")
        exchange.reply("q-1")
        assert exchange.replies.take(KIND, "q-1", LONG)
        name = f"{KIND}res_somebody-elses.xml"
        if shared:
            exchange.looks_through()
            assert exchange.book.aside == []
            assert name in exchange.names()
        else:
            wait_for(lambda: name not in exchange.names(), "the foreign answer to be put away")
            assert (name, "foreign") in exchange.book.told
        assert "EPSsiDMP01res_1.xml" in exchange.names()


@pytest.mark.parametrize("kind", ["link", "folder", "pipe"])
def test_what_stands_in_place_of_an_answer_is_told_once_and_left(tmp_path: Path, kind: str) -> None:
    """A link, a folder or a pipe under our answer's name is an error, and is never opened."""
    secret = tmp_path / "secret"
    secret.write_bytes(message("q-1", "not ours"))
    box = tmp_path / "res"
    box.mkdir()
    place = box / f"{KIND}res_q-1.xml"
    match kind:
        case "link":
            place.symlink_to(secret)
        case "folder":
            place.mkdir()
        case _:
            os.mkfifo(place)
    with opened_exchange(box) as exchange:
        with pytest.raises(PayerProtocolError, match="not-a-file"):
            exchange.replies.take(KIND, "q-1", LONG)
        exchange.looks_through()
        assert exchange.book.told == [(place.name, "not-a-file")]
        assert exchange.book.aside[0].content is None
        assert place.is_symlink() or place.exists()


def test_a_huge_answer_is_an_error_and_is_left(tmp_path: Path) -> None:
    """100 MB and more are not read at all."""
    with opened_exchange(tmp_path) as exchange:
        with (tmp_path / f"{KIND}res_q-1.xml").open("wb") as file:
            file.truncate(LARGEST_FILE + 1)
        with pytest.raises(PayerProtocolError, match="too-large"):
            exchange.replies.take(KIND, "q-1", LONG)
        assert exchange.book.told == [(f"{KIND}res_q-1.xml", "too-large")]


def test_what_is_wrong_with_an_answer_is_told_though_it_came_before_the_wait(
    tmp_path: Path,
) -> None:
    """A quick answer is looked at before its asker comes to wait: the error waits for the asker."""
    with opened_exchange(tmp_path) as exchange:
        exchange.replies.start()
        with exchange.replies.awaiting(KIND, "q-1"):
            with (tmp_path / f"{KIND}res_q-1.xml").open("wb") as file:
                file.truncate(LARGEST_FILE + 1)
            wait_for(lambda: exchange.book.told, "the look at it")
            with pytest.raises(PayerProtocolError, match="too-large"):
                exchange.replies.take(KIND, "q-1", LONG)


def test_a_folder_that_goes_away_is_told_and_is_used_again_once_it_is_back(tmp_path: Path) -> None:
    """While it is away a wait ends with its name; back again, the watch works as before."""
    path = tmp_path / "res"
    with opened_exchange(path) as exchange:
        exchange.reply("q-1")
        assert exchange.replies.take(KIND, "q-1", LONG)
        shutil.rmtree(path)
        with pytest.raises(FolderAwayError, match="res"):
            exchange.replies.take(KIND, "q-2", 1)
        path.mkdir()
        later(lambda: exchange.reply("q-2"), 0.5)
        assert contents(exchange.replies.take(KIND, "q-2", LONG)) == [message("q-2")]


def test_ten_thousand_old_files_are_not_read(tmp_path: Path) -> None:
    """What is too old to answer an open question is passed by, and an answer among it is found."""
    old = time.time() - 72 * 3600
    for number in range(10_000):
        file = tmp_path / f"{KIND}res_old-{number}.xml"
        file.write_bytes(b"<q-1>never to be read</>")
        os.utime(file, (old, old))
    with opened_exchange(tmp_path) as exchange:
        later(lambda: exchange.put(f"{KIND}res_new.xml", message("q-1")), 0.5)
        assert contents(exchange.replies.take(KIND, "q-1", LONG)) == [message("q-1")]
        assert exchange.book.aside == []
        assert len(exchange.names()) == 10_001


def test_ten_thousand_fresh_foreign_files_do_not_hold_an_answer_back(tmp_path: Path) -> None:
    """They are read in small parts, and whoever waits is looked after in between."""
    for number in range(10_000):
        (tmp_path / f"{KIND}res_other-{number}.xml").write_bytes(message(f"other-{number}"))
    with opened_exchange(tmp_path) as exchange:
        exchange.replies.start()
        exchange.reply("q-1")
        assert exchange.replies.take(KIND, "q-1", LONG)
        exchange.put(f"{KIND}res_any.xml", message("q-2"))
        assert exchange.replies.take(KIND, "q-2", 30)
        assert exchange.book.aside == []


CHAOS = ("half", "whole", "twice", "moved-in", "touched", "foreign", "link", "gone-and-back")


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=st.lists(st.sampled_from(CHAOS), max_size=6), seed=st.integers(0, 2**32))
def test_whatever_happens_in_the_folder_the_own_answer_is_taken_or_an_error_is_told(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str], seed: int
) -> None:
    """Never another question's bytes, never half of them; and the whole answer, once it comes."""
    chance = random.Random(seed)  # noqa: S311  # moments and lengths
    path = tmp_path_factory.mktemp("res")
    with opened_exchange(path, poll_seconds=0.1) as exchange:

        def stir() -> None:
            for step in steps:
                _stir(step, exchange, chance)
                time.sleep(chance.random() / 50)
            exchange.put(f"{KIND}res_at-last.xml", message("q-1"))

        stirrer = threading.Thread(target=stir)
        stirrer.start()
        taken: list[Reply] = []
        until = time.monotonic() + LONG
        while not taken and time.monotonic() < until:
            try:
                taken = exchange.replies.take(KIND, "q-1", 1)
            except (PayerProtocolError, FolderAwayError):
                continue
        stirrer.join()
        assert contents(taken) == [message("q-1")]


def _stir(step: str, exchange: Exchange, chance: random.Random) -> None:
    """Do one thing that other programs do in a shared folder."""
    whole = message("q-1")
    name = f"{KIND}res_q-1.xml"
    place = exchange.path / name
    if place.is_symlink():
        place.unlink()
    match step:
        case "half":
            exchange.put(name, whole[: chance.randrange(len(whole))])
        case "whole":
            exchange.put(name, whole)
        case "twice":
            exchange.put(name, whole)
            exchange.reply("q-1", suffix=f"_{chance.random()}")
        case "moved-in":
            outside = exchange.path.parent / f"out-{chance.random()}"
            outside.write_bytes(whole)
            outside.rename(place)
        case "touched":
            exchange.put(name, whole)
            place.touch()
        case "foreign":
            exchange.reply(f"other-{chance.random()}")
        case "link":
            place.unlink(missing_ok=True)
            place.symlink_to("/etc/passwd")
        case _:
            away = exchange.path.with_name(f"away-{chance.random()}")
            exchange.path.rename(away)
            time.sleep(chance.random() / 20)
            away.rename(exchange.path)
