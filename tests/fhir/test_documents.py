"""Pages of history: whole, of the asked patient alone, and only what happened."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eligibility.calendar import CalendarMonth
from eligibility.codes import ConsentCategory
from eligibility.errors import (
    AnswerForAnotherPersonError,
    EligibilityError,
    PayerProtocolError,
)
from eligibility.fhir.documents import HistoryCall, Page, calls_of, read_page
from eligibility.fhir.outcomes import refusal_in
from eligibility.history import (
    CheckupObservation,
    CodedResult,
    Comparator,
    DiagnosisRecord,
    Institution,
    MedicationOrigin,
    MedicationRecord,
    MedicationUse,
    OperationRecord,
    QuantityPer,
    TreatmentRecord,
)
from tests.fhir.samples import EXAMPLES, PATIENT, WILD, damaged, example

DISPENSED, PRESCRIBED = calls_of(ConsentCategory.YZK)
(TREATED,) = calls_of(ConsentCategory.SRJ)
OPERATED, DIAGNOSED = calls_of(ConsentCategory.SHJ)
(MEASURED,) = calls_of(ConsentCategory.TKK)
EXAMPLE_PAGES = {
    "medicines-page-1": DISPENSED,
    "prescriptions": PRESCRIBED,
    "treatments": TREATED,
    "operations": OPERATED,
    "diagnoses": DIAGNOSED,
    "checkups": MEASURED,
}
CLINIC = Institution("見本内科医院", "1310001019")
PHARMACY = Institution("見本駅前薬局", "1340002011")


def read(page: Any, call: HistoryCall) -> Page:
    """Return the page in this JSON."""
    return read_page(json.dumps(page).encode(), call, PATIENT, "c-1")


def test_the_documented_medicines_are_read() -> None:
    """A dispensed medicine has its days, places, names, code, amount and usage as written."""
    page = read(example("medicines-page-1"), DISPENSED)
    assert page.records[0] == MedicationRecord(
        origin=MedicationOrigin.DISPENSING,
        name="アムロジピン錠５ｍｇ「見本」",
        dispensed_on=date(2026, 11, 2),
        prescribed_on=date(2026, 11, 2),
        dispenser=PHARMACY,
        prescriber=CLINIC,
        code="612170709",
        ingredient="アムロジピンベシル酸塩",
        use=MedicationUse.INTERNAL,
        quantity=Decimal(1),
        unit="錠",
        quantity_per=QuantityPer.DAY,
        days=28,
        usage="１日１回朝食後",
        inpatient=False,
    )
    assert (page.rows, page.total) == (2, 3)
    assert page.next_url is not None
    assert page.next_url.endswith("_page=2")
    last = read(example("medicines-page-2"), DISPENSED)
    assert last.next_url is None
    (receipt,) = last.records
    assert isinstance(receipt, MedicationRecord)
    assert receipt.origin is MedicationOrigin.RECEIPT


def test_the_documented_prescriptions_are_read() -> None:
    """A prescription has its day and prescriber; amounts are for a day, for a time or whole."""
    records = read(example("prescriptions"), PRESCRIBED).records
    medicines = [one for one in records if isinstance(one, MedicationRecord)]
    assert {one.origin for one in medicines} == {MedicationOrigin.PRESCRIPTION}
    assert [one.quantity_per for one in medicines] == [
        QuantityPer.DAY,
        QuantityPer.WHOLE,
        QuantityPer.TIME,
    ]
    assert [(one.days, one.times) for one in medicines] == [(28, None), (None, None), (None, 5)]
    assert {one.dispensed_on for one in medicines} == {None}
    assert {one.prescriber for one in medicines} == {CLINIC}


def test_the_documented_acts_and_diagnoses_are_read() -> None:
    """An act has its month and place, a day where one is told; a diagnosis what is sure of it."""
    month = CalendarMonth(2026, 11)
    acts = read(example("treatments"), TREATED).records
    assert acts[0] == TreatmentRecord(
        month, CLINIC, "再診", date(2026, 11, 2), "112007410", "12", times=1
    )
    assert acts[1] == TreatmentRecord(
        month, CLINIC, "血液化学検査", None, "160000410", "60", Decimal(1), "回", 1
    )
    (operation,) = read(example("operations"), OPERATED).records
    assert isinstance(operation, OperationRecord)
    assert operation.inpatient is True
    diagnoses = read(example("diagnoses"), DIAGNOSED).records
    assert diagnoses == (
        DiagnosisRecord(month, CLINIC, "高血圧症", date(2019, 4, 8), "8833421", True),
        DiagnosisRecord(
            month, CLINIC, "鉄欠乏性貧血", date(2026, 11, 2), "2809009", False, suspected=True
        ),
    )


def test_the_documented_checkups_are_read() -> None:
    """A number keeps its unit and limit, a code its words, and what has no result has none."""
    found = [
        (one.item_name, one.value, one.unit, one.comparator)
        for one in read(example("checkups"), MEASURED).records
        if isinstance(one, CheckupObservation)
    ]
    assert found[0] == ("BMI", Decimal("24.3"), "kg/m2", None)
    assert found[3:] == [
        ("尿蛋白", CodedResult("1", "－"), None, None),
        ("γ-GT（γ-GTP）", Decimal(10), "U/L", Comparator.BELOW),
        ("喫煙", CodedResult("3"), None, None),
        ("医師の診断（判定）", "著変なし", None, None),
        ("眼底検査（その他の所見）", None, None, None),
    ]


@pytest.mark.parametrize("name", EXAMPLE_PAGES)
@pytest.mark.parametrize("element", ["modifierExtension", "implicitRules"])
def test_a_row_that_something_unknown_may_turn_round_is_refused(name: str, element: str) -> None:
    """A modifier that the profile does not know refuses the list: it might say "not"."""
    page = example(name)
    modifier: Any = [{"url": "urn:x", "valueBoolean": True}]
    page["entry"][0]["resource"][element] = (
        modifier if element == "modifierExtension" else "urn:rules"
    )
    with pytest.raises(PayerProtocolError):
        read(page, EXAMPLE_PAGES[name])


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("medicines-page-1", ("status",), "handed-over"),
        ("prescriptions", ("intent",), "plan"),
        ("prescriptions", ("doNotPerform",), True),
        ("diagnoses", ("verificationStatus", "coding", 0, "code"), "perhaps"),
        ("treatments", ("category", "coding", 0, "code"), "SHJ"),
        ("operations", ("category", "coding", 0, "code"), "SRJ"),
        ("treatments", ("category",), None),
        ("medicines-page-1", ("daysSupply", "unit"), "週"),
        ("medicines-page-1", ("daysSupply", "comparator"), "<"),
        ("medicines-page-1", ("extension", 0, "valueCode"), "hearsay"),
        ("checkups", ("dataAbsentReason",), {"text": "both a value and the reason for none"}),
        ("checkups", ("valueQuantity", "comparator"), "about"),
    ],
)
def test_what_could_be_taken_for_something_else_is_refused(
    name: str, path: tuple[str | int, ...], value: object
) -> None:
    """An unknown status, another category, a plan in place of an order: not shown, not guessed."""
    page = example(name)
    holder = page["entry"][0]["resource"]
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    with pytest.raises(PayerProtocolError):
        read(page, EXAMPLE_PAGES[name])


def test_a_refuted_diagnosis_is_none() -> None:
    """What was found not to be so is counted, but not shown."""
    page = example("diagnoses")
    page["entry"][0]["resource"]["verificationStatus"]["coding"][0]["code"] = "refuted"
    got = read(page, DIAGNOSED)
    assert (len(got.records), got.rows) == (1, 2)


def test_numbers_keep_their_digits() -> None:
    """A value is the decimal that was written, not the nearest binary number."""
    page = json.dumps(example("checkups")).replace("24.3", "24.300000000000000001")
    (value, *_) = read_page(page.encode(), MEASURED, PATIENT, "c-1").records
    assert isinstance(value, CheckupObservation)
    assert value.value == Decimal("24.300000000000000001")


@pytest.mark.parametrize(("name", "call"), EXAMPLE_PAGES.items())
@pytest.mark.parametrize(
    "reference", ["Patient/pt-9KX4", "Patient/pt-7Q2", "https://localhost/fhir/Patient/pt-7Q2M"]
)
def test_one_row_about_another_patient_refuses_all(
    name: str, call: HistoryCall, reference: str
) -> None:
    """Nothing of a list is shown that holds one row of somebody else."""
    page = example(name)
    page["entry"][-1]["resource"]["subject"]["reference"] = reference
    with pytest.raises(AnswerForAnotherPersonError):
        read(page, call)


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled", "declined", "preparation"])
def test_what_did_not_happen_is_no_history(status: str) -> None:
    """A withdrawn row is counted but not shown."""
    page = example("medicines-page-1")
    page["entry"][0]["resource"]["status"] = status
    got = read(page, DISPENSED)
    assert len(got.records) == 1
    assert got.rows == 2


def test_another_resource_in_the_list_is_refused() -> None:
    """A list of medicines holds medicines: treatment that was not consented is not read."""
    with pytest.raises(PayerProtocolError):
        read(example("treatments"), DISPENSED)
    mixed = example("medicines-page-1")
    mixed["entry"].append(example("checkups")["entry"][0])
    with pytest.raises(PayerProtocolError):
        read(mixed, DISPENSED)


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("medicines-page-1", ("whenHandedOver",), "2026-11"),
        ("medicines-page-1", ("medicationCodeableConcept",), {}),
        ("medicines-page-1", ("performer",), []),
        ("medicines-page-1", ("daysSupply", "value"), 2.5),
        ("medicines-page-1", ("daysSupply", "value"), "28"),
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
    """Specific diseases come with the answer: they have no list of their own."""
    assert calls_of(ConsentCategory.TSR) == ()


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
        read_page(body, DISPENSED, PATIENT, "c-1")


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
