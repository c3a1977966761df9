"""History over several pages: whole, in time, from the payer's own address, or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from eligibility.codes import ConsentCategory
from eligibility.errors import (
    AnswerForAnotherPersonError,
    ConsentRequiredError,
    PayerProtocolError,
)
from eligibility.fhir.client import MOST_PAGES, FhirPayer
from eligibility.model import Consent, ConsentChannel, ConsentDecision
from tests.fhir.samples import EXAMPLES, PATIENT, SUBJECT, example
from tests.fhir.scripted_server import Exchange, ScriptedServer, Trust, reply

OpenServer = Callable[..., ScriptedServer]
OpenPayer = Callable[..., FhirPayer]
YZK = ConsentCategory.YZK


def consent(minutes: float = 60) -> Consent:
    """Return a consent to medicines that began a minute ago and ends in so many minutes."""
    now = datetime.now(UTC)
    return Consent(
        id="c-1",
        visit_id="v-1",
        subject=SUBJECT,
        decisions={YZK: ConsentDecision.YES},
        given_at=now - timedelta(minutes=1),
        ends_at=now + timedelta(minutes=minutes),
        channel=ConsentChannel.KIOSK,
        payer_patient=PATIENT,
    )


class Pages:
    """A payer's pages: answers the n-th request with the n-th page."""

    def __init__(self, *pages: Any) -> None:
        self.pages = list(pages)
        self.port = 0
        self.asked = 0

    def __call__(self, exchange: Exchange) -> None:
        """Send the next page of dispensings; of prescriptions there are none."""
        if b"GET /fhir/MedicationRequest" in exchange.request:
            nothing = {"resourceType": "Bundle", "type": "searchset", "total": 0}
            exchange.send(reply(json.dumps(nothing).encode()))
            return
        page = self.pages[min(self.asked, len(self.pages) - 1)]
        self.asked += 1
        text = json.dumps(page, ensure_ascii=False).replace(
            "localhost:8602", f"localhost:{self.port}"
        )
        exchange.send(reply(text.encode()))


@pytest.fixture
def fetch(server: OpenServer, payer: OpenPayer) -> Callable[..., Any]:
    """Fetch medicines from a payer with these pages."""

    def run(pages: Pages, given: Consent | None = None) -> Any:
        running = server(pages)
        pages.port = running.port
        return payer(running.port).fetch_history(given or consent(), YZK)

    return run


def with_next(url: str) -> Any:
    """Return page 1 with another link to the next page."""
    page = example("medicines-page-1")
    page["link"][1]["url"] = url
    return page


def test_pages_are_followed_to_the_end(fetch: Callable[..., Any]) -> None:
    """All pages together are one list, in the payer's order."""
    pages = Pages(example("medicines-page-1"), example("medicines-page-2"))
    history = fetch(pages)
    assert [one.name[:6] for one in history.medications] == [
        "アムロジピン",
        "ロスバスタチ",
        "レバミピド錠",
    ]
    assert pages.asked == 2


@pytest.mark.parametrize(
    "url",
    [
        "https://elsewhere.example/fhir/MedicationDispense?_page=2",
        "https://localhost/fhir/MedicationDispense?_page=2",
        "http://localhost:8602/fhir/MedicationDispense?_page=2",
        "https://localhost:8602/other/MedicationDispense?_page=2",
        "https://localhost:8602@elsewhere.example/fhir/x",
        "MedicationDispense?_page=2",
        "https://localhost:8602/fhir/a b",
        "https://localhost:8602/fhir/\r\nX-Header: 1",
    ],
)
def test_a_link_that_leaves_the_payer_is_not_followed(fetch: Callable[..., Any], url: str) -> None:
    """The next page is on the payer's own address or the list is refused."""
    pages = Pages(with_next(url))
    with pytest.raises(PayerProtocolError, match="foreign address"):
        fetch(pages)
    assert pages.asked == 1


def test_a_list_that_goes_round_is_ended(fetch: Callable[..., Any]) -> None:
    """A page that links to one already read is refused."""
    pages = Pages(example("medicines-page-1"), example("medicines-page-1"))
    with pytest.raises(PayerProtocolError, match="does not end"):
        fetch(pages)
    assert pages.asked == 2


def test_a_list_without_end_is_ended(fetch: Callable[..., Any]) -> None:
    """Only so many pages are read."""
    base = "https://localhost:8602/fhir/MedicationDispense?_page="
    pages = Pages(*(with_next(f"{base}{number}") for number in range(MOST_PAGES + 5)))
    with pytest.raises(PayerProtocolError, match="does not end"):
        fetch(pages)
    assert pages.asked == MOST_PAGES


def test_a_list_that_lacks_rows_is_refused(fetch: Callable[..., Any]) -> None:
    """Fewer rows than the payer counts: a medicine may be missing, so nothing is shown."""
    page = example("medicines-page-1")
    page["link"] = page["link"][:1]
    with pytest.raises(PayerProtocolError, match="2 rows and says 3"):
        fetch(Pages(page))


def test_somebody_else_on_the_second_page_refuses_all(fetch: Callable[..., Any]) -> None:
    """One row about another patient on any page: nothing is returned, nothing is kept."""
    page = example("medicines-page-2")
    page["entry"][0]["resource"]["subject"]["reference"] = "Patient/pt-9KX4"
    with pytest.raises(AnswerForAnotherPersonError) as refused:
        fetch(Pages(example("medicines-page-1"), page))
    assert refused.value.question_id == "c-1"
    assert refused.value.original == b""


def test_errors_about_history_do_not_carry_it(fetch: Callable[..., Any]) -> None:
    """Medical data does not leave by way of an error."""
    page = example("medicines-page-1")
    del page["entry"][0]["resource"]["whenHandedOver"]
    with pytest.raises(PayerProtocolError) as refused:
        fetch(Pages(page))
    assert refused.value.original == b""
    assert "アムロジピン" not in str(refused.value)


def test_a_refusal_on_the_second_page_refuses_all(fetch: Callable[..., Any]) -> None:
    """The payer checks consent at each page; if it refuses, nothing is shown."""
    pages = Pages(example("medicines-page-1"), example("refusal-consent-missing"))
    with pytest.raises(ConsentRequiredError) as refused:
        fetch(pages)
    assert refused.value.category == YZK.value


def test_a_consent_that_ends_between_pages_ends_the_list(server: OpenServer, trust: Trust) -> None:
    """Consent is looked at again before each page, by the clock."""
    given = consent(minutes=10)
    moments = [given.given_at, given.given_at, given.ends_at]
    pages = Pages(example("medicines-page-1"), example("medicines-page-2"))
    running = server(pages)
    pages.port = running.port
    desk = FhirPayer(trust.settings(running.port), now=lambda: moments.pop(0))
    try:
        with pytest.raises(ConsentRequiredError):
            desk.fetch_history(given, YZK)
    finally:
        desk.close()
    assert pages.asked == 1


@pytest.mark.parametrize("category", list(ConsentCategory))
def test_without_consent_not_a_byte_is_sent(
    server: OpenServer, payer: OpenPayer, category: ConsentCategory
) -> None:
    """A consent that has ended opens no connection at all."""
    running = server(
        lambda exchange: exchange.send(reply((EXAMPLES / "checkups.json").read_bytes()))
    )
    with pytest.raises(ConsentRequiredError):
        payer(running.port).fetch_history(consent(minutes=-0.5), category)
    assert (running.connections, running.requests) == (0, [])


def test_a_category_without_a_call_is_told(payer: OpenPayer) -> None:
    """What the profile cannot carry is an error, not an empty list."""
    given = Consent(
        id="c-1",
        visit_id="v-1",
        subject=SUBJECT,
        decisions={ConsentCategory.TSR: ConsentDecision.YES},
        given_at=datetime.now(UTC) - timedelta(minutes=1),
        ends_at=datetime.now(UTC) + timedelta(minutes=1),
        channel=ConsentChannel.KIOSK,
        payer_patient=PATIENT,
    )
    with pytest.raises(PayerProtocolError, match="TSR"):
        payer(9).fetch_history(given, ConsentCategory.TSR)
