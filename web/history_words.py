"""Words for consented history; nothing is decided and nothing is left out here."""

from __future__ import annotations

from eligibility.history import CheckupObservation, CodedResult
from eligibility.history.analytes import answer_of
from web.i18n import current_language, text
from web.wording import amount


def result(observation: CheckupObservation) -> str:
    """Return what a checkup's item brought: a number within its limit, words, or a bare code."""
    value = observation.value
    if value is None:
        return text("history.not-measured")
    if isinstance(value, CodedResult):
        answer = answer_of(observation)
        if isinstance(answer, tuple):
            return answer[0] if current_language() == "ja" else answer[1]
        return answer or text("history.code-alone", code=value.code)
    limit = f"{observation.comparator.value} " if observation.comparator else ""
    return limit + amount(value, observation.unit)
