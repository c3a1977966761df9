"""Scripts of one insertion: step by step, through the tray, a real daemon and the socket reader."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from smartcard.Exceptions import CardConnectionException

from terminal.errors import CardRemovedError, CardUnreadableError, ConfigError
from terminal.reader import ReaderSettings, SocketReader
from terminal.reader.socket_reader import NAME
from terminal.reader.types import Inserted, ReaderEvent
from terminal.virtual_card.__main__ import main
from terminal.virtual_card.applets import driving_licence
from terminal.virtual_card.issuing import load_card
from terminal.virtual_card.script import Action, ScriptedCard, Step, read_step
from terminal.virtual_card.vpicc import VirtualCardSlot
from tests.virtual_card.parts import wait_until
from tests.virtual_card.test_pcsc import SELECT_JPKI, connected, has_card, put, transmit
from tests.virtual_card.test_tray import Control, control, served

__all__ = ["control", "served"]  # fixtures of the tray

SELECT = bytes(SELECT_JPKI)
TOKEN = bytes.fromhex("00B0860010")
LABEL = b"JPKIAPICCTOKEN2 "


@pytest.fixture
def bare_slot() -> Iterator[VirtualCardSlot]:
    """A slot whose reader never comes."""
    with VirtualCardSlot(9, gap_seconds=0) as slot:
        yield slot


def scripted(cards: Path, slot: VirtualCardSlot, *words: str) -> ScriptedCard:
    """An ordinary card with these steps; ``licence`` is what a swap can put."""
    steps = [read_step(step) for step in words]
    card = load_card(cards, "normal").card
    return ScriptedCard(card, steps, slot, {"licence": driving_licence()})


@pytest.mark.parametrize(
    ("step", "answer"),
    [
        ("fault@2", b"\x6f\x00"),
        ("mute@2", None),
        ("garble@2", bytes(byte ^ 0x5A for byte in LABEL) + b"\x90\x00"),
        ("shorten@2", LABEL[:-1] + b"\x90\x00"),
        ("lengthen@2", LABEL + b"\x00\x90\x00"),
        ("cut@2", b"\x90"),
        ("delay@2:0.01", LABEL + b"\x90\x00"),
    ],
)
def test_a_step_happens_at_its_command_only(
    cards: Path, bare_slot: VirtualCardSlot, step: str, answer: bytes | None
) -> None:
    """The second command is answered as the step says, the first and the third as ever."""
    card = scripted(cards, bare_slot, step)
    assert card.transmit(SELECT) == b"\x90\x00"
    assert card.transmit(TOKEN) == answer
    assert card.transmit(TOKEN) == LABEL + b"\x90\x00"


def test_an_open_step_happens_again_and_again(cards: Path, bare_slot: VirtualCardSlot) -> None:
    """With + the step stays due; without data it is the status word that is garbled."""
    card = scripted(cards, bare_slot, "garble@1+")
    assert [card.transmit(SELECT) for _ in range(3)] == [b"\xca\x5a"] * 3


def test_a_blocked_pin_refuses_from_then_on(cards: Path, bare_slot: VirtualCardSlot) -> None:
    """block leaves no try before the command is carried out."""
    card = scripted(cards, bare_slot, "block@3")
    card.transmit(SELECT)
    assert card.transmit(b"\x00\x20\x00\x98") == b"\x63\xc3"
    assert card.transmit(b"\x00\x20\x00\x98") == b"\x63\xc0"


def test_a_script_leaves_the_next_card_alone(cards: Path, bare_slot: VirtualCardSlot) -> None:
    """A removal that comes late, after somebody put another card, does not take that one."""
    card, other = scripted(cards, bare_slot, "remove@1"), driving_licence()
    bare_slot.insert(card)
    bare_slot.insert(other)
    assert card.transmit(SELECT) is None
    assert bare_slot.card is other


@pytest.mark.parametrize(
    "words",
    [
        "",
        "jump@1",
        "remove@0",
        "remove@x",
        "delay@1",
        "remove@1:2",
        "swap@1",
        "delay:61",
        "delay:x",
    ],
)
def test_a_wrong_step_is_named(words: str) -> None:
    """What is no step is refused with one error that quotes it."""
    with pytest.raises(ConfigError, match="script"):
        read_step(words)


@given(
    st.sampled_from([action for action in Action if action not in (Action.DELAY, Action.SWAP)]),
    st.integers(1, 999_999),
    st.booleans(),
)
def test_a_step_reads_as_it_is_written(action: Action, at: int, every: bool) -> None:
    """The words of a step give the same step again."""
    step = Step(do=action, at=at, every=every)
    assert read_step(str(step)) == step


def test_words_with_an_argument_read_as_written() -> None:
    """So do delay with its seconds and swap with its card."""
    for words in ("delay@1+:0.25", "swap@4:passport"):
        assert str(read_step(words)) == words


def test_a_daemon_sees_the_card_go_at_the_command(cards: Path, slot: VirtualCardSlot) -> None:
    """Through pcscd: the first command is answered, the second never, and the reader is empty."""
    put(slot, scripted(cards, slot, "remove@2"))
    with connected() as connection:
        assert transmit(connection, SELECT_JPKI) == 0x9000
        with pytest.raises(CardConnectionException):
            transmit(connection, SELECT_JPKI)
    wait_until(lambda: not has_card(), "the reader is empty")
    assert slot.card is None


def test_a_daemon_sees_the_other_card_after_a_swap(cards: Path, slot: VirtualCardSlot) -> None:
    """Through pcscd: the command fails, then the card that lies there is the other one."""
    put(slot, scripted(cards, slot, "swap@2:licence"))
    with connected() as connection:
        assert transmit(connection, SELECT_JPKI) == 0x9000
        with pytest.raises(CardConnectionException):
            transmit(connection, SELECT_JPKI)
    wait_until(lambda: not has_card(), "the reader tells of the removal")
    wait_until(has_card, "the reader tells of the other card")
    with connected() as connection:
        assert transmit(connection, SELECT_JPKI) == 0x6A82


def test_a_daemon_passes_spoilt_answers_on(cards: Path, slot: VirtualCardSlot) -> None:
    """Through pcscd: 6F00 to the first command, then a cut answer, which is no answer at all."""
    put(slot, scripted(cards, slot, "fault@1", "cut@3"))
    with connected() as connection:
        assert transmit(connection, SELECT_JPKI) == 0x6F00
        assert transmit(connection, SELECT_JPKI) == 0x9000
        with pytest.raises(CardConnectionException):
            transmit(connection, SELECT_JPKI)


@pytest.mark.parametrize(
    ("step", "error"),
    [
        ("remove@2", CardRemovedError),
        ("swap@2:licence", CardRemovedError),
        ("mute@2", CardUnreadableError),
        ("cut@2", CardUnreadableError),
    ],
)
def test_the_socket_reader_tells_what_happened(
    cards: Path, step: str, error: type[Exception]
) -> None:
    """Through the socket reader: the second command ends in the error that its case has."""
    reader = SocketReader(ReaderSettings(kind="socket", socket_port=0, answer_seconds=0.5))
    events: queue.SimpleQueue[ReaderEvent] = queue.SimpleQueue()
    reader.start(events.put)
    try:
        with VirtualCardSlot(reader.port, gap_seconds=0) as slot:
            slot.insert(scripted(cards, slot, step))
            while not isinstance(events.get(timeout=10), Inserted):
                pass
            with reader.connect(NAME) as connection:
                assert connection.transmit(SELECT) == (b"", 0x9000)
                with pytest.raises(error):
                    connection.transmit(SELECT)
    finally:
        reader.stop()


def test_the_tray_plays_a_script_once(control: Control, slot: VirtualCardSlot) -> None:
    """POST /script arms the next insertion; the state shows it until then; after it all is well."""
    steps = [{"do": "fault"}, {"do": "delay", "at": 2, "seconds": 0.01}]
    state = control.post("/script", {"card": "normal", "steps": steps})
    armed = {card["slug"]: card["script"] for card in state["cards"]}
    assert armed.pop("normal") == ["fault@1", "delay@2:0.01"]
    assert not any(armed.values())
    for sw in (0x6F00, 0x9000):
        state = control.post("/insert", {"card": "normal"})
        assert state["on_reader"] == "normal"
        assert not any(card["script"] for card in state["cards"])
        wait_until(lambda: slot.connected, "the slot has met the reader")
        wait_until(has_card, "the reader tells of the card")
        with connected() as connection:
            assert transmit(connection, SELECT_JPKI) == sw
        control.post("/remove", {})
        wait_until(lambda: not has_card(), "the reader is empty")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"card": "normal", "steps": [{"do": "jump"}]}, 400),
        ({"card": "normal", "steps": [{"do": "delay"}]}, 400),
        ({"card": "normal", "steps": [{"do": "remove"}] * 33}, 400),
        ({"card": "normal"}, 400),
        ({"card": "nobody", "steps": []}, 404),
        ({"card": "normal", "steps": [{"do": "swap", "card": "nobody"}]}, 404),
    ],
)
def test_a_wrong_script_arms_nothing(control: Control, body: object, status: int) -> None:
    """Unknown actions, cards and forms are refused in JSON, and no card has a script."""
    got, answer, _ = control.ask("POST", "/script", body)
    assert got == status
    assert answer["error"]
    assert not any(card["script"] for card in control.state()["cards"])


def test_the_command_line_drives_a_running_tray(control: Control) -> None:
    """put, take and script say what lies on the reader now, and what the next insertion does."""

    def told(*arguments: str) -> str:
        line = [*arguments, "--tray-port", str(control.port)]
        result = CliRunner().invoke(main, line)
        assert result.exit_code == 0, result.output
        return result.output.strip()

    assert told("script", "normal", "mute@2") == "next insertion of normal: mute@2"
    assert told("script", "normal") == "next insertion of normal: as ever"
    assert told("put", "normal", "--script", "remove@99") == "on the reader: normal"
    assert told("take") == "on the reader: nothing"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("put", "nobody"), "no card nobody in the tray"),
        (("script", "normal", "jump@1"), "jump@1"),
        (("take", "--tray-port", "9"), "is `virtual-card serve` running?"),
    ],
)
def test_the_command_line_says_what_is_wrong(
    control: Control, arguments: tuple[str, ...], words: str
) -> None:
    """One line on stderr and exit code 1."""
    result = CliRunner().invoke(main, [*arguments, *_port(arguments, control.port)])
    assert result.exit_code == 1
    assert words in result.output
    assert result.output.count("\n") == 1


def _port(arguments: tuple[str, ...], port: int) -> list[str]:
    return [] if "--tray-port" in arguments else ["--tray-port", str(port)]
