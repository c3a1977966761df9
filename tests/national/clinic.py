"""A whole desk whose payer is asked over drop folders; no card reader of its own is needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from eligibility.simulator.pki import DEFAULT_INSTITUTION
from terminal.app import Terminal
from terminal.config import load_config
from terminal.store import Store
from terminal.store.keys import new_key, write_key_file
from tests.clinic import STORE_ID, wait_for
from tests.national.desk import LinkedWorld
from tests.ports import free_port


def write_national_config(folder: Path, linked: LinkedWorld, **national: object) -> Path:
    """Write a configuration that asks over the folders; ``national``: more of that section."""
    (folder / "anchor.pem").write_bytes(linked.world.anchor)
    more = "\n".join(f"{key} = {str(value).lower()}" for key, value in national.items())
    file = folder / "config.toml"
    file.write_text(
        f"""
[terminal]
environment = "demo"
data_dir = "{folder}"
[institution]
code = "{DEFAULT_INSTITUTION}"
kind = "clinic"
name = "テスト医院"
[reader]
kind = "socket"
socket_port = {free_port()}
[card]
anchors = ["anchor.pem"]
[eligibility]
interface = "national"
[national]
req_dir = "{linked.folders.req}"
res_dir = "{linked.folders.res}"
face_dir = "{linked.folders.face}"
poll_seconds = 0.2
{more}
[store]
path = "{folder / "store.db"}"
key_file = "{folder / "store.key"}"
store_id = "{STORE_ID}"
[web]
port = {free_port()}
"""
    )
    return file


def now() -> datetime:
    """Return the machine's moment."""
    return datetime.now(UTC)


@contextmanager
def opened_desk(folder: Path, linked: LinkedWorld, **national: object) -> Iterator[Terminal]:
    """Open a desk whose data stand in ``folder``; the payer's clock is set to the machine's."""
    linked.world.clock.moment = now()
    config = load_config(write_national_config(folder, linked, **national))
    if not config.store.path.exists():
        key = new_key()
        write_key_file(config.store.key_file, key)
        Store.create(config.store.path, key, STORE_ID)
    terminal = Terminal(config)
    terminal.start()
    # its job must have ended before the scheduler is stopped
    wait_for(lambda: terminal.payer_watch.checks, "the look at the payer")
    try:
        yield terminal
    finally:
        terminal.stop()
