"""Questions without a card as they are documented: written, read, damaged."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eligibility.asking import NumberQuestion, PersonQuestion
from eligibility.codes import QualificationValidity, ReferenceClassification
from eligibility.errors import AnswerForAnotherPersonError, EligibilityError, PayerProtocolError
from eligibility.fhir.reference_numbers import (
    read_reference_number_results,
    write_reference_numbers,
)
from eligibility.fhir.without_card import write_number_question, write_person_question
from tests.fhir.insured import read
from tests.fhir.samples import (
    ANYBODY,
    BY_NUMBER,
    BY_PERSON,
    DAY,
    INSTITUTION,
    NUMBERED,
    REGISTRATIONS,
    SOMEBODY,
    WILD,
    damaged,
    example,
)


def test_the_documented_questions_are_written() -> None:
    """What the desk sends by number and by person is, word for word, what the page shows."""
    assert write_number_question(BY_NUMBER, INSTITUTION) == example("question-number")
    assert write_person_question(BY_PERSON, INSTITUTION) == example("question-person")


def test_the_documented_answers_are_read() -> None:
    """By number: one result and the clinic's number; several are all told; by person likewise."""
    one = read(example("answer-number"), BY_NUMBER)
    assert one.subject == NUMBERED
    assert one.qualification_validity is QualificationValidity.VALID
    assert one.reference_classification is ReferenceClassification.INSURED_NUMBER
    assert one.reference_number == "12345"
    several = read(
        example("answer-number-several"), NumberQuestion("q-01JDEXAMPLE0032", ANYBODY, DAY)
    )
    assert several.qualification_validity is QualificationValidity.SEVERAL
    assert [each.insured_branch_number for each in several.results] == ["02", "03"]
    person = read(example("answer-person"), BY_PERSON)
    assert person.subject == SOMEBODY
    assert person.reference_classification is None
    assert {one.payer_patient, several.payer_patient} == {None}
    # by person is for disasters, where the one who was found is named
    assert person.payer_patient == "Patient/pt-7Q2M"


def test_an_answer_for_another_number_is_refused() -> None:
    """Another number, birth date, branch or person, or none at all, is no answer to it."""
    answer = example("answer-number")
    for other in (
        replace(NUMBERED, insured_identification_number="１２４"),
        replace(NUMBERED, birthdate=date(1958, 4, 3)),
        ANYBODY,
    ):
        with pytest.raises(AnswerForAnotherPersonError):
            read(answer, replace(BY_NUMBER, subject=other))
    with pytest.raises(AnswerForAnotherPersonError):
        read(example("answer-person"), replace(BY_PERSON, id="q-9"))
    with pytest.raises(AnswerForAnotherPersonError):
        read(answer, PersonQuestion(BY_NUMBER.id, SOMEBODY, DAY))
    nobody = {**answer, "extension": answer["extension"][1:]}
    with pytest.raises(PayerProtocolError):
        read(nobody, BY_NUMBER)


def test_a_result_of_another_birth_date_is_another_person() -> None:
    """The echo may be right and the result wrong: somebody born on another day is not shown."""
    answer = example("answer-number")
    for resource in answer["contained"]:
        if resource["resourceType"] == "Patient":
            resource["birthDate"] = "1958-04-03"
    with pytest.raises(AnswerForAnotherPersonError):
        read(answer, BY_NUMBER)


def test_a_patient_of_the_payers_is_not_taken_without_a_card() -> None:
    """Outside a disaster, though the payer names its patient, a consent could be for nobody."""
    answer = example("answer-number")
    answer["patient"]["reference"] = "Patient/pt-7Q2M"
    assert read(answer, BY_NUMBER).payer_patient is None


@given(st.sampled_from(["answer-number", "answer-person"]), st.data())
def test_a_damaged_answer_is_for_the_asked_person_or_an_error(name: str, data: Any) -> None:
    """With anything in any one place it is read for whom was asked, or is an error of its kind."""
    asked = BY_NUMBER if name == "answer-number" else BY_PERSON
    body = data.draw(damaged(example(name)) | WILD.map(json.dumps).map(str.encode))
    try:
        answer = read(body, asked)
    except EligibilityError:
        return
    assert answer.subject == asked.subject
    assert answer.payer_patient is None or asked is BY_PERSON
    assert {one.person.birthdate for one in answer.results} <= {asked.subject.birthdate}


def test_the_documented_registration_of_reference_numbers() -> None:
    """The request is what the page shows; the results come in the order that was asked."""
    assert write_reference_numbers(REGISTRATIONS) == example("register-reference-numbers")
    answer = example("reference-numbers-registered")
    answer["parameter"].reverse()
    results = read_reference_number_results(json.dumps(answer).encode(), REGISTRATIONS)
    assert [one.accepted for one in results] == [True, False]
    assert [one.registration_id for one in results] == [one.id for one in REGISTRATIONS]
    assert results[1].message == "該当する資格が複数あります。"


@pytest.mark.parametrize("change", ["one-missing", "one-twice", "a-foreign-one"])
def test_results_of_other_registrations_are_refused(change: str) -> None:
    """Each registration has exactly one result; anything else is no answer to the call."""
    answer = example("reference-numbers-registered")
    if change == "one-missing":
        del answer["parameter"][0]
    elif change == "one-twice":
        answer["parameter"].append(answer["parameter"][0])
    else:
        answer["parameter"][0]["part"][0]["valueString"] = "rn-other"
    with pytest.raises(PayerProtocolError):
        read_reference_number_results(json.dumps(answer).encode(), REGISTRATIONS)
