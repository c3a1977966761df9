"""What happens by the clock: jobs are plain functions of the desk's parts, bound to times here."""

from __future__ import annotations

from collections.abc import Callable

from apscheduler.schedulers.background import BackgroundScheduler

from terminal.bulk.commands import BulkCommands
from terminal.consent import Disclosure
from terminal.lists.list_desk import PayerListDesk
from terminal.payer.files_aside import FilesAsideKeeping
from terminal.payer.recheck import Recheck
from terminal.payer.watch import PayerWatch
from terminal.reception import ReceptionDesk
from terminal.retention.retention import Retaining

SWEEP_SECONDS = 15
RECHECK_SECONDS = 1800
END_OF_DAY_SECONDS = 600
MINUTE_SECONDS = 60
DAY_SECONDS = 24 * 3600


def make_scheduler(
    desk: ReceptionDesk,
    disclosure: Disclosure,
    recheck: Recheck,
    payer_watch: PayerWatch,
    bulk: BulkCommands,
    files_aside: FilesAsideKeeping,
    retention: Retaining,
    payer_lists: PayerListDesk,
) -> BackgroundScheduler:
    """Return a scheduler, not yet started, that runs every job of the desk."""
    scheduler = BackgroundScheduler(timezone="Asia/Tokyo")

    def every(seconds: int, job: Callable[[], object]) -> None:
        scheduler.add_job(
            job,
            "interval",
            seconds=seconds,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=seconds,
        )

    every(SWEEP_SECONDS, disclosure.delete_ended)
    every(SWEEP_SECONDS, disclosure.retry_failed)
    every(RECHECK_SECONDS, recheck.run)
    every(MINUTE_SECONDS, bulk.begin_due)
    every(MINUTE_SECONDS, retention.run_due)
    every(END_OF_DAY_SECONDS, desk.end_former_days)
    every(END_OF_DAY_SECONDS, files_aside.delete_old)
    every(END_OF_DAY_SECONDS, payer_lists.delete_old)
    scheduler.add_job(payer_watch.look, misfire_grace_time=None)  # once, as soon as it starts
    every(DAY_SECONDS, payer_watch.look)
    return scheduler
