"""What one unit of work sees: every table family, through one connection."""

from __future__ import annotations

from functools import cached_property

from sqlite_utils import Database

from terminal.store.accounts import Accounts, Kiosks, Sessions, Throttle
from terminal.store.appointments import Appointments
from terminal.store.aside import FilesAside
from terminal.store.audit import Audit, AuditContext
from terminal.store.bulk import Bulk
from terminal.store.calls import Calls, DisclosureCalls
from terminal.store.clinic_records import ClinicRecords
from terminal.store.confirmations import Answers, Confirmations
from terminal.store.consents import Consents
from terminal.store.decisions import Decisions
from terminal.store.desk_enquiries import DeskEnquiries
from terminal.store.disaster_periods import DisasterPeriods
from terminal.store.emergencies import Emergencies
from terminal.store.histories import Histories
from terminal.store.holders import Holders
from terminal.store.identifications import Identifications
from terminal.store.month import MonthRows
from terminal.store.outbox import Outbox
from terminal.store.payer_lists import PayerLists
from terminal.store.record_links import RecordLinks
from terminal.store.reference_numbers import ReferenceNumbers
from terminal.store.retention import Retention
from terminal.store.right_names import RightNameEntries
from terminal.store.told_files import ToldFiles
from terminal.store.visits import Visits


class Transaction:
    """Valid inside the work that it was given to, and not after."""

    def __init__(self, db: Database, context: AuditContext, wrapping_key: bytes) -> None:
        """``wrapping_key``: wraps the keys of what is sealed."""
        self._db = db
        self._context = context
        self._wrapping_key = wrapping_key
        self.erases = False
        """Whether something was deleted of which no trace may stay, also not in the log."""

    def _erase(self) -> None:
        self.erases = True

    @cached_property
    def visits(self) -> Visits:
        """The visits."""
        return Visits(self._db)

    @cached_property
    def identifications(self) -> Identifications:
        """How the holders were identified."""
        return Identifications(self._db)

    @cached_property
    def holders(self) -> Holders:
        """What the cards said of their holders."""
        return Holders(self._db)

    @cached_property
    def answers(self) -> Answers:
        """What the payer answered."""
        return Answers(self._db)

    @cached_property
    def confirmations(self) -> Confirmations:
        """What the visits may rely on."""
        return Confirmations(self._db)

    @cached_property
    def outbox(self) -> Outbox:
        """The questions to the payer."""
        return Outbox(self._db)

    @cached_property
    def calls(self) -> Calls:
        """The calls to the payer."""
        return Calls(self._db)

    @cached_property
    def aside(self) -> FilesAside:
        """Files that were no answer."""
        return FilesAside(self._db, self._erase)

    @cached_property
    def payer_lists(self) -> PayerLists:
        """Lists that the payer keeps for the institution."""
        return PayerLists(self._db, self._erase)

    @cached_property
    def told_files(self) -> ToldFiles:
        """The files of card visits that no answer holds."""
        return ToldFiles(self._db)

    @cached_property
    def disclosure_calls(self) -> DisclosureCalls:
        """The calls about consents and history."""
        return DisclosureCalls(self._db)

    @cached_property
    def month_rows(self) -> MonthRows:
        """What a month's report counts."""
        return MonthRows(self._db)

    @cached_property
    def decisions(self) -> Decisions:
        """What staff decided without the payer."""
        return Decisions(self._db)

    @cached_property
    def clinic_records(self) -> ClinicRecords:
        """The clinic's own register of patients."""
        return ClinicRecords(self._db)

    @cached_property
    def appointments(self) -> Appointments:
        """The lists of appointments."""
        return Appointments(self._db)

    @cached_property
    def bulk(self) -> Bulk:
        """The checks of many people before they come."""
        return Bulk(self._db)

    @cached_property
    def reference_numbers(self) -> ReferenceNumbers:
        """The registrations of 照会番号."""
        return ReferenceNumbers(self._db)

    @cached_property
    def desk_enquiries(self) -> DeskEnquiries:
        """How staff came to ask without a card."""
        return DeskEnquiries(self._db)

    @cached_property
    def disaster_periods(self) -> DisasterPeriods:
        """The periods of disaster mode."""
        return DisasterPeriods(self._db)

    @cached_property
    def record_links(self) -> RecordLinks:
        """Whom of the register staff linked cards' holders to."""
        return RecordLinks(self._db)

    @cached_property
    def right_names(self) -> RightNameEntries:
        """The names that staff entered for cards' holders."""
        return RightNameEntries(self._db)

    @cached_property
    def consents(self) -> Consents:
        """What the patients allowed."""
        return Consents(self._db)

    @cached_property
    def histories(self) -> Histories:
        """What the consents opened."""
        return Histories(self._db, self._wrapping_key, self._erase)

    @cached_property
    def retention(self) -> Retention:
        """What is older than it is kept."""
        return Retention(self._db, self._erase)

    @cached_property
    def emergencies(self) -> Emergencies:
        """What was opened without consent."""
        return Emergencies(self._db)

    @cached_property
    def accounts(self) -> Accounts:
        """The staff's accounts."""
        return Accounts(self._db)

    @cached_property
    def sessions(self) -> Sessions:
        """The staff's log-ins."""
        return Sessions(self._db)

    @cached_property
    def kiosks(self) -> Kiosks:
        """The enrolled kiosks and their codes."""
        return Kiosks(self._db)

    @cached_property
    def throttle(self) -> Throttle:
        """The counted tries."""
        return Throttle(self._db)

    @cached_property
    def audit(self) -> Audit:
        """The audit log."""
        return Audit(self._db, self._context)
