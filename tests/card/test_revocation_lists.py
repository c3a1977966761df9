"""Revocation by files: whose list counts, when, and for which certificates."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from terminal.card.certificates import CertificateVerifier
from terminal.card.revocation import NotChecked, Revocation, RevocationChecker
from terminal.card.revocation_lists import ListProblem, RevocationLists
from terminal.errors import CertificateReason, CertificateRejectedError
from terminal.identification import RevocationState
from tests.card.authority import END, Authority, Leaf, ec_key, rsa_key
from tests.card.revoking import (
    HOUR,
    UNKNOWN_EXTENSION,
    crl,
    distribution_point,
    issuing_point,
)

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
AUTHORITY = Authority()
LEAF = Leaf()


class Desk:
    """A desk that reads lists from a folder, with a clock that can be set."""

    def __init__(self, folder: Path, *anchors: Authority) -> None:
        """``anchors``: whom it trusts; the usual authority if none."""
        self.folder = folder
        self.now = NOW
        verifier = CertificateVerifier([a.pem for a in anchors or (AUTHORITY,)], allow_test=False)
        self.lists = RevocationLists([folder], verifier, lambda: self.now)
        self.checker = RevocationChecker(verifier, [self.lists])

    def keeps(self, content: bytes, name: str = "list.crl") -> Desk:
        """Put a list into the folder, as a whole."""
        draft = self.folder / f"{name}.new"
        draft.write_bytes(content)
        draft.replace(self.folder / name)
        return self

    def checks(self, leaf: Leaf = LEAF) -> Revocation:
        """Look a certificate up."""
        return self.checker.check(leaf.der)

    @property
    def problem(self) -> ListProblem | None:
        """What is wrong with the one file."""
        (report,) = self.lists.report()
        return report.problem


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A desk with an empty folder."""
    return Desk(tmp_path)


@pytest.mark.parametrize("encoding", [Encoding.DER, Encoding.PEM])
def test_a_certificate_that_is_not_listed_is_good_as_of_the_list(
    desk: Desk, encoding: Encoding
) -> None:
    """A current, complete list that does not name it: good, with the list's time."""
    desk.keeps(crl(AUTHORITY, NOW - HOUR, 1, 2, encoding=encoding))
    assert desk.checks() == Revocation(RevocationState.GOOD, NOW - HOUR)
    assert desk.problem is None


@pytest.mark.parametrize(
    "reason", [None, x509.ReasonFlags.key_compromise, x509.ReasonFlags.certificate_hold]
)
def test_a_listed_certificate_is_revoked_whatever_the_reason(
    desk: Desk, reason: x509.ReasonFlags | None
) -> None:
    """Also a hold is final: the JPKI lifts none."""
    desk.keeps(crl(AUTHORITY, NOW - HOUR, LEAF.serial, reason=reason))
    assert desk.checks() == Revocation(RevocationState.REVOKED, NOW - HOUR)


@pytest.mark.parametrize(
    ("now", "state", "why", "problem"),
    [
        (NOW + 24 * HOUR, RevocationState.GOOD, None, None),
        (
            NOW + 24 * HOUR + SECOND,
            RevocationState.NOT_CHECKED,
            NotChecked.STALE,
            ListProblem.STALE,
        ),
        (NOW - 5 * 60 * SECOND, RevocationState.GOOD, None, None),
        (
            NOW - 5 * 60 * SECOND - SECOND,
            RevocationState.NOT_CHECKED,
            NotChecked.STALE,
            ListProblem.NOT_YET_VALID,
        ),
    ],
)
def test_out_of_its_time_a_list_makes_nothing_good(
    desk: Desk,
    now: datetime,
    state: RevocationState,
    why: NotChecked | None,
    problem: ListProblem | None,
) -> None:
    """From thisUpdate, less five minutes for clocks, to nextUpdate; the age is told in any case."""
    desk.keeps(crl(AUTHORITY, NOW))
    desk.now = now
    assert desk.checks() == Revocation(state, NOW, why)
    assert desk.problem is problem


def test_an_old_list_still_stops_what_it_lists(desk: Desk) -> None:
    """Revocation is not undone by a list that was not renewed."""
    desk.keeps(crl(AUTHORITY, NOW - 90 * 24 * HOUR, LEAF.serial))
    assert desk.checks() == Revocation(RevocationState.REVOKED, NOW - 90 * 24 * HOUR)


def test_an_empty_folder_says_nothing(desk: Desk) -> None:
    """No list, no word; other files are not looked at."""
    desk.keeps(b"words", "README.txt").keeps(b"words", ".list.crl")
    assert desk.checks() == Revocation(RevocationState.NOT_CHECKED, None, NotChecked.NO_LIST)
    assert desk.lists.report() == []


def test_without_any_source_nothing_is_checked() -> None:
    """A desk without the keys says so; it is no error."""
    checker = RevocationChecker(CertificateVerifier([AUTHORITY.pem], allow_test=False))
    assert checker.check(LEAF.der).why is NotChecked.NOT_CONFIGURED


def test_a_certificate_of_an_unknown_issuer_is_not_looked_up(desk: Desk) -> None:
    """Who is not trusted cannot be good."""
    stranger = Leaf(issuer=Authority(key=rsa_key("impostor")))
    with pytest.raises(CertificateRejectedError) as refusal:
        desk.checks(stranger)
    assert refusal.value.reason is CertificateReason.UNKNOWN_ISSUER


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (crl(AUTHORITY, NOW, signed_by=rsa_key("impostor")), ListProblem.UNKNOWN_SIGNER),
        (crl(Authority(organization="Another"), NOW), ListProblem.UNKNOWN_SIGNER),
        (b"no list", ListProblem.UNREADABLE),
        (b"", ListProblem.UNREADABLE),
        (AUTHORITY.pem, ListProblem.UNREADABLE),
        (
            crl(AUTHORITY, NOW, extensions=((x509.DeltaCRLIndicator(7), True),)),
            ListProblem.DELTA,
        ),
        (
            crl(AUTHORITY, NOW, extensions=((issuing_point(indirect_crl=True), True),)),
            ListProblem.INDIRECT,
        ),
        (
            crl(
                AUTHORITY,
                NOW,
                5,
                entry_extensions=((x509.CertificateIssuer([distribution_point("13101")]), True),),
            ),
            ListProblem.INDIRECT,
        ),
        (
            crl(AUTHORITY, NOW, extensions=((issuing_point(only_contains_ca_certs=True), True),)),
            ListProblem.PARTIAL,
        ),
        (
            crl(
                AUTHORITY,
                NOW,
                extensions=(
                    (
                        issuing_point(
                            only_some_reasons=frozenset({x509.ReasonFlags.key_compromise})
                        ),
                        True,
                    ),
                ),
            ),
            ListProblem.PARTIAL,
        ),
        (
            crl(AUTHORITY, NOW, extensions=((UNKNOWN_EXTENSION, True),)),
            ListProblem.NOT_UNDERSTOOD,
        ),
        (
            crl(AUTHORITY, NOW, 5, entry_extensions=((UNKNOWN_EXTENSION, True),)),
            ListProblem.NOT_UNDERSTOOD,
        ),
    ],
)
def test_a_list_that_proves_nothing_is_refused_by_name(
    desk: Desk, content: bytes, problem: ListProblem
) -> None:
    """Each wrong list has its reason, and makes no certificate good."""
    desk.keeps(content)
    assert desk.checks().why is NotChecked.NO_LIST
    assert desk.problem is problem


def test_a_ca_that_may_not_sign_lists_signs_none(tmp_path: Path) -> None:
    """The signature of a key that is only good for certificates does not count."""
    plain = Authority(may_list=False, key=rsa_key("plain"))
    desk = Desk(tmp_path, plain, AUTHORITY).keeps(crl(plain, NOW))
    assert desk.checks(Leaf(issuer=plain)).why is NotChecked.NO_LIST
    assert desk.problem is ListProblem.UNKNOWN_SIGNER


def test_a_generation_s_list_is_for_its_own_certificates(tmp_path: Path) -> None:
    """CAs of one name: the list of one makes no certificate of another good or revoked."""
    former, latter = Authority(key=rsa_key("generation 1")), Authority(key=rsa_key("generation 2"))
    desk = Desk(tmp_path, former, latter).keeps(crl(former, NOW, LEAF.serial))
    assert desk.checks(Leaf(issuer=former)).state is RevocationState.REVOKED
    assert desk.checks(Leaf(issuer=latter)).why is NotChecked.NO_LIST
    desk.keeps(crl(latter, NOW), "other.crl")
    assert desk.checks(Leaf(issuer=latter)).state is RevocationState.GOOD


def test_a_municipality_s_list_is_for_the_certificates_that_name_it(desk: Desk) -> None:
    """What is not on another place's list may well be on its own."""
    here, there = distribution_point("13101"), distribution_point("27100")
    desk.keeps(crl(AUTHORITY, NOW, extensions=((issuing_point("13101"), True),)))
    assert desk.checks(Leaf(lists_at=here)).state is RevocationState.GOOD
    assert desk.checks(Leaf(lists_at=there)).why is NotChecked.NO_LIST
    assert desk.checks(Leaf()).why is NotChecked.NO_LIST


def test_an_expired_certificate_is_never_good_by_a_list(desk: Desk) -> None:
    """Issuers drop expired certificates from their lists: the absence says nothing."""
    desk.now = END + HOUR
    desk.keeps(crl(AUTHORITY, END + SECOND))
    found = desk.checks()
    assert (found.state, found.why) == (
        RevocationState.NOT_CHECKED,
        NotChecked.CERTIFICATE_EXPIRED,
    )
    desk.keeps(crl(AUTHORITY, END))
    assert desk.checks().state is RevocationState.GOOD


def test_a_new_list_takes_the_place_of_the_old_at_once(desk: Desk) -> None:
    """A file that changes is read again at the next card."""
    assert desk.keeps(crl(AUTHORITY, NOW - HOUR)).checks().state is RevocationState.GOOD
    desk.keeps(crl(AUTHORITY, NOW, LEAF.serial))
    assert desk.checks() == Revocation(RevocationState.REVOKED, NOW)
    (desk.folder / "list.crl").unlink()
    assert desk.checks().why is NotChecked.NO_LIST


def test_a_spoilt_new_file_leaves_the_last_list_in_force(desk: Desk) -> None:
    """A list that was read is signed and ends by itself; the fault is told meanwhile."""
    desk.keeps(crl(AUTHORITY, NOW - HOUR, LEAF.serial)).checks()
    desk.keeps(b"half a list")
    assert desk.checks().state is RevocationState.REVOKED
    assert desk.problem is ListProblem.UNREADABLE
    desk.keeps(crl(AUTHORITY, NOW))
    assert desk.checks().state is RevocationState.GOOD
    assert [report.problem for report in desk.lists.report()] == [None]


def test_a_file_that_is_not_read_again_is_not_parsed_again(desk: Desk) -> None:
    """An unchanged file costs a look at its time alone."""
    content = crl(AUTHORITY, NOW - HOUR)
    desk.keeps(content).checks()
    file = desk.folder / "list.crl"
    before = file.stat()
    file.write_bytes(b"x" * len(content))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert desk.checks().state is RevocationState.GOOD


def test_a_list_that_is_named_and_missing_is_told(tmp_path: Path) -> None:
    """A configured file that is not there is a fault, not an empty list."""
    verifier = CertificateVerifier([AUTHORITY.pem], allow_test=False)
    lists = RevocationLists([tmp_path / "absent.crl"], verifier, lambda: NOW)
    assert [report.problem for report in lists.report()] == [ListProblem.MISSING]


def test_several_lists_may_stand_in_one_pem_file(tmp_path: Path) -> None:
    """Each list of a PEM bundle counts for its own issuer."""
    former, latter = Authority(key=rsa_key("generation 1")), Authority(key=rsa_key("generation 2"))
    bundle = [crl(a, NOW, encoding=Encoding.PEM) for a in (former, latter)]
    desk = Desk(tmp_path, former, latter).keeps(b"".join(bundle), "bundle.pem")
    for authority in (former, latter):
        assert desk.checks(Leaf(issuer=authority)).state is RevocationState.GOOD


def test_lists_of_an_elliptic_authority_count(tmp_path: Path) -> None:
    """The announced P-384 hierarchy's lists are checked by the same rules."""
    authority = Authority(key=ec_key("ca"))
    leaf = Leaf(issuer=authority, key=ec_key("leaf"))
    desk = Desk(tmp_path, authority).keeps(crl(authority, NOW))
    assert desk.checks(leaf).state is RevocationState.GOOD
    desk.keeps(crl(authority, NOW, leaf.serial))
    assert desk.checks(leaf).state is RevocationState.REVOKED


SAMPLE = crl(AUTHORITY, NOW - HOUR, 5, LEAF.serial)


@pytest.mark.filterwarnings("ignore:Parsed a serial number")
@given(st.integers(0, 8 * len(SAMPLE) - 1))
def test_a_list_with_any_bit_turned_never_makes_good(
    tmp_path_factory: pytest.TempPathFactory, position: int
) -> None:
    """One wrong bit leaves the list unused or as it was; it never frees a listed certificate."""
    damaged = bytearray(SAMPLE)
    damaged[position // 8] ^= 1 << position % 8
    desk = Desk(tmp_path_factory.mktemp("lists")).keeps(bytes(damaged))
    assert desk.checks().state is not RevocationState.GOOD
