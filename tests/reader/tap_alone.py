"""One tap with a daemon and a reader of its own: ``python -m tests.reader.tap_alone [UID GID]``.

Prints the user's id and the certificate's digest when the card is read, and ends when its
standard input does.  With UID and GID it drops its rights once everything is imported, so that
the source tree need not be readable for that user.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from pathlib import Path

from PIL import Image

from terminal.card.jpki import JpkiSession
from terminal.reader import ReaderSettings
from terminal.reader.pcsc import PcscReader
from terminal.reader.types import Inserted
from terminal.virtual_card.pcscd import PrivatePcscd
from terminal.virtual_card.vpicc import VirtualCardSlot
from tests.card.wallet import make_wallet
from tests.ports import free_ports
from tests.reader.place import Place


def drop_rights(uid: int, gid: int) -> None:
    """Become an ordinary user."""
    # what the standard library and Pillow import late, while it can be read
    "localhost".encode("idna")
    Image.init()
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    os.chdir("/")


def tap(folder: Path) -> None:
    """Start a daemon, read one card, and keep both until standard input ends."""
    wallet = make_wallet(folder / "wallet")
    with PrivatePcscd(folder / "pcscd.comm", free_ports(2)) as daemon:
        reader = PcscReader(ReaderSettings(pcsc_socket=daemon.socket_path))
        with VirtualCardSlot(daemon.port) as slot:
            place = Place(reader, slot)
            reader.start(place.events.put)
            slot.insert(wallet.card())
            while not isinstance(event := place.events.get(timeout=15), Inserted):
                pass
            with reader.connect(event.reader) as connection:
                certificate = JpkiSession(connection).authentication_certificate()
            sys.stdout.write(f"{os.getuid()} {hashlib.sha256(certificate).hexdigest()}\n")
            sys.stdout.flush()
            sys.stdin.read()
        reader.stop()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        drop_rights(int(sys.argv[1]), int(sys.argv[2]))
    with tempfile.TemporaryDirectory(prefix="tap-") as name:
        tap(Path(name))
