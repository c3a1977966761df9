"""The page of one visit: nothing stands on it that was not compared, answered or asked."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from functools import partial
from unicodedata import normalize

import pytest

from terminal.access.accounts import Role
from terminal.views import KioskStep, VisitRow
from tests.terminal.register.test_record_linking import comes, imports, person_of, record_of
from tests.web.visitors import Site


def record_part(site: Site, visit_id: str) -> tuple[str, list[list[str]]]:
    """Return how visit and register stand, and the compared rows, in the words of the page."""
    page = site.visitor().logs_in(Role.RECEPTION).opens(f"/staff/visits/{visit_id}").text
    part = page[page.index('aria-labelledby="record"') :].partition("</section>")[0]
    rows = re.findall(r"<tr[^>]*>(<th scope=\"row\".*?)</tr>", part)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in rows]
    plain = [[html.unescape(re.sub(r"<[^>]*>", "", one)).strip() for one in row] for row in cells]
    head = re.sub(r"<[^>]*>", " ", part.partition("</div>")[0].partition("</h2>")[2])
    return head.strip(), plain


@pytest.mark.parametrize("insurer", ["", "06123456"])
def test_insurance_beside_assistance_is_held_against_the_record(site: Site, insurer: str) -> None:
    """Of one person's two results each field is compared: the insurance with the insurance."""
    person = person_of(site.clinic, "insurance-and-assistance")
    own = record_of(person)
    ours = insurer or person.insurer.number
    record = replace(
        own,
        insurer_number=ours,
        insured_card_symbol=person.symbol,
        insured_identification_number=person.number,
        insured_branch_number=person.branch,
        address=person.address,
    )
    imports(site.clinic, record)
    head, rows = record_part(site, comes(site.clinic, "insurance-and-assistance"))
    of = {row[0]: row for row in rows}
    assert of["氏名"][2:] == [person.registered_name, person.registered_name, "違いなし"]
    assert of["照会番号・患者番号"][2] == person.reference_number
    assert of["保険者番号"][2:4] == [person.insurer.number, ours]
    if insurer:
        assert head == "違うところあり"
        assert of["保険者番号"][4] == "確かめる"
        assert of["番号"][4] == "くらべていません"
    else:
        assert head == "違いは見つかりません"
        assert {row[4] for row in rows} == {"違いなし"}


def test_without_a_result_nothing_is_called_compared(site: Site) -> None:
    """Nobody was found by the payer: the page does not say that no difference was found."""
    own = record_of(person_of(site.clinic, "not-found"), "4711")
    imports(site.clinic, own)
    visit_id = comes(site.clinic, "not-found")
    site.clinic.terminal.record_links.link(site.clinic.reception.actor, visit_id, "4711")
    head, rows = record_part(site, visit_id)
    assert head == "くらべていません"
    assert {row[4] for row in rows} == {"くらべていません"}


def test_two_results_of_one_person_are_found_in_the_list(site: Site) -> None:
    """The line says how many there are, and is found by reading, insurer and number of each."""
    person = person_of(site.clinic, "insurance-and-assistance")
    visit_id = comes(site.clinic, "insurance-and-assistance")
    day = site.visitor().logs_in(Role.RECEPTION).opens("/staff/today").text
    line = day[day.index(f'data-visit="{visit_id}"') :].partition("</tr>")[0]
    found = normalize("NFKC", html.unescape(line.partition('data-find="')[2].partition('"')[0]))
    for one in (person.name_kana, person.insurer.number, person.number):
        assert normalize("NFKC", one) in found
    assert "2件の資格" in line


@pytest.mark.parametrize("slug", ["not-found", "several"])
def test_an_answer_without_a_result_is_not_called_missing(site: Site, slug: str) -> None:
    """Where the payer answered and told of no qualification, no page says that no answer came."""
    visit_id = comes(site.clinic, slug)
    page = site.visitor().logs_in(Role.RECEPTION).opens(f"/staff/visits/{visit_id}").text
    assert "支払側の回答に、資格の内容は書かれていません" in page
    assert "まだ支払側の回答がありません" not in page


def test_an_answer_of_the_same_day_is_not_called_another_days(site: Site) -> None:
    """The earlier answer is shown as not this visit's: that it is not today's would be untrue."""
    clinic = site.clinic
    comes(clinic, "elderly")
    clinic.payer.faults.set("down")
    clinic.patient.taps("elderly")
    clinic.patient.types_pin()
    row = clinic.reception.sees_row(
        lambda row: row.confirmation is not None and not row.is_current, "the earlier answer"
    )
    page = site.visitor().logs_in(Role.RECEPTION).opens(f"/staff/visits/{row.visit.id}").text
    clinic.payer.faults.clear()
    clinic.patient.takes_card()
    assert "この受付での確認ではありません" in page
    assert "今日の" not in page


def test_who_was_never_asked_is_not_waited_for(site: Site) -> None:
    """An answer about consent is open while the patient is at the kiosk; then there is none."""
    clinic = site.clinic
    visitor = site.visitor().logs_in(Role.RECEPTION)
    clinic.patient.taps("in-grace")
    clinic.patient.sees(KioskStep.PIN)
    address = f"/staff/visits/{clinic.reception.row().visit.id}"
    assert "まだ答えていません" in visitor.opens(address).text
    clinic.patient.types_pin()
    clinic.patient.sees(KioskStep.DONE)
    clinic.patient.takes_card()
    page = visitor.opens(address).text
    assert "同意の答えはありません" in page
    assert "まだ答えていません" not in page


def is_troubled(visit_id: str, row: VisitRow) -> bool:
    """Whether this is the visit's line, and staff are told why nothing came."""
    question = row.question
    return row.visit.id == visit_id and question is not None and question.problem is not None


def test_a_question_that_has_not_been_put_yet_is_not_counted(site: Site) -> None:
    """While the payer is known to be down a new question waits: staff read when it will be put."""
    clinic = site.clinic
    visitor = site.visitor().logs_in(Role.RECEPTION)
    clinic.payer.faults.set("unavailable")
    counts = []
    for persona in ("elderly", "in-grace"):
        clinic.patient.taps(persona)
        visit_id = clinic.reception.row().visit.id
        clinic.patient.types_pin()
        clinic.reception.sees_row(partial(is_troubled, visit_id), "the payer's trouble")
        page = visitor.opens(f"/staff/visits/{visit_id}").text
        clinic.patient.takes_card()
        counted = re.search(r"([0-9]+)回問い合わせ済み。次は", page)
        assert counted or "次の問い合わせは" in page
        counts.append(int(counted[1]) if counted else None)
    assert 0 not in counts
    # after the first one nobody is expected to answer
    assert counts[-1] is None
    clinic.payer.faults.clear()


def listed(page: str, visit_id: str) -> list[str]:
    """Return what stands in a visit's cell of names, in today's list."""
    cell = re.search(rf'href="/staff/visits/{visit_id}">(.*?)</th>', page, re.S)
    assert cell
    return [one for one in re.split("<[^>]+>", cell[1]) if one.strip()]


def test_who_waits_for_the_payer_is_called_by_the_name_on_the_card(site: Site) -> None:
    """Several wait while the payer is down: whose card was read has a name, said to be its."""
    clinic = site.clinic
    visitor = site.visitor().logs_in(Role.RECEPTION)
    clinic.payer.faults.set("unavailable")
    clinic.patient.taps("ordinary")
    clinic.patient.types_pin()
    visit_id = clinic.reception.row().visit.id
    assert listed(visitor.opens("/staff/today").text, visit_id) == ["氏名は未確認"]
    clinic.reception.types_number_b(visit_id, clinic.stage.face_of("ordinary"))
    assert listed(visitor.opens("/staff/today").text, visit_id) == ["山田　健一", "カードの氏名"]
    assert "カードの氏名" in visitor.opens(f"/staff/visits/{visit_id}").text
    clinic.payer.faults.clear()
    clinic.terminal.desk.ask_again(clinic.reception.actor, visit_id)
    clinic.reception.sees_row(lambda row: row.name == "山田　健一", "the payer's word")
    assert "カードの氏名" not in visitor.opens(f"/staff/visits/{visit_id}").text
    clinic.patient.takes_card()
