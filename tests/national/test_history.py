"""薬剤情報・診療情報・特定健診情報: all that is told, of the one person that was asked about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eligibility.calendar import CalendarMonth
from eligibility.errors import (
    AnswerForAnotherPersonError,
    PayerProtocolError,
    PayerRefusedError,
)
from eligibility.history import (
    CheckupObservation,
    CodedResult,
    Institution,
    MedicationOrigin,
    MedicationRecord,
    QuantityPer,
    TreatmentRecord,
)
from eligibility.national import checkups, drugs, history
from eligibility.national.checkups import (
    Checkup,
    CheckupBody,
    Item,
)
from eligibility.national.drugs import (
    Act,
    DispensedDay,
    Drug,
    DrugBody,
    DrugDay,
    DrugMonth,
    PrescribedDay,
)
from eligibility.national.history import (
    HistoryPerson,
    HistoryRequest,
    HistoryRequestHeader,
    HistoryResponse,
    HistoryResponseHeader,
    HistorySpan,
)
from eligibility.national.wire import RawElement, XmlEncoding
from tests.fhir.samples import DAYS, INSTITUTION, INSURERS, maybe
from tests.national.samples import ENCODINGS, SUBJECT, encoded, identifiers

TAKEN = "1"
PERSON = HistoryPerson("見本　太郎", "ミホン　タロウ", SUBJECT.birthdate, "1")
AMOUNTS = maybe(st.decimals(0, 10**6, allow_nan=False, allow_infinity=False, places=2))
TIMES = maybe(st.integers(0, 999))
MONTHS = DAYS.map(lambda day: day.replace(day=1))
Words = st.SearchStrategy[str]


def _drugs(words: Words) -> st.SearchStrategy[tuple[Drug, ...]]:
    texts = maybe(words)
    drug = st.builds(Drug, words, texts, texts, AMOUNTS, texts, texts, texts, TIMES, texts)
    return st.lists(drug, min_size=1, max_size=2).map(tuple)


def _months(words: Words, days: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    texts = maybe(words)
    held = st.lists(days, min_size=1, max_size=2).map(tuple)
    month = st.builds(
        DrugMonth, held, maybe(MONTHS), texts, texts, texts, texts, texts, texts, texts
    )
    return st.lists(month, max_size=2).map(tuple)


def _people(words: Words) -> st.SearchStrategy[Any]:
    return maybe(st.builds(HistoryPerson, words, maybe(words), maybe(DAYS), maybe(words)))


def drug_responses(words: Words) -> st.SearchStrategy[HistoryResponse[DrugBody]]:
    """Return a strategy for answers about medicines and treatment."""
    texts = maybe(words)
    act = st.builds(Act, words, texts, texts, AMOUNTS, texts, TIMES)
    acts = st.lists(act, max_size=2).map(tuple)
    return st.builds(
        HistoryResponse,
        st.builds(HistoryResponseHeader, texts, texts, maybe(identifiers()), _people(words)),
        st.builds(
            DrugBody,
            words,
            texts,
            _months(words, st.builds(DrugDay, maybe(DAYS), maybe(DAYS), _drugs(words), acts)),
            _months(words, st.builds(DispensedDay, maybe(DAYS), maybe(DAYS), _drugs(words))),
            _months(words, st.builds(PrescribedDay, maybe(DAYS), _drugs(words))),
        ),
    )


def checkup_responses(words: Words) -> st.SearchStrategy[HistoryResponse[CheckupBody]]:
    """Return a strategy for answers about checkups."""
    texts = maybe(words)
    item = st.builds(Item, words, words, texts, texts, texts, texts, texts)
    items = st.lists(item, max_size=3).map(tuple)
    return st.builds(
        HistoryResponse,
        st.builds(HistoryResponseHeader, texts, texts, maybe(identifiers()), _people(words)),
        st.builds(
            CheckupBody,
            words,
            texts,
            st.lists(st.builds(Checkup, DAYS, items), max_size=2).map(tuple),
        ),
    )


@given(
    st.builds(
        HistoryRequest,
        st.builds(
            HistoryRequestHeader,
            st.just(INSTITUTION),
            INSURERS,
            maybe(identifiers()),
            identifiers(),
            maybe(identifiers()),
            maybe(identifiers()),
        ),
        st.builds(HistorySpan, st.sampled_from("1234"), maybe(MONTHS), maybe(MONTHS)),
    ),
    ENCODINGS,
)
def test_a_request_is_read_as_it_was_written(
    request_: HistoryRequest, encoding: XmlEncoding
) -> None:
    """In either encoding."""
    assert history.read_request(history.write_request(request_, encoding)) == request_


@given(encoded(drug_responses))
def test_medicines_are_read_as_they_were_written(drawn: tuple[Any, XmlEncoding]) -> None:
    """All three trees, in either encoding."""
    response, encoding = drawn
    assert drugs.read_response(drugs.write_response(response, encoding)) == response


@given(encoded(checkup_responses))
def test_checkups_are_read_as_they_were_written(drawn: tuple[Any, XmlEncoding]) -> None:
    """In either encoding."""
    response, encoding = drawn
    assert checkups.read_response(checkups.write_response(response, encoding)) == response


def test_the_requests_have_the_elements_that_are_known_to_work() -> None:
    """Their headers name the insured number otherwise than the other messages do."""
    header = (
        '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n<XmlMsg><MessageHeader>'
        "<MedicalInstitutionCode>1310000003</MedicalInstitutionCode>"
        "<InsurerNumber>  138123</InsurerNumber>"
        "<InsuranceCardSymbol>12-34</InsuranceCardSymbol>"
        "<InsuredPersonIdentificationNumber>4260</InsuredPersonIdentificationNumber>"
        "<BranchNumber>01</BranchNumber>"
        "<ArbitraryFileIdentifier>h-1</ArbitraryFileIdentifier></MessageHeader><MessageBody>"
    )
    end = (
        "<PrDiInfClassification>1</PrDiInfClassification>"
        "<MedicalTreatmentFlag>1</MedicalTreatmentFlag></MessageBody></XmlMsg>"
    )
    medicines = drugs.write_question(
        SUBJECT, "h-1", date(2021, 12, 24), date(2026, 11, 24), INSTITUTION, XmlEncoding.UTF_8
    )
    assert medicines.decode() == (
        f"{header}<StartDate>202112</StartDate><EndDate>202611</EndDate>"
        f"<FileCategory>2</FileCategory>{end}"
    )
    items = checkups.write_question(SUBJECT, "h-1", INSTITUTION, XmlEncoding.UTF_8)
    assert items.decode() == f"{header}<FileCategory>2</FileCategory>{end}"


CLINIC: dict[str, Any] = {"prescriber_code": "1310000003", "prescriber_name": "見本診療所"}
PHARMACY: dict[str, Any] = {"dispenser_code": "1340000004", "dispenser_name": "見本薬局"}
DAY = date(2026, 9, 22)
AMLODIPINE = Drug("アムロジピン錠５ｍｇ", "620000001", quantity=Decimal(1), unit="錠", times=14)
TOLD = DrugBody(
    receipts=(
        DrugMonth(
            (
                DrugDay(
                    DAY,
                    DAY,
                    (
                        replace(AMLODIPINE, classification="21", usage="１日１回朝食後"),
                        replace(AMLODIPINE, name="頓用薬", classification="22"),
                        replace(AMLODIPINE, name="何か", classification="99"),
                    ),
                    (Act("再診料", "112007410", "12", times=1),),
                ),
            ),
            date(2026, 9, 1),
            **CLINIC,
            **PHARMACY,
        ),
    ),
    dispensings=(DrugMonth((DispensedDay(DAY, DAY, (AMLODIPINE,)),), **CLINIC, **PHARMACY),),
    prescriptions=(DrugMonth((PrescribedDay(DAY, (AMLODIPINE,)),), **CLINIC),),
)


def records(
    body: DrugBody | None = TOLD, **header: Any
) -> tuple[MedicationRecord | TreatmentRecord, ...]:
    """Return what the desk reads of an answer to h-1."""
    made = replace(HistoryResponseHeader(TAKEN, None, "h-1", PERSON), **header)
    written = drugs.write_response(HistoryResponse(made, body), XmlEncoding.SHIFT_JIS)
    return drugs.read_records(written, SUBJECT, "h-1").records


def test_one_dispensing_told_by_three_sources_is_three_records() -> None:
    """Each with its origin and its own day and place; none is merged or left out here."""
    found = [one for one in records() if isinstance(one, MedicationRecord)]
    same = [one for one in found if one.name == AMLODIPINE.name]
    assert [one.origin for one in same] == list(MedicationOrigin)
    clinic, pharmacy = (
        Institution("見本診療所", "1310000003"),
        Institution("見本薬局", "1340000004"),
    )
    assert [(one.dispensed_on, one.prescribed_on) for one in same] == [
        (DAY, DAY),
        (DAY, DAY),
        (None, DAY),
    ]
    assert [(one.dispenser, one.prescriber) for one in same] == [
        (pharmacy, clinic),
        (pharmacy, clinic),
        (None, clinic),
    ]
    assert same[0].usage == "１日１回朝食後"
    assert {one.code for one in same} == {"620000001"}


def test_what_a_number_counts_is_told_only_where_it_is_known() -> None:
    """Of receipts 内服 counts days and 屯服 times; anything else is kept as a number of either."""
    by_name = {
        one.name: one
        for one in records()
        if isinstance(one, MedicationRecord) and one.origin is MedicationOrigin.RECEIPT
    }
    internal, as_needed, unknown = (by_name[name] for name in (AMLODIPINE.name, "頓用薬", "何か"))
    assert (internal.days, internal.times, internal.quantity_per) == (14, None, QuantityPer.DAY)
    assert (as_needed.days, as_needed.times, as_needed.quantity_per) == (None, 14, None)
    assert (unknown.days, unknown.times, unknown.quantity_per) == (None, None, None)
    assert [one.days_or_times for one in (internal, as_needed, unknown)] == [None, None, 14]


def test_treatment_is_told_beside_the_medicines_of_its_day() -> None:
    """診療情報 stands in the receipts alone."""
    assert [one for one in records() if isinstance(one, TreatmentRecord)] == [
        TreatmentRecord(
            CalendarMonth(2026, 9),
            Institution("見本薬局", "1340000004"),
            "再診料",
            DAY,
            "112007410",
            "12",
            times=1,
        )
    ]


def test_a_record_without_day_or_place_spoils_the_answer() -> None:
    """An answer is read whole or not at all."""
    for month in (
        DrugMonth((DispensedDay(None, None, (AMLODIPINE,)),), **CLINIC),
        DrugMonth((DispensedDay(DAY, None, (AMLODIPINE,)),)),
    ):
        with pytest.raises(PayerProtocolError):
            records(DrugBody(dispensings=(month,)))


def test_trees_that_nobody_knows_are_kept_as_they_came() -> None:
    """As operations, whose layout is not known: shown raw, and nothing is made of them."""
    written = drugs.write_response(
        HistoryResponse(HistoryResponseHeader(TAKEN, None, "h-1", PERSON), TOLD), XmlEncoding.UTF_8
    ).replace(b"</MessageBody>", "<OpeInfs><OpeInf>手術</OpeInf></OpeInfs></MessageBody>".encode())
    place = ("XmlMsg", "MessageBody")
    told = drugs.read_records(written, SUBJECT, "h-1")
    assert told.unread == (
        RawElement(place, "OpeInfs", "", (RawElement((*place, "OpeInfs"), "OpeInf", "手術"),)),
    )
    assert told.records == records()


def observations(body: CheckupBody | None, **header: Any) -> tuple[CheckupObservation, ...]:
    """Return what the desk reads of an answer to h-1."""
    made = replace(HistoryResponseHeader(TAKEN, None, "h-1", PERSON), **header)
    written = checkups.write_response(HistoryResponse(made, body), XmlEncoding.UTF_8)
    return checkups.read_observations(written, SUBJECT, "h-1").records


@pytest.mark.parametrize(
    ("item", "value", "unit"),
    [
        (("PQ", "172.5", "cm"), Decimal("172.5"), "cm"),
        (("PQ", "-0.5", "D"), Decimal("-0.5"), "D"),
        (("PQ", "<10", "mg/dl"), "<10 mg/dl", None),
        (("PQ", "１０", "mg/dl"), "１０ mg/dl", None),
        (
            ("CD", "1", None, "1.2.392", "特記すべきことあり"),
            CodedResult("1", "特記すべきことあり"),
            None,
        ),
        (("CO", "2", None), CodedResult("2"), None),
        (("ST", "経過観察", None), "経過観察", None),
        (("XX", "1", "cm"), "1 cm", None),
        ((None, "1"), "1", None),
        (("PQ", None, "cm"), None, None),
    ],
)
def test_a_result_is_what_its_type_says(
    item: tuple[Any, ...], value: object, unit: str | None
) -> None:
    """A number only where all of it is one; what is not as its type says is kept in words."""
    told = CheckupBody(checkups=(Checkup(DAY, (Item("9N001000000000001", "身長", *item),)),))
    assert observations(told) == (
        CheckupObservation(DAY, "9N001000000000001", "身長", value, unit),  # type: ignore[arg-type]  # one of them
    )


def test_every_item_of_every_checkup_is_told_with_its_day() -> None:
    """Two years, each with its own."""
    items = (Item("9N001000000000001", "身長", "PQ", "172", "cm"),)
    told = CheckupBody(checkups=(Checkup(DAY, items), Checkup(date(2025, 9, 1), items)))
    assert [one.effective_date for one in observations(told)] == [DAY, date(2025, 9, 1)]
    assert observations(CheckupBody()) == ()


Reader = Callable[..., object]


@pytest.mark.parametrize("read", [lambda **h: records(**h), lambda **h: observations(None, **h)])
def test_history_of_another_person_is_never_taken(read: Reader) -> None:
    """Another birth date, another request; and what does not say whose it is."""
    read()
    read(arbitrary_file_identifier=None)
    with pytest.raises(AnswerForAnotherPersonError):
        read(person=replace(PERSON, birthdate=date(2001, 3, 28)))
    with pytest.raises(AnswerForAnotherPersonError):
        read(arbitrary_file_identifier="h-2")
    for person in (None, replace(PERSON, birthdate=None)):
        with pytest.raises(PayerProtocolError):
            read(person=person)


@pytest.mark.parametrize("read", [lambda **h: records(**h), lambda **h: observations(None, **h)])
def test_a_refusal_has_the_payers_own_words(read: Reader) -> None:
    """Without consent there is a code and a sentence; without any code there is no answer."""
    with pytest.raises(PayerRefusedError) as refused:
        read(result_code="9", message_contents="閲覧の同意がありません。", person=None)
    assert (refused.value.code, refused.value.words) == ("9", "閲覧の同意がありません。")
    with pytest.raises(PayerProtocolError):
        read(result_code=None)
    with pytest.raises(PayerRefusedError):
        records(DrugBody(result_code="9"), result_code=None)
    with pytest.raises(PayerProtocolError):
        records(DrugBody(result_code="9"))
