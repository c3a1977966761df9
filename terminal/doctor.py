"""The examination of a whole terminal from outside, whether its service runs or not."""

from __future__ import annotations

import contextlib
import queue
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from eligibility.asking import Capability
from terminal.audit import AuditVerdict
from terminal.card_camera.settings import CardCameraSettings
from terminal.card_camera.watch import make_card_camera
from terminal.card_trust import make_card_trust
from terminal.config import TerminalConfig, load_config
from terminal.errors import ConfigError, PcscUnavailableError, PortInUseError, StoreDamagedError
from terminal.face.check import make_face_check
from terminal.face.settings import FaceSettings
from terminal.hardening import core_dumps_are_off, forbid_core_dumps
from terminal.health import (
    HealthCheck,
    HealthState,
    check_card_camera,
    check_clock,
    check_configuration,
    check_disk,
    check_dumps,
    check_reader,
    check_revocation,
    check_store,
    clock_is_synchronised,
)
from terminal.health_face import check_face
from terminal.health_payer import payer_checks
from terminal.payer.choice import make_payer
from terminal.reader import make_reader
from terminal.reader.settings import ReaderSettings
from terminal.reader.types import ReaderEvent
from terminal.store import Store
from terminal.store.keys import read_key_file

READER_SECONDS = 5.0


def examine(config_file: Path, now: Callable[[], datetime]) -> list[HealthCheck]:
    """Run every check that ``config_file`` allows; blocks up to the reader's and payer's limits."""
    checks = []
    try:
        config = load_config(config_file)
        checks.append(check_configuration(config))
    except ConfigError as error:
        remedy = "Correct the file, then run doctor again."
        checks.append(
            HealthCheck(
                "configuration", HealthState.FAIL, "configuration.invalid", str(error), remedy
            )
        )
        try:
            config = load_config(config_file, trust=False)
        except ConfigError:
            return checks
    checks += [
        examine_reader(config.reader, is_needed=needs_reader(config, now)),
        *examine_payer(config, now),
        *examine_revocation(config, now),
        *examine_card_camera(config.card_camera, now),
        *examine_face(config.face, vouched=bool(config.card.record_issuers)),
        check_store(lambda: examine_store(config, now)),
        check_disk(config.terminal.data_dir),
        check_clock(now(), synchronised=clock_is_synchronised()),
        examine_dumps(),
    ]
    return checks


def examine_dumps() -> HealthCheck:
    """Switch core dumps off for this process, as the service does, and see whether that holds."""
    forbid_core_dumps()
    return check_dumps(off=core_dumps_are_off())


def needs_reader(config: TerminalConfig, now: Callable[[], datetime]) -> bool:
    """Whether the payer can be asked about a card on this desk's reader."""
    payer = make_payer(config, now)
    try:
        return Capability.BY_CARD in payer.capabilities
    finally:
        payer.close()


def examine_reader(settings: ReaderSettings, *, is_needed: bool) -> HealthCheck:
    """Watch the reader until it tells its first state."""
    events: queue.SimpleQueue[ReaderEvent] = queue.SimpleQueue()
    try:
        reader = make_reader(settings)
        reader.start(events.put)
    except PcscUnavailableError as error:
        remedy = "Run scripts/install again: it installs the packages that pyscard needs."
        return HealthCheck("reader", HealthState.FAIL, "reader.no-pyscard", str(error), remedy)
    except PortInUseError:
        reason = "The socket reader's port is in use, by the running service or another program."
        return HealthCheck("reader", HealthState.WARN, "reader.in-use", reason)
    try:
        with contextlib.suppress(queue.Empty):
            events.get(timeout=READER_SECONDS)
        return check_reader(reader.state, is_needed=is_needed)
    finally:
        reader.stop()


def examine_payer(config: TerminalConfig, now: Callable[[], datetime]) -> list[HealthCheck]:
    """Ask the payer as the service would."""
    payer = make_payer(config, now)
    try:
        return payer_checks(payer, config.payer_certificate, now())
    finally:
        payer.close()


def examine_revocation(config: TerminalConfig, now: Callable[[], datetime]) -> list[HealthCheck]:
    """Read the revocation lists; nothing where the anchors are wrong, which is told already."""
    try:
        trust = make_card_trust(config, now)
    except ConfigError:
        return []
    try:
        return [check_revocation(trust.lists, trust.responder, now())]
    finally:
        trust.revocation.close()


def examine_card_camera(
    settings: CardCameraSettings, now: Callable[[], datetime]
) -> list[HealthCheck]:
    """Switch the card camera on for a moment; nothing where there is none.

    A camera that the running service uses right now is told as busy.
    """
    camera = make_card_camera(settings, now)
    return [] if camera is None else [check_card_camera(camera.examine())]


def examine_face(settings: FaceSettings, *, vouched: bool) -> list[HealthCheck]:
    """Verify the models and switch the camera on for a moment; nothing where there is none.

    A camera that the running service uses right now is told as busy.
    """
    face = make_face_check(settings)
    if face is None:
        return []
    without_mesh = settings.mesh_model is None
    return [check_face(face.examine(), vouched=vouched, without_mesh=without_mesh)]


def examine_store(config: TerminalConfig, now: Callable[[], datetime]) -> AuditVerdict:
    """Open the database, check all of it, and say how its audit chain is.  Raises StoreError."""
    store = Store.open(
        config.store.path,
        read_key_file(config.store.key_file),
        config.store.store_id,
        desk_id=config.terminal.desk_id,
        now=now,
    )
    try:
        verdict = store.check()
    finally:
        store.close()
    faults = [*verdict.structure, *(verdict.pages or ())]
    if faults or verdict.orphans:
        msg = f"the database is damaged: {len(faults)} faults, {verdict.orphans} loose rows"
        raise StoreDamagedError(msg)
    return verdict.audit
