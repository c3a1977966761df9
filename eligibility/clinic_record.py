"""What the clinic's own records say of a patient (医療機関の患者情報): plain data, no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from eligibility.codes import Sex


@dataclass(frozen=True, slots=True)
class ClinicRecord:
    """One patient of the clinic's register, as its receipt computer (レセコン) exports it.

    ``patient_number``: 患者番号, unique within the clinic; the payer's answer brings it back as
    照会番号 (``reference_number``) where the clinic has registered it there.  A field is None where
    the register holds nothing: it is then never "the same" as anything.
    """

    patient_number: str
    name: str
    birthdate: date
    name_kana: str | None = None
    sex: Sex | None = None
    post_number: str | None = None
    address: str | None = None
    insurer_number: str | None = None
    insured_card_symbol: str | None = None
    insured_identification_number: str | None = None
    insured_branch_number: str | None = None
