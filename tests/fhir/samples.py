"""Questions, answers and strategies that the tests of this package share."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from eligibility.codes import (
    CodeTable,
    InsuredCardClassification,
    LimitCategory,
    LimitCertificateClassification,
    PersonalFamilyClassification,
    QualificationValidity,
    ReasonOfLoss,
    Sex,
    UnknownCode,
)
from eligibility.model import (
    AnswerOutcome,
    CardSubject,
    CopayRatio,
    Coverage,
    ElderlyRecipientCertificate,
    InsuredPerson,
    LimitCertificate,
)
from eligibility.payer import (
    CardQuestion,
    Challenge,
    ChallengeIssuer,
    HolderEvidence,
    IdentificationMethod,
    ProofKind,
)
from eligibility.simulator import wire

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples" / "fhir"
INSTITUTION = "1310000003"
SUBJECT = CardSubject("OU=JPKI for user authentication,O=JPKI-TEST,C=JP", "5b1c0f93a2")
PATIENT = "Patient/pt-7Q2M"
NOW = datetime(2026, 11, 24, 1, 2, 3, 456000, tzinfo=UTC)
DAY = date(2026, 11, 24)
QUESTION = CardQuestion(
    id="q-1",
    certificate=b"\x30\x03\x02\x01\x01",
    subject=SUBJECT,
    evidence=HolderEvidence(
        IdentificationMethod.PIN,
        ProofKind.AUTH_KEY,
        NOW,
        Challenge(b"\x01" * 32, ChallengeIssuer.PAYER, NOW, "ch-1"),
        b"\x02" * 256,
    ),
    qualification_confirmation_date=DAY,
)


def example(name: str) -> Any:
    """Return the JSON of a documented example."""
    return json.loads((EXAMPLES / f"{name}.json").read_text(encoding="utf-8"))


def written_answer(
    results: tuple[Coverage, ...],
    validity: QualificationValidity | UnknownCode | None = QualificationValidity.VALID,
    outcome: AnswerOutcome = AnswerOutcome.COMPLETE,
    message: str = "正常終了",
    code: str | None = "0000",
    patient: str | None = PATIENT,
) -> dict[str, Any]:
    """Return an answer to QUESTION as the payer's side writes it."""
    return wire.answer(
        wire.Echo(QUESTION.id, SUBJECT, INSTITUTION, DAY),
        "r-1",
        NOW,
        outcome,
        message,
        code=code,
        validity=validity,
        results=results,
        patient_id=None if patient is None else patient.removeprefix("Patient/"),
    )


# -- Strategies ------------------------------------------------------------------------------------

WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12
).filter(str.strip)
DAYS = st.dates(date(1900, 1, 1), date(2100, 12, 31))
INSURERS = st.text("0123456789", min_size=8, max_size=8)


def codes(table: type[CodeTable]) -> st.SearchStrategy[Any]:
    """Return a strategy for the codes of a table and for one that it does not know."""
    return st.sampled_from([*table, UnknownCode(table.__name__, "Z9")])


RATIOS = st.none() | st.sampled_from(
    [CopayRatio(0), CopayRatio(10), CopayRatio(30), UnknownCode("ContributionRatio", "3割")]
)
COVERAGES = st.builds(
    Coverage,
    person=st.builds(
        InsuredPerson,
        name=WORDS,
        birthdate=DAYS,
        sex=codes(Sex),
        name_kana=st.none() | WORDS,
        address=WORDS,
        post_number=st.none() | WORDS,
    ),
    insured_card_classification=st.none() | codes(InsuredCardClassification),
    insurer_number=INSURERS,
    insurer_name=WORDS,
    insured_card_symbol=st.none() | WORDS,
    insured_identification_number=st.none() | WORDS,
    insured_branch_number=st.none() | WORDS,
    personal_family_classification=st.none() | codes(PersonalFamilyClassification),
    qualification_date=st.none() | DAYS,
    disqualification_date=st.none() | DAYS,
    insured_card_valid_date=st.none() | DAYS,
    insured_card_expiration_date=st.none() | DAYS,
    insured_partial_contribution_ratio=RATIOS,
    reason_of_loss=st.none() | codes(ReasonOfLoss),
    elderly_recipient_certificate=st.none()
    | st.builds(ElderlyRecipientCertificate, RATIOS, st.none() | DAYS, st.none() | DAYS),
    limit_certificate=st.none()
    | st.builds(
        LimitCertificate,
        codes(LimitCategory),
        st.none() | codes(LimitCertificateClassification),
        st.none() | DAYS,
        st.none() | DAYS,
    ),
)
LEAVES: st.SearchStrategy[Any] = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(
        ["2026-11-24", "2026-02-30", "Patient/pt-7Q2M", "#coverage-1", "#person-1", "030", "\ud800"]
    )
)
WILD = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=8,
)


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Return the path to every value inside a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    found = [path] if path else []
    if isinstance(value, dict | list):
        for key, one in inner:
            found += places(one, (*path, key)) if isinstance(one, dict | list) else [(*path, key)]
    return found


@st.composite
def damaged(draw: st.DrawFn, resource: Any) -> bytes:
    """Return a resource with one value replaced by anything or taken away, as bytes."""
    copy = json.loads(json.dumps(resource))
    path = draw(st.sampled_from(places(copy)))
    holder = copy
    for key in path[:-1]:
        holder = holder[key]
    if draw(st.booleans()):
        del holder[path[-1]]
    else:
        holder[path[-1]] = draw(WILD)
    return json.dumps(copy).encode()
