"""Consented history over the national interface: who allowed it, and its messages (XML)."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from eligibility.calendar import JAPAN
from eligibility.codes import ConsentCategory
from eligibility.history import CheckupObservation, MedicationRecord, TreatmentRecord
from eligibility.history.checkups import CodedResult
from eligibility.history.drugs import MedicationOrigin, MedicationUse, QuantityPer
from eligibility.history.institution import Institution
from eligibility.simulator.faults import FaultKind
from eligibility.simulator.holdings import holding_of
from eligibility.simulator.national_wire import (
    NationalRequest,
    RequestUnreadableError,
    Tree,
    as_text,
    day,
    moment,
    padded,
)
from eligibility.simulator.people import Person, Recorded
from eligibility.simulator.population import Population
from eligibility.simulator.records import checkups_of, medications_of, treatments_of

DRUGS, CHECKUPS = "YZKsiquc01", "TKKsiquc01"
UNKNOWN_TREE: Tree = ("UnknownInfs", [("UnknownInf", [("UnknownN", "だれも知らない項目")])])
"""What untidy records bring as well: elements that stand in no list."""
_WITH_TREATMENT = "4"
_FLAGS = {
    ConsentCategory.YZK: "PharmacistsInfo",
    ConsentCategory.SRJ: "DiagnosisInfo",
    ConsentCategory.TKK: "SpecificHealthCheckupsInfo",
}
_NAMES = {
    MedicationOrigin.RECEIPT: ("", "MeTrIdCl", "MeTrMonth", "DiDateInf"),
    MedicationOrigin.DISPENSING: ("Cz", "CzUsageCl", "CzDiMonth", "CzDiDateInf"),
    MedicationOrigin.PRESCRIPTION: ("Sh", "ShUsageCl", "ShPrMonth", "ShPrDateInf"),
}


def answer(
    kind: str,
    request: NationalRequest,
    population: Population,
    face: Path,
    now: datetime,
    fault: FaultKind | None,
) -> tuple[str, list[Tree], list[Tree]]:
    """Answer a request for history: an outcome for the log, header and body."""
    insured = number_in(request)
    today = now.astimezone(JAPAN).date()
    person = _person(population, insured, request.header.get("BranchNumber", ""), today)
    allowed = is_allowed(face, insured, categories_of(kind, request), now)
    if fault is FaultKind.ANOTHER_PATIENT:
        person = next(one for one in population.people if person and one.id != person.id)
    if person is None or not allowed or fault is FaultKind.REFUSE:
        words = "閲覧の同意がありません。" if person else "該当する資格がありません。"
        header: list[Tree] = [("ArbitraryFileIdentifier", request.identifier)]
        return "refused", header, [("ResultCode", "9"), ("MessageContents", words)]
    return "complete", *message_of(kind, request, person, today)


def _person(
    population: Population, insured: tuple[str, str], branch: str, today: date
) -> Person | None:
    found = [
        person
        for person in population.people
        for coverage in holding_of(person, today).results
        if (padded(coverage.insurer_number).strip(), coverage.insured_identification_number)
        == insured
        and branch in ("", coverage.insured_branch_number)
    ]
    return found[0] if len(found) == 1 else None


def number_in(request: NationalRequest) -> tuple[str, str]:
    """Return insurer number, as it is padded, and number; raises RequestUnreadableError."""
    number = request.header.get("InsuredPersonIdentificationNumber", "")
    insurer = request.header.get("InsurerNumber", "").strip()
    if not number or not insurer:
        raise RequestUnreadableError("InsurerNumber or InsuredPersonIdentificationNumber")
    return padded(insurer.rjust(8, "0")).strip(), number


def categories_of(kind: str, request: NationalRequest) -> tuple[ConsentCategory, ...]:
    """Return what must be allowed for a request."""
    if kind == CHECKUPS:
        return (ConsentCategory.TKK,)
    if request.body.get("FileCategory") == _WITH_TREATMENT:
        return (ConsentCategory.YZK, ConsentCategory.SRJ)
    return (ConsentCategory.YZK,)


def is_allowed(
    face: Path, insured: tuple[str, str], categories: Iterable[ConsentCategory], now: datetime
) -> bool:
    """Whether a card visit in ``face`` says that all of it is allowed at this moment."""
    return any(
        all(_allows(result, category, now) for category in categories)
        for result in _results(face)
        if (_leaf(result, "InsurerNumber").strip(), _leaf(result, "InsuredIdentificationNumber"))
        == insured
    )


def _results(face: Path) -> Iterator[ET.Element]:
    for file in sorted(face.glob("OQSsiquc01res_face_*.xml")):
        try:
            root = ET.fromstring(as_text(file.read_bytes()))  # noqa: S314  # our own files
        except (OSError, ET.ParseError, ValueError):
            continue
        yield from root.iter("ResultOfQualificationConfirmation")


def _allows(result: ET.Element, category: ConsentCategory, now: datetime) -> bool:
    name = _FLAGS[category]
    return _leaf(result, f"{name}ConsFlg") == "1" and moment(now) < _leaf(
        result, f"{name}AvailableTime"
    )


def _leaf(result: ET.Element, name: str) -> str:
    return result.findtext(name) or ""


def message_of(
    kind: str, request: NationalRequest, person: Person, today: date
) -> tuple[list[Tree], list[Tree]]:
    """Return header and body of the answer that tells a person's history."""
    if kind == CHECKUPS:
        header = _header(request, "QualificationsInfo", person, "KanasName", "Birthday")
        return header, [*_checkups(checkups_of(person, today))]
    header = _header(request, "QuaInf", person, "KanaName", "Birth")
    body: list[Tree] = [("ResultCode", "1")]
    months: dict[MedicationOrigin, list[Tree]] = {origin: [] for origin in MedicationOrigin}
    for record in medications_of(person, today):
        months[record.origin].append(_medicine(record))
    body += months[MedicationOrigin.RECEIPT]
    body.append(("CzDiInf", months[MedicationOrigin.DISPENSING]))
    body.append(("ShPrInf", months[MedicationOrigin.PRESCRIPTION]))
    if request.body.get("FileCategory") == _WITH_TREATMENT:
        body += [_treatment(record) for record in treatments_of(person, today)]
        if person.recorded is Recorded.UNTIDY:
            body.append(UNKNOWN_TREE)
    return header, body


def _header(
    request: NationalRequest, name: str, person: Person, kana: str, birth: str
) -> list[Tree]:
    who: list[Tree] = [
        ("Name", person.registered_name),
        (kana, person.name_kana),
        (birth, day(person.birthdate)),
    ]
    return [
        ("ArbitraryFileIdentifier", request.identifier),
        ("MedicalInstitutionCode", request.institution),
        (name, who),
    ]


def _place(code: str, name: str, place: Institution | None) -> list[Tree]:
    return [] if place is None else [(code, place.code), (name, place.name)]


def _medicine(record: MedicationRecord) -> Tree:
    """Return one medicine in a month of its own."""
    prefix, classification, month, days = _NAMES[record.origin]
    amount = None if record.quantity is None else str(record.quantity)
    use, times = _counted(record)
    drug: list[Tree] = [
        (f"{prefix}DrugN", record.name),
        (f"{prefix}DrugC", record.code),
        (f"{prefix}IngreN", record.ingredient),
        (f"{prefix}Qua1", amount),
        (f"{prefix}Unit", record.unit),
        (f"{prefix}UsageN", record.usage),
        (f"{prefix}SpInst", record.special_instruction),
        (f"{prefix}Times", None if times is None else str(times)),
        (classification, use),
    ]
    day_names = (f"{prefix}PrDate", f"{prefix}DiDate")
    dates: list[Tree] = [(day_names[0], day(record.prescribed_on))]
    if record.origin is not MedicationOrigin.PRESCRIPTION:
        dates.append((day_names[1], day(record.dispensed_on)))
    prescriber = "ShPr" if record.origin is MedicationOrigin.PRESCRIPTION else f"{prefix}Prls"
    inside: list[Tree] = [
        (month, f"{record.day:%Y%m}"),
        *_place(f"{prefix}MeTrDiHCd", f"{prefix}MeTrDiHNm", record.dispenser),
        *_place(f"{prescriber}HCd", f"{prescriber}HNm", record.prescriber),
        (f"{days}s", [(days, [*dates, (f"{prefix}DrugInfs", [(f"{prefix}DrugInf", drug)])])]),
    ]
    return f"{month}Inf", inside


def _counted(record: MedicationRecord) -> tuple[str, int | None]:
    """Return 診療識別 and what it makes count: days of 内服 (21), times of 屯服 (22), 外用 (23)."""
    number = record.days if record.days is not None else record.times
    if record.quantity_per is QuantityPer.DAY:
        return "21", number
    if record.origin is not MedicationOrigin.RECEIPT:
        return "23", number
    return "22" if record.use is MedicationUse.AS_NEEDED else "23", record.times or 1


def _treatment(record: TreatmentRecord) -> Tree:
    act: list[Tree] = [
        ("SinInfN", record.name),
        ("SinInfCd", record.code),
        ("MeTrIdCl", record.classification),
        ("Times", None if record.times is None else str(record.times)),
    ]
    days: list[Tree] = [
        (
            "DiDateInf",
            [("DiDate", day(record.performed_on)), ("MeTrInfs", [("MeTrInf", act)])],
        )
    ]
    return "MeTrMonthInf", [
        ("MeTrMonth", f"{record.month.year}{record.month.month:02d}"),
        *_place("MeTrDiHCd", "MeTrDiHNm", record.institution),
        ("DiDateInfs", days),
    ]


def _checkups(records: Iterable[CheckupObservation]) -> Iterator[Tree]:
    yield "ResultCode", "1"
    by_day: dict[date, list[Tree]] = {}
    for record in records:
        by_day.setdefault(record.effective_date, []).append(_item(record))
    for effective_date, items in by_day.items():
        yield (
            "SpecificHealthCheckupInfo",
            [
                ("EffectiveTime", day(effective_date)),
                ("HealthCheckupResultAndQuestionInfos", items),
            ],
        )


def _item(record: CheckupObservation) -> Tree:
    value, kind, name = record.value, "ST", None
    text = None if value is None else str(value)
    if isinstance(value, CodedResult):
        kind, name, text = "CD", value.words, value.code
    elif isinstance(value, Decimal):
        kind = "PQ"
        if record.comparator is not None:
            text = f"{record.comparator.value}{text}"
    return "HealthCheckupResultAndQuestionInfo", [
        ("ItemCode", record.item_code),
        ("ItemName", record.item_name),
        ("DataType", kind),
        ("DataValue", text),
        ("DataValueName", name),
        ("Unit", record.unit),
    ]
