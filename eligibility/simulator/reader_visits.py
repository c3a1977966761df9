"""Card visits at the national reader (顔認証付きカードリーダー), as files of ``face``."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from eligibility.benefits import RegisteredConsent
from eligibility.calendar import JAPAN
from eligibility.codes import (
    ConsentCategory,
    InformationConsent,
    QualificationValidity,
    ReferenceClassification,
)
from eligibility.model import Coverage
from eligibility.simulator import national_answers as answers
from eligibility.simulator.holdings import holding_of
from eligibility.simulator.national_wire import (
    NationalRequest,
    Tree,
    header_of,
    moment,
    result_of,
    write,
)
from eligibility.simulator.people import Person

CONSENT_LASTS = timedelta(hours=24)
LATEST_SECONDS = 365 * 24 * 3600
"""How late a visit may be told."""
CONSENT_FIELDS = {
    ConsentCategory.TKK: "specific_health_checkups_info",
    ConsentCategory.YZK: "pharmacists_info",
    ConsentCategory.SRJ: "diagnosis_info",
    ConsentCategory.SHJ: "operation_info",
}


class VisitFault(StrEnum):
    """What is wrong with how a card visit is told."""

    NAMES_NOBODY = "names-nobody"
    """該当資格なし, without anything that tells whose card it was."""
    TWICE = "twice"
    """Under two names."""
    LATE = "late"
    """Some time after it took place: the file's name and all times in it are of then."""


def visit_files(
    institution: str,
    person: Person,
    consents: Collection[ConsentCategory],
    now: datetime,
    *,
    fault: VisitFault | None = None,
    seconds: float = 0.0,
) -> list[tuple[str, bytes]]:
    """Return name and content of each file that tells of a visit; ``seconds``: how late."""
    at = now - timedelta(seconds=seconds) if fault is VisitFault.LATE else now
    name, content = pushed_visit(
        institution, person, consents, at, names_nobody=fault is VisitFault.NAMES_NOBODY
    )
    files = [(name, content)]
    if fault is VisitFault.TWICE:
        files.append((name.replace("_face_", "_face_again_"), content))
    return files


def pushed_visit(
    institution: str,
    person: Person,
    consents: Collection[ConsentCategory],
    now: datetime,
    *,
    encoding: str = "utf-8",
    names_nobody: bool = False,
) -> tuple[str, bytes]:
    """Return name and content of the file that tells of a card visit at the national reader."""
    held = person.linked or person
    holding = holding_of(person, now.astimezone(JAPAN).date())
    validity = QualificationValidity.NOT_FOUND if names_nobody else holding.validity
    found = holding.person_found and not names_nobody
    results = () if names_nobody else holding.results
    identifier = secrets.token_hex(8)
    request = NationalRequest(
        {
            "MedicalInstitutionCode": institution,
            "QualificationConfirmationDate": f"{now.astimezone(JAPAN):%Y%m%d}",
            "ArbitraryFileIdentifier": identifier,
        },
        (),
    )
    header = answers.in_order(ReferenceClassification.MY_NUMBER_CARD)
    told = [result_of(_with_consents(one, consents, now)) for one in results]
    prescription = held.prescription
    body: list[Tree] = [
        *answers.status(),
        ("QualificationValidity", validity.value),
        ("ResultList", told),
        ("ReferenceNumber", held.reference_number if found else None),
        ("PrescriptionIssueSelect", prescription.value if prescription else None),
    ]
    content = write(header_of(request, now, *header), body, encoding=encoding, order=identifier)
    return f"OQSsiquc01res_face_{identifier}_{moment(now)}.xml", content


def _with_consents(
    coverage: Coverage, consents: Collection[ConsentCategory], now: datetime
) -> Coverage:
    changes: dict[str, Any] = {}
    for category, name in CONSENT_FIELDS.items():
        given = category in consents
        changes[name] = RegisteredConsent(
            InformationConsent.GIVEN if given else InformationConsent.NOT_GIVEN,
            now,
            now + CONSENT_LASTS if given else None,
        )
    return replace(coverage, **changes)
