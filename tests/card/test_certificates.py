from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.card.certificates import CertificateVerifier, end_of_grace, subject_of
from terminal.card.jpki import JpkiSession
from terminal.errors import CertificateReason, CertificateRejectedError
from tests.card.authority import (
    BEGIN,
    END,
    SIGNATURE_POLICY,
    TEST_POLICY,
    Authority,
    Leaf,
    ec_key,
    name_of,
    rsa_key,
    usage,
)
from tests.card.cards import DirectConnection
from tests.card.wallet import Wallet

NOW = datetime(2026, 11, 24, tzinfo=UTC)
SECOND = timedelta(seconds=1)
SAMPLE = Leaf().der


def last(year: int, month: int, day: int) -> datetime:
    """Return the last second of this day in Japan."""
    return datetime(year, month, day, 14, 59, 59, tzinfo=UTC)


def rejection(verifier: CertificateVerifier, certificate: bytes, now: datetime = NOW) -> str:
    """Return why a certificate is rejected."""
    with pytest.raises(CertificateRejectedError) as refusal:
        verifier.verify(certificate, now)
    return refusal.value.reason


@pytest.fixture(scope="module")
def verifier() -> CertificateVerifier:
    """A production desk with one anchor."""
    return CertificateVerifier([Authority().pem], allow_test=False)


def test_a_right_certificate_tells_whom_it_stands_for(verifier: CertificateVerifier) -> None:
    """Issuer and serial identify the person, the serial as hex without leading zeros."""
    verified = verifier.verify(Leaf().der, NOW)
    assert verified.subject.issuer == "OU=JPKI for user authentication,O=JPKI,C=JP"
    assert verified.subject.serial == "a1b2c"
    assert (verified.not_before, verified.not_after) == (BEGIN, END)
    assert not verified.issuer_is_test
    assert not verified.in_grace
    assert subject_of(Leaf().der) == verified.subject


def test_the_issuer_is_chosen_by_its_signature_among_cas_of_one_name() -> None:
    """Three generations bear one name: each one's certificates hold, a fourth one's do not."""
    generations = [Authority(key=rsa_key(f"generation {number}")) for number in range(3)]
    verifier = CertificateVerifier([g.der for g in generations], allow_test=False)
    for generation in generations:
        verifier.verify(Leaf(issuer=generation).der, NOW)
    impostor = Authority(key=rsa_key("impostor"))
    assert rejection(verifier, Leaf(issuer=impostor).der) == CertificateReason.UNKNOWN_ISSUER


def test_several_anchors_may_stand_in_one_pem_file() -> None:
    """Each certificate of a PEM bundle is an anchor."""
    second = Authority(key=rsa_key("generation 1"))
    verifier = CertificateVerifier([Authority().pem + second.pem], allow_test=False)
    assert not verifier.verify(Leaf(issuer=second).der, NOW).in_grace


def test_without_anchors_nothing_holds() -> None:
    """A desk that trusts no CA accepts no card."""
    verifier = CertificateVerifier([], allow_test=True)
    assert rejection(verifier, Leaf().der) == CertificateReason.UNKNOWN_ISSUER


def test_the_issuer_named_must_be_the_one_that_signed(verifier: CertificateVerifier) -> None:
    """A certificate signed by our CA in another's name does not hold."""
    leaf = Leaf(issuer_name=name_of("Another"))
    assert rejection(verifier, leaf.der) == CertificateReason.UNKNOWN_ISSUER


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        (BEGIN - SECOND, CertificateReason.NOT_YET_VALID),
        (BEGIN, None),
        (END, None),
        (END + SECOND, "grace"),
        (datetime(2030, 5, 17, 14, 59, 59, tzinfo=UTC), "grace"),
        (datetime(2030, 5, 17, 15, 0, 0, tzinfo=UTC), CertificateReason.EXPIRED),
    ],
)
def test_validity_is_compared_as_instants(
    verifier: CertificateVerifier, now: datetime, reason: str | None
) -> None:
    """Ends at 23:59:59 of Japan's day; then three months of grace, then no more."""
    for zone in (UTC, timezone(timedelta(hours=9))):
        if reason in (None, "grace"):
            assert verifier.verify(Leaf().der, now.astimezone(zone)).in_grace == bool(reason)
        else:
            assert rejection(verifier, Leaf().der, now.astimezone(zone)) == reason


@pytest.mark.parametrize(
    ("end", "grace"),
    [
        (last(2026, 11, 30), last(2027, 2, 28)),
        (last(2027, 11, 30), last(2028, 2, 29)),
        (last(2026, 10, 15), last(2027, 1, 15)),
        (last(2026, 3, 31), last(2026, 6, 30)),
    ],
)
def test_grace_ends_three_calendar_months_later(end: datetime, grace: datetime) -> None:
    """A day that the month does not have becomes its last day."""
    assert end_of_grace(end) == grace


@given(st.datetimes(timezones=st.just(UTC)).filter(lambda end: end.year < 9999))
def test_grace_is_never_less_than_89_days_nor_more_than_92(end: datetime) -> None:
    """Three months are 89 to 92 days."""
    assert timedelta(days=89) <= end_of_grace(end) - end <= timedelta(days=92)


def test_a_certificate_without_an_end_has_no_grace(verifier: CertificateVerifier) -> None:
    """The last moment that a certificate can name does not overflow."""
    endless = Leaf(end=datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC))
    assert not verifier.verify(endless.der, NOW).in_grace


@pytest.mark.parametrize(
    "leaf",
    [
        Leaf(usage=None),
        Leaf(usage=usage(digital_signature=True, content_commitment=True)),
        Leaf(usage=usage(digital_signature=True, key_cert_sign=True)),
        Leaf(usage=usage(key_encipherment=True)),
        Leaf(policy=None),
        Leaf(policy=SIGNATURE_POLICY),
        Leaf(policy=TEST_POLICY),
        Leaf(is_ca=True),
        Leaf(critical_purpose=True),
    ],
)
def test_a_certificate_for_another_use_is_refused(
    verifier: CertificateVerifier, leaf: Leaf
) -> None:
    """Only digitalSignature alone, under the policy for authentication, and no CA."""
    assert rejection(verifier, leaf.der) == CertificateReason.WRONG_USAGE


def test_the_test_hierarchy_is_refused_in_production_even_with_its_anchor() -> None:
    """O=JPKI-TEST counts only where it was allowed, and is marked then."""
    authority = Authority(organization="JPKI-TEST")
    leaf = Leaf(issuer=authority, policy=TEST_POLICY)
    production = CertificateVerifier([authority.pem], allow_test=False)
    assert rejection(production, leaf.der) == CertificateReason.TEST_HIERARCHY
    demo = CertificateVerifier([authority.pem], allow_test=True)
    assert demo.verify(leaf.der, NOW).issuer_is_test


def test_a_production_anchor_does_not_vouch_for_the_test_name() -> None:
    """The test name with a foreign signature is refused where tests are allowed, too."""
    leaf = Leaf(issuer=Authority(organization="JPKI-TEST", key=rsa_key("impostor")))
    verifier = CertificateVerifier([Authority().pem], allow_test=True)
    assert rejection(verifier, leaf.der) == CertificateReason.UNKNOWN_ISSUER


def test_the_next_card_s_elliptic_keys_hold_as_well() -> None:
    """A P-384 chain is judged by the same rules."""
    authority = Authority(key=ec_key("ca"))
    verifier = CertificateVerifier([authority.pem], allow_test=False)
    leaf = Leaf(issuer=authority, key=ec_key("leaf"))
    assert verifier.verify(leaf.der, NOW).subject == subject_of(leaf.der)


@given(st.binary(max_size=200))
def test_wild_bytes_are_unreadable(content: bytes) -> None:
    """What is no certificate is told as such, whatever it is."""
    verifier = CertificateVerifier([], allow_test=True)
    assert rejection(verifier, content) == CertificateReason.UNREADABLE


@pytest.mark.filterwarnings("ignore:Parsed a serial number")
@given(st.integers(0, 8 * len(SAMPLE) - 1))
def test_a_certificate_with_any_bit_turned_never_says_anything_else(position: int) -> None:
    """One wrong bit is a rejection; the unused bits of the signature's frame alone mean nothing."""
    verifier = CertificateVerifier([Authority().pem], allow_test=True)
    damaged = bytearray(SAMPLE)
    damaged[position // 8] ^= 1 << position % 8
    try:
        verified = verifier.verify(bytes(damaged), NOW)
    except CertificateRejectedError:
        return
    assert position // 8 == len(SAMPLE) - 257
    assert verified == verifier.verify(SAMPLE, NOW)


@pytest.mark.parametrize(
    ("anchor", "reason"),
    [
        (b"no certificate", "anchor 2 is no CA"),
        (Leaf(usage=None).der, "anchor 2 is no CA"),
        (Authority(may_issue=False, key=rsa_key("leaf")).pem, "anchor 2 may not issue"),
    ],
)
def test_an_anchor_that_is_no_ca_is_named(anchor: bytes, reason: str) -> None:
    """The installer is told which anchor cannot be used."""
    with pytest.raises(ValueError, match=reason):
        CertificateVerifier([Authority().pem, anchor], allow_test=True)


def test_the_issued_demo_cards_hold_in_the_demo_only(wallet: Wallet) -> None:
    """The virtual card's certificate passes where tests are allowed, and nowhere else."""
    with DirectConnection(wallet.card()) as connection:
        certificate = JpkiSession(connection).authentication_certificate()
    demo = CertificateVerifier([wallet.anchor], allow_test=True)
    assert demo.verify(certificate, datetime.now(UTC)).issuer_is_test
    production = CertificateVerifier([wallet.anchor], allow_test=False)
    reason = rejection(production, certificate, datetime.now(UTC))
    assert reason == CertificateReason.TEST_HIERARCHY
