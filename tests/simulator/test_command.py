import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.x509.oid import NameOID

from eligibility.simulator.__main__ import main
from terminal.register.file import read_register_file
from tests.simulator.conftest import World
from tests.simulator.desk import tls_context

PATIENCE = 30.0


def run(*arguments: str) -> tuple[int, str]:
    """Run the command in this process; return its exit status and all it said."""
    result = CliRunner().invoke(main, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.output


@contextmanager
def serving(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run ``serve`` as a process; yield it and its base URL."""
    command = [sys.executable, "-m", "eligibility.simulator", "serve", *arguments]
    with subprocess.Popen(  # noqa: S603  # our own command
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONWARNINGS": "error"},
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            found = re.fullmatch(r"payer simulator: (https://localhost:\d+/fhir)\n", line)
            assert found, (line, process.stderr and process.stderr.read())
            yield process, found[1]
        finally:
            if process.poll() is None:
                process.kill()


@pytest.mark.parametrize("name", ["init", "serve", "people", "register"])
def test_help(name: str) -> None:
    """Every subcommand explains itself and is named in the command's own help."""
    assert name in run("--help")[1]
    status, words = run(name, "--help")
    assert status == 0
    assert "--dir" in words


def test_init_twice(tmp_path: Path) -> None:
    """``init`` makes all files; a second run changes none of them."""
    target = tmp_path / "deep" / "payer"
    assert run("init", "--dir", str(target))[0] == 0
    before = {path.name: path.read_bytes() for path in target.iterdir()}
    assert sorted(before) == [
        "ca.pem",
        "client.key",
        "client.pem",
        "people.json",
        "population.json",
        "server-expired.key",
        "server-expired.pem",
        "server.key",
        "server.pem",
    ]
    assert run("init", "--dir", str(target), "--seed", "9")[0] == 0
    assert {path.name: path.read_bytes() for path in target.iterdir()} == before
    ca = x509.load_pem_x509_certificate(before["ca.pem"])
    organization = ca.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value
    assert organization == "TEST ONLY eligibility-terminal demo"
    client = x509.load_pem_x509_certificate(before["client.pem"])
    code = client.subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)[0].value
    assert code == "1310000003"


def test_people_are_made_again(tmp_path: Path) -> None:
    """``people`` and ``serve`` know the same people as people.json."""
    run("init", "--dir", str(tmp_path), "--seed", "5")
    listed = json.loads((tmp_path / "people.json").read_bytes())
    status, words = run("people", "--dir", str(tmp_path), "--all")
    assert status == 0
    assert [line.split()[0] for line in words.splitlines()] == [item["id"] for item in listed]
    assert len(run("people", "--dir", str(tmp_path))[1].splitlines()) == len(
        [item for item in listed if item["persona"]]
    )


def test_a_clinic_has_these_people_on_file(tmp_path: Path) -> None:
    """``register`` prints a file that the terminal takes whole, with a line for each person."""
    run("init", "--dir", str(tmp_path), "--seed", "5")
    listed = json.loads((tmp_path / "people.json").read_bytes())
    for arguments, people in (
        (("--all",), listed),
        ((), [item for item in listed if item["persona"]]),
    ):
        status, words = run("register", "--dir", str(tmp_path), *arguments)
        assert status == 0
        register = read_register_file(words.encode(), date(2026, 11, 24))
        assert (register.problem_count, register.not_taken) == (0, ())
        assert [one.name for one in register.records] == [item["name"] for item in people]


def test_institution_code(tmp_path: Path) -> None:
    """A wrong check digit warns, a wrong form is refused."""
    assert "ten digits" in run("init", "--dir", str(tmp_path), "--institution", "123")[1]
    assert not list(tmp_path.iterdir())
    status, words = run("init", "--dir", str(tmp_path), "--institution", "1310000004")
    assert status == 0
    assert "check digit" in words


def _serve_arguments(world: World) -> list[str]:
    return [
        "--dir",
        str(world.directory),
        "--card-ca",
        str(world.directory / "cards.pem"),
        "--issued",
        str(world.directory / "issued.json"),
    ]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_and_stop(world: World, number: signal.Signals) -> None:
    """``serve`` answers over HTTPS and ends cleanly on either signal, saying nothing."""
    with serving(*_serve_arguments(world), "--port", "0") as (process, base_url):
        context = tls_context(
            world.directory / "ca.pem",
            world.directory / "client.pem",
            world.directory / "client.key",
        )
        with httpx.Client(verify=context, trust_env=False) as client:
            assert client.get(f"{base_url}/metadata").status_code == 200
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0
        assert (out, err) == ("", "")


def test_control_port_is_off_unless_asked(world: World) -> None:
    """Faults can only be switched where a control port was asked for."""
    with serving(*_serve_arguments(world), "--port", "0", "--control-port", "0") as (process, _):
        assert process.stdout is not None
        line = process.stdout.readline()
        url = line.removeprefix("page, faults and requests: ").strip()
        assert url.startswith("http://127.0.0.1:")
        assert httpx.get(f"{url}faults", trust_env=False).json() == {"kind": None}
    with serving(*_serve_arguments(world), "--port", "0") as (process, _):
        process.send_signal(signal.SIGTERM)
        out, _err = process.communicate(timeout=PATIENCE)
        assert "faults" not in out


def test_limit_of_requests_per_second(world: World) -> None:
    """What is beyond the limit is refused with when to come back."""
    arguments = (*_serve_arguments(world), "--port", "0", "--requests-per-second", "0.001")
    with serving(*arguments) as (_process, base_url):
        files = world.directory
        context = tls_context(files / "ca.pem", files / "client.pem", files / "client.key")
        with httpx.Client(verify=context, trust_env=False) as client:
            assert client.get(f"{base_url}/metadata").status_code == 200
            refused = client.get(f"{base_url}/metadata")
    assert refused.status_code == 429
    assert 900 < int(refused.headers["retry-after"]) <= 1000


def test_as_many_people_as_asked(tmp_path: Path) -> None:
    """``init --people`` makes so many, and ``people --flaws`` lists what is wrong with whom."""
    status, _ = run("init", "--dir", str(tmp_path), "--people", "900", "--seed", "7")
    assert status == 0
    assert len(json.loads((tmp_path / "people.json").read_bytes())) >= 900
    status, words = run("people", "--dir", str(tmp_path), "--flaws")
    assert status == 0
    lines = [json.loads(line) for line in words.splitlines()]
    assert {"other-person", "old-address"} <= {line["flaw"] for line in lines}
    assert all("linked_to" in line for line in lines if line["flaw"] == "other-person")


def test_port_in_use(world: World) -> None:
    """A port that is taken is named in one sentence."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        status, words = run("serve", *_serve_arguments(world), "--port", port)
    assert status == 1
    assert words == f"Error: port {port} is in use by another program\n"


@pytest.mark.parametrize(
    ("option", "content", "problem"),
    [
        ("--card-ca", None, "cannot read the card CA"),
        ("--card-ca", "no certificate", "holds no PEM certificate"),
        ("--record-ca", None, "cannot read the record issuer's key"),
        ("--record-ca", "no key", "holds no PEM public key"),
        ("--issued", None, "cannot read the list of issued cards"),
        ("--issued", '[{"person_id": 3}]', "is no list of issued cards"),
    ],
)
def test_wrong_card_files(
    world: World, tmp_path: Path, option: str, content: str | None, problem: str
) -> None:
    """A missing or damaged file is named in one sentence."""
    file = tmp_path / "file"
    if content is not None:
        file.write_text(content)
    status, words = run("serve", *_serve_arguments(world), option, str(file), "--port", "0")
    assert status == 1
    assert problem in words
    assert str(file) in words
    assert words.count("\n") == 1


@pytest.mark.parametrize("name", ["ca.pem", "server.key", "population.json"])
@pytest.mark.parametrize("damage", ["gone", "broken"])
def test_wrong_own_files(world: World, tmp_path: Path, name: str, damage: str) -> None:
    """The simulator's own files are named too, with the command that makes them."""
    run("init", "--dir", str(tmp_path))
    if damage == "gone":
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_text("{}")
    cards = _serve_arguments(world)[2:]
    status, words = run("serve", "--dir", str(tmp_path), *cards, "--port", "0")
    assert status == 1
    assert str(tmp_path) in words
    if damage == "gone":
        assert name in words
        assert "payer-simulator init" in words


def test_log_holds_no_health_data(world: World) -> None:
    """Even a talkative server logs addresses, codes and the institution, never a patient."""
    with serving(*_serve_arguments(world), "--port", "0", "--verbose") as (process, base_url):
        context = tls_context(
            world.directory / "ca.pem",
            world.directory / "client.pem",
            world.directory / "client.key",
        )
        with httpx.Client(verify=context, trust_env=False) as client:
            response = client.get(
                f"{base_url}/Observation", params={"patient": "Patient/pt-SECRET"}
            )
            assert response.status_code == 404
        process.send_signal(signal.SIGTERM)
        _out, err = process.communicate(timeout=PATIENCE)
    assert "GET /fhir/Observation 404 institution 1310000003" in err
    assert "SECRET" not in err
