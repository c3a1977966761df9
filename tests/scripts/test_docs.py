"""The manuals name everything that there is."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from terminal.config import load_config
from terminal.config_keys import documented_keys
from terminal.errors import ConfigError
from terminal.face.check import FaceProblem
from terminal.health_face import check_face
from web.cli import cli

ROOT = Path(__file__).parent.parent.parent
INSTALLER = (ROOT / "docs" / "installer.md").read_text()


def commands(group: click.Group, before: str = "eligibility-terminal") -> list[str]:
    """Return every command that does something, as it is typed."""
    found: list[str] = []
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            found += commands(command, f"{before} {name}")
        else:
            found.append(f"{before} {name}")
    return found


@pytest.mark.parametrize("command", commands(cli))
def test_every_command_is_in_the_installers_manual(command: str) -> None:
    """A command that nobody can find is not there."""
    assert f"| `{command}` |" in INSTALLER


def test_the_configuration_manual_holds_the_table_of_keys() -> None:
    """The manual says exactly what the program takes."""
    table = CliRunner().invoke(cli, ["config", "keys"]).stdout
    assert table in (ROOT / "docs" / "configuration.md").read_text()


@pytest.mark.parametrize("module", ["health", "doctor"])
def test_every_bad_finding_of_the_doctor_is_in_the_manual(module: str) -> None:
    """Whoever reads a code finds what it means."""
    source = (ROOT / "terminal" / f"{module}.py").read_text()
    parts = "configuration|reader|payer|certificate|store|disk|clock|dumps|revocation|card-camera"
    codes = set(re.findall(rf'"((?:{parts})\.[a-z-]+)"', source))
    good = {
        "configuration.valid",
        "payer.answers",
        "certificate.holds",
        "store.whole",
        "disk.room",
        "clock.synchronised",
        "dumps.off",
        "revocation.not-configured",
        "revocation.current",
        "card-camera.well",
        "reader.not-needed",
    }
    assert len(codes) > 1
    codes |= {check_face(problem, vouched=False).code for problem in (None, *FaceProblem)}
    assert [code for code in sorted(codes - good) if f"`{code}`" not in INSTALLER] == []


def test_the_installed_template_has_known_keys_and_must_be_filled_in(tmp_path: Path) -> None:
    """What is left empty is named; what is written there already is right."""
    template = (ROOT / "scripts" / "config.template.toml").read_text()
    known = {(key.section, key.key) for key in documented_keys()}
    for section, table in tomllib.loads(template).items():
        assert {(section, key) for key in table} <= known
    file = tmp_path / "config.toml"
    file.write_text(template)
    with pytest.raises(ConfigError, match=r"institution\.code"):
        load_config(file)


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "docs/installer.md"])
def test_links_and_scripts_named_in_the_manuals_exist(name: str) -> None:
    """No manual leads nowhere."""
    text = (ROOT / name).read_text()
    links = re.findall(r"\]\(([^)#:]+)\)", text)
    scripts = re.findall(r"\./(scripts/[a-z]+)", text)
    folder = (ROOT / name).parent
    assert scripts
    assert [link for link in links if not (folder / link).exists()] == []
    assert [script for script in scripts if not (ROOT / script).exists()] == []
