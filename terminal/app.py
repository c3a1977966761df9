"""The composition root: which parts a desk is made of, and in which order they start and stop."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from eligibility.asking import Capability
from eligibility.retry import AskingPolicy, Breaker
from terminal import health
from terminal.access.accounts import TERMINAL
from terminal.access.kiosk import KioskAccess
from terminal.access.staff import StaffAccess
from terminal.access_list import AccessLists
from terminal.audit import Act, AuditEntry
from terminal.bulk.check import BulkCheck
from terminal.bulk.commands import BulkCommands
from terminal.card_camera.watch import make_card_camera
from terminal.card_trust import make_card_trust
from terminal.config import TerminalConfig
from terminal.confirming import Confirming
from terminal.consent import Disclosure
from terminal.deciding import Deciding
from terminal.disaster import DisasterMode
from terminal.emergency_desk import EmergencyDesk
from terminal.enquiry_desk import EnquiryDesk
from terminal.events import EventBus
from terminal.expected.appointment_book import AppointmentBook
from terminal.expected.expected_list import ExpectedList
from terminal.expected.found_before import FoundBeforeVisits
from terminal.face.check import make_face_check
from terminal.hardening import core_dumps_are_off
from terminal.health import HealthCheck
from terminal.health_face import check_face
from terminal.health_payer import check_files_aside, payer_checks
from terminal.history_export import HistoryExports
from terminal.jobs import make_scheduler
from terminal.kiosk_questions import Asked
from terminal.lists.fetching import PayerListFetching
from terminal.lists.list_desk import PayerListDesk
from terminal.oral_consent import OralConsents
from terminal.payer.choice import make_payer
from terminal.payer.enquiries import Enquiries
from terminal.payer.exchange_book import DeskExchangeBook
from terminal.payer.files_aside import FilesAsideKeeping
from terminal.payer.freshness import Freshness
from terminal.payer.line import PayerLine, SideLine
from terminal.payer.recheck import Recheck
from terminal.payer.watch import PayerWatch
from terminal.proof import ProofBook
from terminal.pushed_visits import PushedVisitDesk
from terminal.reader import CardReader, make_reader
from terminal.reception import ReceptionDesk
from terminal.references.reference_numbers import ReferenceNumberDesk
from terminal.references.sending import ReferenceNumberSending
from terminal.register.clinic_register import ClinicRegister
from terminal.register.record_linking import RecordLinking
from terminal.register.right_names import RightNames
from terminal.report.reporting import Reporting
from terminal.retention.retention import Retaining
from terminal.store import Store
from terminal.store.keys import read_key_file

log = logging.getLogger(__name__)

AUDIT_ROWS = 10_000
"""How many of the newest audit records a look at the desk's health goes through."""


def system_clock() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)


class Terminal:
    """One desk, ready to be started.  ``web`` shows it; nothing here knows of pages."""

    def __init__(
        self,
        config: TerminalConfig,
        *,
        now: Callable[[], datetime] = system_clock,
        monotonic: Callable[[], float] = time.monotonic,
        reader: CardReader | None = None,
    ) -> None:
        """Open the store and make all parts; raises ConfigError, StoreError, PayerTrustError.

        ``reader``: one that no configuration can describe; absent: as configured.
        """
        self.config = config
        self.now = now
        freshness = Freshness(config.eligibility.freshness)
        self.bus = EventBus()
        self._trust = make_card_trust(config, now)
        verifier = self._trust.verifier
        self.store = Store.open(
            config.store.path,
            read_key_file(config.store.key_file),
            config.store.store_id,
            desk_id=config.terminal.desk_id,
            now=now,
        )
        self.access = StaffAccess(
            self.store,
            now,
            idle=timedelta(minutes=config.web.session_idle_minutes),
            absolute=timedelta(hours=config.web.session_hours),
        )
        self.disaster = DisasterMode(self.store, self.bus, now)
        self.kiosks = KioskAccess(self.store, now, desk_id=config.terminal.desk_id)
        self.payer = make_payer(config, now, DeskExchangeBook(self.store, now))
        self._card_camera = make_card_camera(config.card_camera, now)
        self._face = make_face_check(config.face)
        self._vouched = bool(config.card.record_issuers)
        self._reader = reader or make_reader(config.reader)
        policy = AskingPolicy()
        line = PayerLine(policy, Breaker(), now)
        self._disclosure = Disclosure(
            self.store, self.payer, self.bus, now, SideLine(line, policy, Breaker(), now)
        )
        self._enquiries = Enquiries(
            self.store,
            self.payer,
            verifier,
            self.bus,
            now,
            on_change=self._question_changed,
            line=line,
            freshness=freshness,
            monotonic=monotonic,
            may_ask_by_name=self.disaster.is_on,
        )
        self.enquiry_desk = EnquiryDesk(
            self.store,
            self.payer,
            self.bus,
            now,
            self._enquiries.kick,
            desk_id=config.terminal.desk_id,
        )
        self.oral_consents = OralConsents(self.store, self.payer, self._disclosure, self.bus, now)
        self.emergencies = EmergencyDesk(self.store, self.payer, self._disclosure, self.bus, now)
        self.appointments = AppointmentBook(self.store, now)
        self.expected = ExpectedList(self.store, self.payer, now)
        self.found_before = FoundBeforeVisits(self.store, now)
        self._bulk = BulkCheck(
            self.store,
            self.payer,
            self.bus,
            now,
            line=line,
            desk_is_asking=lambda: self._enquiries.is_asking,
            payer_spoke=self._enquiries.payer_spoke,
            settings=config.appointments,
            monotonic=monotonic,
        )
        self._references = ReferenceNumberSending(
            self.store,
            self.payer,
            now,
            line=line,
            desk_is_asking=lambda: self._enquiries.is_asking,
            payer_spoke=self._enquiries.payer_spoke,
        )
        self.reference_numbers = ReferenceNumberDesk(
            self.store,
            now,
            is_supported=Capability.REFERENCE_NUMBERS in self.payer.capabilities,
            kick=self._references.kick,
        )
        self._lists = PayerListFetching(
            self.store,
            self.payer,
            self.bus,
            now,
            line=line,
            desk_is_asking=lambda: self._enquiries.is_asking,
            payer_spoke=self._enquiries.payer_spoke,
        )
        self.payer_lists = PayerListDesk(
            self.store,
            now,
            is_supported=Capability.LISTS in self.payer.capabilities,
            kick=self._lists.kick,
        )
        self.bulk = BulkCommands(self.store, self.payer, now, config.appointments, self._bulk.kick)
        self.proofs = ProofBook(self.store, now)
        self.access_lists = AccessLists(self.store, now)
        self.history_files = HistoryExports(self.store, self._disclosure, config.institution, now)
        self.reporting = Reporting(self.store, now)
        self.retention = Retaining(self.store, now, config.retention)
        self.decisions = Deciding(self.store, self.bus, now, freshness)
        self.desk = ReceptionDesk(
            desk_id=config.terminal.desk_id,
            idle_seconds=config.kiosk.idle_seconds,
            reader=self._reader,
            verifier=verifier,
            revocation=self._trust.revocation,
            record_issuers=self._trust.record_issuers,
            card_camera=self._card_camera,
            face=self._face,
            payer=self.payer,
            line=line,
            store=self.store,
            enquiries=self._enquiries,
            disclosure=self._disclosure,
            freshness=freshness,
            asked=Asked(config.kiosk.consents, config.kiosk.prescription_choice),
            bus=self.bus,
            now=now,
            monotonic=monotonic,
        )
        self.right_names = RightNames(self.store, self.bus, now)
        changed = self.desk.confirmation_changed
        self.record_links = RecordLinking(self.store, now, changed)
        self.register = ClinicRegister(self.store, now, changed)
        self._pushed = PushedVisitDesk(
            self.store,
            self.payer,
            Confirming(verifier, now, freshness),
            self.bus,
            now,
            self._question_changed,
            desk_id=config.terminal.desk_id,
        )
        days, files = config.files_aside
        self.files_aside = FilesAsideKeeping(self.store, now, most_days=days, most_files=files)
        self.payer_watch = PayerWatch(self.payer, config.payer_certificate, now)
        self._scheduler = make_scheduler(
            self.desk,
            self._disclosure,
            Recheck(self.store, now, self._enquiries.kick),
            self.payer_watch,
            self.bulk,
            self.files_aside,
            self.retention,
            self.payer_lists,
        )

    def start(self) -> None:
        """Settle what a crash left, then ask what is due, then watch the reader."""
        self.store.write(lambda tx: tx.audit.append(AuditEntry(Act.STARTED, TERMINAL)))
        self.desk.start()
        self._enquiries.start()
        self._disclosure.start()
        self._pushed.start()
        self._bulk.start()
        self._references.start()
        self._lists.start()
        self._scheduler.start()

    def stop(self) -> None:
        """Stop in the reverse order; what is under way is finished or found at the next start."""
        self.retention.stop()
        # a job that ends while the scheduler is being stopped would not be found
        self._scheduler.remove_all_jobs()
        self._scheduler.shutdown(wait=True)
        self._bulk.stop()
        self._lists.stop()
        self._references.stop()
        self.desk.stop()
        self._pushed.stop()
        self._enquiries.stop()
        self._disclosure.stop()
        self.payer.close()
        self._trust.revocation.close()
        self.store.write(lambda tx: tx.audit.append(AuditEntry(Act.STOPPED, TERMINAL)))
        self.store.close()

    @property
    def payer_is_silent(self) -> bool:
        """Whether questions are queued because the payer did not answer the last ones."""
        return self._enquiries.payer_is_silent

    @property
    def misses_card_visits(self) -> bool:
        """Whether card visits at the institution's other reader cannot be told to this desk."""
        return self._pushed.is_cut_off

    def health(self) -> list[HealthCheck]:
        """Look at every part; may block up to the payer's time limits."""
        camera = self._card_camera
        return [
            health.check_configuration(self.config),
            health.check_reader(
                self._reader.state, is_needed=Capability.BY_CARD in self.payer.capabilities
            ),
            *payer_checks(self.payer, self.config.payer_certificate, self.now()),
            *self._files_aside(),
            health.check_revocation(self._trust.lists, self._trust.responder, self.now()),
            *([] if camera is None else [health.check_card_camera(camera.problem)]),
            *(
                []
                if self._face is None
                else [check_face(self._face.problem, vouched=self._vouched)]
            ),
            health.check_store(lambda: self.store.read(lambda tx: tx.audit.verify_end(AUDIT_ROWS))),
            health.check_disk(self.config.terminal.data_dir),
            health.check_clock(self.now(), synchronised=health.clock_is_synchronised()),
            health.check_dumps(off=core_dumps_are_off()),
        ]

    def _files_aside(self) -> list[HealthCheck]:
        if self.config.eligibility.interface != "national":
            return []
        since = self.now() - timedelta(hours=24)
        return [check_files_aside(self.store.read(lambda tx: tx.aside.count_since(since)))]

    def _question_changed(self, visit_id: str) -> None:
        self.desk.question_changed(visit_id)


def build(config: TerminalConfig) -> Terminal:
    """Return the desk that ``config`` describes, with the machine's own clocks."""
    return Terminal(config)
