"""What rows of consented history have in common: who, whether it happened, where, which code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

from pydantic import Field

from eligibility.codes import ConsentCategory
from eligibility.fhir.vocabulary import ID_INSTITUTION, ext
from eligibility.fhir.wire import (
    CodeableConcept,
    Element,
    Extension,
    Many,
    Quantity,
    Reference,
    Text,
    Value,
    at_most_one,
    find_extension,
)
from eligibility.history import Institution, Record


class Statement(Element):
    """One row about one patient.  A modifier that the profile does not know may turn it round."""

    subject: Reference
    modifier_extension: list[Any] = Field(
        default_factory=list, alias="modifierExtension", max_length=0
    )
    implicit_rules: Annotated[None, Field(alias="implicitRules")] = None
    extension: Many[Extension] = Field(default_factory=list)

    @property
    def happened(self) -> bool:
        """Whether this tells of something that was so; raises ValueError for an unknown status."""
        raise NotImplementedError

    def record(self, category: ConsentCategory) -> Record:
        """Return what this row says; raises ValueError."""
        raise NotImplementedError


class Row(Statement):
    """A row whose ``status`` says whether it happened."""

    HAPPENED: ClassVar[frozenset[str]] = frozenset()
    NOT_HAPPENED: ClassVar[frozenset[str]] = frozenset()

    status: Text

    @property
    def happened(self) -> bool:
        """Whether this tells of something that was so; raises ValueError for an unknown status."""
        if self.status in self.HAPPENED:
            return True
        if self.status in self.NOT_HAPPENED:
            return False
        reason = "the status is none that the profile knows"
        raise ValueError(reason)


class Performer(Element):
    """Who did it."""

    actor: Reference


def required(value: Value | None, what: str) -> Value:
    """Return what must be there; raises ValueError where it is not."""
    if value is None:
        reason = f"{what} is missing"
        raise ValueError(reason)
    return value


def institution_of(reference: Reference | None) -> Institution:
    """Return the place that is named; raises ValueError where none is."""
    if reference is None or reference.display is None:
        reason = "the institution's name is missing"
        raise ValueError(reason)
    identifier = reference.identifier
    if identifier is None or identifier.system != ID_INSTITUTION:
        return Institution(reference.display)
    return Institution(reference.display, identifier.value)


def coded(concept: CodeableConcept, system: str) -> str | None:
    """Return the concept's code in this system, None where it has none."""
    coding = at_most_one([one for one in concept.coding if one.system == system], "a code")
    return None if coding is None else coding.code


def whole_number(quantity: Quantity | None, what: str) -> int | None:
    """Return a number of days or times, None where none is told; raises ValueError for a part."""
    value = None if quantity is None else exact(quantity).value
    if value is None:
        return None
    if value != int(value) or value < 0:
        reason = f"a number of {what} is whole"
        raise ValueError(reason)
    return int(value)


def exact(quantity: Quantity) -> Quantity:
    """Return a quantity that is what it says; raises ValueError for one beyond a limit."""
    if quantity.comparator is not None:
        reason = "this quantity is exact"
        raise ValueError(reason)
    return quantity


def flag_of(extensions: Sequence[Extension], name: str) -> bool | None:
    """Return the yes or no of our extension ``name``, None where it is absent."""
    found = find_extension(extensions, ext(name))
    return None if found is None else found.value_boolean
