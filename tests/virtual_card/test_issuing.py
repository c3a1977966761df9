"""Issuing: certificates as the card's rules ask, files whole, private and issued once."""

from __future__ import annotations

import json
import stat
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from terminal.errors import ConfigError
from terminal.virtual_card import records
from terminal.virtual_card.certificates import end_of_day, nth_birthday_after
from terminal.virtual_card.issuing import issue, load, load_card
from terminal.virtual_card.personas import CardCondition, Story, read_card, read_people
from tests.virtual_card.parts import people

POLICY = "1.2.392.200149.8.5.1.0.30"


def certificate(folder: Path, persona: str) -> x509.Certificate:
    """The authentication certificate of one card."""
    stored = read_card(folder / "cards" / f"{persona}.json")
    return x509.load_pem_x509_certificate(stored.auth_certificate.encode())


def test_certificate_has_the_form_of_the_test_hierarchy_and_names_nobody(cards: Path) -> None:
    """Subject C=JP, CN of 14 signs, municipality, 003A; critical digitalSignature; test policy."""
    found = certificate(cards, "normal")
    ca = x509.load_pem_x509_certificate((cards / "ca.pem").read_bytes())
    found.verify_directly_issued_by(ca)
    assert ca.subject.rfc4514_string() == (
        "OU=Japan Agency for Local Authority Information Systems,"
        "OU=JPKI for user authentication,O=JPKI-TEST,C=JP"
    )
    name = str(found.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)
    assert len(found.subject) == 2
    assert len(name) == 23
    assert name.endswith("13101003A")
    usage = found.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert usage.value.digital_signature
    assert not usage.value.content_commitment
    policies = found.extensions.get_extension_for_class(x509.CertificatePolicies).value
    assert [policy.policy_identifier.dotted_string for policy in policies] == [POLICY]
    alternative = found.extensions.get_extension_for_class(x509.IssuerAlternativeName).value
    assert [
        name.rfc4514_string() for name in alternative.get_values_for_type(x509.DirectoryName)
    ] == ["O=公的個人認証サービス,C=JP"]
    assert "試験" not in found.subject.rfc4514_string()


def test_certificate_ends_at_the_fifth_birthday_in_japan(cards: Path) -> None:
    """23:59:59 in Japan is 14:59:59 UTC, on the holder's birthday."""
    end = certificate(cards, "normal").not_valid_after_utc
    assert (end.month, end.day, end.hour, end.minute, end.second) == (2, 17, 14, 59, 59)


@pytest.mark.parametrize(
    ("persona", "earliest", "latest"),
    [
        ("normal", 90, 5 * 366),
        ("expires-soon", 1, 89),
        ("expired", -366, -93),
        ("in-grace", -80, -1),
    ],
)
def test_condition_sets_when_the_certificate_ends(
    cards: Path, now: datetime, persona: str, earliest: int, latest: int
) -> None:
    """Soon is within three months; expired is beyond the three months' grace; days from now."""
    found = certificate(cards, persona)
    left = found.not_valid_after_utc - now
    assert timedelta(days=earliest) <= left <= timedelta(days=latest)
    assert found.not_valid_before_utc < now


def test_birthdays_count_from_the_day_of_issue() -> None:
    """The seen example: issued 2025-10-27, born 17 February, ends 2030-02-17; leap days too."""
    assert nth_birthday_after(date(1980, 2, 17), date(2025, 10, 27), 5) == date(2030, 2, 17)
    assert nth_birthday_after(date(1980, 2, 17), date(2026, 2, 17), 1) == date(2027, 2, 17)
    assert nth_birthday_after(date(2000, 2, 29), date(2025, 10, 27), 5) == date(2030, 2, 28)
    assert end_of_day(date(2030, 2, 17)) == datetime(2030, 2, 17, 14, 59, 59, tzinfo=UTC)


def test_issued_list_names_each_certificate_as_the_payer_will_see_it(cards: Path) -> None:
    """issued.json: person, RFC 4514 issuer, serial in lower-case hex without zeros, end."""
    listed = json.loads((cards / "issued.json").read_text())
    known = [item.persona for item in people() if item.persona != "not-loaded"]
    assert [item["persona"] for item in listed] == known
    assert [item["persona"] for item in listed if item["status"] == "revoked"] == ["revoked"]
    for item in listed:
        found = certificate(cards, item["persona"])
        assert item["issuer"] == found.issuer.rfc4514_string()
        assert item["serial"] == format(found.serial_number, "x")
        assert datetime.fromisoformat(item["not_after"]) == found.not_valid_after_utc


def test_the_revocation_list_names_the_revoked_card_only(cards: Path, now: datetime) -> None:
    """crl.pem is signed by the authentication CA, holds now, and lists one serial number."""
    crl = x509.load_pem_x509_crl((cards / "crl.pem").read_bytes())
    key = x509.load_pem_x509_certificate((cards / "ca.pem").read_bytes()).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    assert crl.is_signature_valid(key)
    assert [item.serial_number for item in crl] == [certificate(cards, "revoked").serial_number]
    ends = crl.next_update_utc
    assert ends is not None
    assert crl.last_update_utc <= now < ends


def test_a_reissued_card_is_a_second_one_of_the_same_person(tmp_path: Path) -> None:
    """Both cards are issued to one id, with different serial numbers and stories."""
    story = Story(ja="再交付", en="Reissued")
    person = people()[0].model_copy(update={"reissued": story})
    listed = issue([person], tmp_path, datetime.now(UTC))
    assert [(item.persona, item.person_id) for item in listed] == [
        ("normal", "p-0001"),
        ("normal-reissued", "p-0001"),
    ]
    assert listed[0].serial != listed[1].serial
    first, second = load(tmp_path)
    assert (first.person.story.en, second.person.story.en) == ("Somebody for tests.", "Reissued")
    assert first.person.name == second.person.name


def test_issuing_again_changes_nothing_and_adds_what_is_missing(tmp_path: Path) -> None:
    """A second run keeps every card; a person who came later gets one."""
    now = datetime.now(UTC)
    first, second = people()[:2]
    issue([first], tmp_path, now)
    before = (tmp_path / "cards" / "normal.json").read_bytes()
    ca = (tmp_path / "ca.pem").read_bytes()
    listed = issue([first, second], tmp_path, now + timedelta(days=1))
    assert (tmp_path / "cards" / "normal.json").read_bytes() == before
    assert (tmp_path / "ca.pem").read_bytes() == ca
    assert [item.person_id for item in listed] == ["p-0001", "p-0002"]


def test_a_card_is_never_given_to_another_person(tmp_path: Path) -> None:
    """The same persona with other data is refused, and the old card stays."""
    now = datetime.now(UTC)
    first = people()[0]
    issue([first], tmp_path, now)
    with pytest.raises(ConfigError, match="issued for other data"):
        issue([first.model_copy(update={"name": "別人 太郎"})], tmp_path, now)
    assert load_card(tmp_path, "normal").person == first


def test_files_with_keys_are_private_and_hold_no_pin(cards: Path) -> None:
    """Keys and cards are readable by their owner only; the PIN is in no file."""
    private = [*(cards / "cards").glob("*.json"), *cards.glob("*.key")]
    assert len(private) == len(CardCondition) + 4
    for path in private:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert '"1234"' not in path.read_text()
    assert not list(cards.glob(".*"))


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ("[", "JSON"),
        ('{"id": 1}', "array"),
        ('[{"id": "p-1"}]', "0.name"),
        ("[" + people()[0].model_dump_json().replace('"2"', '"7"', 1) + "]", "0.sex"),
        ("[" + ",".join([people()[0].model_dump_json()] * 2) + "]", "id: p-0001"),
        ("[" + people()[0].model_dump_json().replace('"normal"', '"../x"', 1) + "]", "0.persona"),
    ],
)
def test_wrong_people_are_refused_with_the_place(tmp_path: Path, content: str, place: str) -> None:
    """people.json that is not what it must be: one error that says where."""
    path = tmp_path / "people.json"
    path.write_text(content)
    with pytest.raises(ConfigError, match=place):
        read_people(path)


@pytest.mark.parametrize("damage", [b"", b"{}", b"\xff"])
def test_a_damaged_card_file_is_named(tmp_path: Path, damage: bytes) -> None:
    """A card that cannot be read says which file it is."""
    issue(people()[:1], tmp_path, datetime.now(UTC))
    path = tmp_path / "cards" / "normal.json"
    path.write_bytes(damage)
    with pytest.raises(ConfigError, match=r"normal\.json"):
        load(tmp_path)


def test_a_damaged_key_and_a_missing_file_are_named(tmp_path: Path) -> None:
    """So does a folder whose CA files do not fit or are gone."""
    issue(people()[:1], tmp_path, datetime.now(UTC))
    (tmp_path / "record.key").write_text("no key")
    with pytest.raises(ConfigError, match="damaged"):
        load(tmp_path)
    (tmp_path / "record.cv").unlink()
    (tmp_path / "record.key").unlink()
    with pytest.raises(ConfigError, match=r"record\.key"):
        load(tmp_path)
    with pytest.raises(ConfigError, match="holds no cards"):
        load(tmp_path / "nothing")


@pytest.mark.parametrize(
    ("birthdate", "expected"),
    [
        (date(1980, 2, 17), "55021720352285"),
        (date(1989, 1, 7), "64010720352285"),
        (date(1989, 1, 8), "01010820352285"),
        (date(2019, 4, 30), "31043020352285"),
        (date(2019, 5, 1), "01050120352285"),
        (date(1926, 12, 25), "01122520352285"),
        (date(1926, 12, 24), "15122420352285"),
    ],
)
def test_reference_number_b_uses_the_year_of_the_era(birthdate: date, expected: str) -> None:
    """照合番号B: the vector that was tried on a card, and the days on which eras begin."""
    assert records.reference_number_b(birthdate, date(2035, 2, 17), "2285") == expected
