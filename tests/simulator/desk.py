"""Actors of the simulator's tests: a card authority, cards, and a desk that asks by HTTPS."""

from __future__ import annotations

import base64
import copy
import ssl
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from eligibility.payer import desk_challenge_value
from terminal.card.certificates import TEST_POLICY

BASE = "urn:eligibility-terminal:fhir"
START = datetime(2026, 11, 24, 1, 0, 0, 250000, tzinfo=UTC)


class Clock:
    """The payer's clock; stands still until it is moved."""

    def __init__(self) -> None:
        self.moment = START

    def __call__(self) -> datetime:
        """Return the payer's present moment."""
        return self.moment

    def moves_on(self, **difference: float) -> None:
        """Let time pass; arguments as of ``timedelta``."""
        self.moment += timedelta(**difference)


@dataclass(frozen=True)
class Card:
    """A card: its person, certificate and key."""

    person_id: str
    certificate: x509.Certificate
    key: rsa.RSAPrivateKey

    @property
    def der(self) -> bytes:
        """The authentication certificate."""
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def issuer(self) -> str:
        """The issuer as an RFC 4514 string."""
        return self.certificate.issuer.rfc4514_string()

    @property
    def serial(self) -> str:
        """The serial number in lower-case hex."""
        return format(self.certificate.serial_number, "x")

    def signs(self, value: bytes) -> bytes:
        """Return the card's signature over ``value``."""
        return self.key.sign(value, padding.PKCS1v15(), hashes.SHA256())


def _usage(*, signs_certificates: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


class CardAuthority:
    """Issues cards; all of one authority share a key pair, since making one is slow."""

    def __init__(self, unit: str) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._card_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._name = x509.Name(
            [
                x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "JPKI-TEST"),
                x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit),
            ]
        )
        self.certificate = (
            self._builder(self._name, self._key, START - timedelta(days=900), START.replace(2036))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .sign(self._key, hashes.SHA256())
        )

    def _builder(
        self, subject: x509.Name, key: rsa.RSAPrivateKey, start: datetime, end: datetime
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .issuer_name(self._name)
            .subject_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(end)
        )

    def issues(
        self,
        person_id: str,
        start: datetime = START - timedelta(days=400),
        end: datetime = START + timedelta(days=900),
    ) -> Card:
        """Return a new card of this person."""
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"CARD {person_id}")])
        policy = x509.PolicyInformation(TEST_POLICY, None)
        certificate = (
            self._builder(subject, self._card_key, start, end)
            .add_extension(_usage(), critical=True)
            .add_extension(x509.CertificatePolicies([policy]), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        return Card(person_id, certificate, self._card_key)


def text_of(octets: bytes) -> str:
    """Return base64."""
    return base64.b64encode(octets).decode()


def instant(moment: datetime) -> str:
    """Return a FHIR instant."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def tls_context(
    ca: Path, certificate: Path | None = None, key: Path | None = None
) -> ssl.SSLContext:
    """Return a client\'s context that trusts ``ca`` and shows a certificate, if one is given."""
    context = ssl.create_default_context(cafile=str(ca))
    if certificate is not None:
        context.load_cert_chain(certificate, key)
    return context


def code_of(response: httpx.Response) -> str:
    """Return the profile's code of a refusal."""
    outcome = response.json()
    assert outcome["resourceType"] == "OperationOutcome"
    coding = outcome["issue"][0]["details"]["coding"][0]
    assert coding["system"] == f"{BASE}:cs:error"
    return str(coding["code"])


def extension(resource: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the one extension of ours with this name."""
    found = [item for item in resource["extension"] if item["url"] == f"{BASE}:ext:{name}"]
    assert len(found) == 1
    return dict(found[0])


def validity(answer: dict[str, Any]) -> str:
    """Return the QualificationValidity code."""
    return str(extension(answer, "qualification-validity")["valueCoding"]["code"])


class Desk:
    """A terminal of one institution, as the payer sees it on the wire."""

    def __init__(self, base_url: str, context: ssl.SSLContext, institution: str, clock: Clock):
        self.institution = institution
        self.clock = clock
        self.http = httpx.Client(
            base_url=base_url + "/", verify=context, trust_env=False, timeout=10
        )

    def gets_challenge(self) -> dict[str, str]:
        """Return a payer's challenge by the names of its parameters."""
        response = self.http.post("$issue-challenge")
        assert response.status_code == 200
        return {
            item["name"]: item.get("valueString")
            or item.get("valueBase64Binary")
            or item.get("valueInstant")
            for item in response.json()["parameter"]
        }

    def question(
        self, card: Card, evidence: list[dict[str, str]], **changes: Any
    ) -> dict[str, Any]:
        """Return a CoverageEligibilityRequest."""
        return {
            "resourceType": "CoverageEligibilityRequest",
            "meta": {"profile": [f"{BASE}:profile:1"]},
            "contained": [
                {
                    "resourceType": "Patient",
                    "id": "holder",
                    "identifier": [
                        {
                            "system": f"{BASE}:id:certificate",
                            "value": card.serial,
                            "assigner": {"display": card.issuer},
                        }
                    ],
                },
                {
                    "resourceType": "Organization",
                    "id": "institution",
                    "identifier": [
                        {
                            "system": "http://jpfhir.jp/fhir/core/IdSystem/"
                            "insurance-medical-institution-no",
                            "value": self.institution,
                        }
                    ],
                },
            ],
            "extension": [
                {
                    "url": f"{BASE}:ext:authentication-certificate",
                    "valueBase64Binary": text_of(card.der),
                },
                {"url": f"{BASE}:ext:holder-evidence", "extension": evidence},
            ],
            "identifier": [{"system": f"{BASE}:id:question", "value": f"q-{uuid.uuid4()}"}],
            "status": "active",
            "purpose": ["validation", "benefits"],
            "patient": {"reference": "#holder"},
            "servicedDate": "2026-11-24",
            "created": instant(self.clock()),
            "provider": {"reference": "#institution"},
            "insurer": {"display": "payer"},
            **changes,
        }

    def evidence(self, method: str, proof: str) -> list[dict[str, str]]:
        """Return evidence without a signature."""
        return [
            {"url": "method", "valueCode": method},
            {"url": "proof", "valueCode": proof},
            {"url": "identified-at", "valueInstant": instant(self.clock())},
        ]

    def pin_evidence(self, card: Card, challenge: dict[str, str] | None = None) -> Any:
        """Return evidence of a PIN with a signature over the payer's challenge."""
        challenge = challenge or self.gets_challenge()
        signature = card.signs(base64.b64decode(challenge["value"]))
        return [
            *self.evidence("pin", "auth-key"),
            {"url": "challenge-issuer", "valueCode": "payer"},
            {"url": "challenge-reference", "valueString": challenge["reference"]},
            {"url": "challenge-value", "valueBase64Binary": challenge["value"]},
            {"url": "challenge-issued-at", "valueInstant": challenge["issuedAt"]},
            {"url": "signature", "valueBase64Binary": text_of(signature)},
        ]

    def desk_evidence(
        self, card: Card, issued_at: datetime, nonce: bytes = bytes(16), value: bytes | None = None
    ) -> Any:
        """Return evidence of a PIN with a signature over the desk's own challenge."""
        visit = f"v-{uuid.uuid4()}"
        value = value or desk_challenge_value("desk-1", visit, issued_at, nonce)
        return [
            *self.evidence("pin", "auth-key"),
            {"url": "challenge-issuer", "valueCode": "desk"},
            {"url": "challenge-reference", "valueString": visit},
            {"url": "challenge-value", "valueBase64Binary": text_of(value)},
            {"url": "challenge-issued-at", "valueInstant": instant(issued_at)},
            {"url": "desk-id", "valueString": "desk-1"},
            {"url": "nonce", "valueBase64Binary": text_of(nonce)},
            {"url": "signature", "valueBase64Binary": text_of(card.signs(value))},
        ]

    def sends(self, body: dict[str, Any], key: str | None = None) -> httpx.Response:
        """Send a question under its own id, or under ``key``."""
        return self.http.post(
            "CoverageEligibilityRequest/$submit",
            json=body,
            headers={"Idempotency-Key": key or body["identifier"][0]["value"]},
        )

    def asks_with_pin(self, card: Card) -> httpx.Response:
        """Ask about a card whose holder typed the PIN."""
        return self.sends(self.question(card, self.pin_evidence(card)))

    def identifies(self, card: Card) -> str:
        """Ask about a valid card with PIN; return the payer's patient reference."""
        response = self.asks_with_pin(card)
        assert response.status_code == 200, response.text
        return str(response.json()["patient"]["reference"])

    def consent(self, patient: str, **decisions: str) -> dict[str, Any]:
        """Return a Consent; ``decisions``: category=permit or deny."""
        return {
            "resourceType": "Consent",
            "meta": {"profile": [f"{BASE}:profile:1"]},
            "identifier": [{"system": f"{BASE}:id:consent", "value": f"c-{uuid.uuid4()}"}],
            "status": "active",
            "scope": {"coding": [{"code": "patient-privacy"}]},
            "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
            "patient": {"reference": patient},
            "dateTime": instant(self.clock()),
            "policyRule": {"coding": [{"code": "OPTIN"}]},
            "provision": {
                "type": "deny",
                "provision": [
                    {
                        "type": decision,
                        "code": [{"coding": [{"system": f"{BASE}:cs:OQSCD036", "code": category}]}],
                    }
                    for category, decision in decisions.items()
                ],
            },
        }

    def registers(self, consent: dict[str, Any]) -> httpx.Response:
        """Send a Consent."""
        return self.http.post("Consent", json=consent)

    def reads(self, resource: str, patient: str, **parameters: Any) -> httpx.Response:
        """Ask for a page of history."""
        return self.http.get(resource, params={"patient": patient, **parameters})


def changed(body: dict[str, Any], part: str, **values: Any) -> dict[str, Any]:
    """Return ``body`` with one part of the holder evidence replaced."""
    other = copy.deepcopy(body)
    for item in other["extension"][1]["extension"]:
        if item["url"] == part:
            item.update(values)
            return other
    raise AssertionError(part)
