"""The configuration file: what it gives, and how each mistake is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.config import TerminalConfig, load_config
from terminal.config_keys import documented_keys
from terminal.errors import ConfigError
from tests.terminal.certificates import pem

TEXT = """\
[terminal]
environment = "production"
data_dir = "data"

[institution]
code = "0110113719"
kind = "clinic"
name = "山田医院"

[card]
anchors = ["anchor.pem"]

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


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A valid production configuration with the files that it names."""
    (tmp_path / "anchor.pem").write_bytes(pem("JPKI"))
    (tmp_path / "payer-ca.pem").write_bytes(pem("A payer"))
    (tmp_path / "client.pem").write_bytes(pem("山田医院", "A payer"))
    (tmp_path / "client.key").write_text("a key\n")
    path = tmp_path / "config.toml"
    path.write_text(TEXT)
    return path


def refusal(file: Path, *changes: tuple[str, str]) -> ConfigError:
    """Change the file and return the error that reading it gives."""
    text = file.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_config(file)
    assert str(caught.value).startswith(str(file))
    return caught.value


def test_a_complete_file_is_read_with_defaults_for_the_rest(file: Path) -> None:
    """What the file leaves out has the documented default."""
    config = load_config(file)
    assert config.is_production
    assert config.web.origin == "http://localhost:8600"
    assert config.reader.kind == "pcsc"
    assert config.kiosk.languages == ("ja", "en")


def test_relative_paths_start_at_the_files_own_folder(file: Path) -> None:
    """Where the program is started from does not matter."""
    config = load_config(file)
    assert config.terminal.data_dir == file.parent / "data"
    assert config.card.anchors == (file.parent / "anchor.pem",)
    assert config.payer is not None
    assert config.payer.client_key == file.parent / "client.key"


def test_revocation_lists_are_found_from_the_files_own_folder(file: Path) -> None:
    """Lists need not be there yet: fetching them is another's work, the doctor tells."""
    file.write_text(TEXT.replace("[payer]", 'revocation_lists = ["lists"]\n[payer]'))
    assert load_config(file).card.revocation_lists == (file.parent / "lists",)


def test_a_loaded_configuration_cannot_change(file: Path) -> None:
    """Sections are frozen."""
    config = load_config(file)
    with pytest.raises(ValueError, match="frozen"):
        config.web.port = 1


@pytest.mark.parametrize(
    ("old", "new", "key", "words"),
    [
        (
            'name = "',
            'nname = "',
            "institution.nname",
            "did you mean name?); allowed here: code, kind",
        ),
        ("[card]", "[crad]", "crad", "did you mean card?"),
        ('"clinic"', '"hotel"', "institution.kind", "must be 'clinic', 'dental' or 'pharmacy'"),
        ("0110113719", "123", "institution.code", "10 digits"),
        ('["anchor.pem"]', "[]", "card.anchors", "at least 1"),
        ("[payer]", 'ocsp_url = "ldap://x"\n[payer]', "card.ocsp_url", "http or https"),
        ("[payer]", 'ocsp_url = "http://"\n[payer]', "card.ocsp_url", "http or https"),
        ("[payer]", 'ocsp_url = "http://a:b@x/"\n[payer]', "card.ocsp_url", "without a user name"),
        ("[payer]", 'ocsp_url = "http://x:99999"\n[payer]', "card.ocsp_url", "ort"),
        ("[payer]", "ocsp_seconds = 0\n[payer]", "card.ocsp_seconds", "greater than"),
        ("[payer]", 'ocsp_ca_file = "no.pem"\n[payer]', "card.ocsp_ca_file", "No such file"),
        ("[payer]", 'ocsp_ca_file = "client.key"\n[payer]', "card.ocsp_ca_file", "no PEM"),
        ("[payer]", 'revocation_lists = "x.crl"\n[payer]', "card.revocation_lists", "list"),
        ('["anchor.pem"]', '"anchor.pem"', "card.anchors", "list"),
        ("https://payer", "http://payer", "payer.base_url", "https"),
        ('key_file = "store.key"\n', "", "store.key_file", "is missing"),
        ("[store]", "[web]\nport = 0\n[store]", "web.port", "greater than or equal to 1"),
        ("[store]", "[kiosk]\npanel_pixels = [1, 2]\n[store]", "kiosk.panel_pixels", "320 to"),
        ("[store]", '[kiosk]\nlanguages = ["ja", "ja"]\n[store]', "kiosk.languages", "once"),
        ("[store]", '[kiosk]\nlanguages = ["ja", "xx"]\n[store]', "kiosk.languages.1", "'en'"),
        ("[terminal]", 'file = "x"\n[terminal]', "file", "unknown key"),
        ("[store]", "[reader]\nspeed = 1\n[store]", "reader.speed", "allowed here: kind"),
        ("[store]", '[card_camera]\nkind = "v4l2"\n[store]', "card_camera", "needs device"),
        ("[store]", '[card_camera]\nkind = "recorded"\n[store]', "card_camera", "needs recording"),
        ("[store]", '[face]\nkind = "v4l2"\n[store]', "face", "needs device"),
        ("[store]", '[face]\nkind = "recorded"\n[store]', "face", "needs recording"),
        ("[store]", '[face]\npassive_model = "a.onnx"\n[store]', "face", "go together"),
        ("[store]", '[face]\nprofile = "loose"\n[store]', "face.profile", "fmr-1e-4"),
        ("[terminal]", "card = 3\n[terminal]", None, "TOML"),
    ],
)
def test_a_mistake_is_told_by_file_key_and_what_is_allowed(
    file: Path, old: str, new: str, key: str | None, words: str
) -> None:
    """One mistake, one line that says where it is and what may stand there."""
    error = refusal(file, (old, new))
    assert error.key == key
    assert words in error.reason
    assert "\n" not in str(error)


def test_further_mistakes_are_named_too(file: Path) -> None:
    """Who corrects one learns of the others at once."""
    error = refusal(file, ('"clinic"', '"hotel"'), ("0110113719", "123"))
    assert error.key == "institution.code"
    assert "also wrong: institution.kind" in error.reason


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "No such file"), (b"\xff\xfe", "not UTF-8"), (b"[terminal\n", "not TOML")],
)
def test_a_file_that_cannot_be_read_is_named(
    tmp_path: Path, content: bytes | None, words: str
) -> None:
    """Absent, not text, not TOML: each says so."""
    path = tmp_path / "config.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=words) as caught:
        load_config(path)
    assert caught.value.file == str(path)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("anchor.pem", "card.anchors.0"),
        ("payer-ca.pem", "payer.ca_file"),
        ("client.pem", "payer.client_certificate"),
        ("client.key", "payer.client_key"),
    ],
)
def test_a_missing_certificate_is_told_by_its_key(file: Path, name: str, key: str) -> None:
    """A file that the configuration names must be there, unless only the store is needed."""
    (file.parent / name).unlink()
    assert refusal(file).key == key
    assert load_config(file, trust=False).file == file


def test_a_file_without_certificate_is_refused(file: Path) -> None:
    """An anchor that is no PEM certificate is not trusted by accident."""
    (file.parent / "anchor.pem").write_text("hello")
    assert "no PEM certificate" in refusal(file).reason


@pytest.mark.parametrize(
    ("name", "content", "key"),
    [
        ("anchor.pem", pem("JPKI-TEST"), "card.anchors.0"),
        ("anchor.pem", pem("JPKI") + pem("JPKI-TEST"), "card.anchors.0"),
        ("payer-ca.pem", pem("TEST ONLY demo"), "payer.ca_file"),
        ("client.pem", pem("山田医院", "TEST ONLY demo"), "payer.client_certificate"),
    ],
)
def test_production_refuses_certificates_made_for_tests(
    file: Path, name: str, content: bytes, key: str
) -> None:
    """A simulated payer or the test hierarchy can never stand behind a real desk."""
    (file.parent / name).write_bytes(content)
    assert refusal(file).key == key
    file.write_text(file.read_text().replace("production", "demo"))
    assert not load_config(file).is_production


@pytest.mark.parametrize(
    ("section", "key"),
    [
        ('[reader]\nkind = "socket"\n', "reader.kind"),
        ('[web]\nhost = "0.0.0.0"\n', "web.host"),
        ('[card_camera]\nkind = "recorded"\nrecording = "a.jpg"\n', "card_camera.kind"),
        ('[face]\nkind = "recorded"\nrecording = "a.jpg"\n', "face.kind"),
        ('[face]\nkind = "v4l2"\ndevice = "/dev/video0"\nturns = 0\n', "face.turns"),
    ],
)
def test_production_refuses_doors_that_are_open_to_others(
    file: Path, section: str, key: str
) -> None:
    """The socket reader, a recorded camera and plain HTTP on the network are for tests."""
    file.write_text(TEXT + section)
    with pytest.raises(ConfigError) as caught:
        load_config(file, trust=False)
    assert caught.value.key == key


NATIONAL = """
[national]
req_dir = "oqs/req"
res_dir = "oqs/res"
face_dir = "oqs/face"
"""
OVER_FILES = '[eligibility]\ninterface = "national"\n'


def without_payer() -> str:
    """Return the file without the section of FHIR."""
    before, after = TEXT.split("[payer]", 1)
    return before + after[after.index("\n[") :]


def test_a_clinic_moves_to_the_national_interface_by_configuration(file: Path) -> None:
    """One key chooses; the section that is not asked over may stay for the way back."""
    file.write_text(TEXT + NATIONAL + OVER_FILES)
    config = load_config(file)
    assert config.national is not None
    assert config.national.req_dir == file.parent / "oqs" / "req"
    assert config.payer is not None
    assert config.payer_certificate is None
    file.write_text(TEXT + NATIONAL)
    assert load_config(file).payer_certificate == file.parent / "client.pem"


def test_over_the_national_interface_no_certificate_is_needed(file: Path) -> None:
    """The link application proves the institution; FHIR's section may be absent."""
    file.write_text(without_payer() + NATIONAL + OVER_FILES)
    config = load_config(file)
    assert config.payer is None
    assert config.payer_certificate is None


@pytest.mark.parametrize(
    ("text", "key"), [(TEXT + OVER_FILES, "national"), (without_payer(), "payer")]
)
def test_the_chosen_interface_must_be_configured(file: Path, text: str, key: str) -> None:
    """A desk that could ask nobody does not start."""
    file.write_text(text)
    error = refusal(file)
    assert error.key == key
    assert "interface" in error.reason


def test_the_folders_of_the_national_interface_are_three(file: Path) -> None:
    """Requests and answers in one folder would be taken for each other."""
    file.write_text(TEXT + NATIONAL.replace("oqs/res", "oqs/req") + OVER_FILES)
    assert refusal(file).key == "national"


def test_a_wrong_check_digit_is_a_warning_only(file: Path) -> None:
    """Codes in use do not always end in their check digit."""
    assert load_config(file).institution.check_digit_fits
    file.write_text(TEXT.replace("0110113719", "1312345670"))
    assert not load_config(file).institution.check_digit_fits


def test_every_key_has_a_description() -> None:
    """The manual is made of them."""
    keys = list(documented_keys())
    sections = {key.section for key in keys}
    assert sections == set(TerminalConfig.model_fields) - {"file"}
    assert [key for key in keys if not key.description] == []


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=200))
def test_any_text_gives_a_configuration_or_one_error(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    """Whatever stands in the file, reading it ends in a ConfigError, never in another one."""
    path = tmp_path_factory.getbasetemp() / "wild.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError):
        load_config(path)
