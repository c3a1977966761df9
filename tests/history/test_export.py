"""A history as files: nothing is lost, nothing is made up, and no cell is a formula."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eligibility.calendar import CalendarMonth
from eligibility.codes import ConsentCategory, QualificationValidity, Sex, UnknownCode
from eligibility.consenting import ActingFor
from eligibility.errors import ExportNotValidError
from eligibility.export import PartState, Table, TakenHistory, rows_of, write_bundle
from eligibility.export.bundle import check_bundle
from eligibility.export.elements import CS_CLAIM_ACT, CS_CLAIM_DENTAL_ACT, act_system
from eligibility.export.exact_json import write_exact_json
from eligibility.fhir.vocabulary import CS_RECEIPT_ACT, ext
from eligibility.history import (
    CheckupObservation,
    CodedResult,
    Comparator,
    DiagnosisRecord,
    History,
    Institution,
    MedicationOrigin,
    MedicationRecord,
    MedicationUse,
    OperationRecord,
    QuantityPer,
    Record,
    TreatmentRecord,
)
from eligibility.model import (
    Consent,
    ConsentChannel,
    ConsentDecision,
    CopayRatio,
    Coverage,
    NumberSubject,
)
from terminal.csv_writing import read_cell, write_cell, write_csv
from tests.eligibility.answers import COVERAGE
from tests.fhir.samples import COVERAGES
from tests.history.records import CLINIC, PHARMACY, medicine

YZK, SRJ, SHJ, TKK = (
    ConsentCategory.YZK,
    ConsentCategory.SRJ,
    ConsentCategory.SHJ,
    ConsentCategory.TKK,
)
ALL = frozenset({YZK, SRJ, SHJ, TKK})
NOW = datetime(2026, 11, 30, 3, 0, tzinfo=UTC)
HERE = Institution("テスト医院", "1310000003")
ONE_CODE = "3D046000001906202"
DOCS = Path(__file__).parents[2] / "docs" / "history.md"


def consent(yes: frozenset[ConsentCategory] = ALL, **fields: Any) -> Consent:
    """Return a consent to ``yes`` and to nothing else, given an hour ago."""
    decisions = {
        one: ConsentDecision.YES if one in yes else ConsentDecision.NO for one in ConsentCategory
    }
    made: dict[str, Any] = {
        "id": "c0" * 16,
        "visit_id": "v0" * 16,
        "subject": NumberSubject("01130012", "１２３", date(1958, 4, 2)),
        "decisions": decisions,
        "given_at": NOW - timedelta(hours=1),
        "ends_at": NOW + timedelta(hours=23),
        "channel": ConsentChannel.KIOSK,
        "payer_patient": "Patient/pt-7Q2M",
        "payer_ref": "consent-1",
    }
    return Consent(**(made | fields))


def history(*records: Record, fetched: frozenset[ConsentCategory] = ALL) -> History:
    """Return what was fetched half an hour ago, each category whole."""
    kinds: dict[ConsentCategory, tuple[type, ...]] = {
        YZK: (MedicationRecord,),
        SRJ: (TreatmentRecord,),
        SHJ: (OperationRecord, DiagnosisRecord),
        TKK: (CheckupObservation,),
    }
    at = NOW - timedelta(minutes=30)
    whole = History("c0" * 16, at, frozenset())
    for category in sorted(fetched, key=str):
        mine = [one for one in records if isinstance(one, kinds[category])]
        whole = whole.joined_with(History.of_category("c0" * 16, at, category, mine))
    return whole


def taken(*records: Record, **fields: Any) -> TakenHistory:
    """Return a history as it was taken."""
    made: dict[str, Any] = {
        "id": "e0" * 16,
        "exported_at": NOW,
        "institution": HERE,
        "adapter": "fhir",
        "as_of": NOW - timedelta(minutes=40),
        "validity": QualificationValidity.VALID,
        "coverages": (COVERAGE,),
        "consent": consent(),
        "history": history(*records),
        "wanted": ALL,
    }
    return TakenHistory(**(made | fields))


def bundle_of(one: TakenHistory) -> dict[str, Any]:
    """Return the bundle as it is read, numbers as they were written."""
    made: dict[str, Any] = json.loads(write_bundle(one), parse_float=Decimal)
    return made


def resources(bundle: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """Return the resources of one type."""
    found = [entry["resource"] for entry in bundle["entry"]]
    return [one for one in found if one["resourceType"] == kind]


def told(resource: dict[str, Any], name: str) -> Any:
    """Return the value of our extension, None where it is absent."""
    for one in resource.get("extension", ()):
        if one["url"] == ext(name):
            return next(value for key, value in one.items() if key.startswith("value"))
    return None


def table_of(table: Table, one: TakenHistory) -> list[dict[str, str]]:
    """Return a table's rows as somebody reads them from its CSV file."""
    body = write_csv(table.headers, rows_of(table, one)).decode("utf-8-sig")
    lines = list(csv.reader(io.StringIO(body, newline="")))
    assert tuple(lines[0]) == table.headers
    return [dict(zip(lines[0], map(read_cell, line), strict=True)) for line in lines[1:]]


# -- Wild strings ----------------------------------------------------------------------------------

WORDS = (
    st.text(
        st.one_of(
            st.sampled_from("\n\r\t\0\x01\x1f\x7f\"',;=+-@＝＋－＠　 \u2028\u202e\ufeff<&\\"),
            st.characters(exclude_categories=["Cs"]),
        ),
        min_size=1,
        max_size=20,
    )
    # what an adapter refuses to read
    .filter(lambda text: text.strip() != "")
)
MAYBE = st.none() | WORDS
NUMBERS = st.decimals(-1000, 10**6, allow_nan=False, allow_infinity=False, places=3)
PLACES = st.builds(Institution, WORDS, MAYBE)
DAYS = st.dates(date(1, 1, 1), date(9999, 12, 31))


def _or_none(make: Any) -> Any:
    def made(**fields: Any) -> Any:
        try:
            return make(**fields)
        except ValueError:
            return None

    return made


DRUGS = st.builds(
    _or_none(MedicationRecord),
    origin=st.sampled_from(MedicationOrigin),
    name=WORDS,
    dispensed_on=st.none() | DAYS,
    prescribed_on=st.none() | DAYS,
    dispenser=st.none() | PLACES,
    prescriber=st.none() | PLACES,
    code=MAYBE,
    ingredient=MAYBE,
    use=st.none() | st.sampled_from(MedicationUse) | st.builds(UnknownCode, WORDS, WORDS),
    quantity=st.none() | NUMBERS,
    unit=MAYBE,
    quantity_per=st.none() | st.sampled_from(QuantityPer),
    days=st.none() | st.integers(0, 10**12),
    times=st.none() | st.integers(0, 10**12),
    usage=MAYBE,
    special_instruction=MAYBE,
    inpatient=st.none() | st.booleans(),
).filter(lambda one: one is not None)
MONTHS = st.builds(CalendarMonth, st.integers(1, 9999), st.integers(1, 12))
ACTS = st.builds(
    TreatmentRecord,
    month=MONTHS,
    institution=PLACES,
    name=WORDS,
    code=MAYBE,
    classification=MAYBE,
    quantity=st.none() | NUMBERS,
    unit=MAYBE,
    times=st.none() | st.integers(0, 10**12),
    inpatient=st.none() | st.booleans(),
)
OPERATIONS = st.builds(OperationRecord, month=MONTHS, institution=PLACES, name=WORDS, code=MAYBE)
DIAGNOSES = st.builds(
    DiagnosisRecord,
    month=MONTHS,
    institution=PLACES,
    name=WORDS,
    began_on=st.none() | DAYS,
    code=MAYBE,
    is_main=st.none() | st.booleans(),
    suspected=st.booleans(),
    outcome=MAYBE,
)
RESULTS = st.one_of(
    st.fixed_dictionaries(
        {
            "value": NUMBERS,
            "unit": MAYBE,
            "comparator": st.none() | st.sampled_from(Comparator),
        }
    ),
    st.fixed_dictionaries({"value": st.none() | WORDS | st.builds(CodedResult, WORDS, MAYBE)}),
)
ITEMS = st.builds(
    lambda day, code, name, result, place: CheckupObservation(
        day, code, name, institution=place, **result
    ),
    DAYS,
    st.sampled_from([ONE_CODE, "9N736000000000011", "ZZZZZ000000000001"]),
    WORDS,
    RESULTS,
    st.none() | PLACES,
)
RECORDS = st.lists(st.one_of(DRUGS, ACTS, OPERATIONS, DIAGNOSES, ITEMS), max_size=6)


def _number(text: str) -> Decimal | None:
    return Decimal(text) if text else None


def _flag(value: bool | None) -> str:
    return {None: "", True: "yes", False: "no"}[value]


def _text(value: object) -> str:
    return "" if value is None else str(value)


@settings(deadline=None)
@given(RECORDS)
def test_wild_words_come_back_from_a_table_as_they_were(records: list[Any]) -> None:
    """Line breaks, quotes, control characters and signs of formulas: each cell reads the same."""
    one = taken(*records)
    drugs = table_of(Table.DRUGS, one)
    entries = one.history.drugs.entries
    for row, entry in zip(drugs if entries else [], entries, strict=True):
        record = entry.record
        assert (row["name"], row["code"], row["ingredient"], row["unit"]) == (
            record.name,
            _text(record.code),
            _text(record.ingredient),
            _text(record.unit),
        )
        assert (row["usage"], row["special_instruction"]) == (
            _text(record.usage),
            _text(record.special_instruction),
        )
        assert _number(row["quantity"]) == record.quantity
        assert row["days"] == _text(record.days)
        assert row["dispenser"] == _text(entry.dispenser and entry.dispenser.name)
    care = [row for row in table_of(Table.CARE, one) if row["name"]]
    found: list[TreatmentRecord | OperationRecord | DiagnosisRecord] = [
        *one.history.treatments,
        *one.history.operations,
        *one.history.diagnoses,
    ]
    assert [(row["name"], row["code"], row["institution"]) for row in care] == [
        (each.name, _text(each.code), each.institution.name) for each in found
    ]
    assert [row["outcome"] for row in care if row["record"] == "diagnosis"] == [
        _text(each.outcome) for each in one.history.diagnoses
    ]
    assert [row["main"] for row in care if row["record"] == "diagnosis"] == [
        _flag(each.is_main) for each in one.history.diagnoses
    ]
    items = [row for row in table_of(Table.CHECKUPS, one) if row["record"] == "checkup-item"]
    for row, item in zip(items, one.history.checkups, strict=True):
        assert row["item_name"] == item.item_name
        assert row["unit"] == _text(item.unit)
        if isinstance(item.value, Decimal):
            assert Decimal(row["value"]) == item.value
        elif isinstance(item.value, CodedResult):
            assert (row["result_code"], row["result_words"]) == (
                item.value.code,
                _text(item.value.words),
            )
        else:
            assert row["value"] == _text(item.value)


@settings(deadline=None)
@given(RECORDS)
def test_wild_words_come_back_from_a_bundle_as_they_were(records: list[Any]) -> None:
    """All of it is valid FHIR, and every name, number and code reads the same."""
    one = taken(*records)
    bundle = bundle_of(one)
    entries = one.history.drugs.entries
    dispensed = [entry for entry in entries if entry.is_dispensed]
    for resource, entry in zip(resources(bundle, "MedicationDispense"), dispensed, strict=True):
        record = entry.record
        assert resource["medicationCodeableConcept"]["text"] == record.name
        assert _code_of(resource["medicationCodeableConcept"]) == record.code
        assert told(resource, "ingredient") == record.ingredient
        assert resource.get("daysSupply", {}).get("value") == record.days
        assert _amount_of(resource) == (record.quantity, record.unit)
        assert _times_of(resource) == record.times
        either = told(resource, "days-or-times")
        assert (None if either is None else either["value"]) == record.days_or_times
        assert _dosage_of(resource) == (record.usage, record.special_instruction)
    prescribed = [
        record
        for entry in entries
        for record in entry.records
        if record.origin is MedicationOrigin.PRESCRIPTION
    ]
    assert [
        resource["medicationCodeableConcept"]["text"]
        for resource in resources(bundle, "MedicationRequest")
    ] == [record.name for record in prescribed]
    acts: list[TreatmentRecord | OperationRecord] = [
        *one.history.treatments,
        *one.history.operations,
    ]
    for resource, act in zip(resources(bundle, "Procedure"), acts, strict=True):
        assert resource["code"]["text"] == act.name
        assert _code_of(resource["code"]) == act.code
        times = told(resource, "times")
        assert (None if times is None else times["value"]) == act.times
        assert resource["performedDateTime"] == str(act.month)
        assert resource["performer"][0]["actor"]["display"] == act.institution.name
    for resource, found in zip(resources(bundle, "Condition"), one.history.diagnoses, strict=True):
        assert resource["code"]["text"] == found.name
        assert _code_of(resource["code"]) == found.code
        assert ("verificationStatus" in resource) is found.suspected
        assert told(resource, "main-diagnosis") is found.is_main
    for resource, item in zip(resources(bundle, "Observation"), one.history.checkups, strict=True):
        assert resource["code"]["coding"][0]["display"] == item.item_name
        assert _result_of(resource) == (item.value, item.unit, item.comparator)


def _code_of(concept: dict[str, Any]) -> str | None:
    coding = concept.get("coding", [None])[0]
    if coding is None:
        return None
    code: str = coding["code"] if "code" in coding else told(coding, "code")
    return code


def _amount_of(resource: dict[str, Any]) -> tuple[Decimal | None, str | None]:
    dosage = resource.get("dosageInstruction", [{}])[0]
    dose = dosage.get("doseAndRate", [{}])[0]
    found = (
        resource.get("quantity")
        or dose.get("doseQuantity")
        or dose.get("rateRatio", {}).get("numerator")
        or told(resource, "amount")
    )
    if found is None:
        return None, told(resource, "unit")
    return Decimal(found["value"]), found.get("unit")


def _times_of(resource: dict[str, Any]) -> int | None:
    dosage = resource.get("dosageInstruction", [{}])[0]
    count: int | None = dosage.get("timing", {}).get("repeat", {}).get("count")
    kept = told(resource, "times")
    return count if kept is None else kept["value"]


def _dosage_of(resource: dict[str, Any]) -> tuple[str | None, str | None]:
    dosage = resource.get("dosageInstruction", [{}])[0]
    return dosage.get("text"), dosage.get("additionalInstruction", [{}])[0].get("text")


def _result_of(resource: dict[str, Any]) -> tuple[Any, str | None, Comparator | None]:
    if "valueQuantity" in resource:
        found = resource["valueQuantity"]
        comparator = found.get("comparator")
        return (
            Decimal(found["value"]),
            found.get("unit"),
            None if comparator is None else Comparator(comparator),
        )
    if "valueCodeableConcept" in resource:
        found = resource["valueCodeableConcept"]
        return CodedResult(_code_of(found) or "", found.get("text")), None, None
    if "valueString" in resource:
        return resource["valueString"], None, None
    assert resource["status"] == "cancelled"
    assert resource["dataAbsentReason"]["text"]
    return None, None, None


@settings(deadline=None)
@given(COVERAGES)
def test_any_coverage_is_valid_fhir(coverage: Coverage) -> None:
    """Whatever codes and certificates a coverage has; unknown ones are kept, none is made up."""
    bundle = bundle_of(taken(coverages=(coverage,)))
    (made,) = resources(bundle, "Coverage")
    ratio = coverage.insured_partial_contribution_ratio
    cost = made.get("costToBeneficiary", [])
    assert bool(cost) is isinstance(ratio, CopayRatio)
    assert made.get("dependent") == coverage.insured_branch_number


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_no_cell_is_a_formula_and_each_reads_the_same(text: str) -> None:
    """One ' before what a spreadsheet would calculate; taken away, the text is as it was."""
    written = write_cell(text)
    assert written.lstrip(" 　\t\r\n\0")[:1] not in {*"=+-@＝＋－＠"}
    assert not written.startswith(("\t", "\r", "\n", "\0"))
    assert read_cell(written) == text


def test_numbers_are_no_text_in_a_cell() -> None:
    """A negative number is a number: it has no mark before it, and keeps its last zero."""
    assert write_cell(Decimal("-0.50")) == "-0.50"
    assert write_cell(Decimal("1E+2")) == "100"
    assert write_cell(7) == "7"
    assert write_cell("-0.50") == "'-0.50"
    assert write_cell(None) == ""


# -- What a bundle says ----------------------------------------------------------------------------


def test_every_reference_leads_somewhere() -> None:
    """Each reference of the bundle names an entry of it; each address is there once."""
    bundle = bundle_of(taken(*SAMPLES))
    addresses = [entry["fullUrl"] for entry in bundle["entry"]]
    assert len(set(addresses)) == len(addresses)
    text = json.dumps(bundle, default=str)
    named = {part.split('"')[0] for part in text.split('"reference": "')[1:]}
    assert {one for one in named if not one.startswith("#")} <= set(addresses)
    assert "profile" not in text


def test_a_prescription_and_its_dispensing_are_named_together() -> None:
    """Three sources of one dispensing: one MedicationDispense, which names its prescription."""
    bundle = bundle_of(taken(*(medicine(origin) for origin in MedicationOrigin)))
    (dispense,) = resources(bundle, "MedicationDispense")
    (request,) = resources(bundle, "MedicationRequest")
    origins = [one["valueCode"] for one in dispense["extension"] if one["url"] == ext("origin")]
    assert origins == ["receipt", "dispensing", "prescription"]
    by_address = {entry["fullUrl"]: entry["resource"] for entry in bundle["entry"]}
    assert by_address[dispense["authorizingPrescription"][0]["reference"]] == request
    assert request["status"] == "completed"
    assert dispense["medicationCodeableConcept"]["coding"] == [
        {"system": "urn:oid:1.2.392.100495.20.2.71", "code": "612170709"}
    ]
    assert told(dispense, "medication-use")["code"] == "1"


def test_what_was_only_prescribed_is_no_dispensing() -> None:
    """Nothing says that it was handed over, nor whether it is still taken."""
    bundle = bundle_of(
        taken(medicine(MedicationOrigin.PRESCRIPTION, dispensed_on=None, dispenser=None))
    )
    assert not resources(bundle, "MedicationDispense")
    (request,) = resources(bundle, "MedicationRequest")
    assert request["status"] == "unknown"


def test_doubtful_days_say_so() -> None:
    """A day in the future is kept, and marked in both files."""
    one = taken(medicine(dispensed_on=date(2027, 1, 5)))
    (dispense,) = resources(bundle_of(one), "MedicationDispense")
    assert told(dispense, "doubt") == "future"
    assert table_of(Table.DRUGS, one)[0]["doubts"] == "future"


def test_consent_source_and_time_stand_in_the_bundle() -> None:
    """Which consent until when, given by whom; who told what and when; the state of each part."""
    only = frozenset({YZK, TKK})
    one = taken(
        consent=consent(only, acting_for=ActingFor.PARENT),
        history=history(medicine(), fetched=frozenset({YZK})),
    )
    bundle = bundle_of(one)
    (found,) = resources(bundle, "Consent")
    assert found["identifier"][0]["value"] == "c0" * 16
    assert found["provision"]["period"] == {
        "start": "2026-11-30T02:00:00.000Z",
        "end": "2026-12-01T02:00:00.000Z",
    }
    permitted = [
        part["code"][0]["coding"][0]["code"]
        for part in found["provision"]["provision"]
        if part["type"] == "permit"
    ]
    assert sorted(permitted) == ["TKK", "YZK"]
    assert found["contained"][0]["relationship"][0]["coding"][0]["code"] == "parent"
    of_coverage, of_history = resources(bundle, "Provenance")
    assert of_coverage["occurredDateTime"] == "2026-11-30T02:20:00.000Z"
    assert of_history["occurredDateTime"] == "2026-11-30T02:30:00.000Z"
    assert of_history["entity"][0]["what"]["display"] == "オンライン資格確認等システム (fhir)"
    states = {
        part["extension"][0]["valueCoding"]["code"]: part["extension"][1]["valueCode"]
        for part in of_history["extension"]
        if part["url"] == ext("part")
    }
    assert states == {
        "YZK": PartState.FETCHED,
        "TKK": PartState.NOT_FETCHED,
        "SRJ": PartState.NOT_CONSENTED,
        "SHJ": PartState.NOT_CONSENTED,
    }


def test_two_ways_of_writing_a_name_both_stand_there() -> None:
    """Of two coverages neither name is chosen; where the sexes differ, none is told."""
    other = replace(COVERAGE, person=replace(COVERAGE.person, name="別　表記", sex=_other_sex()))
    bundle = bundle_of(taken(coverages=(COVERAGE, other)))
    (patient,) = resources(bundle, "Patient")
    assert {COVERAGE.person.name, "別　表記"} <= {one["text"] for one in patient["name"]}
    assert "gender" not in patient
    assert len(resources(bundle, "Coverage")) == 2


def _other_sex() -> Any:
    return next(one for one in Sex if one is not COVERAGE.person.sex)


def test_another_persons_coverage_is_refused() -> None:
    """Two birth dates are two people: no file is made of them."""
    person = replace(COVERAGE.person, birthdate=date(1999, 9, 9))
    with pytest.raises(ValueError, match="birth date"):
        taken(coverages=(COVERAGE, replace(COVERAGE, person=person)))


def test_what_is_not_consented_cannot_be_put_in() -> None:
    """Records of a refused category, of another consent, or after its end, make no file."""
    with pytest.raises(ValueError, match="only what the consent opens"):
        taken(medicine(), consent=consent(frozenset({TKK})))
    with pytest.raises(ValueError, match="under the consent"):
        taken(medicine(), consent=consent(id="c1" * 16))
    with pytest.raises(ValueError, match="only what the consent opens"):
        taken(medicine(), consent=consent(ends_at=NOW))


def test_a_bundle_that_is_no_fhir_is_refused_and_tells_no_value() -> None:
    """One error that names elements; what stands in them is health data."""
    body = write_exact_json(
        {
            "resourceType": "Bundle",
            "type": "collection",
            "entry": [{"resource": {"resourceType": "Condition", "code": {"text": ["秘密"]}}}],
        }
    )
    with pytest.raises(ExportNotValidError) as refused:
        check_bundle("e0" * 16, body)
    assert refused.value.count >= 1
    assert "entry.0" in str(refused.value)
    assert "秘密" not in str(refused.value)


@pytest.mark.parametrize(
    ("code", "system"),
    [
        ("111000110", CS_CLAIM_ACT),
        ("302000110", CS_CLAIM_DENTAL_ACT),
        ("611000110", CS_RECEIPT_ACT),
        ("11100011", CS_RECEIPT_ACT),
        ("１11000110", CS_RECEIPT_ACT),
    ],
)
def test_an_acts_code_is_called_a_masters_only_where_it_has_its_form(
    code: str, system: str
) -> None:
    """Nine digits that begin with 1 or 3; any other stays our own."""
    assert act_system(code) == system


# -- What a table says -----------------------------------------------------------------------------

SAMPLES: tuple[Record, ...] = (
    *(medicine(origin) for origin in MedicationOrigin),
    medicine(name="ロキソプロフェン", code=None, quantity_per=None, days=None, times=3),
    TreatmentRecord(CalendarMonth(2026, 9), CLINIC, "再診", date(2026, 9, 3), "112007410"),
    OperationRecord(CalendarMonth(2025, 4), CLINIC, "白内障手術"),
    DiagnosisRecord(CalendarMonth(2026, 9), CLINIC, "高血圧症", outcome="継続", is_main=True),
    CheckupObservation(date(2026, 6, 1), ONE_CODE, "HbA1c", Decimal("5.60"), "%"),
    CheckupObservation(date(2026, 6, 1), ONE_CODE, "HbA1c", None, institution=PHARMACY),
)


@pytest.mark.parametrize("table", Table)
def test_the_columns_do_not_change(table: Table) -> None:
    """The columns and their order are those that docs/history.md describes."""
    described = (DOCS.read_text(encoding="utf-8")).partition(f"### `{table}`")[2]
    columns = [
        line.split("`")[1]
        for line in described.partition("\n### ")[0].partition("\n## ")[0].splitlines()
        if line.startswith("| `")
    ]
    common = (DOCS.read_text(encoding="utf-8")).partition("### In every table")[2]
    shared = [
        line.split("`")[1]
        for line in common.partition("\n### ")[0].splitlines()
        if line.startswith("| `")
    ]
    assert (*shared[:4], *columns, *shared[4:]) == table.headers


@pytest.mark.parametrize("table", Table)
def test_each_row_says_whose_under_which_consent_and_from_whom(table: Table) -> None:
    """No row means less when it is cut out of its file."""
    rows = table_of(table, taken(*SAMPLES, patient_number="4711"))
    assert rows
    for row in rows:
        assert row["patient_number"] == "4711"
        assert row["patient_birthdate"] == COVERAGE.person.birthdate.isoformat()
        assert row["consent_id"] == "c0" * 16
        assert row["consent_until"] == "2026-12-01T11:00:00+09:00"
        assert row["fetched_at"] == "2026-11-30T11:30:00+09:00"
        assert row["source"] == "オンライン資格確認等システム (fhir)"
        assert row["consent_category"] in {one.value for one in table.categories}


def test_a_part_without_records_says_why() -> None:
    """Nothing on record, not fetched, not consented and not told are four different things."""
    one = taken(consent=consent(frozenset({YZK, SRJ})), history=history(fetched=frozenset({YZK})))
    assert [row["record"] for row in table_of(Table.DRUGS, one)] == ["nothing-on-record"]
    assert [row["record"] for row in table_of(Table.CARE, one)] == [
        "not-fetched",
        "not-consented",
    ]
    at = one.history.fetched_at
    untold = history(fetched=frozenset({SRJ})).joined_with(History.without("c0" * 16, at, SHJ))
    assert [row["record"] for row in table_of(Table.CARE, taken(history=untold))] == [
        "nothing-on-record",
        "not-told",
    ]


def test_numbers_and_units_stay_as_they_came() -> None:
    """5.60 keeps its zero in both files, its unit its spelling."""
    one = taken(*SAMPLES)
    row = table_of(Table.CHECKUPS, one)[0]
    assert (row["value"], row["unit"]) == ("5.60", "%")
    assert b'"value":5.60,' in write_bundle(one)


def test_three_thousand_lines_are_all_there() -> None:
    """A long history loses no line in either file."""
    lines = [
        medicine(name=f'薬{number}\n"=1+1"', code=None, ingredient=None, usage="-食後\0")
        for number in range(3000)
    ]
    one = taken(*lines)
    assert len(table_of(Table.DRUGS, one)) == 3000
    names = {
        resource["medicationCodeableConcept"]["text"]
        for resource in resources(bundle_of(one), "MedicationDispense")
    }
    assert names == {line.name for line in lines}
