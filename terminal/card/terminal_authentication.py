"""Terminal authentication (端末認証): the place where a certified face reader plugs in.

The card lets a reader that was approved for it use the authentication key without a PIN, once the
reader showed a certificate under the card's terminal CA (JPKI file 0016) and signed the card's
challenge.  Certificates and keys come only with approved readers, and what exactly is sent is not
public.  So nothing here imitates it: the frame is this module, the content comes from a plug-in.

Known (measured on physical test cards, soltia48/myna-card): file 0016 is the key, SET PUBLIC IC KEY
is ``80 A2``, its data on the real card has 307 bytes, hence extended length.  Inferred: GET
CHALLENGE and EXTERNAL AUTHENTICATE ``00 82`` follow.  P1-P2 are the plug-in's.

A plug-in is a Python package with an entry point in the group
``eligibility_terminal.terminal_authenticators``: a callable without arguments that returns a
:class:`TerminalAuthenticator`.  See docs/certified-readers.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from typing import Protocol, runtime_checkable

from terminal.card import protocol
from terminal.card.apdu import CommandApdu, Sw
from terminal.card.connection import CardConnection
from terminal.errors import CardProtocolError

ENTRY_POINT_GROUP = "eligibility_terminal.terminal_authenticators"
TERMINAL_CA = 0x0016
MOST_DATA = 0xFFFF
SET_PUBLIC_IC_KEY, EXTERNAL_AUTHENTICATE, GET_CHALLENGE = 0xA2, 0x82, 0x84


@dataclass(frozen=True, slots=True)
class Step:
    """What one command carries.  ``p1``, ``p2``: one byte each; ``data``: 1 to 65535 bytes.

    Raises ValueError for what no command can carry.
    """

    p1: int
    p2: int
    data: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse what does not fit."""
        if not (0 <= self.p1 <= 0xFF and 0 <= self.p2 <= 0xFF):
            msg = "P1 and P2 are one byte each"
            raise ValueError(msg)
        if not 1 <= len(self.data) <= MOST_DATA:
            msg = f"a command carries 1 to {MOST_DATA} bytes, not {len(self.data)}"
            raise ValueError(msg)


@runtime_checkable
class TerminalAuthenticator(Protocol):
    """A certified reader's side.  Keys stay behind it, as in the reader's security module.

    ``name``: for messages.  ``challenge_size``: bytes to ask of the card, 1 to 256.
    """

    name: str
    challenge_size: int

    def certificates(self) -> Sequence[Step]:
        """Return what SET PUBLIC IC KEY carries, one step for each certificate from the top."""
        ...

    def sign(self, challenge: bytes) -> Step:
        """Return what EXTERNAL AUTHENTICATE carries for the card's ``challenge``.

        May block, but not beyond the reader's own time limit.
        """
        ...


class TerminalAuthenticatorError(LookupError):
    """No usable plug-in of that name; the message says which there are."""


def find_terminal_authenticator(name: str) -> EntryPoint:
    """Return the entry point that is installed as ``name``, without running anything of it.

    Raises TerminalAuthenticatorError where there is none, or two.
    """
    installed = entry_points(group=ENTRY_POINT_GROUP)
    found = [point for point in installed if point.name == name]
    if len(found) != 1:
        names = ", ".join(sorted({point.name for point in installed})) or "none"
        msg = f"{len(found)} terminal authenticators are installed as {name!r} (installed: {names})"
        raise TerminalAuthenticatorError(msg)
    return found[0]


def load_terminal_authenticator(name: str) -> TerminalAuthenticator:
    """Return the plug-in that is installed as ``name``.

    Raises TerminalAuthenticatorError where there is none, or two, or something else than a plug-in.
    An error inside the plug-in's own code comes through as it is.
    """
    entry = find_terminal_authenticator(name)
    try:
        make: Callable[[], object] = entry.load()
    except (ImportError, AttributeError) as error:
        msg = f"the terminal authenticator {name!r} cannot be loaded: {error}"
        raise TerminalAuthenticatorError(msg) from error
    made = make()
    if not isinstance(made, TerminalAuthenticator):
        msg = f"{name!r} is no terminal authenticator"
        raise TerminalAuthenticatorError(msg)
    return made


def authenticate_terminal(connection: CardConnection, authenticator: TerminalAuthenticator) -> None:
    """Open the authentication key of the selected JPKI application for this terminal.

    Holds until an application is selected or the power goes, as a verified PIN does: sign at once,
    then let the card go unpowered.  A refusal costs the holder no try.

    Raises CardProtocolError with the card's status word where it refuses certificate or signature,
    and CardRemovedError, CardUnreadableError or ReaderError as the connection does.
    """
    if not protocol.select_file(connection, TERMINAL_CA):
        msg = "the card knows no terminal CA"
        raise CardProtocolError(msg, Sw.FILE_NOT_FOUND)
    for step in authenticator.certificates():
        _send(connection, 0x80, SET_PUBLIC_IC_KEY, step, "SET PUBLIC IC KEY")
    size = authenticator.challenge_size
    challenge = protocol.send(
        connection, CommandApdu(0x00, GET_CHALLENGE, 0x00, 0x00, le=size), "GET CHALLENGE"
    )
    if len(challenge) != size:
        msg = f"GET CHALLENGE: {len(challenge)} of {size} bytes"
        raise CardProtocolError(msg)
    answer = authenticator.sign(challenge)
    _send(connection, 0x00, EXTERNAL_AUTHENTICATE, answer, "EXTERNAL AUTHENTICATE")


def _send(connection: CardConnection, cla: int, ins: int, step: Step, doing: str) -> None:
    """Send ``step``, in the extended form where the short one is too narrow."""
    size = len(step.data)
    length = bytes((size,)) if size <= 0xFF else b"\0" + size.to_bytes(2)
    _, sw = connection.transmit(bytes((cla, ins, step.p1, step.p2)) + length + step.data)
    if sw != Sw.OK:
        raise CardProtocolError(doing, sw)
