"""Who is expected (予約): the list of a day, its check before they come, and its import."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, Flask, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from eligibility.errors import NotSupportedError
from eligibility.model import Finding, FindingCode, Severity
from eligibility.validity import CONFIRMED
from terminal.bulk.commands import way_of
from terminal.bulk.run import ItemState
from terminal.expected.appointment_file import APPOINTMENT_COLUMNS
from terminal.expected.expected_list import (
    WITHHELD,
    ExpectedDay,
    ExpectedRow,
    RowGroup,
    RunStanding,
)
from web import finding_words, wording
from web.auth import log_in, terminal
from web.csv_import import CsvImport
from web.i18n import text
from web.security import Right, requires
from web.wording import Mark

blueprint = Blueprint("appointments", __name__)
DONE = {
    "taken": "staff.expected.taken",
    "begun": "staff.expected.begun",
    "nobody": "staff.expected.nobody-to-ask",
    "paused": "staff.expected.paused-done",
    "resumed": "staff.expected.resumed-done",
    "cancelled": "staff.expected.cancelled-done",
}
ANOTHER = frozenset(
    {FindingCode.OTHER_PERSON, FindingCode.RECORD_IS_ANOTHER, FindingCode.CANDIDATE_IS_ANOTHER}
)


def row_mark(row: ExpectedRow) -> Mark:
    """Return the mark of a row: ● as before, ▲ look, ■ not valid or nobody's, ◇ not asked yet."""
    item = row.item
    if row.group is RowGroup.ERROR:
        return Mark("attention", text("staff.expected.not-confirmed"))
    if item is None or item.state is not ItemState.ANSWERED:
        return Mark("waiting", text("staff.expected.not-asked"))
    if any(one.code in ANOTHER for one in item.findings):
        return Mark("invalid", text("staff.expected.withheld"))
    if row.validity not in CONFIRMED:
        return Mark("invalid", wording.label(row.validity))
    if row.group is RowGroup.CHANGED:
        return Mark("attention", text("staff.expected.changed"))
    if any(one.severity is Severity.WARN for one in item.findings):
        return Mark("attention", text("staff.expected.look"))
    return Mark("valid", text("staff.expected.valid-then"))


def values_of(finding: Finding) -> list[tuple[str, str, bool]]:
    """Return what each side said, unless it may be said of another person."""
    # the row's mark says the validity already
    if finding.code in WITHHELD or finding.field == "qualification_validity":
        return []
    return finding_words.finding_values(finding)


def percent(standing: RunStanding) -> int:
    """Return how much of the run is done."""
    done = standing.progress
    return 0 if done is None or done.total == 0 else done.ended * 100 // done.total


def _day(written: str | None) -> date:
    """Return the day that is asked for; anything else is tomorrow's neighbour, today."""
    try:
        return date.fromisoformat(written or "")
    except ValueError:
        return terminal().expected.today


def can_ask() -> bool:
    """Whether the payer's interface in use can be asked about many at all."""
    try:
        way_of(terminal().payer)
    except NotSupportedError:
        return False
    return True


def _list(day: date) -> dict[str, object]:
    number = request.values.get("page", "1")
    found: ExpectedDay = terminal().expected.day(
        log_in().actor, day, int(number) if number.isdecimal() and len(number) < 7 else 1
    )
    return {"found": found, "standing": found.standing, **_words()}


def _words() -> dict[str, object]:
    return {
        "row_mark": row_mark,
        "values_of": values_of,
        "percent": percent,
        "groups": RowGroup,
        "can_ask": can_ask(),
        "has_lists": terminal().payer_lists.is_supported,
    }


@blueprint.get("/staff/appointments")
@requires(Right.COVERAGE)
def expected() -> str:
    """Show who is expected on a day, what changed on top."""
    sequence = terminal().bus.sequence
    return render_template(
        "staff/expected.html",
        sequence=sequence,
        done=DONE.get(request.args.get("done", "")),
        **_list(_day(request.args.get("day"))),
    )


@blueprint.get("/staff/appointments/rows")
@requires(Right.COVERAGE)
def rows() -> str:
    """Return the part of the page that changes when somebody was answered."""
    return render_template("staff/expected_rows.html", **_list(_day(request.args.get("day"))))


@blueprint.get("/staff/appointments/progress")
@requires(Right.COVERAGE)
def progress() -> str:
    """Return how far the check got: counts, nobody's name."""
    day = _day(request.args.get("day"))
    standing = terminal().expected.standing(log_in().actor, day)
    return render_template("staff/expected_progress_page.html", standing=standing, **_words())


@blueprint.post("/staff/appointments/check")
@requires(Right.COVERAGE)
def check() -> Response:
    """Begin to ask about the people expected on a day."""
    day = _day(request.form.get("day"))
    again = request.form.get("again") == "yes"
    run = terminal().bulk.begin(log_in().actor, day, again=again)
    return _back_to(day, "nobody" if run is None else "begun")


@blueprint.post("/staff/appointments/<any(pause, resume, cancel):what>")
@requires(Right.COVERAGE)
def change(what: str) -> Response:
    """Pause, resume or cancel a check."""
    bulk, actor, run_id = terminal().bulk, log_in().actor, request.form.get("run", "")
    if what == "pause":
        bulk.pause(actor, run_id)
        done = "paused"
    elif what == "resume":
        bulk.resume(actor, run_id)
        done = "resumed"
    else:
        bulk.cancel(actor, run_id)
        done = "cancelled"
    return _back_to(_day(request.form.get("day")), done)


def _back_to(day: date, done: str) -> Response:
    return redirect(url_for("appointments.expected", day=day.isoformat(), done=done), 303)


@blueprint.post("/staff/appointments/import/take")
@requires(Right.COVERAGE)
def take() -> Response:
    """Take the file that was looked at, whole."""
    taken = terminal().appointments.take(log_in().actor, request.form.get("preview", ""))
    return _back_to(taken.days[0].day, "taken")


CsvImport(
    "appointments",
    APPOINTMENT_COLUMNS,
    lambda data: terminal().appointments.look_at(log_in().actor, data),
).add_to(blueprint)


def init(app: Flask) -> None:
    """Give ``app`` these pages."""
    app.register_blueprint(blueprint)
