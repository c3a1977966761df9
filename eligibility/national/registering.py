"""照会番号 sent in files: one by itself (OQSsiimm01), several together (OQSmuimm01, OQSmuimm02)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from eligibility.asking import (
    BulkReception,
    ReferenceNumberBatch,
    ReferenceNumberRegistration,
    ReferenceNumberResult,
)
from eligibility.national import bulk, references
from eligibility.national.fetching import Asking
from eligibility.national.wire import XmlEncoding


class Registering:
    """Registers the institution's own numbers of patients; the desk remembers 受付番号."""

    def __init__(
        self,
        ask: Asking,
        institution_code: str,
        encoding: XmlEncoding,
        now: Callable[[], datetime],
    ) -> None:
        """``ask``: sends a request that may be sent again at any time."""
        self._ask = ask
        self._institution_code = institution_code
        self._encoding = encoding
        self._now = now

    def register(self, registration: ReferenceNumberRegistration) -> ReferenceNumberResult:
        """Register one; return what became of it."""
        return self._ask(
            references.SINGLE_KIND,
            registration.id,
            lambda: self._written([registration], registration.id),
            lambda content: references.read_registered(
                content, registration, institution_code=self._institution_code
            ),
        )

    def hand_in(self, batch: ReferenceNumberBatch) -> BulkReception:
        """Hand in several together; return their 受付番号."""
        return self._ask(
            references.UPLOAD_KIND,
            batch.id,
            lambda: self._written(batch.registrations, batch.id),
            lambda content: bulk.read_reception(
                content,
                batch.id,
                received_at=self._now(),
                institution_code=self._institution_code,
            ),
        )

    def collect(
        self, batch: ReferenceNumberBatch, reception: BulkReception
    ) -> tuple[ReferenceNumberResult, ...]:
        """Return what became of them; one that the payer leaves out has no result.

        Raises PayerUnavailableError, with the seconds to wait, while the payer works on them.
        """
        return self._ask(
            references.DOWNLOAD_KIND,
            batch.id,
            lambda: bulk.write_download(reception, self._institution_code, self._encoding),
            lambda content: references.read_bulk_registered(
                content, batch.registrations, reception, institution_code=self._institution_code
            ),
        )

    def _written(
        self, registrations: Sequence[ReferenceNumberRegistration], request_id: str
    ) -> bytes:
        return references.write_registrations(
            registrations, request_id, self._institution_code, self._encoding
        )
