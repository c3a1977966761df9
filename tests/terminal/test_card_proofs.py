"""Record issuers and the plug-in of a certified reader, as the configuration names them."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from terminal.card.cv import parse_cv_certificate
from terminal.card_proofs import make_terminal_authenticator, read_record_issuers
from terminal.config import load_config
from terminal.errors import ConfigError, OwnKeyReason, OwnKeyRejectedError
from terminal.virtual_card.records import cv_certificate
from tests.terminal.certificates import pem

CONFIG = """\
[terminal]
environment = "{environment}"
data_dir = "data"
[institution]
code = "0110113719"
kind = "clinic"
name = "山田医院"
[card]
anchors = ["anchor.pem"]
{card}
[payer]
base_url = "https://payer.example/fhir"
ca_file = "payer-ca.pem"
client_certificate = "client.pem"
client_key = "client.key"
[store]
path = "store.db"
key_file = "store.key"
store_id = "5d1f7e1c-0000-4000-8000-000000000000"
"""


@pytest.fixture(scope="module")
def issuer() -> rsa.RSAPrivateKey:
    """An issuer of CV certificates."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def folder(tmp_path: Path, issuer: rsa.RSAPrivateKey) -> Path:
    """What a configuration names."""
    (tmp_path / "anchor.pem").write_bytes(pem("JPKI"))
    (tmp_path / "payer-ca.pem").write_bytes(pem("A payer"))
    (tmp_path / "client.pem").write_bytes(pem("山田医院", "A payer"))
    (tmp_path / "client.key").write_text("a key\n")
    (tmp_path / "issuer.pem").write_bytes(
        issuer.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    return tmp_path


def written(folder: Path, card: str, environment: str = "production") -> Path:
    """Write a configuration with these lines in its ``[card]``."""
    path = folder / "config.toml"
    path.write_text(CONFIG.format(card=card, environment=environment))
    return path


@pytest.mark.parametrize(
    ("environment", "hierarchy", "accepted"),
    [
        ("production", b"5", True),
        ("production", b"6", False),
        ("demo", b"6", True),
    ],
)
def test_production_refuses_the_test_hierarchy(
    folder: Path,
    issuer: rsa.RSAPrivateKey,
    environment: str,
    hierarchy: bytes,
    accepted: bool,
) -> None:
    """A key whose certificates say that they are a test's counts in the demo alone."""
    config = load_config(written(folder, 'record_issuers = ["issuer.pem"]', environment))
    issuers = read_record_issuers(
        config.file, config.card.record_issuers, allow_test=not config.is_production
    )
    certificate = parse_cv_certificate(
        cv_certificate(hierarchy * 16, b"S" * 16, issuer.public_key(), issuer)
    )
    if accepted:
        assert issuers.signer(certificate).public_numbers() == issuer.public_key().public_numbers()
    else:
        with pytest.raises(OwnKeyRejectedError) as refusal:
            issuers.signer(certificate)
        assert refusal.value.reason is OwnKeyReason.TEST_HIERARCHY


@pytest.mark.parametrize(
    ("file", "problem"), [("absent.pem", "cannot be read"), ("anchor.pem", "no PEM public key")]
)
def test_a_wrong_issuer_file_is_told_when_the_configuration_is_read(
    folder: Path, file: str, problem: str
) -> None:
    """One error with the key and the file, before any card comes."""
    with pytest.raises(ConfigError, match=problem) as error:
        load_config(written(folder, f'record_issuers = ["issuer.pem", "{file}"]'))
    assert error.value.key == "card.record_issuers.1"
    assert file in error.value.reason


def test_a_reader_that_is_not_installed_is_told_when_the_configuration_is_read(
    folder: Path,
) -> None:
    """The name of a plug-in that is not there is an error of the file."""
    path = written(folder, 'terminal_authenticator = "our-reader"')
    with pytest.raises(ConfigError, match="our-reader") as error:
        load_config(path)
    assert error.value.key == "card.terminal_authenticator"
    with pytest.raises(ConfigError, match="our-reader"):
        make_terminal_authenticator(path, "our-reader")


def test_both_may_be_left_out(folder: Path) -> None:
    """A desk without them knows no proof but the PIN's and the certificate's."""
    config = load_config(written(folder, ""))
    assert config.card.record_issuers == ()
    assert make_terminal_authenticator(config.file, config.card.terminal_authenticator) is None
