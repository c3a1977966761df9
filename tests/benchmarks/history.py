"""How fast a heavy history opens: prints JSON lines; there is no pass and no fail.

The persona of more than 3,000 lines comes to a clinic on the virtual stack and agrees; then each
page is asked for as a browser would, in this process, and the medicines' page is opened in Chromium
by a browser that has kept nothing.  Then it is saved as files, and at last sealed, opened and
destroyed.
"""

from __future__ import annotations

import gzip
import json
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from pathlib import Path

from playwright.sync_api import sync_playwright

from terminal.access.accounts import TERMINAL, Role
from terminal.history_export import ExportForm
from terminal.history_keeping import delete_history
from terminal.kept_history import HistoryEnd
from terminal.store.connection import connect
from terminal.store.history_content import PackedHistory, pack, unpack
from terminal.store.keys import read_key_file
from terminal.views import KioskStep
from tests.benchmarks.visit import ARGUMENTS, CHROMIUM, daemon_in
from tests.clinic import Clinic, opened_clinic, set_the_stage
from tests.web.visitors import Site, Visitor
from web.server import WebServer, listen

PERSONA = "many-records"
PAGES = {
    "drugs": "",
    "drugs.all": "?period=all",
    "care": "/care",
    "checkups": "/checkups",
}
SEARCHES = (
    "a",
    "ア",
    "アムロ",
    "アムロジピン",
    "見本",
    "医院",
    "2",
    "ロキソ",
    "錠",
    "そんな薬はない",
)
PAINT = """() => new Promise((done) => {
  const look = () => {
    const [paint] = performance.getEntriesByName("first-contentful-paint");
    if (paint) done(paint.startTime);
    else requestAnimationFrame(look);
  };
  look();
})"""


def report(name: str, unit: str, values: list[float], **more: object) -> None:
    """Print one line: name, unit, n, median, 95th and 99th percentile."""
    ordered = sorted(values)

    def at(share: float) -> float:
        return round(ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))], 1)

    line = {"name": name, "unit": unit, "n": len(values)}
    line |= {"p50": round(statistics.median(values), 1), "p95": at(0.95), "p99": at(0.99)}
    print(json.dumps(line | more), flush=True)


def timed(work: Callable[[], object], count: int) -> tuple[list[float], list[float]]:
    """Return how long ``work`` takes each time, and this process's processor, in milliseconds."""
    taken, busy = [], []
    for _ in range(count):
        started, began = time.perf_counter(), time.process_time()
        work()
        taken.append((time.perf_counter() - started) * 1000)
        busy.append((time.process_time() - began) * 1000)
    return taken, busy


def heavy_patient(clinic: Clinic) -> str:
    """Let the patient come and agree; return the history's address."""
    clinic.patient.taps(PERSONA)
    clinic.patient.types_pin()
    clinic.patient.consents_to_all()
    clinic.patient.sees(KioskStep.DONE)
    visit_id = clinic.reception.sees_answer().visit.id
    clinic.patient.takes_card()
    fetched = clinic.doctor.sees_history(visit_id)
    lines = {"medicines": len(fetched.medications), "without_doubles": len(fetched.drugs.entries)}
    lines |= {"treatments": len(fetched.treatments), "checkup_items": len(fetched.checkups)}
    print(json.dumps({"name": "history.patient", **lines}), flush=True)
    return f"/staff/visits/{visit_id}/history"


def measure_server(visitor: Visitor, address: str, count: int) -> None:
    """Time each page and each search on the server's side, and weigh them."""
    for name, path in PAGES.items():
        body = visitor.opens(address + path).data
        times, busy = timed(partial(visitor.opens, address + path), count)
        packed = len(gzip.compress(body))
        report(f"history.{name}", "ms", times, bytes=len(body), gzip=packed)
        report(f"history.{name}.processor", "ms", busy)
    all_times, all_busy, sizes = [], [], []
    for query in SEARCHES:
        path = f"{address}/rows?period=all&q={query}"
        sizes.append(len(visitor.opens(path).data))
        times, busy = timed(partial(visitor.opens, path), max(1, count // len(SEARCHES)))
        all_times += times
        all_busy += busy
    report("history.search", "ms", all_times, most_bytes=max(sizes))
    report("history.search.processor", "ms", all_busy)


def measure_files(visitor: Visitor, address: str, consent: str, count: int) -> None:
    """Time and weigh each file that the history is saved as."""
    visitor.opens(address)
    for form in ExportForm:
        fields = {"form": form.value, "consent": consent, "why": "benchmark"}
        save = partial(visitor.sends, f"{address}/file", fields)
        file = save()
        assert file.status_code == HTTPStatus.OK, file.status
        report(f"history.file.{form}", "ms", timed(save, count)[0], bytes=len(file.data))


def measure_keeping(clinic: Clinic, visit_id: str, count: int) -> None:
    """Time what is done with the whole history at rest: sealed, opened by the next run, destroyed.

    The last is what the end of a consent costs: key and content overwritten, the log cut off.
    """
    store, now = clinic.terminal.store, clinic.clock
    consent = store.read(lambda tx: tx.consents.of_visit(visit_id))
    assert consent is not None
    history = clinic.terminal._disclosure.open(consent)
    kept = store.read(lambda tx: tx.histories.find(consent.id))
    assert history is not None
    assert kept is not None

    def keep(packed: PackedHistory) -> None:
        store.write(lambda tx: tx.histories.keep(kept, packed, now()))

    taken: dict[str, list[float]] = {"keep": [], "reopen": [], "delete": []}
    works = {
        "keep": lambda: keep(pack(history)),
        "reopen": lambda: unpack(
            store.read(lambda tx: tx.histories.open(consent.id, now())) or b""
        ),
        "delete": lambda: store.write(
            lambda tx: delete_history(tx, consent, HistoryEnd.EXPIRED, TERMINAL)
        ),
    }
    sizes = set()
    for _ in range(count):
        for name, work in works.items():
            taken[name] += timed(work, 1)[0]
            if name == "keep":
                sizes.add(bytes_at_rest(clinic))
        assert store.erase_log()
    for name, times in taken.items():
        report(f"history.{name}", "ms", times, bytes=max(sizes))


def bytes_at_rest(clinic: Clinic) -> int:
    """Return how long the one sealed history is."""
    place = clinic.config.store
    db = connect(place.path, read_key_file(place.key_file), read_only=True)
    try:
        (size,) = db.conn.execute("SELECT length(content) FROM histories").fetchone()
        return int(size)
    finally:
        db.close()


@contextmanager
def served(site: Site) -> Iterator[None]:
    """Serve the pages on their real port."""
    web = site.clinic.config.web
    server = WebServer(site.app, listen(web.host, web.port))
    thread = threading.Thread(target=server.run, name="web")
    thread.start()
    try:
        yield
    finally:
        server.stop()
        thread.join()


def measure_paint(site: Site, address: str, count: int) -> None:
    """Time the first contentful paint in a browser that kept nothing but the log-in."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        known = chromium.new_context()
        page = known.new_page()
        page.goto(f"{site.origin}/staff/login")
        page.get_by_label("ログイン名").fill(str(Role.CLINICIAN))
        page.get_by_label("パスワード").fill(site.passwords[Role.CLINICIAN])
        page.get_by_role("button", name="ログイン", exact=True).click()
        page.wait_for_url("**/staff/today")
        state = known.storage_state()
        paints, weights = [], []
        for _ in range(count):
            cold = chromium.new_context(storage_state=state)
            page = cold.new_page()
            page.goto(site.origin + address)
            paints.append(float(page.evaluate(PAINT)))
            weights.append(
                float(
                    page.evaluate(
                        "performance.getEntries().reduce((n, e) => n + (e.transferSize || 0), 0)"
                    )
                )
            )
            cold.close()
        chromium.close()
    report("history.paint", "ms", paints, bytes_with_styles_and_scripts=round(max(weights)))


def main() -> None:
    """Run: history [TIMES], how often each page is asked for."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with daemon_in(folder) as daemon:
            for part in ("payer", "cards", "desk"):
                (folder / part).mkdir()
            stage = set_the_stage(folder / "payer", folder / "cards", daemon)
            with opened_clinic(folder / "desk", stage) as clinic:
                address = heavy_patient(clinic)
                site = Site(clinic)
                with served(site):
                    measure_paint(site, address, max(10, count // 5))
                visitor = site.visitor().logs_in(Role.CLINICIAN)
                measure_server(visitor, address, count)
                consent = clinic.reception.row().consent
                assert consent is not None
                measure_files(visitor, address, consent.id, max(5, count // 10))
                measure_keeping(clinic, address.split("/")[3], count)


if __name__ == "__main__":
    main()
