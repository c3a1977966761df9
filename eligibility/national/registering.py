"""照会番号 sent in files: one by itself (OQSsiimm01), several together (OQSmuimm01, OQSmuimm02)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime

from eligibility.asking import BulkReception, ReferenceNumberRegistration, ReferenceNumberResult
from eligibility.errors import PayerUnavailableError
from eligibility.national import bulk, references
from eligibility.national.fetching import Asking
from eligibility.national.wire import XmlEncoding


class Registering:
    """Registers the institution's own numbers of patients.

    Several are handed in under an id that is the same for the same registrations, and fetched by
    the 受付番号.  It is remembered while the payer works on them; after a restart they are handed
    in again under that id.
    """

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
        self._waiting: BulkReception | None = None

    def register(
        self, registrations: Sequence[ReferenceNumberRegistration]
    ) -> tuple[ReferenceNumberResult, ...]:
        """Return what became of each; one that the payer leaves out of several has no result.

        Raises PayerUnavailableError, with the seconds to wait, while the payer works on them.
        """
        if len(registrations) > 1:
            return self._register_many(registrations)
        return tuple(self._register_one(one) for one in registrations)

    def _register_one(self, registration: ReferenceNumberRegistration) -> ReferenceNumberResult:
        return self._ask(
            references.SINGLE_KIND,
            registration.id,
            lambda: self._written([registration], registration.id),
            lambda content: references.read_registered(
                content, registration, institution_code=self._institution_code
            ),
        )

    def _register_many(
        self, registrations: Sequence[ReferenceNumberRegistration]
    ) -> tuple[ReferenceNumberResult, ...]:
        bulk_id = _bulk_id(registrations)
        reception = self._waiting
        if reception is None or reception.bulk_id != bulk_id:
            reception = self._hand_in(registrations, bulk_id)
        self._waiting = None
        try:
            return self._collect(registrations, reception)
        except PayerUnavailableError:
            self._waiting = reception
            raise

    def _hand_in(
        self, registrations: Sequence[ReferenceNumberRegistration], bulk_id: str
    ) -> BulkReception:
        return self._ask(
            references.UPLOAD_KIND,
            bulk_id,
            lambda: self._written(registrations, bulk_id),
            lambda content: bulk.read_reception(
                content,
                bulk_id,
                received_at=self._now(),
                institution_code=self._institution_code,
            ),
        )

    def _collect(
        self, registrations: Sequence[ReferenceNumberRegistration], reception: BulkReception
    ) -> tuple[ReferenceNumberResult, ...]:
        return self._ask(
            references.DOWNLOAD_KIND,
            reception.bulk_id,
            lambda: bulk.write_download(reception, self._institution_code, self._encoding),
            lambda content: references.read_bulk_registered(
                content, registrations, reception, institution_code=self._institution_code
            ),
        )

    def _written(
        self, registrations: Sequence[ReferenceNumberRegistration], request_id: str
    ) -> bytes:
        return references.write_registrations(
            registrations, request_id, self._institution_code, self._encoding
        )


def _bulk_id(registrations: Sequence[ReferenceNumberRegistration]) -> str:
    """Return the ArbitraryFileIdentifier under which these are handed in, in whatever order."""
    ids = "\n".join(sorted(one.id for one in registrations))
    return hashlib.sha256(ids.encode()).hexdigest()[:32]
