"""照会番号: an institution's own numbers of patients, as the payer keeps them."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence

from eligibility.simulator.people import Person
from eligibility.simulator.questions_without_card import ReferenceNumberRequest
from eligibility.simulator.wire import PROCESSED, Json, reference_number_result

ACCEPTED = (PROCESSED, "正常終了")
NOT_FOUND = ("E0401", "該当する資格がありません。")
SEVERAL = ("E0402", "該当する資格が複数あります。")
TAKEN = ("E0403", "この照会番号は別の人に登録されています。")
CONFLICT = ("E0404", "同じ要求番号が別の内容で使用されています。")


class ReferenceNumbers:
    """Those that institutions registered, over those that the population has; thread-safe."""

    def __init__(self, people: Iterable[Person]) -> None:
        self._lock = threading.Lock()
        self._own = {
            one.reference_number: one.id for one in people if one.reference_number is not None
        }
        # (institution, person) → number, and the other way round
        self._numbers: dict[tuple[str, str], str] = {}
        self._holders: dict[tuple[str, str], str] = {}
        # (institution, registration) → what was asked, and what became of it
        self._results: dict[tuple[str, str], tuple[ReferenceNumberRequest, Json]] = {}

    def forget(self) -> None:
        """Lose all that was registered, as a restart does."""
        with self._lock:
            self._numbers.clear()
            self._holders.clear()
            self._results.clear()

    def of(self, institution: str, person: Person) -> str | None:
        """Return the number of ``person`` at ``institution``: one that it registered counts."""
        with self._lock:
            return self._numbers.get((institution, person.id), person.reference_number)

    def register(
        self, institution: str, request: ReferenceNumberRequest, found: Sequence[Person]
    ) -> Json:
        """Register a number for the one person that was found; return the result.

        A number that somebody else has is refused, never moved.
        """
        key = (institution, request.id)
        with self._lock:
            earlier = self._results.get(key)
            if earlier is not None:
                same = earlier[0] == request
                return earlier[1] if same else reference_number_result(request.id, *CONFLICT)
            if len(found) != 1:
                words = SEVERAL if found else NOT_FOUND
            else:
                words = self._take(institution, request.reference_number, found[0].id)
            result = reference_number_result(request.id, *words)
            self._results[key] = (request, result)
            return result

    def _take(self, institution: str, number: str, person_id: str) -> tuple[str, str]:
        holder = self._holders.get((institution, number), self._own.get(number))
        if holder not in (None, person_id):
            return TAKEN
        before = self._numbers.get((institution, person_id))
        if before is not None:
            self._holders.pop((institution, before), None)
        self._numbers[institution, person_id] = number
        self._holders[institution, number] = person_id
        return ACCEPTED
