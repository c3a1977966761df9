"""The link application (連携アプリ), and the payer behind it, over drop folders; the same people.

Takes request files out of ``req``, answers into ``res``, and puts card visits of the institution's
national reader into ``face``.  State is kept in memory, as the payer's over FHIR.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from eligibility.codes import ConsentCategory
from eligibility.errors import FolderAwayError
from eligibility.national.exchange import reply_name
from eligibility.national.folder import Folder
from eligibility.national.watch import FolderWatch
from eligibility.simulator import national_answers as answers
from eligibility.simulator import national_history
from eligibility.simulator.faults import Fault, FaultKind, Faults
from eligibility.simulator.national_wire import (
    NationalRequest,
    RequestUnreadableError,
    header_of,
    read_request,
    write,
)
from eligibility.simulator.payer import SimulatedPayer
from eligibility.simulator.people import Person
from eligibility.simulator.population import Population
from eligibility.simulator.reader_visits import pushed_visit
from eligibility.simulator.traffic import Request, RequestLog

log = logging.getLogger(__name__)

_REQUEST = re.compile(r"(?P<kind>[A-Za-z0-9]{6,16}?)req_(?P<rest>.{1,200})\.xml", re.IGNORECASE)
_POLL_SECONDS = 0.1
_WORKERS = 4


@dataclass(frozen=True, slots=True)
class DropFolders:
    """``req``, ``res`` and ``face`` below one folder."""

    base: Path

    @property
    def req(self) -> Path:
        """Requests."""
        return self.base / "req"

    @property
    def res(self) -> Path:
        """Answers."""
        return self.base / "res"

    @property
    def face(self) -> Path:
        """Card visits."""
        return self.base / "face"

    def make(self) -> None:
        """Make what is not there yet; raises OSError."""
        for folder in (self.req, self.res, self.face):
            folder.mkdir(parents=True, exist_ok=True)


class LinkApplication:
    """Answers request files; start, stop, start again.  ``answered`` counts the answers."""

    def __init__(
        self,
        folders: DropFolders,
        payer: SimulatedPayer,
        faults: Faults,
        requests: RequestLog,
    ) -> None:
        """``folders``: made where they are not there."""
        folders.make()
        self.folders = folders
        self.payer = payer
        self.answered = 0
        self._faults = faults
        self._requests = requests
        self._books = answers.Books()
        self._req, self._res = Folder(folders.req), Folder(folders.res)
        self._face = Folder(folders.face)
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to take requests."""
        self._stopping.clear()
        self._watch = FolderWatch(self._req, _POLL_SECONDS)
        self._workers = ThreadPoolExecutor(_WORKERS, thread_name_prefix="link-application")
        self._thread = threading.Thread(target=self._run, name="link-application", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Take no more; what is under way is answered first."""
        if self._thread is None:
            return
        self._stopping.set()
        self._watch.wake()
        self._thread.join()
        self._workers.shutdown(wait=True)
        self._watch.close()
        self._thread = None

    def push_visit(
        self,
        institution: str,
        person: Person,
        consents: Collection[ConsentCategory],
        *,
        encoding: str = "utf-8",
    ) -> str:
        """Put a card visit into ``face``, as the national reader does; return the file's name."""
        file = pushed_visit(institution, person, consents, self.payer.now(), encoding=encoding)
        return self.push([file])[0]

    def push(self, files: Collection[tuple[str, bytes]]) -> list[str]:
        """Put the files of a card visit into ``face``, one after the other; return their names."""
        for name, content in files:
            self._face.publish(name, content)
        return [name for name, _ in files]

    # -- the taking thread ---------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._take_all()
            except (FolderAwayError, OSError) as error:
                log.info("the folders are away: %s", error)
            self._watch.wait()

    def _take_all(self) -> None:
        fault, _times = self._faults.current()
        if fault is not None and fault.kind is FaultKind.DOWN:
            return
        for entry in self._req.entries(lambda name: _REQUEST.fullmatch(name) is not None):
            content = self._req.read(entry.name)
            if isinstance(content, bytes):
                self._req.remove(entry.name)
                self._workers.submit(self._answer_safely, entry.name, content)

    def _answer_safely(self, name: str, content: bytes) -> None:
        try:
            self._answer(name, content)
        except Exception:
            log.exception("a request is not answered")

    def _answer(self, name: str, content: bytes) -> None:
        found = _REQUEST.fullmatch(name)
        if found is None:  # pragma: no cover - only such names are taken
            return
        kind, rest = found["kind"], found["rest"]
        started = time.perf_counter()
        fault = self._faults.take(kind)
        if fault is not None and fault.kind is FaultKind.SLOW:
            self._faults.wait(fault.seconds)
        try:
            request = read_request(content)
        except RequestUnreadableError as error:
            log.info("refused: %s", error)
            request = NationalRequest({}, ())
        reply, outcome = self._reply(kind, request, fault)
        self._log(request, kind, outcome, fault, started)
        self._put(reply_name(kind, rest), reply, fault)

    def _log(
        self,
        request: NationalRequest,
        kind: str,
        outcome: str,
        fault: Fault | None,
        started: float,
    ) -> None:
        self._requests.add(
            Request(
                self.payer.now(),
                request.institution,
                "FILE",
                kind,
                200,
                round((time.perf_counter() - started) * 1000, 1),
                outcome=outcome,
                question=request.identifier[:100],
                fault="" if fault is None else fault.kind,
            )
        )

    def _reply(self, kind: str, request: NationalRequest, fault: Fault | None) -> tuple[bytes, str]:
        now = self.payer.now()
        if kind in (national_history.DRUGS, national_history.CHECKUPS):
            return self._history(kind, request, fault, now)
        outcome, header, body = answers.answer(
            kind, request, self.payer.population, self._books, now, fault
        )
        order = f"{request.identifier}-{kind}"
        content = write(
            header_of(request, now, *header), body, encoding=request.encoding, order=order
        )
        return content, outcome

    def _history(
        self, kind: str, request: NationalRequest, fault: Fault | None, now: datetime
    ) -> tuple[bytes, str]:
        """Tell consented history; what was allowed stands in ``face``, whoever put it there."""
        what = None if fault is None else fault.kind
        try:
            outcome, header, body = national_history.answer(
                kind, request, self.payer.population, self.folders.face, now, what
            )
        except RequestUnreadableError as error:
            outcome, header = "SIM0001", [("ArbitraryFileIdentifier", request.identifier)]
            body = [("ResultCode", "9"), ("MessageContents", f"要求が不正です。({error})")]
        content = write(
            header, body, encoding=request.encoding, order=f"{request.identifier}-{kind}"
        )
        return content, outcome

    def _put(self, name: str, content: bytes, fault: Fault | None) -> None:
        kind = None if fault is None else fault.kind
        if kind in (FaultKind.RESET, FaultKind.UNAVAILABLE):
            return
        if kind is FaultKind.BAD_ENCODING:
            content = content.decode("utf-8", "replace").encode("cp932", "replace")
        if kind is FaultKind.MALFORMED:
            content = content.replace(b"</MessageHeader>", b"</MessageHead>", 1)
        if kind is FaultKind.HALF_REPLY:
            # as a program that is killed while it writes: under its name, and not whole
            (self.folders.res / name).write_bytes(content[: len(content) // 2])
            return
        self._res.publish(name, content)
        with self._lock:
            self.answered += 1
        if kind is FaultKind.DUPLICATE_REPLY:
            self._res.publish(name.replace(".xml", "_2.xml"), content)


def person_named(population: Population, name: str) -> Person | None:
    """Return whom a persona's name or a person's id means, None where it is nobody's."""
    return population.person(name) or next(
        (person for person in population.people if person.persona == name), None
    )
