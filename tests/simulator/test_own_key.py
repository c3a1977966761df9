from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eligibility.codes import Sex
from eligibility.payer import IdentificationMethod, OwnKeyEvidence, ProofKind, Unproved, unproved
from eligibility.simulator.card_records import CardRecords
from eligibility.simulator.people import Person
from eligibility.simulator.refusals import RefusalError
from tests.simulator.card_records import RecordAuthority, own_key_evidence
from tests.simulator.conftest import World
from tests.simulator.desk import Desk, code_of, extension


def _person(world: World, persona: str = "ordinary") -> Person:
    people = world.payer.payer.population.people
    return next(person for person in people if person.persona == persona)


def _record(world: World, persona: str = "ordinary") -> OwnKeyEvidence:
    person = _person(world, persona)
    return world.records.record(person.birthdate, person.sex.value)


def _asks(world: World, desk: Desk, evidence: Any, card: str = "ordinary") -> Any:
    return desk.sends(desk.question(world.cards[card], evidence))


@pytest.mark.parametrize(
    ("method", "opens_history"), [("face", True), ("staff-visual", True), ("none", False)]
)
def test_what_the_own_key_grants(
    world: World, desk: Desk, method: str, opens_history: bool
) -> None:
    """A genuine card answers for coverage; a consent needs somebody to have known the holder."""
    response = _asks(world, desk, own_key_evidence(desk, world.records, _record(world), method))
    assert response.status_code == 200, response.text
    answer = response.json()
    subject = extension(answer, "card-certificate")["valueIdentifier"]
    assert subject["value"] == world.cards["ordinary"].serial
    consent = desk.consent(answer["patient"]["reference"], YZK="permit")
    registered = desk.http.post("Consent", json=consent)
    if opens_history:
        assert registered.status_code == 201
    else:
        assert code_of(registered) == "identification-missing"


@pytest.mark.parametrize("method", ["pin", "payer-asserted"])
def test_methods_that_the_own_key_does_not_fit(world: World, desk: Desk, method: str) -> None:
    """A PIN that was verified gives another signature, so that this pair is refused."""
    evidence = own_key_evidence(desk, world.records, _record(world), method)
    assert code_of(_asks(world, desk, evidence)) == "proof-insufficient"


def test_a_replayed_signature_is_refused(world: World, desk: Desk) -> None:
    """A signature of the own key opens one question only."""
    evidence = own_key_evidence(desk, world.records, _record(world))
    assert _asks(world, desk, evidence).status_code == 200
    assert code_of(_asks(world, desk, evidence)) == "challenge-used"


def test_a_signature_over_an_older_challenge_is_refused(world: World, desk: Desk) -> None:
    """A signature that was kept from an earlier visit does not fit a new challenge."""
    kept = own_key_evidence(desk, world.records, _record(world))
    evidence = own_key_evidence(desk, world.records, _record(world))
    old = next(part for part in kept if part["url"] == "signature")
    mixed = [old if part["url"] == "signature" else part for part in evidence]
    assert code_of(_asks(world, desk, mixed)) == "signature-invalid"


def test_the_authentication_key_does_not_stand_for_the_own_key(world: World, desk: Desk) -> None:
    """The signature is checked under the key in the record, not under the certificate's."""
    evidence = own_key_evidence(desk, world.records, _record(world))
    by_pin = desk.pin_evidence(world.cards["ordinary"])
    other = next(part for part in by_pin if part["url"] == "signature")
    mixed = [other if part["url"] == "signature" else part for part in evidence]
    assert code_of(_asks(world, desk, mixed)) == "signature-invalid"


def test_the_record_of_somebody_else_is_refused(world: World, desk: Desk) -> None:
    """A genuine record beside another person's certificate: birth date or sex give it away."""
    evidence = own_key_evidence(desk, world.records, _record(world, "elderly"))
    assert code_of(_asks(world, desk, evidence)) == "record-mismatch"


def test_another_sex_is_another_person(world: World, desk: Desk) -> None:
    """The same birth date with another sex is not the certificate's holder."""
    person = _person(world)
    for code in {"1", "2", "9"} - {person.sex.value}:
        record = world.records.record(person.birthdate, code)
        evidence = own_key_evidence(desk, world.records, record)
        assert code_of(_asks(world, desk, evidence)) == "record-mismatch"


@pytest.mark.parametrize(
    "change",
    [
        lambda one: replace(one, photo_digest=bytes(32)),
        lambda one: replace(one, pictures_digest=bytes(32)),
        lambda one: replace(one, record_signature=bytes(256)),
        lambda one: replace(one, key_group=one.key_group.replace(b"19", b"20", 1)),
    ],
    ids=["photo", "pictures", "signature", "birth date"],
)
def test_an_altered_record_is_refused(
    world: World, desk: Desk, change: Callable[[OwnKeyEvidence], OwnKeyEvidence]
) -> None:
    """One changed value in the record and the issuer's signature does not hold."""
    record = _record(world)
    altered = change(record)
    assert altered != record
    evidence = own_key_evidence(desk, world.records, altered)
    assert code_of(_asks(world, desk, evidence)) == "record-altered"


def test_a_foreign_issuer_is_refused(world: World, desk: Desk) -> None:
    """A record of somebody who made an authority of their own proves nothing."""
    foreign = RecordAuthority()
    person = _person(world)
    record = foreign.record(person.birthdate, person.sex.value)
    evidence = own_key_evidence(desk, foreign, record)
    assert code_of(_asks(world, desk, evidence)) == "record-untrusted"


def test_without_an_issuer_no_record_is_trusted(world: World) -> None:
    """A payer that was given no issuer's key accepts no such proof."""
    with pytest.raises(RefusalError, match="record-untrusted"):
        CardRecords().check(_record(world), _person(world))


def _without(name: str) -> Callable[[list[dict[str, str]]], list[dict[str, str]]]:
    return lambda parts: [part for part in parts if part["url"] != name]


@pytest.mark.parametrize(
    "change",
    [
        *map(
            _without,
            [
                "not-proved",
                "cv-certificate",
                "record-key-group",
                "record-photo-digest",
                "record-signature",
                "signature",
            ],
        ),
        lambda parts: [*parts, {"url": "not-proved", "valueCode": "holder"}],
        lambda parts: [*parts, {"url": "not-proved", "valueCode": "certificate-key"}],
        lambda parts: [*parts, {"url": "not-proved", "valueString": "certificate-key"}],
    ],
)
def test_evidence_that_does_not_say_all_is_malformed(
    world: World, desk: Desk, change: Callable[[Any], Any]
) -> None:
    """A part missing, or another list of what was not proved than the truth: request-invalid."""
    evidence = change(own_key_evidence(desk, world.records, _record(world)))
    assert code_of(_asks(world, desk, evidence)) == "request-invalid"


def test_a_record_with_another_proof_is_malformed(world: World, desk: Desk) -> None:
    """Parts of the own key beside another proof would be said, but never checked."""
    card = world.cards["ordinary"]
    evidence = [*desk.pin_evidence(card), {"url": "not-proved", "valueCode": "certificate-key"}]
    assert code_of(_asks(world, desk, evidence)) == "request-invalid"


@pytest.mark.parametrize(
    ("method", "proof", "left"),
    [
        (IdentificationMethod.PIN, ProofKind.AUTH_KEY, ()),
        (IdentificationMethod.FACE, ProofKind.OWN_KEY, (Unproved.CERTIFICATE_KEY,)),
        (
            IdentificationMethod.NONE,
            ProofKind.OWN_KEY,
            (Unproved.CERTIFICATE_KEY, Unproved.HOLDER),
        ),
        (
            IdentificationMethod.STAFF_VISUAL,
            ProofKind.CERTIFICATE_ONLY,
            (Unproved.CERTIFICATE_KEY, Unproved.GENUINE_CARD),
        ),
    ],
)
def test_what_is_left_unproved(
    method: IdentificationMethod, proof: ProofKind, left: tuple[Unproved, ...]
) -> None:
    """Each pair of method and proof says what it leaves open."""
    assert unproved(method, proof) == left


@given(data=st.data())
def test_spoilt_records_are_refused_and_nothing_else(built: World, data: st.DataObject) -> None:
    """Whatever bytes come in place of certificate or group, the payer refuses and never breaks."""
    record = _record(built)
    name = data.draw(st.sampled_from(["cv_certificate", "key_group"]))
    good = getattr(record, name)
    place = data.draw(st.integers(0, 40))
    spoilt = data.draw(st.binary(max_size=8))
    changed = good[:place] + spoilt + good[place + len(spoilt) + data.draw(st.integers(0, 3)) :]
    if changed == good:
        return
    with pytest.raises(RefusalError):
        built.payer.payer.records.check(replace(record, **{name: changed}), _person(built))


def test_signed_nonsense_is_malformed(world: World) -> None:
    """A group that is rightly signed but is no group of birth date, sex and key is refused."""
    person = _person(world)
    for group in (b"", b"\xdf\x22", b"\xdf\x22\x80\x00", b"\xdf\x22\x84\x00", b"\xdf\x22\x05ab"):
        record = world.records.signed(group)
        with pytest.raises(RefusalError, match="request-invalid"):
            CardRecords([world.records.issuer.public_key()]).check(record, person)


def test_the_third_code_of_sex_is_the_card_s_ninth(world: World) -> None:
    """未設定 at the payer is 適用不能 or 不明 on the card."""
    person = replace(_person(world), sex=Sex.NOT_SET)
    records = CardRecords([world.records.issuer.public_key()])
    for code in ("0", "9"):
        records.check(world.records.record(person.birthdate, code), person)
    with pytest.raises(RefusalError, match="record-mismatch"):
        records.check(world.records.record(date(1980, 2, 17), "1"), person)
