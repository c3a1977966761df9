"""The forms without a card: mistakes at their fields, warnings, several shown as several."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import date
from http import HTTPStatus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from eligibility.clinic_record import ClinicRecord
from eligibility.numbers import insurer_number_is_consistent
from eligibility.simulator.people import Person, Situation
from eligibility.simulator.pki import DEFAULT_INSTITUTION
from terminal.access.accounts import Role
from terminal.register.file import write_register_file
from tests.clinic import wait_for
from tests.web.visitors import Site, Visitor
from web.enquiry_form import NumberEntry, PersonEntry

TODAY = date(2026, 11, 24)
NUMBER = "123456789018"


def person_in(site: Site, *situations: Situation) -> Person:
    """Return a person in one of these situations, without a persona."""
    return next(
        one
        for one in site.clinic.payer.payer.population.people
        if one.situation in situations and one.linked is None and one.branch is not None
    )


def form_of(person: Person) -> dict[str, str]:
    """Return what staff type from a person's certificate."""
    return {
        "insurer_number": person.insurer.number,
        "symbol": person.symbol or "",
        "number": person.number,
        "branch": person.branch or "",
        "birthdate": person.birthdate.isoformat(),
        "document": "certificate",
    }


def asks(visitor: Visitor, form: dict[str, str]) -> TestResponse:
    """Fill the form in and send it, with the id that the page gave."""
    page = visitor.opens("/staff/enquiry").text
    found = re.search(r'name="visit" value="([0-9a-f]{32})"', page)
    assert found is not None
    return visitor.sends("/staff/enquiry", {"visit": found[1], **form})


def answered(visitor: Visitor, sent: TestResponse) -> str:
    """Follow to the visit and wait until the payer has answered; return its page."""
    assert sent.status_code == HTTPStatus.SEE_OTHER, sent.text
    place = sent.headers["Location"]

    def look() -> str | None:
        page = visitor.opens(place).text
        return None if "確認中" in page else html.unescape(page)

    return wait_for(look, "the payer's answer")


def test_a_number_is_asked_and_shown(site: Site) -> None:
    """From the form to the visit: coverage, how it was asked, the document, no medical data."""
    visitor = site.visitor().logs_in(Role.RECEPTION)
    person = person_in(site, Situation.VALID)
    page = answered(visitor, asks(visitor, form_of(person)))
    assert person.registered_name in page
    assert "番号の入力" in page
    assert "資格確認書" in page
    assert "照会した内容" in page
    assert person.insurer.name in page
    today = visitor.opens("/staff/today").text
    assert "row-origin-number" in today
    assert "番号の入力" in today


def test_the_proof_says_what_was_asked(site: Site) -> None:
    """The proof's page tells number and birth date, and speaks of no certificate."""
    visitor = site.visitor().logs_in(Role.RECEPTION)
    person = person_in(site, Situation.VALID)
    sent = asks(visitor, form_of(person))
    answered(visitor, sent)
    proof = visitor.opens(f"{sent.headers['Location']}/proof")
    assert proof.status_code == HTTPStatus.OK
    assert "資格確認（被保険者番号等）" in proof.text
    assert person.number in html.unescape(proof.text)
    log = visitor.opens(f"{sent.headers['Location']}/log").text
    assert "資格確認書" in log


def test_a_doctor_sees_no_history_of_it(site: Site) -> None:
    """The history's page says why: nobody was identified and nothing consented to."""
    reception = site.visitor().logs_in(Role.RECEPTION)
    sent = asks(reception, form_of(person_in(site, Situation.VALID)))
    answered(reception, sent)
    doctor = site.visitor().logs_in(Role.CLINICIAN)
    page = doctor.opens(f"{sent.headers['Location']}/history").text
    assert "カードなしの照会です" in page


def test_mistakes_stand_at_their_fields(site: Site) -> None:
    """Every field says what is wrong with it, keeps what was typed, and nothing is asked."""
    visitor = site.visitor().logs_in(Role.RECEPTION)
    before = site.clinic.payer.requests.as_dict()["total"]
    sent = asks(
        visitor,
        {
            "insurer_number": "1234567",
            "symbol": "見",
            "number": "",
            "branch": "1x",
            "birthdate": "S99.1.1",
            "document": "none",
        },
    )
    assert sent.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    for name in ("insurer_number", "number", "branch", "birthdate", "document"):
        assert f'id="field-{name}-error"' in sent.text, name
    assert 'id="field-symbol-error"' not in sent.text
    assert 'value="1234567"' in sent.text
    assert 'value="S99.1.1"' in sent.text
    assert site.clinic.payer.requests.as_dict()["total"] == before


@pytest.mark.parametrize("field", ["insurer_number", "symbol", "number", "branch", "birthdate"])
def test_an_individual_number_is_refused_in_any_field(site: Site, field: str) -> None:
    """The 12 digits are refused with the sentence why, and never repeated."""
    visitor = site.visitor().logs_in(Role.RECEPTION)
    form = form_of(person_in(site, Situation.VALID)) | {field: NUMBER}
    refused = asks(visitor, form)
    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "個人番号は資格確認に使わず" in refused.text
    assert NUMBER not in refused.text


def test_a_wrong_check_digit_is_a_warning(site: Site) -> None:
    """It is told once, and sent as it is where staff let it stand."""
    visitor = site.visitor().logs_in(Role.RECEPTION)
    form = form_of(person_in(site, Situation.VALID))
    last = str((int(form["insurer_number"][-1]) + 1) % 10)
    form["insurer_number"] = form["insurer_number"][:-1] + last
    assert not insurer_number_is_consistent(form["insurer_number"])
    warned = asks(visitor, form)
    assert warned.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "検証番号" in warned.text
    found = re.search(r'name="checked" value="(\d{8})"', warned.text)
    assert found is not None
    page = answered(visitor, asks(visitor, form | {"checked": found[1]}))
    assert "該当する資格がありません" in page
    assert "番号と生年月日を書類と見くらべます" in page


def test_several_are_shown_as_several(site: Site) -> None:
    """Twins without their branch stand side by side, none chosen, with what to ask."""
    visitor = site.visitor().logs_in(Role.RECEPTION)
    people = site.clinic.payer.payer.population.people
    keys = [(one.insurer.number, one.number, one.birthdate) for one in people]
    twins = [
        one
        for one, key in zip(people, keys, strict=True)
        if keys.count(key) == 2 and one.situation is Situation.VALID
    ]
    first = next(one for one in twins if sum(one.number == other.number for other in twins) == 2)
    sent = asks(visitor, form_of(first) | {"branch": ""})
    page = answered(visitor, sent)
    assert "2人が該当しました。だれも選んでいません" in page
    assert "枝番を入れて照会します" in page
    names = {one.registered_name for one in twins if one.number == first.number}
    assert len(names) == 2
    assert all(name in page for name in names)
    assert "visit-name row-nameless" in page
    chosen = re.search(r'href="(/staff/enquiry\?[^"]*candidate=1[^"]*)"', page)
    assert chosen is not None
    form = html.unescape(visitor.opens(html.unescape(chosen[1])).text)
    assert re.search(r'name="branch"[^>]*value="0\d"', form)
    assert 'name="document" value="certificate" checked' not in form


def test_the_register_fills_the_form(site: Site) -> None:
    """Asked from a patient's line: what is on file stands there, to be compared and sent."""
    visitor = site.visitor().logs_in(Role.RECEPTION)
    person = person_in(site, Situation.VALID)
    record = ClinicRecord(
        "10042",
        person.registered_name,
        person.birthdate,
        sex=person.sex,
        insurer_number=person.insurer.number,
        insured_card_symbol=person.symbol,
        insured_identification_number=person.number,
        insured_branch_number=person.branch,
    )
    register, actor = site.clinic.terminal.register, site.clinic.reception.actor
    register.take(actor, register.look_at(actor, write_register_file([record]).encode()).id)
    assert "の資格を照会" in visitor.opens("/staff/register").text
    page = visitor.sends("/staff/enquiry/patient", {"patient": "10042"}).text
    shown = html.unescape(page)
    for value in (person.number, person.insurer.number, person.birthdate.isoformat()):
        assert f'value="{value}"' in shown
    assert person.registered_name in shown
    found = re.search(r'name="visit" value="([0-9a-f]{32})"', page)
    assert found is not None
    form = form_of(person) | {"visit": found[1], "patient": "10042"}
    page = answered(visitor, visitor.sends("/staff/enquiry", form))
    assert "10042" in page


def test_an_unknown_patient_fills_nothing(site: Site) -> None:
    """A number that the register does not hold is told as such."""
    visitor = site.visitor().logs_in(Role.RECEPTION)
    sent = visitor.sends("/staff/enquiry/patient", {"patient": "no-such"})
    assert sent.status_code == HTTPStatus.NOT_FOUND


def test_asking_again_starts_from_what_was_asked(site: Site) -> None:
    """The visit's page leads back to the form with its entries, under a new id."""
    visitor = site.visitor().logs_in(Role.RECEPTION)
    person = person_in(site, Situation.LEFT_JOB)
    sent = asks(visitor, form_of(person))
    page = answered(visitor, sent)
    again = re.search(r'href="(/staff/enquiry\?from=[0-9a-f]{32})"', page)
    assert again is not None
    form = html.unescape(visitor.opens(again[1]).text)
    assert f'value="{person.number}"' in form
    assert sent.headers["Location"].rsplit("/", 1)[1] not in re.findall(
        r'name="visit" value="([0-9a-f]+)"', form
    )


def test_a_form_sent_twice_opens_one_visit(site: Site) -> None:
    """The second press leads to the visit of the first."""
    visitor = site.visitor().logs_in(Role.RECEPTION)
    form = form_of(person_in(site, Situation.VALID)) | {"visit": "5" * 31 + "a"}
    first, second = visitor.sends("/staff/enquiry", form), visitor.sends("/staff/enquiry", form)
    assert first.headers["Location"] == second.headers["Location"]
    store = site.clinic.terminal.store
    visit_id = first.headers["Location"].rsplit("/", 1)[1]
    assert len(store.read(lambda tx: tx.outbox.all_of_visit(visit_id))) == 1


# -- Disaster mode ---------------------------------------------------------------------------------


def test_only_an_administrator_sees_the_switch(site: Site) -> None:
    """Reception neither opens the page nor switches anything."""
    visitor = site.visitor().logs_in(Role.RECEPTION)
    assert visitor.opens("/staff/disaster").status_code == HTTPStatus.FORBIDDEN
    sent = visitor.sends("/staff/disaster", {"reason": "地震", "days": "1"})
    assert sent.status_code == HTTPStatus.FORBIDDEN
    assert not site.clinic.terminal.disaster.is_on()


def test_outside_a_disaster_the_route_refuses(site: Site) -> None:
    """Neither the form by name nor its answer is there, and the page says what to do."""
    visitor = site.visitor().logs_in(Role.RECEPTION)
    for answer in (
        visitor.opens("/staff/enquiry/name"),
        visitor.sends(
            "/staff/enquiry/name", {"name": "見本", "birthdate": "1958-04-02", "sex": "2"}
        ),
    ):
        assert answer.status_code == HTTPStatus.CONFLICT
        assert "災害時モードではありません" in answer.text
    assert "desk-disaster" not in visitor.opens("/staff/today").text


def test_from_switching_on_to_switching_off(site: Site) -> None:
    """Mistakes told, on with a banner for everybody, asked by name, extended, off: banner gone."""
    admin = site.visitor().logs_in(Role.ADMINISTRATOR)
    assert "まだ使われたことはありません" in admin.opens("/staff/disaster").text
    wrong = admin.sends("/staff/disaster", {"reason": " ", "days": "1"})
    assert (wrong.status_code, 'id="field-reason-error"' in wrong.text) == (422, True)
    wrong = admin.sends("/staff/disaster", {"reason": "地震", "days": "8"})
    assert (wrong.status_code, 'id="field-days-error"' in wrong.text) == (422, True)
    assert 'value="地震"' in wrong.text
    admin.sends("/staff/disaster", {"reason": "能登の地震", "days": "1"})
    site.clinic.payer.payer.disaster.switch(DEFAULT_INSTITUTION, on=True)
    try:
        reception = site.visitor().logs_in(Role.RECEPTION)
        for path in (
            "/staff/today",
            "/staff/register",
            "/staff/me",
            "/staff/enquiry",
            "/staff/visits/none",
        ):
            page = reception.opens(path).text
            assert "desk-disaster" in page, path
            assert "能登の地震" in page, path
        person = person_in(site, Situation.VALID)
        form = {"name": "", "birthdate": "x", "sex": "", "address": ""}
        wrong = reception.sends("/staff/enquiry/name", form)
        assert wrong.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        for name in ("name", "birthdate", "sex"):
            assert f'id="field-{name}-error"' in wrong.text
        form = {
            "name": person.name,
            "birthdate": person.birthdate.isoformat(),
            "sex": person.sex.value,
        }
        page = answered(reception, reception.sends("/staff/enquiry/name", form))
        assert person.insurer.name in page
        assert "災害時" in page
        assert "row-origin-disaster" in reception.opens("/staff/today").text
        admin.sends("/staff/disaster/extend", {"days": "7"})
        assert "延長しました" in admin.opens("/staff/disaster?done=extended").text
        admin.sends("/staff/disaster/off")
        assert "desk-disaster" not in reception.opens("/staff/today").text
        assert reception.opens("/staff/enquiry/name").status_code == HTTPStatus.CONFLICT
        assert "途中で終了" in admin.opens("/staff/disaster").text
    finally:
        site.clinic.payer.payer.disaster.switch(DEFAULT_INSTITUTION, on=False)


# -- Pure ------------------------------------------------------------------------------------------

TYPED = st.text(max_size=60)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(
    ("visit", "insurer_number", "symbol", "number", "branch", "birthdate", "document", "sex",
     "name", "address", "checked"), TYPED)))  # fmt: skip
def test_anything_typed_is_a_mistake_or_a_subject(site: Site, form: dict[str, str]) -> None:
    """Whatever was typed, each form is either read whole or says what is wrong; it never breaks."""
    with site.app.test_request_context("/staff/enquiry"):
        for entry in (NumberEntry.read(form, TODAY), PersonEntry.read(form, TODAY)):
            if entry.errors:
                with pytest.raises(ValueError, match="mistakes"):
                    entry.subject(TODAY)
            else:
                assert entry.subject(TODAY).birthdate <= TODAY


@pytest.mark.parametrize(
    "written", ["S30.4.5", "昭和30年4月5日", "1955-04-05", "3300405", "Ｓ３０．４．５"]
)
def test_birth_dates_in_japanese_eras(site: Site, written: str) -> None:
    """The same day in every form that stands on certificates, in either width."""
    typed = {
        "insurer_number": " 138057 ",
        "number": "１２３",
        "branch": "1",
        "birthdate": written,
        "document": "insured-card",
    }
    with site.app.test_request_context("/staff/enquiry"):
        entry = NumberEntry.read(typed, TODAY)
        assert not entry.errors
        subject = entry.subject(TODAY)
    assert subject.birthdate == date(1955, 4, 5)
    assert subject.insurer_number == "00138057"
    assert subject.insured_branch_number == "01"
    assert subject.insured_card_symbol is None


def test_nobody_is_born_tomorrow_or_130_years_ago(site: Site) -> None:
    """Such a birth date is a slip, told at its field."""
    typed = {"insurer_number": "138057", "number": "1", "document": "certificate"}
    with site.app.test_request_context("/staff/enquiry"):
        for written in ("2026-11-25", "1890-01-01", "M1.1.25"):
            entry = NumberEntry.read(typed | {"birthdate": written}, TODAY)
            assert set(entry.errors) == {"birthdate"}
        right = NumberEntry.read(typed | {"birthdate": "2026-11-24"}, TODAY)
        assert not replace(right).errors
