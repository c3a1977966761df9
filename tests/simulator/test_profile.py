import base64
import hashlib
import json
import re
from datetime import datetime
from pathlib import Path

import pytest
from click import Option
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from fhir.resources.R4B import get_fhir_model_class

from eligibility.payer import desk_challenge_value
from eligibility.simulator.__main__ import main
from eligibility.simulator.faults import FaultKind
from eligibility.simulator.names import REFUSALS, RefusalCode
from eligibility.simulator.payer import GRANTS_HISTORY
from eligibility.simulator.personas import PERSONAS

DOCS = Path(__file__).resolve().parents[2] / "docs"
PROFILE = (DOCS / "fhir-profile.md").read_text(encoding="utf-8")
EXAMPLES = sorted((DOCS / "examples" / "fhir").glob("*.json"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_example_is_fhir(example: Path) -> None:
    """Every example of the profile is valid FHIR R4B and linked from the page."""
    content = json.loads(example.read_bytes())
    get_fhir_model_class(content["resourceType"]).model_validate_json(example.read_bytes())
    assert f"(examples/fhir/{example.name})" in PROFILE


def test_links_of_the_profile_exist() -> None:
    """Every example that the page links to is there."""
    linked = set(re.findall(r"\(examples/fhir/([^)]+)\)", PROFILE))
    assert linked == {example.name for example in EXAMPLES}


@pytest.mark.parametrize("code", RefusalCode)
def test_refusal_is_documented(code: RefusalCode) -> None:
    """Every refusal code stands in the page's table with the status that the payer sends."""
    assert f"| {REFUSALS[code][0]} | `{code.value}` |" in PROFILE


@pytest.mark.parametrize("name", ["question-payer-challenge", "question-desk-challenge"])
def test_signed_examples_are_true(name: str) -> None:
    """The signed examples carry a signature that verifies over the challenge they carry."""
    body = json.loads((DOCS / "examples" / "fhir" / f"{name}.json").read_bytes())
    octets, evidence = body["extension"]
    parts = {item["url"]: item for item in evidence["extension"]}
    value = base64.b64decode(parts["challenge-value"]["valueBase64Binary"])
    certificate = x509.load_der_x509_certificate(base64.b64decode(octets["valueBase64Binary"]))
    identifier = body["contained"][0]["identifier"][0]
    assert identifier["value"] == format(certificate.serial_number, "x")
    assert identifier["assigner"]["display"] == certificate.issuer.rfc4514_string()
    key = certificate.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    key.verify(
        base64.b64decode(parts["signature"]["valueBase64Binary"]),
        value,
        padding.PKCS1v15(),
        hashes.SHA256(),
    )
    if "nonce" in parts:
        assert value == desk_challenge_value(
            parts["desk-id"]["valueString"],
            parts["challenge-reference"]["valueString"],
            datetime.fromisoformat(parts["challenge-issued-at"]["valueInstant"]),
            base64.b64decode(parts["nonce"]["valueBase64Binary"]),
        )


def test_own_key_example_is_true() -> None:
    """The example by the own key carries a record and signatures that verify as the page says."""
    body = json.loads((DOCS / "examples" / "fhir" / "question-own-key.json").read_bytes())
    parts = {item["url"]: item for item in body["extension"][1]["extension"]}

    def octets(name: str) -> bytes:
        return base64.b64decode(parts[name]["valueBase64Binary"])

    def key_at_the_end_of(encoded: bytes) -> rsa.RSAPublicKey:
        return rsa.RSAPublicNumbers(65537, int.from_bytes(encoded[-256:])).public_key()

    signer = key_at_the_end_of(octets("cv-certificate")[: -256 - 5])
    signed = hashlib.sha256(octets("record-key-group")).digest()
    signed += octets("record-pictures-digest") + octets("record-photo-digest")
    signer.verify(octets("record-signature"), signed, padding.PKCS1v15(), hashes.SHA256())
    own_key = key_at_the_end_of(octets("record-key-group"))
    own_key.verify(
        octets("signature"), octets("challenge-value"), padding.PKCS1v15(), hashes.SHA256()
    )


def test_extensions_are_documented() -> None:
    """Every extension that an example uses is named in the page."""
    for example in EXAMPLES:
        for name in re.findall(r"urn:eligibility-terminal:fhir:ext:([a-z-]+)", example.read_text()):
            assert f"`ext:{name}`" in PROFILE, (example.name, name)


def test_grants_are_documented() -> None:
    """The page's table of proofs names every pair of proof and method that the payer accepts."""
    table = PROFILE.split("**What each proof grants**")[1].split("\n\n")[1]
    granted = {
        (proof, method, "and history" in row.split("|")[3])
        for row in table.splitlines()[2:]
        if "eligibility" in row and "expired" not in row
        for proof in re.findall(r"`([a-z-]+)`", row.split("|")[1])
        for method in re.findall(r"`([a-z-]+)`", row.split("|")[2])
    }
    assert granted == {(proof, method, yes) for (proof, method), yes in GRANTS_HISTORY.items()}


def test_simulator_page_is_complete() -> None:
    """The simulator's page names every persona, fault and option, and no others."""
    page = (DOCS / "payer-simulator.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z-]+)` \|", page, flags=re.MULTILINE)
    assert rows == [*(persona.slug for persona in PERSONAS), *FaultKind]
    options = {
        option
        for command in main.commands.values()
        for parameter in command.params
        for option in parameter.opts
        if isinstance(parameter, Option)
    }
    assert options - {"--verbose"} == set(re.findall(r"--[a-z][a-z-]+", page))
