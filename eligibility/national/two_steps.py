"""What goes in two steps: handed in for a 受付番号 (…01), what it brought fetched by that (…02)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from eligibility.asking import BulkReception
from eligibility.national import bulk
from eligibility.national.fetching import Asking
from eligibility.national.wire import XmlEncoding

Fetched = TypeVar("Fetched")


class TwoSteps:
    """Hands in and fetches; the 受付番号 between the two is the desk's to remember."""

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

    def hand_in(self, kind: str, request_id: str, content: Callable[[], bytes]) -> BulkReception:
        """Hand in a request; idempotent by its id."""
        return self._ask(
            kind,
            request_id,
            content,
            lambda answer: bulk.read_reception(
                answer,
                request_id,
                received_at=self._now(),
                institution_code=self._institution_code,
            ),
        )

    def fetch(
        self, kind: str, reception: BulkReception, read: Callable[[bytes], Fetched]
    ) -> Fetched:
        """Fetch what ``reception`` brought; may be called again.

        Raises PayerUnavailableError, with the seconds to wait, while the payer works on it.
        """
        return self._ask(
            kind,
            reception.bulk_id,
            lambda: bulk.write_download(reception, self._institution_code, self._encoding),
            read,
        )
