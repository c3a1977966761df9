"""All that one consent opened, as plain data; kept while the consent stands."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime

from eligibility.codes import ConsentCategory
from eligibility.history.checkups import CheckupObservation
from eligibility.history.drugs import MedicationRecord
from eligibility.history.timeline import DrugTimeline
from eligibility.history.treatment import DiagnosisRecord, OperationRecord, TreatmentRecord

Record = MedicationRecord | TreatmentRecord | OperationRecord | DiagnosisRecord | CheckupObservation


NO_DRUGS = DrugTimeline()


@dataclass(frozen=True, slots=True)
class UnreadPart:
    """A value of an answer that no layout knows, as it came; ``way``: the names that lead to it.

    ``category``: whose consent it is shown by, since nobody can tell what it is about.
    """

    category: ConsentCategory
    way: str
    value: str


@dataclass(frozen=True, slots=True)
class History:
    """What was fetched under one consent.

    Only the categories in ``fetched`` came, each whole: medicines with YZK, treatments with SRJ,
    operations and diagnoses with SHJ, checkups with TKK.  Of those in ``untold`` the payer's
    interface has no message: nothing is known of them, which is not that there is nothing.
    ``unread``: what else the answers said.
    ``fetched_at``: since when the oldest part is here.  ``drugs``: the medicines without doubles,
    made once of ``medications``.
    """

    consent_id: str
    fetched_at: datetime
    fetched: frozenset[ConsentCategory]
    medications: tuple[MedicationRecord, ...] = ()
    treatments: tuple[TreatmentRecord, ...] = ()
    operations: tuple[OperationRecord, ...] = ()
    diagnoses: tuple[DiagnosisRecord, ...] = ()
    checkups: tuple[CheckupObservation, ...] = ()
    drugs: DrugTimeline = field(default=NO_DRUGS, compare=False, repr=False)
    untold: frozenset[ConsentCategory] = frozenset()
    unread: tuple[UnreadPart, ...] = ()

    @property
    def answered(self) -> frozenset[ConsentCategory]:
        """The categories that need not be asked for again."""
        return self.fetched | self.untold

    @classmethod
    def without(cls, consent_id: str, asked_at: datetime, category: ConsentCategory) -> History:
        """Return that the interface has no message of this category."""
        return cls(consent_id, asked_at, frozenset(), untold=frozenset({category}))

    @classmethod
    def of_category(
        cls,
        consent_id: str,
        fetched_at: datetime,
        category: ConsentCategory,
        records: Iterable[Record],
    ) -> History:
        """Return the whole of one category; raises ValueError for a record of another."""
        whole = cls(consent_id, fetched_at, frozenset({category}))
        found = list(records)
        medications = tuple(one for one in found if isinstance(one, MedicationRecord))
        made = replace(
            whole,
            medications=medications,
            drugs=DrugTimeline(medications),
            treatments=tuple(one for one in found if isinstance(one, TreatmentRecord)),
            operations=tuple(one for one in found if isinstance(one, OperationRecord)),
            diagnoses=tuple(one for one in found if isinstance(one, DiagnosisRecord)),
            checkups=tuple(one for one in found if isinstance(one, CheckupObservation)),
        )
        if made != made.narrowed_to({category}):
            msg = f"a record is not of category {category.value}"
            raise ValueError(msg)
        return made

    def narrowed_to(self, categories: AbstractSet[ConsentCategory]) -> History:
        """Return what of this belongs to ``categories``."""
        return replace(
            self,
            fetched=self.fetched & categories,
            untold=self.untold & categories,
            unread=tuple(part for part in self.unread if part.category in categories),
            medications=self.medications if ConsentCategory.YZK in categories else (),
            drugs=self.drugs if ConsentCategory.YZK in categories else NO_DRUGS,
            treatments=self.treatments if ConsentCategory.SRJ in categories else (),
            operations=self.operations if ConsentCategory.SHJ in categories else (),
            diagnoses=self.diagnoses if ConsentCategory.SHJ in categories else (),
            checkups=self.checkups if ConsentCategory.TKK in categories else (),
        )

    def joined_with(self, part: History) -> History:
        """Return both, as of the earlier moment; raises ValueError where they are not two parts."""
        if part.consent_id != self.consent_id or part.answered & self.answered:
            msg = "only different categories under one consent are joined"
            raise ValueError(msg)
        return History(
            self.consent_id,
            min(self.fetched_at, part.fetched_at),
            self.fetched | part.fetched,
            self.medications + part.medications,
            self.treatments + part.treatments,
            self.operations + part.operations,
            self.diagnoses + part.diagnoses,
            self.checkups + part.checkups,
            self.drugs if self.drugs.entries else part.drugs,
            self.untold | part.untold,
            tuple(dict.fromkeys(self.unread + part.unread)),
        )
