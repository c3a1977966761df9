import copy
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eligibility.simulator.names import REFUSALS, RefusalCode
from tests.simulator.conftest import World
from tests.simulator.desk import Desk, code_of

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples" / "fhir"
SETTINGS = settings(
    max_examples=40,
    deadline=None,
    # the payer keeps nothing of what it refuses
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(
        [
            "0001-01-01T00:00:00+14:00",
            "9999-12-31T23:59:59.999Z",
            "2026-11-24T01:00:00",
            "2026-11-24",
            "Patient/",
            "#holder",
            "\ud800",
            "=",
            "AAAA",
        ]
    )
)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


def assert_answered(response: httpx.Response) -> None:
    """Assert that the payer answered as the profile says: never with a fault of its own."""
    if response.status_code in (200, 201):
        return
    code = RefusalCode(code_of(response))
    assert response.status_code == REFUSALS[code][0]
    assert response.status_code < 500


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every value in a JSON document."""
    found = [path] if path else []
    if isinstance(value, dict):
        for key, inner in value.items():
            found += places(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            found += places(inner, (*path, index))
    return found


def with_replaced(body: Any, path: tuple[Any, ...], value: Any) -> Any:
    """Return a copy of ``body`` with another value at ``path``."""
    other = copy.deepcopy(body)
    inner = other
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return other


def sends(desk: Desk, path: str, body: Any) -> httpx.Response:
    """Post any JSON, also what is none by the letter (NaN, lone surrogates)."""
    return desk.http.post(
        path,
        content=json.dumps(body).encode(),
        headers={"Content-Type": "application/fhir+json", "Idempotency-Key": "q-wild"},
    )


PATHS = [
    "CoverageEligibilityRequest/$submit",
    "Consent",
    "$issue-challenge",
    "$register-reference-numbers",
]


@pytest.mark.parametrize("path", PATHS)
@SETTINGS
@given(body=st.binary(max_size=200))
def test_any_bytes(desk: Desk, path: str, body: bytes) -> None:
    """Any bytes are answered."""
    assert_answered(
        desk.http.post(
            path,
            content=body,
            headers={"Content-Type": "application/json", "Idempotency-Key": "q-wild"},
        )
    )


@pytest.mark.parametrize("path", PATHS)
@SETTINGS
@given(body=JSON)
def test_any_json(desk: Desk, path: str, body: Any) -> None:
    """Any JSON is answered."""
    assert_answered(sends(desk, path, body))


@settings(SETTINGS, max_examples=150)
@given(data=st.data())
def test_almost_a_question(world: World, desk: Desk, data: st.DataObject) -> None:
    """A question with anything in any one place is answered or refused, by the profile."""
    card = world.cards["ordinary"]
    body = desk.question(
        card,
        desk.desk_evidence(card, desk.clock()),
        identifier=[{"system": "urn:eligibility-terminal:fhir:id:question", "value": "q-wild"}],
    )
    path = data.draw(st.sampled_from(places(body)))
    world.payer.payer.forget()
    assert_answered(
        sends(
            desk,
            "CoverageEligibilityRequest/$submit",
            with_replaced(body, path, data.draw(JSON)),
        )
    )


@settings(SETTINGS, max_examples=100)
@given(data=st.data())
def test_almost_a_consent(desk: Desk, patient: str, data: st.DataObject) -> None:
    """A consent with anything in any one place is answered or refused, by the profile."""
    body = desk.consent(patient, YZK="permit", TKK="deny")
    path = data.draw(st.sampled_from(places(body)))
    assert_answered(sends(desk, "Consent", with_replaced(body, path, data.draw(JSON))))


@SETTINGS
@given(
    patient=st.text(max_size=30),
    count=st.text(max_size=8) | st.integers().map(str),
    page=st.text(max_size=8) | st.integers().map(str),
)
def test_any_search(desk: Desk, patient: str, count: str, page: str) -> None:
    """Any search parameters are answered."""
    parameters = {
        "_count": count.encode("utf-8", "replace"),
        "_page": page.encode("utf-8", "replace"),
    }
    assert_answered(desk.reads("Procedure", patient, **parameters))


@settings(SETTINGS, max_examples=150)
@given(data=st.data())
def test_almost_a_question_without_a_card(world: World, desk: Desk, data: st.DataObject) -> None:
    """A documented question, or registration of numbers, with anything in any one place."""
    name, where = data.draw(
        st.sampled_from(
            [
                ("question-number", "CoverageEligibilityRequest/$submit"),
                ("question-person", "CoverageEligibilityRequest/$submit"),
                ("register-reference-numbers", "$register-reference-numbers"),
            ]
        )
    )
    body = json.loads((EXAMPLES / f"{name}.json").read_bytes())
    if "identifier" in body:
        body["identifier"][0]["value"] = "q-wild"
    path = data.draw(st.sampled_from(places(body)))
    world.payer.payer.forget()
    assert_answered(sends(desk, where, with_replaced(body, path, data.draw(JSON))))


@pytest.fixture
def patient(world: World, desk: Desk) -> str:
    """Return a patient for whom a consent may be registered."""
    return desk.identifies(world.cards["ordinary"])


@pytest.mark.parametrize(
    "more",
    [
        b'"status": "active"',
        b'"x": NaN',
        b'"x": -Infinity',
        b'"x": 1e999',
        b'"x": "\\ud800"',
        b'"x": ' + b"9" * 10_000,
        b'"x": ' + b"[" * 50_000,
        b'"x": "\xff"',
        b'"x": "\x00"',
    ],
)
def test_what_is_no_json_by_the_letter(desk: Desk, patient: str, more: bytes) -> None:
    """Doubled names, NaN, infinities, half surrogates and endless nesting spoil a right body."""
    right = json.dumps(desk.consent(patient, YZK="permit")).encode()
    for body, status in ((right[:-1] + b", " + more + b"}", 400), (right, 201)):
        response = desk.http.post(
            "Consent", content=body, headers={"Content-Type": "application/json"}
        )
        assert response.status_code == status
        if status == 400:
            assert code_of(response) == "request-invalid"
