"""The form for a consent by mouth: what staff ticked, and what to correct; nothing is decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from eligibility.codes import ConsentCategory
from eligibility.consenting import DISASTER_CATEGORIES, ActingFor, OralReason
from eligibility.model import ConsentDecision
from web.forms import one_of
from web.i18n import text
from web.wording import label

SAID = {"yes": ConsentDecision.YES, "no": ConsentDecision.NO}


@dataclass(frozen=True, slots=True)
class OralEntry:
    """What was entered, and the sentences at the fields that have to be corrected."""

    said: Mapping[ConsentCategory, ConsentDecision] = field(default_factory=dict)
    reason: OralReason | None = None
    acting: ActingFor | None = None
    sure: bool = False
    errors: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, form: Mapping[str, str]) -> OralEntry:
        """Return what a sent form says."""
        said = {
            one: SAID[form[f"say-{one.value}"]]
            for one in DISASTER_CATEGORIES
            if form.get(f"say-{one.value}") in SAID
        }
        entry = cls(
            said=said,
            reason=one_of(OralReason, form.get("reason")),
            acting=one_of(ActingFor, form.get("acting")),
            sure=form.get("sure") == "yes",
        )
        errors = {
            f"say-{one.value}": text("oral.missing.say")
            for one in DISASTER_CATEGORIES
            if one not in said
        }
        if entry.reason is None:
            errors["reason"] = text("oral.missing.reason")
        if not entry.sure:
            errors["sure"] = text("oral.missing.sure")
        return cls(entry.said, entry.reason, entry.acting, entry.sure, errors)

    def questions(self) -> list[tuple[str, str, str | None]]:
        """Return name, legend and present value of each category's question."""
        return [
            (f"say-{one.value}", label(one), self.said[one].value if one in self.said else None)
            for one in DISASTER_CATEGORIES
        ]


def answers() -> list[tuple[str, str]]:
    """Return what may be said to each: yes and no, alike."""
    return [(name, text(f"oral.{name}")) for name in SAID]


def reasons() -> list[tuple[str, str]]:
    """Return why it is not given by the card; none is chosen beforehand."""
    every = [(one.value, text(f"oral-reason.{one}")) for one in OralReason]
    return [("", text("oral.reason.none")), *every]


def givers() -> list[tuple[str, str]]:
    """Return who may have answered."""
    every = [(one.value, text(f"acting-for.{one}")) for one in ActingFor]
    return [("", text("oral.acting.patient")), *every]
