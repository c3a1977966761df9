"""What is to happen to a card during one insertion, command by command.

A step in words is ``ACTION[@N][+][:ARGUMENT]``: ``remove@5`` takes the card away when its fifth
command arrives, ``delay@1+:0.2`` answers every command 0.2 s late, ``swap@4:passport`` puts another
card in its place.  Commands are counted from the insertion, which is number 0; the reader's own
controls do not count.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from terminal.errors import ConfigError
from terminal.virtual_card.card_os import CardOs
from terminal.virtual_card.commands import SW
from terminal.virtual_card.files import Card
from terminal.virtual_card.vpicc import VirtualCardSlot

_STEP = re.compile(r"(?P<do>[a-z]+)(?:@(?P<at>[0-9]{1,6})(?P<every>\+)?)?(?::(?P<argument>.+))?")
LONGEST_DELAY = 60.0


class Action(StrEnum):
    """What happens when a command arrives.

    REMOVE and SWAP: before it is carried out, and it is never answered.  MUTE: neither carried out
    nor answered.  FAULT: 6F00 instead of carrying it out.  BLOCK: the authentication PIN is blocked
    first.  DELAY: answered late.  The others carry it out and spoil the answer: GARBLE its bytes
    (the status word where there is no data), SHORTEN and LENGTHEN its data by one byte, CUT leaves
    one byte in all.
    """

    REMOVE = "remove"
    SWAP = "swap"
    MUTE = "mute"
    FAULT = "fault"
    BLOCK = "block"
    DELAY = "delay"
    GARBLE = "garble"
    SHORTEN = "shorten"
    LENGTHEN = "lengthen"
    CUT = "cut"


class Step(BaseModel):
    """One thing that happens at command ``at``, with ``every`` also at all that follow it.

    ``seconds`` belongs to DELAY, ``card`` (a slug of the tray) to SWAP.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    do: Action
    at: int = Field(default=1, ge=1, le=999_999)
    every: bool = False
    seconds: float | None = Field(default=None, gt=0, le=LONGEST_DELAY)
    card: str | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.seconds is not None) is not (self.do is Action.DELAY):
            raise ValueError("delay, and nothing else, has seconds")
        if (self.card is not None) is not (self.do is Action.SWAP):
            raise ValueError("swap, and nothing else, names a card")
        return self

    def due(self, number: int) -> bool:
        """Tell whether it happens at this command."""
        return number >= self.at if self.every else number == self.at

    def __str__(self) -> str:
        argument = self.card if self.seconds is None else f"{self.seconds:g}"
        tail = "" if argument is None else f":{argument}"
        return f"{self.do}@{self.at}{'+' if self.every else ''}{tail}"


def read_step(words: str) -> Step:
    """Read a step in words (see above).  Raises ConfigError."""
    found = _STEP.fullmatch(words)
    if found is None:
        raise ConfigError("script", words, "is no step such as remove@5")
    content: dict[str, object] = {"do": found["do"], "every": found["every"] is not None}
    if found["at"] is not None:
        content["at"] = int(found["at"])
    if found["argument"] is not None:
        content["card" if found["do"] == Action.SWAP else "seconds"] = found["argument"]
    try:
        return Step.model_validate(content)
    except ValidationError as error:
        raise ConfigError("script", words, _first(error)) from None


def _first(error: ValidationError) -> str:
    return error.errors(include_input=False, include_url=False)[0]["msg"]


class ScriptedCard:
    """A card in a slot, for one insertion: what is due happens, all else is the card's own.

    In three lines::

        card = load_card(folder, "ordinary").card
        slot.insert(ScriptedCard(card, [Step(do=Action.REMOVE, at=5)], slot))
    """

    def __init__(
        self,
        card: Card,
        steps: Sequence[Step],
        slot: VirtualCardSlot,
        others: Mapping[str, Card] = MappingProxyType({}),
    ) -> None:
        """``slot``: the one that it is put into.  ``others``: the cards that swaps name."""
        self.atr = card.atr
        self.card = card
        self._steps = tuple(steps)
        self._slot = slot
        self._others = {step.card: others[step.card] for step in self._steps if step.card}
        self._number = 0
        self._without_power = threading.Event()

    def power_on(self) -> None:
        """As the card."""
        self._without_power.clear()
        self.card.power_on()

    def power_off(self) -> None:
        """As the card; a delay ends."""
        self._without_power.set()
        self.card.power_off()

    def reset(self) -> None:
        """As the card."""
        self.card.reset()

    def transmit(self, apdu: bytes) -> bytes | None:
        """Answer one command as the script has it."""
        self._number += 1
        due = {step.do: step for step in self._steps if step.due(self._number)}
        if Action.DELAY in due:
            self._without_power.wait(due[Action.DELAY].seconds)
        if Action.REMOVE in due or Action.SWAP in due:
            swap = due.get(Action.SWAP)
            self._slot.exchange(self, self._others[swap.card or ""] if swap else None)
            return None
        if Action.MUTE in due:
            return None
        if Action.BLOCK in due and isinstance(self.card, CardOs):
            self.card.block_pin()
        if Action.FAULT in due:
            return SW.FAULT.to_bytes(2)
        answer = self.card.transmit(apdu)
        return None if answer is None else _spoilt(answer, due)


def _spoilt(answer: bytes, due: dict[Action, Step]) -> bytes:
    data, status = answer[:-2], answer[-2:]
    if Action.GARBLE in due:
        if data:
            data = bytes(byte ^ 0x5A for byte in data)
        else:
            status = bytes(byte ^ 0x5A for byte in status)
    if Action.SHORTEN in due:
        data = data[:-1]
    if Action.LENGTHEN in due:
        data += b"\x00"
    return status[:1] if Action.CUT in due else data + status
