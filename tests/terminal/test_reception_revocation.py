"""Revocation in whole visits: what the patient, the staff and the payer come to know of it."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509 import ocsp

from eligibility.model import FindingCode
from terminal.errors import CertificateReason, VisitStateError
from terminal.health import HealthState
from terminal.identification import RevocationState
from terminal.views import KioskNotice, KioskStep, VisitRow
from terminal.visit import StaffNeed
from tests.card.revoking import scripted_responder
from tests.clinic import Clinic, Stage, opened_clinic, wait_for

HOUR = timedelta(hours=1)


class CardAuthority:
    """The authority that issued the stage's cards, as one that tells of revocation."""

    def __init__(self, stage: Stage) -> None:
        """``stage``: where its key is."""
        self._cards = stage.cards_dir
        self.certificate = x509.load_pem_x509_certificate((self._cards / "ca.pem").read_bytes())
        self._key = load_pem_private_key((self._cards / "ca.key").read_bytes(), None)
        self.now = datetime.now(UTC).replace(microsecond=0)

    def certificate_of(self, persona: str) -> x509.Certificate:
        """Return the authentication certificate of a persona's card."""
        text = (self._cards / "cards" / f"{persona}.json").read_text(encoding="utf-8")
        return x509.load_pem_x509_certificate(json.loads(text)["auth_certificate"].encode())

    def writes(self, file: Path, *revoked: str, age: timedelta = HOUR) -> datetime:
        """Write a list of these personas' certificates, held for a day; return its time."""
        at = self.now - age
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(at)
            .next_update(at + timedelta(days=1))
        )
        for persona in revoked:
            entry = x509.RevokedCertificateBuilder(self.certificate_of(persona).serial_number, at)
            hold = x509.CRLReason(x509.ReasonFlags.certificate_hold)
            builder = builder.add_revoked_certificate(
                entry.add_extension(hold, critical=False).build()
            )
        signed = builder.sign(self._key, hashes.SHA256())  # type: ignore[arg-type]  # RSA
        draft = file.with_suffix(".new")
        draft.write_bytes(signed.public_bytes(Encoding.DER))
        draft.replace(file)
        return at

    def answers(self, request: bytes, persona: str) -> tuple[int, bytes]:
        """Return the OCSP answer that this persona's certificate is revoked."""
        nonce = ocsp.load_der_ocsp_request(request).extensions.get_extension_for_class(
            x509.OCSPNonce
        )
        response = (
            ocsp.OCSPResponseBuilder()
            .add_response(
                self.certificate_of(persona),
                self.certificate,
                hashes.SHA1(),  # noqa: S303  # an identifier
                ocsp.OCSPCertStatus.REVOKED,
                self.now,
                self.now + HOUR,
                self.now - HOUR,
                None,
            )
            .responder_id(ocsp.OCSPResponderEncoding.HASH, self.certificate)
            .add_extension(nonce.value, critical=False)
            .sign(self._key, hashes.SHA256())  # type: ignore[arg-type]  # RSA
        )
        return 200, response.public_bytes(Encoding.DER)


@pytest.fixture
def authority(stage: Stage) -> CardAuthority:
    """The cards' authority."""
    return CardAuthority(stage)


def finding_codes(row: VisitRow) -> set[FindingCode]:
    """Return what was found about a visit's answer."""
    assert row.confirmation is not None
    return {finding.code for finding in row.confirmation.findings}


def stopped_as_revoked(clinic: Clinic) -> VisitRow:
    """Return the newest line once it waits for staff because the certificate is revoked."""
    row = clinic.reception.sees_row(
        lambda row: row.visit.staff_need is StaffNeed.CERTIFICATE_REJECTED, "the rejection"
    )
    assert row.visit.certificate_reason is CertificateReason.REVOKED
    assert row.question is None
    assert row.identification is None
    with pytest.raises(VisitStateError):
        clinic.reception.looks(row.visit.id)
    reasons = clinic.terminal.store.read(lambda tx: tx.audit.of_visit(row.visit.id))
    assert CertificateReason.REVOKED in [record.reason for record in reasons]
    return row


def revocation_check(clinic: Clinic) -> tuple[HealthState, str]:
    """Return how the desk's own check of its revocation data goes."""
    (check,) = [check for check in clinic.terminal.health() if check.name == "revocation"]
    return check.state, check.code


def test_without_the_keys_the_payer_alone_checks(clinic: Clinic) -> None:
    """Not checked is a named state: the visit goes on, staff are told, the desk is well."""
    clinic.patient.taps("ordinary")
    clinic.patient.types_pin()
    row = clinic.reception.sees_answer()
    assert row.identification is not None
    assert row.identification.revocation is RevocationState.NOT_CHECKED
    assert row.identification.revocation_as_of is None
    assert FindingCode.REVOCATION_NOT_CHECKED in finding_codes(row)
    assert revocation_check(clinic) == (HealthState.PASS, "revocation.not-configured")


def test_lists_make_a_card_good_until_they_end_and_stop_it_once_it_is_listed(
    tmp_path: Path, stage: Stage, authority: CardAuthority
) -> None:
    """Good with the list's time; too old: not checked with its age; listed on hold: staff."""
    lists = tmp_path / "lists"
    lists.mkdir()
    key = f'revocation_lists = ["{lists}"]'
    with opened_clinic(tmp_path, stage, card=key) as clinic:
        assert revocation_check(clinic) == (HealthState.FAIL, "revocation.no-list")

        at = authority.writes(lists / "list.crl")
        clinic.patient.taps("ordinary")
        clinic.patient.types_pin()
        row = clinic.reception.sees_answer()
        assert row.identification is not None
        assert row.identification.revocation is RevocationState.GOOD
        assert row.identification.revocation_as_of == at
        assert FindingCode.REVOCATION_NOT_CHECKED not in finding_codes(row)
        assert revocation_check(clinic) == (HealthState.PASS, "revocation.current")
        clinic.patient.takes_card()

        at = authority.writes(lists / "list.crl", age=25 * HOUR)
        clinic.patient.taps("elderly")
        clinic.patient.types_pin()
        row = clinic.reception.sees_answer()
        assert row.identification is not None
        assert row.identification.revocation is RevocationState.NOT_CHECKED
        assert row.identification.revocation_as_of == at
        assert FindingCode.REVOCATION_NOT_CHECKED in finding_codes(row)
        assert revocation_check(clinic) == (HealthState.WARN, "revocation.stale")
        clinic.patient.takes_card()

        authority.writes(lists / "list.crl", "ordinary")
        clinic.patient.taps("ordinary")
        view = clinic.patient.sees(KioskStep.WITH_STAFF)
        assert view.notice is KioskNotice.STAFF_COMING
        stopped_as_revoked(clinic)
        clinic.patient.takes_card()

        (lists / "list.crl").write_bytes(b"spoilt")
        assert revocation_check(clinic) == (HealthState.FAIL, "revocation.unusable")


def test_the_issued_list_stops_the_revoked_persona(tmp_path: Path, stage: Stage) -> None:
    """The list that the virtual cards come with names the one that is revoked."""
    key = f'revocation_lists = ["{stage.cards_dir / "crl.pem"}"]'
    with opened_clinic(tmp_path, stage, card=key) as clinic:
        clinic.patient.taps("revoked")
        clinic.patient.sees(KioskStep.WITH_STAFF)
        stopped_as_revoked(clinic)


def test_a_look_does_not_mend_a_revoked_certificate(
    tmp_path: Path, stage: Stage, authority: CardAuthority
) -> None:
    """A card that waits for staff's look is stopped as well, with the graver reason."""
    authority.writes(tmp_path / "list.crl", "pin-blocked")
    key = f'revocation_lists = ["{tmp_path / "list.crl"}"]'
    with opened_clinic(tmp_path, stage, card=key) as clinic:
        clinic.patient.taps("pin-blocked")
        row = stopped_as_revoked(clinic)
        assert not clinic.reception.opens(row.visit.id).may_identify


def test_a_silent_responder_holds_nobody(tmp_path: Path, stage: Stage) -> None:
    """The PIN is asked for and taken while the responder says nothing; the payer checks."""
    go = threading.Event()

    def silent(_: bytes) -> tuple[int, bytes]:
        go.wait(30)
        return 503, b""

    with scripted_responder(silent) as responder:
        key = f'ocsp_url = "{responder.url}"\nocsp_seconds = 30'
        with opened_clinic(tmp_path, stage, card=key) as clinic:
            assert clinic.patient.taps("ordinary").step is KioskStep.PIN
            assert clinic.patient.types_pin().step is KioskStep.CONSENT
            row = clinic.reception.sees_answer()
            assert row.identification is not None
            assert row.identification.revocation is RevocationState.NOT_CHECKED
            assert FindingCode.REVOCATION_NOT_CHECKED in finding_codes(row)
            assert responder.asked == 1
            go.set()
            wait_for(lambda: revocation_check(clinic)[1] == "revocation.no-answer", "the failure")


def test_a_late_answer_stops_a_visit_before_the_pin(
    tmp_path: Path, stage: Stage, authority: CardAuthority
) -> None:
    """While the PIN is waited for, the responder's word ends the step by itself."""
    go = threading.Event()

    def late(request: bytes) -> tuple[int, bytes]:
        go.wait(30)
        return authority.answers(request, "ordinary")

    with scripted_responder(late) as responder:
        key = f'ocsp_url = "{responder.url}"\nocsp_seconds = 30'
        with opened_clinic(tmp_path, stage, card=key) as clinic:
            assert clinic.patient.taps("ordinary").step is KioskStep.PIN
            go.set()
            assert clinic.patient.sees(KioskStep.WITH_STAFF).notice is KioskNotice.STAFF_COMING
            stopped_as_revoked(clinic)


def test_an_answer_that_comes_with_the_pin_stops_the_question(
    tmp_path: Path, stage: Stage, authority: CardAuthority
) -> None:
    """Word that comes while the card proves the PIN is heard before the payer is asked."""
    typed = threading.Event()

    def with_the_pin(request: bytes) -> tuple[int, bytes]:
        typed.wait(30)
        return authority.answers(request, "ordinary")

    with scripted_responder(with_the_pin) as responder:
        key = f'ocsp_url = "{responder.url}"\nocsp_seconds = 30'
        with opened_clinic(tmp_path, stage, card=key) as clinic:
            view = clinic.patient.taps("ordinary")
            assert view.visit_id is not None
            clinic.terminal.desk.enter_pin(view.visit_id, bytearray(b"1234"))
            typed.set()
            clinic.patient.sees(KioskStep.WITH_STAFF)
            stopped_as_revoked(clinic)
