"""The command line of installers, over a real store."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from terminal.cli import cli
from terminal.config_keys import documented_keys
from tests.terminal.certificates import pem

PASSWORD = "correct horse battery"


class Installer:
    """Who sets a desk up: runs commands in one folder."""

    def __init__(self, folder: Path) -> None:
        """Begin with a folder that holds nothing."""
        self.folder = folder
        self.config = folder / "config.toml"

    def runs(self, *arguments: str, said: str | None = None) -> Result:
        """Run one command; whatever it raises but an exit is a failure of the test."""
        done = CliRunner().invoke(cli, arguments, input=said)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done

    def runs_here(self, *arguments: str, said: str | None = None) -> Result:
        """Run one command with this folder's configuration."""
        return self.runs(*arguments, "--config", str(self.config), said=said)

    def makes_a_store(self) -> str:
        """Make database and key; return the section to paste."""
        key = str(self.folder / "store.key")
        made = self.runs("store", "create", str(self.folder / "store.db"), "--key-file", key)
        assert made.exit_code == 0, made.output
        return made.stdout

    def configures(self) -> None:
        """Write a configuration around a new store."""
        (self.folder / "ca.pem").write_bytes(pem("A payer"))
        self.config.write_text(
            '[terminal]\nenvironment = "demo"\ndata_dir = "."\n'
            '[institution]\ncode = "0110113719"\nkind = "clinic"\nname = "山田医院"\n'
            '[reader]\nkind = "socket"\nsocket_port = 0\n'
            '[card]\nanchors = ["ca.pem"]\n'
            '[payer]\nbase_url = "https://localhost:9/fhir"\nca_file = "ca.pem"\n'
            'client_certificate = "ca.pem"\nclient_key = "ca.pem"\n' + self.makes_a_store()
        )


@pytest.fixture
def installer(tmp_path: Path) -> Installer:
    """An installer whose desk has a store and a configuration."""
    someone = Installer(tmp_path)
    someone.configures()
    return someone


def commands(group: click.Group, before: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Return all commands and groups as words."""
    found = []
    for name, command in group.commands.items():
        found.append((*before, name))
        if isinstance(command, click.Group):
            found += commands(command, (*before, name))
    return found


@pytest.mark.parametrize("words", [(), *commands(cli)], ids=" ".join)
def test_every_command_explains_itself(tmp_path: Path, words: tuple[str, ...]) -> None:
    """--help works everywhere and says what the command does."""
    shown = Installer(tmp_path).runs(*words, "--help")
    assert shown.exit_code == 0
    assert "Usage:" in shown.stdout
    assert shown.stdout.splitlines()[2].strip()


def test_a_new_store_gives_the_section_for_the_configuration(tmp_path: Path) -> None:
    """What is printed is TOML that can be pasted; the key stays in its file."""
    section = tomllib.loads(Installer(tmp_path).makes_a_store())["store"]
    assert section["path"] == str(tmp_path / "store.db")
    key = (tmp_path / "store.key").read_text().strip()
    assert key not in json.dumps(section)
    assert (tmp_path / "store.key").stat().st_mode & 0o777 == 0o600


def test_a_store_is_never_made_over_another(installer: Installer) -> None:
    """A second try leaves database and key as they were, and no new key behind."""
    before = (installer.folder / "store.db").read_bytes()
    path, key = str(installer.folder / "store.db"), str(installer.folder / "other.key")
    again = installer.runs("store", "create", path, "--key-file", key)
    assert again.exit_code == 1
    assert again.stderr.startswith("Error: ")
    assert (installer.folder / "store.db").read_bytes() == before
    assert not Path(key).exists()
    old = (installer.folder / "store.key").read_text()
    path, key = str(installer.folder / "new.db"), str(installer.folder / "store.key")
    assert installer.runs("store", "create", path, "--key-file", key).exit_code == 1
    assert (installer.folder / "store.key").read_text() == old
    assert not Path(path).exists()


def test_accounts_are_added_listed_and_disabled(installer: Installer) -> None:
    """The life of an account, from the command line."""
    added = installer.runs_here(
        "account", "add", "anna", "--role", "reception", "--password-stdin", said=PASSWORD + "\n"
    )
    assert added.exit_code == 0, added.output
    assert PASSWORD not in added.output
    assert installer.runs_here("account", "list").stdout.split("\t")[:2] == ["anna", "reception"]
    assert installer.runs_here("account", "disable", "anna").exit_code == 0
    assert "disabled" in installer.runs_here("account", "list").stdout


def test_a_password_is_asked_for_twice_and_never_shown(installer: Installer) -> None:
    """Typed by hand, it is hidden."""
    typed = f"{PASSWORD}\n{PASSWORD}\n"
    added = installer.runs_here("account", "add", "anna", "--role", "clinician", said=typed)
    assert added.exit_code == 0
    assert PASSWORD not in added.output


def test_a_generated_password_is_shown_once_and_differs(installer: Installer) -> None:
    """Two accounts never get the same password."""
    shown = {
        installer.runs_here("account", "add", name, "--role", "reception", "--generate")
        .stdout.strip()
        .rsplit(" ", 1)[1]
        for name in ("anna", "berta")
    }
    assert len(shown) == 2
    assert all(len(password) >= 20 for password in shown)


@pytest.mark.parametrize(
    ("arguments", "said", "words"),
    [
        (("account", "add", "a b", "--role", "reception"), PASSWORD, "log-in name"),
        (("account", "add", "anna", "--role", "reception"), "xyzzy", "at least 15"),
        (("account", "add", "zoe", "--role", "reception"), PASSWORD, "an account of this name"),
        (("account", "disable", "nobody"), None, "no account of this name"),
    ],
)
def test_what_is_wrong_with_an_account_is_said_in_one_line(
    installer: Installer, arguments: tuple[str, ...], said: str | None, words: str
) -> None:
    """One line, exit code 1, and no password in it."""
    stdin = ("--password-stdin",) if said else ()
    first = ("account", "add", "zoe", "--role", "reception", "--password-stdin")
    installer.runs_here(*first, said=PASSWORD)
    refused = installer.runs_here(*arguments, *stdin, said=said)
    assert refused.exit_code == 1
    assert words in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    assert not said or said not in refused.output


def test_a_kiosk_code_is_short_and_new_each_time(installer: Installer) -> None:
    """Eight letters and digits to type."""
    codes = {installer.runs_here("kiosk", "code").stdout.strip() for _ in range(2)}
    assert len(codes) == 2
    assert all(len(code) == 8 and code.isalnum() for code in codes)


def test_the_audit_log_is_verified(installer: Installer) -> None:
    """What the commands did is in the log, and its chain holds."""
    installer.runs_here("kiosk", "code")
    done = installer.runs_here("audit", "verify")
    assert done.exit_code == 0
    assert done.stdout == "The chain is whole: 1 records.\n"


def test_a_wrong_key_is_said_in_one_line(installer: Installer) -> None:
    """The key of another store does not open this one."""
    (installer.folder / "store.key").write_text("0" * 64)
    refused = installer.runs_here("account", "list")
    assert refused.exit_code == 1
    assert len(refused.stderr.splitlines()) == 1


def test_an_unusable_configuration_has_its_own_exit_code(installer: Installer) -> None:
    """2 tells scripts that the file is to be corrected."""
    installer.config.write_text(installer.config.read_text().replace("clinic", "hotel"))
    for words in (("config", "check"), ("account", "list"), ("config", "show")):
        refused = installer.runs_here(*words)
        assert refused.exit_code == 2
        assert "institution.kind" in refused.stderr


def test_the_configuration_in_force_is_shown_with_defaults(installer: Installer) -> None:
    """Every key has its line."""
    shown = installer.runs_here("config", "show").stdout.splitlines()
    assert [line.split(" = ")[0] for line in shown] == [
        f"{key.section}.{key.key}" for key in documented_keys()
    ]
    assert "web.port = 8600" in shown
    assert installer.runs_here("config", "check").exit_code == 0


def test_the_doctor_names_each_part_and_its_remedy(installer: Installer) -> None:
    """A desk without card and payer: these fail, the rest does not, and JSON says the same."""
    done = installer.runs_here("doctor", "--json")
    checks = {check["name"]: check for check in json.loads(done.stdout)}
    assert list(checks) == [
        "configuration",
        "reader",
        "payer",
        "certificate",
        "store",
        "disk",
        "clock",
        "dumps",
    ]
    assert done.exit_code == 1
    assert checks["payer"]["state"] == "fail"
    assert checks["payer"]["remedy"]
    assert checks["store"]["state"] == checks["configuration"]["state"] == "pass"
    words = installer.runs_here("doctor").stdout
    assert checks["payer"]["remedy"] in words


def test_the_doctor_goes_on_as_far_as_a_broken_configuration_allows(installer: Installer) -> None:
    """A missing certificate does not hide that the store is well; nonsense ends at once."""
    (installer.folder / "ca.pem").unlink()
    checks = json.loads(installer.runs_here("doctor", "--json").stdout)
    assert {"configuration", "payer", "certificate"} <= {
        check["name"] for check in checks if check["state"] == "fail"
    }
    assert next(check for check in checks if check["name"] == "store")["state"] == "pass"
    installer.config.write_text("nonsense")
    (only,) = json.loads(installer.runs_here("doctor", "--json").stdout)
    assert only["code"] == "configuration.invalid"


def test_the_doctor_looks_through_the_card_camera(installer: Installer) -> None:
    """Where one is configured it is switched on, and what is wrong with it stands in the list."""
    section = '\n[card_camera]\nkind = "recorded"\nrecording = "none.jpg"\n'
    installer.config.write_text(installer.config.read_text() + section)
    checks = json.loads(installer.runs_here("doctor", "--json").stdout)
    (check,) = (check for check in checks if check["name"] == "card-camera")
    assert (check["state"], check["code"]) == ("warn", "card-camera.unplugged")
    assert check["remedy"]


def test_the_doctor_looks_through_the_face_camera(installer: Installer) -> None:
    """Where one is configured, models are verified and the camera is switched on."""
    section = '\n[face]\nkind = "recorded"\nrecording = "none.jpg"\n'
    written = installer.config.read_text()
    for more, code in (("", "face.unplugged"), ('models = "nowhere"\n', "face.models-missing")):
        installer.config.write_text(written + section + more)
        checks = json.loads(installer.runs_here("doctor", "--json").stdout)
        (check,) = (check for check in checks if check["name"] == "face")
        assert (check["state"], check["code"]) == ("warn", code)
        assert check["remedy"]


REGISTER = "患者番号,氏名,生年月日\n1,田中 花子,S23.2.29\n2,鈴木 一郎,1955-04-05\n"


def test_a_register_is_imported_after_a_dry_run(installer: Installer) -> None:
    """A dry run says what an import would do and does nothing; the import then does it."""
    file = installer.folder / "register.csv"
    file.write_bytes(REGISTER.encode("cp932"))
    dry = installer.runs_here("records", "import", str(file), "--dry-run")
    assert dry.exit_code == 0, dry.output
    assert "2 patients in Shift_JIS\nnew 2, changed 0, unchanged 0" in dry.stdout
    assert "new 2, changed 0" in installer.runs_here("records", "import", str(file)).stdout
    assert "unchanged 2" in installer.runs_here("records", "import", str(file)).stdout
    assert installer.runs_here("audit", "verify").exit_code == 0


def test_a_wrong_register_is_refused_line_by_line(installer: Installer) -> None:
    """Each wrong line is named by number, column and reason, without what stands there."""
    file = installer.folder / "register.csv"
    file.write_text(REGISTER + "2,秘密の名,1955-04-05\n", encoding="utf-8")
    refused = installer.runs_here("records", "import", str(file))
    assert refused.exit_code == 1
    assert "line 4: 患者番号: twice (first at line 3)" in refused.stderr
    assert "秘密" not in refused.output


def test_the_columns_of_a_register_are_listed(installer: Installer) -> None:
    """An installer can read which columns an export needs."""
    assert "患者番号\trequired\tpatient_number" in installer.runs("records", "columns").stdout


def test_the_passive_model_that_is_measured_is_the_configured_one(installer: Installer) -> None:
    """A model that is not the one in the configuration is told at once, not left out in silence."""
    (installer.folder / "model.onnx").write_bytes(b"another model")
    with installer.config.open("a") as file:
        file.write(
            '[face]\nkind = "v4l2"\ndevice = "/dev/video0"\n'
            f'passive_model = "model.onnx"\npassive_sha256 = "{64 * "0"}"\n'
        )
    done = installer.runs_here("face", "evaluate", str(installer.folder))
    assert done.exit_code == 1
    assert "face model model.onnx: sha256" in done.stderr


def test_the_report_is_the_same_figures_in_every_form(installer: Installer) -> None:
    """Text, CSV and JSON tell a month's figures under the same codes; none is without its month."""
    table = installer.runs_here("report", "2024-02", "--csv").stdout.splitlines()
    assert table[0] == "month,part,item,detail,value,unit"
    assert table[1] == "2024-02,total,visits,,0,count"
    assert len([line for line in table if ",day," in line]) == 29 * 5
    whole = json.loads(installer.runs_here("report", "2024-02", "--json").stdout)
    assert (whole["month"], whole["is_finished"]) == ("2024-02", True)
    assert len(whole["figures"]) == len(table) - 1
    assert "total questions" in installer.runs_here("report", "2024-02").stdout
    assert "not finished" in installer.runs_here("report").stdout


@pytest.mark.parametrize("month", ["2024-2", "9998-12"])
def test_a_month_without_a_report_is_said_in_one_line(installer: Installer, month: str) -> None:
    """What is no month, or has not begun, ends with one line and a code."""
    refused = installer.runs_here("report", month)
    assert refused.exit_code == 1
    assert refused.stderr.startswith("Error: ")
    assert refused.stderr.count("\n") == 1


def test_old_visits_are_counted_and_deleted_by_a_command(installer: Installer) -> None:
    """Without anything old it says so; a dry run leaves no run behind."""
    looked = installer.runs_here("retention", "--dry-run")
    assert looked.exit_code == 0, looked.output
    assert "Nothing was deleted" in looked.stdout
    assert ["visits", "0"] in [line.split() for line in looked.stdout.splitlines()]
    deleted = installer.runs_here("retention")
    assert deleted.exit_code == 0, deleted.output
    assert "There was nothing to delete." in deleted.stdout
    assert installer.runs_here("audit", "verify").exit_code == 0
