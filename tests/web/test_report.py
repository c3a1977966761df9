"""The month's report as staff get it: page, CSV, and what is refused."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import timedelta

import pytest

from eligibility.calendar import CalendarMonth
from eligibility.codes import QualificationValidity, UnknownCode
from terminal.access.accounts import Role
from terminal.payer.calls import Call, CallOutcome
from terminal.payer.question import QuestionProblem, QuestionState
from terminal.store import Store, Transaction
from tests.store.builders import (
    INSURED_NUMBER,
    MORNING,
    NAME,
    TANAKA,
    a_confirmation,
    a_question,
    a_visit,
    an_answer,
    an_identification,
)
from tests.web.visitors import Site

LAST = CalendarMonth(2026, 10)
"""A month that is over for every clock that the tests run by."""
AT = MORNING - timedelta(days=40)
STRANGE = UnknownCode("QualificationValidity", "=1+1")


def add_visit(
    store: Store,
    ident: str,
    validity: QualificationValidity | UnknownCode | None,
    *failed: CallOutcome,
) -> None:
    """Store a visit of October by PIN; without ``validity`` the payer refused."""
    state = QuestionState.REFUSED if validity is None else QuestionState.ANSWERED
    last = CallOutcome.REFUSED if validity is None else CallOutcome.ANSWERED
    question = a_question(
        f"q-{ident}",
        f"v-{ident}",
        created_at=AT,
        attempts=len(failed) + 1,
        state=state,
        problem=QuestionProblem.PAYER_REFUSED if validity is None else None,
    )
    answer = an_answer(f"a-{ident}", question.id, received_at=AT + timedelta(seconds=2))

    def work(tx: Transaction) -> None:
        tx.visits.add(a_visit(f"v-{ident}", opened_at=AT, subject=TANAKA))
        tx.identifications.add(an_identification(f"v-{ident}"))
        tx.outbox.add(question)
        for number, outcome in enumerate((*failed, last), 1):
            call = Call(f"{question.id}.{number}", question.id, number, AT, "terminal")
            tx.calls.add(call)
            tx.calls.end(replace(call, outcome=outcome, milliseconds=250 * number))
        if validity is not None:
            tx.answers.add(answer)
            made = a_confirmation(f"c-{ident}", f"v-{ident}", answer_id=answer.id)
            tx.confirmations.add(replace(made, qualification_validity=validity))

    store.write(work)


@pytest.fixture(scope="module", autouse=True)
def october(site: Site) -> None:
    """Four visits: two valid, one of them at the second call, one unknown code, one refused."""
    store = site.clinic.terminal.store
    add_visit(store, "1", QualificationValidity.VALID)
    add_visit(store, "2", QualificationValidity.VALID, CallOutcome.SLOW)
    add_visit(store, "3", STRANGE)
    add_visit(store, "4", None)


@pytest.mark.parametrize("role", Role)
def test_every_role_sees_the_counts_and_nobody(site: Site, role: Role) -> None:
    """The report is open to all staff, since it names no patient and no number."""
    staff = site.visitor().logs_in(role)
    page = staff.opens(f"/staff/report/{LAST}")
    assert page.status_code == 200
    assert "月次報告" in page.text
    table = staff.opens(f"/staff/report/{LAST}.csv").text
    for secret in (NAME, INSURED_NUMBER, TANAKA.serial, "q-1"):
        assert secret not in page.text
        assert secret not in table


def test_strangers_see_no_report(site: Site) -> None:
    """Counts are the clinic's own: who is not logged in is led to the log-in."""
    assert site.visitor().opens(f"/staff/report/{LAST}").status_code == 303
    assert site.visitor().opens(f"/staff/report/{LAST}.csv").status_code == 303


def test_the_csv_is_made_for_spreadsheets(site: Site) -> None:
    """A byte order mark for Excel, one figure a line, and no foreign code that is calculated."""
    answer = site.visitor().logs_in(Role.RECEPTION).opens(f"/staff/report/{LAST}.csv")
    assert answer.data.startswith(b"\xef\xbb\xbf")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="eligibility-2026-10.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    found = {(row["part"], row["item"], row["detail"]): row["value"] for row in rows}
    assert found["total", "visits", ""] == found["total", "questions", ""] == "4"
    assert found["result", "at-once", ""] == "2"
    assert found["result", "later", ""] == "1"
    assert found["way", "card/pin", "1"] == "2"
    assert found["way", "card/pin", "'=1+1"] == "1"
    assert found["call", "payer-slow", ""] == "1"
    assert found["calls", "retries", ""] == "1"
    assert found["time", "p50", ""] == "250"
    assert {row["month"] for row in rows} == {"2026-10"}
    assert all(row["name"] for row in rows)


def test_a_month_is_chosen_by_its_form(site: Site) -> None:
    """The choice leads to the month's own address, which a change of language keeps."""
    staff = site.visitor().logs_in(Role.ADMINISTRATOR)
    answer = staff.opens("/staff/report?month=2026-10")
    assert (answer.status_code, answer.location) == (303, "/staff/report/2026-10")
    assert 'value="/staff/report/2026-10"' in staff.opens("/staff/report/2026-10").text


def test_an_empty_month_says_so(site: Site) -> None:
    """A month in which nobody came has no tables of zeros."""
    page = site.visitor().logs_in(Role.ADMINISTRATOR).opens("/staff/report/2020-02").text
    assert "この月の受付はありません" in page
    assert "<table" not in page


def test_the_running_month_is_not_finished(site: Site) -> None:
    """Until its last day is over, a month's figures are marked as those so far."""
    staff = site.visitor().logs_in(Role.ADMINISTRATOR)
    assert "この月はまだ終わっていません" in staff.opens("/staff/report").text
    assert "この月はまだ終わっていません" not in staff.opens(f"/staff/report/{LAST}").text


@pytest.mark.parametrize("name", ["2026-13", "x", "9998-01", "2026-1", "2026-10.csv.csv"])
def test_other_months_are_not_found(site: Site, name: str) -> None:
    """What is no month, or has not begun, is one clear page and no fault."""
    staff = site.visitor().logs_in(Role.ADMINISTRATOR)
    for path in (
        f"/staff/report/{name}",
        f"/staff/report?month={name}",
        f"/staff/report/{name}.csv",
    ):
        answer = staff.opens(path)
        if answer.status_code == 303:
            answer = staff.opens(answer.location)
        assert answer.status_code == 404
        assert "この月の報告はありません" in answer.text
