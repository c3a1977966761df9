"""The payer's no, as an exception inside the simulator."""

from __future__ import annotations

from eligibility.simulator.names import RefusalCode


class RefusalError(Exception):
    """The payer refuses: ``code`` of the profile; ``detail`` tells a developer what was wrong.

    ``retry_after``: seconds, with UNAVAILABLE only.
    """

    def __init__(
        self, code: RefusalCode, detail: str | None = None, *, retry_after: int | None = None
    ) -> None:
        super().__init__(code.value if detail is None else f"{code.value}: {detail}")
        self.code = code
        self.detail = detail
        self.retry_after = retry_after
