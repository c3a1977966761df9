"""Each kind of card and holder leads to its own next step, at the kiosk and at the desk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
from flask import Flask, g
from hypothesis import given
from hypothesis import strategies as st

from eligibility.consenting import ActingFor
from eligibility.model import FindingCode
from terminal.card.jpki import TokenKind
from terminal.card_needs import need_of_card
from terminal.errors import (
    CertificateReason,
    LookReason,
    LookRefusedError,
    RoleError,
    VisitStateError,
)
from terminal.recognition import CardInReader
from terminal.staff_look import CARDS_WITHOUT_PHOTO_SINCE, first_birthday, has_no_photo
from terminal.views import DeskNeed, DoneOutcome, KioskStep
from terminal.virtual_card.issuing import load_card
from terminal.visit import CloseReason, StaffNeed, VisitState
from tests.clinic import Clinic, Stage, opened_clinic
from web import i18n, wording

RENEWAL = {FindingCode.CARD_RENEWED, FindingCode.EARLIER_CARD_CONTRADICTS}


@pytest.fixture(scope="module")
def morning(tmp_path_factory: pytest.TempPathFactory, stage: Stage) -> Iterator[Clinic]:
    """One clinic for cards that only have to be laid down."""
    with opened_clinic(tmp_path_factory.mktemp("morning"), stage) as clinic:
        yield clinic


def words_of(what: str, then: str) -> tuple[str, str]:
    """Return what staff read of a need in both languages: the next step, Japanese first."""
    with Flask("words").test_request_context("/staff/"):
        said = []
        for g.language in i18n.LANGUAGES:
            assert i18n.text(what)
            said.append(i18n.text(then))
    return said[0], said[1]


@pytest.mark.parametrize(
    ("persona", "need", "reason", "desk"),
    [
        ("pin-blocked", StaffNeed.PIN_BLOCKED, None, DeskNeed.LOOK),
        ("face-only", StaffNeed.PIN_UNUSABLE, None, DeskNeed.LOOK),
        (
            "not-loaded",
            StaffNeed.CERTIFICATE_REJECTED,
            CertificateReason.NOT_LOADED,
            DeskNeed.OTHER_WAY,
        ),
        ("expired", StaffNeed.CERTIFICATE_REJECTED, CertificateReason.EXPIRED, DeskNeed.OTHER_WAY),
        (
            "card-expired",
            StaffNeed.CERTIFICATE_REJECTED,
            CertificateReason.CARD_EXPIRED,
            DeskNeed.OTHER_WAY,
        ),
    ],
)
def test_each_card_has_its_own_need(
    morning: Clinic,
    persona: str,
    need: StaffNeed,
    reason: CertificateReason | None,
    desk: DeskNeed,
) -> None:
    """What staff have to do is told apart, and a look is offered only where it can help."""
    assert morning.patient.taps(persona).step is KioskStep.WITH_STAFF
    row = morning.reception.row()
    assert (row.visit.staff_need, row.visit.certificate_reason) == (need, reason)
    assert row.need is desk
    detail = morning.reception.opens(row.visit.id)
    assert detail.may_identify is (desk is DeskNeed.LOOK)
    assert detail.no_look is (None if desk is DeskNeed.LOOK else LookReason.CERTIFICATE)
    japanese, english = words_of(*wording.waiting_for(row.visit))
    assert ("目視" in japanese) is (desk is DeskNeed.LOOK)
    assert ("by sight" in english) is (desk is DeskNeed.LOOK)
    morning.patient.takes_card()
    morning.patient.sees(KioskStep.IDLE)


def test_a_phone_goes_the_way_of_a_card_and_is_shown_as_a_phone(clinic: Clinic) -> None:
    """A phone is known by its label: PIN, consents and answer as ever, words of a phone."""
    assert clinic.patient.taps("phone").is_phone
    clinic.patient.types_pin()
    clinic.patient.consents_to_all()
    done = clinic.patient.sees(KioskStep.DONE)
    assert (done.outcome, done.is_phone) == (DoneOutcome.CONFIRMED, True)
    row = clinic.reception.sees_answer()
    assert row.visit.token is TokenKind.ANDROID
    clinic.patient.takes_card()
    assert not clinic.patient.taps("ordinary").is_phone
    assert clinic.reception.row().visit.token is TokenKind.CARD


def test_nobody_is_identified_by_looking_at_a_phone(clinic: Clinic) -> None:
    """There is no photo to compare: a look is refused with its reason, whoever called."""
    view = clinic.patient.taps("phone")
    clinic.terminal.desk.call_staff(view.visit_id)
    row = clinic.reception.row()
    assert row.need is DeskNeed.HELP
    with pytest.raises(LookRefusedError) as refusal:
        clinic.reception.looks(row.visit.id)
    assert refusal.value.reason is LookReason.PHONE
    assert clinic.reception.row().visit.state is VisitState.WITH_STAFF


def test_a_phone_whose_pin_is_blocked_is_for_another_way(clinic: Clinic) -> None:
    """A phone with a blocked PIN can be used in no way; its PIN was there before."""
    phone = load_card(clinic.stage.cards_dir, "phone").card
    phone.block_pin()
    clinic.slot.insert(phone)
    clinic.patient.sees(KioskStep.WITH_STAFF)
    row = clinic.reception.row()
    assert (row.visit.staff_need, row.need) == (StaffNeed.NO_PIN_NO_PHOTO, DeskNeed.OTHER_WAY)


def test_an_infants_card_takes_the_pin_alone_once_it_is_known_to_have_no_photo(
    clinic: Clinic,
) -> None:
    """Known by the clinic's own record of the birth date; before that nobody can know."""
    clinic.patient.taps("infant")
    first = clinic.reception.row().visit
    assert first.has_photo is None
    clinic.patient.types_pin()
    clinic.patient.consents_to_all()
    clinic.reception.sees_answer()
    clinic.patient.takes_card()

    view = clinic.patient.taps("infant")
    assert view.step is KioskStep.PIN
    again = clinic.reception.row().visit
    assert again.has_photo is False
    with pytest.raises(LookRefusedError) as refusal:
        clinic.reception.looks(again.id)
    assert refusal.value.reason is LookReason.NO_PHOTO
    assert clinic.reception.opens(again.id).no_look is LookReason.NO_PHOTO
    # and whoever is known to be a child is asked who answers
    assert clinic.patient.types_pin().step is KioskStep.GUARDIAN


def test_a_look_at_an_infants_card_is_told_once_the_payer_names_the_birth_date(
    clinic: Clinic,
) -> None:
    """Before the answer nobody could know; with it staff are told, and history stays closed."""
    view = clinic.patient.taps("infant")
    assert view.visit_id is not None
    clinic.terminal.desk.call_staff(view.visit_id)
    clinic.reception.looks(view.visit_id)
    row = clinic.reception.sees_answer()
    assert row.confirmation is not None
    found = {finding.code: finding for finding in row.confirmation.findings}
    assert found[FindingCode.LOOKED_WITHOUT_PHOTO].blocks_history
    assert row.need is DeskNeed.HELP or row.need is DeskNeed.SETTLE_FINDING


def test_a_reissued_card_is_known_by_the_payers_numbers(clinic: Clinic) -> None:
    """The holder of a new certificate is noted as one seen before, once; nothing is merged."""
    for persona, codes in (
        ("ordinary", set()),
        ("ordinary-reissued", {FindingCode.CARD_RENEWED}),
        ("ordinary-reissued", set()),
        ("elderly", set()),
    ):
        row = clinic.receives(persona)
        assert row.confirmation is not None
        found = {finding.code for finding in row.confirmation.findings}
        assert found & RENEWAL == codes, persona
    subjects = {
        row.visit.subject for row in clinic.terminal.desk.today(clinic.reception.actor).rows
    }
    assert len(subjects) == 3


def test_an_answer_that_stands_in_does_not_call_the_card_new_again(clinic: Clinic) -> None:
    """What the earlier visit found of its card is not told of the one after it."""
    for persona in ("ordinary", "ordinary-reissued"):
        clinic.receives(persona)
    clinic.payer.stop()
    clinic.patient.taps("ordinary-reissued")
    clinic.patient.types_pin()
    row = clinic.reception.sees_row(lambda row: row.confirmation is not None, "the earlier answer")
    assert row.confirmation is not None
    codes = {finding.code for finding in row.confirmation.findings}
    assert FindingCode.RECORDED_ANSWER in codes
    assert not codes & RENEWAL


def test_a_card_that_shows_no_photo_when_it_is_read_is_not_looked_at(clinic: Clinic) -> None:
    """What the visual record said counts from then on; a photo seen takes nothing away."""
    clinic.patient.taps("ordinary")
    visit_id = clinic.reception.row().visit.id
    records = clinic.terminal.desk._records
    records.photo_seen(visit_id, has_photo=True)
    assert clinic.reception.opens(visit_id).may_identify
    records.photo_seen(visit_id, has_photo=False)
    with pytest.raises(LookRefusedError):
        clinic.reception.looks(visit_id)


BIRTHDAYS = st.dates(date(2020, 1, 1), date(2040, 12, 31))


@given(BIRTHDAYS, st.integers(-400, 2000))
def test_no_photo_is_said_only_of_a_card_made_in_the_first_year(birth: date, days: int) -> None:
    """Never of a card made before there were such, before birth, or after the first birthday."""
    made = date.fromordinal(birth.toordinal() + days)
    if has_no_photo(birth, made):
        assert made >= CARDS_WITHOUT_PHOTO_SINCE
        assert birth <= made < first_birthday(birth)
    else:
        assert birth < CARDS_WITHOUT_PHOTO_SINCE or made < birth or made >= first_birthday(birth)


@given(BIRTHDAYS)
def test_the_first_birthday_is_a_year_later(birth: date) -> None:
    """365 or 366 days after birth, the 1 March for one born on 29 February."""
    assert (first_birthday(birth) - birth).days in (365, 366)


@pytest.mark.parametrize("token", list(TokenKind))
@pytest.mark.parametrize("signature", [None, True, False])
@pytest.mark.parametrize("has_photo", [None, True, False])
@pytest.mark.parametrize(("tries", "has_pin"), [(3, True), (None, True), (0, True), (None, False)])
def test_staff_are_sent_to_look_only_where_there_may_be_a_photo(
    token: TokenKind,
    signature: bool | None,
    has_photo: bool | None,
    tries: int | None,
    has_pin: bool,
) -> None:
    """A usable PIN needs nobody; without one a phone or a card without photo is for another way."""
    card = CardInReader("reader", b"", tries, has_pin, token, signature)
    need = need_of_card(card, has_photo=has_photo)
    assert (need is None) is (has_pin and tries != 0)
    if need is not None:
        no_photo = has_photo is False or token in (TokenKind.ANDROID, TokenKind.IPHONE)
        assert (need is StaffNeed.NO_PIN_NO_PHOTO) is no_photo


def test_staff_record_who_acted_for_an_infant(clinic: Clinic) -> None:
    """The guardian who typed the PIN stands with the identification; nothing else changes."""
    clinic.patient.taps("infant")
    visit_id = clinic.reception.row().visit.id
    desk, actor = clinic.terminal.desk, clinic.reception.actor
    with pytest.raises(VisitStateError):
        desk.record_acting(actor, visit_id, ActingFor.PARENT)
    clinic.patient.types_pin()
    clinic.reception.sees_answer()
    before = clinic.reception.opens(visit_id).row.identification
    desk.record_acting(actor, visit_id, ActingFor.PARENT)
    after = clinic.reception.opens(visit_id).row.identification
    assert before is not None
    assert after == replace(before, acting_for=ActingFor.PARENT)
    desk.record_acting(actor, visit_id, None)
    assert clinic.reception.opens(visit_id).row.identification == before
    with pytest.raises(RoleError):
        desk.record_acting(clinic.administrator.actor, visit_id, ActingFor.FAMILY)


def test_what_was_left_to_staff_ends_with_its_day(clinic: Clinic) -> None:
    """A visit that nobody closed ends after its day, its card with it; one at the kiosk stays."""
    clinic.patient.taps("pin-blocked")
    clinic.patient.sees(KioskStep.WITH_STAFF)
    left = clinic.reception.row().visit.id
    clinic.patient.takes_card()
    clinic.terminal.desk.end_former_days()
    assert clinic.reception.opens(left).may_identify
    clinic.clock.goes_on(days=1)
    present = clinic.patient.taps("ordinary").visit_id
    clinic.terminal.desk.end_former_days()
    visit = clinic.reception.opens(left).row.visit
    assert (visit.state, visit.close_reason) == (VisitState.ABANDONED, CloseReason.DAY_ENDED)
    with pytest.raises(VisitStateError):
        clinic.reception.looks(left)
    assert clinic.patient.sees(KioskStep.PIN).visit_id == present
