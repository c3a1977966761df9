"""Pages of history: whole, of the asked patient alone, and only what happened."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eligibility.codes import ConsentCategory
from eligibility.errors import (
    AnswerForAnotherPersonError,
    EligibilityError,
    PayerProtocolError,
)
from eligibility.fhir.documents import Page, read_page, resource_type
from eligibility.fhir.outcomes import refusal_in
from eligibility.history import (
    CalendarMonth,
    CheckupObservation,
    Institution,
    MedicationOrigin,
    MedicationRecord,
    TreatmentRecord,
)
from tests.fhir.samples import EXAMPLES, PATIENT, WILD, damaged, example

YZK, SRJ, TKK = ConsentCategory.YZK, ConsentCategory.SRJ, ConsentCategory.TKK
EXAMPLE_PAGES = {"medicines-page-1": YZK, "treatments": SRJ, "checkups": TKK}


def read(page: Any, category: ConsentCategory) -> Page:
    """Return the page in this JSON."""
    return read_page(json.dumps(page).encode(), category, PATIENT, "c-1")


def test_the_documented_medicines_are_read() -> None:
    """A dispensed medicine has its day, institution, names, amount, days and usage as written."""
    page = read(example("medicines-page-1"), YZK)
    assert page.records[0] == MedicationRecord(
        origin=MedicationOrigin.DISPENSING,
        dispensed_on=date(2026, 11, 2),
        dispenser=Institution("見本駅前薬局"),
        name="アムロジピン錠５ｍｇ「見本」",
        ingredient="アムロジピンベシル酸塩",
        quantity=Decimal(1),
        unit="錠",
        usage="１日１回朝食後",
        days=28,
    )
    assert (page.rows, page.total) == (2, 3)
    assert page.next_url is not None
    assert page.next_url.endswith("_page=2")
    assert read(example("medicines-page-2"), YZK).next_url is None


def test_the_documented_treatments_and_checkups_are_read() -> None:
    """Treatment has its day, institution and name; a checkup item its code, value and unit."""
    assert read(example("treatments"), SRJ).records[0] == TreatmentRecord(
        CalendarMonth(2026, 11), Institution("見本内科医院"), "再診", date(2026, 11, 2)
    )
    checkups = read(example("checkups"), TKK).records
    assert checkups[0] == CheckupObservation(
        date(2026, 6, 10), "9N011000000000001", "BMI", Decimal("24.3"), "kg/m2"
    )
    assert checkups[3] == CheckupObservation(date(2026, 6, 10), "1A010000000190111", "尿蛋白", "－")


def test_numbers_keep_their_digits() -> None:
    """A value is the decimal that was written, not the nearest binary number."""
    page = json.dumps(example("checkups")).replace("24.3", "24.300000000000000001")
    (value, *_) = read_page(page.encode(), TKK, PATIENT, "c-1").records
    assert isinstance(value, CheckupObservation)
    assert value.value == Decimal("24.300000000000000001")


@pytest.mark.parametrize(("name", "category"), EXAMPLE_PAGES.items())
@pytest.mark.parametrize(
    "reference", ["Patient/pt-9KX4", "Patient/pt-7Q2", "https://localhost/fhir/Patient/pt-7Q2M"]
)
def test_one_row_about_another_patient_refuses_all(
    name: str, category: ConsentCategory, reference: str
) -> None:
    """Nothing of a list is shown that holds one row of somebody else."""
    page = example(name)
    page["entry"][-1]["resource"]["subject"]["reference"] = reference
    with pytest.raises(AnswerForAnotherPersonError):
        read(page, category)


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled", "declined", "not-done"])
def test_what_did_not_happen_is_no_history(status: str) -> None:
    """A withdrawn row is counted but not shown."""
    page = example("medicines-page-1")
    page["entry"][0]["resource"]["status"] = status
    got = read(page, YZK)
    assert len(got.records) == 1
    assert got.rows == 2


def test_another_resource_in_the_list_is_refused() -> None:
    """A list of medicines holds medicines: treatment that was not consented is not read."""
    with pytest.raises(PayerProtocolError):
        read(example("treatments"), YZK)
    mixed = example("medicines-page-1")
    mixed["entry"].append(example("checkups")["entry"][0])
    with pytest.raises(PayerProtocolError):
        read(mixed, YZK)


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("medicines-page-1", ("whenHandedOver",), "2026-11"),
        ("medicines-page-1", ("medicationCodeableConcept",), {}),
        ("medicines-page-1", ("performer",), []),
        ("medicines-page-1", ("daysSupply", "value"), 2.5),
        ("medicines-page-1", ("quantity", "value"), "1"),
        ("medicines-page-1", ("subject",), {}),
        ("treatments", ("code",), {}),
        ("checkups", ("code", "coding", 0, "code"), "9N011"),
        ("checkups", ("valueString",), "both a number and words"),
        ("checkups", ("valueQuantity",), {}),
    ],
)
def test_a_row_that_is_not_whole_refuses_the_page(
    name: str, path: tuple[str | int, ...], value: object
) -> None:
    """A row that cannot be read exactly is not left out: the list would look whole."""
    page = example(name)
    holder = page["entry"][0]["resource"]
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    with pytest.raises(EligibilityError):
        read(page, EXAMPLE_PAGES[name])


def test_categories_without_a_call() -> None:
    """Operations and specific diseases have no address in the profile."""
    assert resource_type(ConsentCategory.SHJ) is None
    assert resource_type(ConsentCategory.TSR) is None


@given(data=st.data())
def test_a_damaged_page_is_refused_or_the_patients_own(data: st.DataObject) -> None:
    """One changed value anywhere: our error, or rows that all name the asked patient."""
    name = data.draw(st.sampled_from(sorted(EXAMPLE_PAGES)))
    body = data.draw(damaged(example(name)))
    try:
        read_page(body, EXAMPLE_PAGES[name], PATIENT, "c-1")
    except EligibilityError:
        return
    rows = json.loads(body).get("entry", [])
    assert all(row["resource"]["subject"]["reference"] == PATIENT for row in rows)


@given(body=st.binary(max_size=64) | WILD.map(lambda value: json.dumps(value).encode()))
def test_wild_input_gives_only_our_errors(body: bytes) -> None:
    """Anything at all in place of a page is our error."""
    with pytest.raises(EligibilityError):
        read_page(body, YZK, PATIENT, "c-1")


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("refusal-consent-missing", "consent-missing", "有効な閲覧同意がありません。"),
        ("refusal-signature-invalid", "signature-invalid", "署名を検証できません。"),
    ],
)
def test_a_refusal_keeps_the_payers_code_and_words(name: str, code: str, words: str) -> None:
    """Code and words of an OperationOutcome are the payer's own, verbatim."""
    refusal = refusal_in((EXAMPLES / f"{name}.json").read_bytes())
    assert refusal is not None
    assert (refusal.code, refusal.words) == (code, words)


def test_an_outcome_of_another_server_is_a_refusal_too() -> None:
    """Without our codes the issue type and the diagnostics are what the payer said."""
    body = {
        "resourceType": "OperationOutcome",
        "issue": [
            {"severity": "warning", "code": "informational"},
            {"severity": "fatal", "code": "exception", "diagnostics": "broken"},
        ],
    }
    refusal = refusal_in(json.dumps(body).encode())
    assert refusal is not None
    assert (refusal.code, refusal.words) == ("exception", "broken")


def test_a_warning_refuses_nothing() -> None:
    """An outcome without an error is no refusal, and other resources are none."""
    body = {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "warning", "code": "informational"}],
    }
    assert refusal_in(json.dumps(body).encode()) is None
    assert refusal_in(b'{"resourceType": "Bundle"}') is None
