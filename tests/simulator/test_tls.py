from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from eligibility.simulator.pki import PkiFiles, SimulatorSetupError, ThrowAwayCa, make_pki
from tests.simulator.conftest import INSTITUTION, World
from tests.simulator.desk import Desk, code_of, tls_context


def test_metadata_names_the_profile(desk: Desk) -> None:
    """A terminal with its certificate is told that this payer speaks our profile."""
    response = desk.http.get("metadata")
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/fhir+json; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"
    assert response.json()["instantiates"] == ["urn:eligibility-terminal:fhir:profile:1"]


def test_no_client_certificate(world: World) -> None:
    """Who shows no certificate gets no answer at all."""
    context = tls_context(world.directory / "ca.pem")
    with (
        httpx.Client(verify=context, trust_env=False) as stranger,
        pytest.raises(httpx.TransportError),
    ):
        stranger.get(f"{world.payer.base_url}/metadata")


def test_foreign_client_certificate(world: World, tmp_path: Path) -> None:
    """A certificate of another CA is refused, whatever institution it names."""
    certificate, key = ThrowAwayCa(datetime.now(UTC)).issue_client(INSTITUTION)
    (tmp_path / "foreign.pem").write_bytes(certificate)
    (tmp_path / "foreign.key").write_bytes(key)
    context = tls_context(
        world.directory / "ca.pem", tmp_path / "foreign.pem", tmp_path / "foreign.key"
    )
    with (
        httpx.Client(verify=context, trust_env=False) as stranger,
        pytest.raises(httpx.TransportError),
    ):
        stranger.get(f"{world.payer.base_url}/metadata")


def test_foreign_server_certificate(world: World, tmp_path: Path) -> None:
    """A terminal that trusts another CA does not talk to this payer."""
    other = make_pki(tmp_path, datetime.now(UTC))
    context = tls_context(other.ca, world.directory / "client.pem", world.directory / "client.key")
    with (
        httpx.Client(verify=context, trust_env=False) as terminal,
        pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        terminal.get(f"{world.payer.base_url}/metadata")


def test_certificate_without_institution(world: World) -> None:
    """A certificate that names no institution opens nothing."""
    desk = world.desk("nameless", "")
    with desk.http:
        response = desk.http.get("metadata")
    assert response.status_code == 403
    assert code_of(response) == "institution-unknown"


def test_connection_is_kept(desk: Desk) -> None:
    """Several requests go over one connection."""
    for _ in range(3):
        desk.gets_challenge()
    pool = desk.http._transport._pool  # type: ignore[attr-defined]  # httpx shows it nowhere else
    assert len(pool.connections) == 1


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "nothing", 404, "not-found"),
        ("GET", "CoverageEligibilityRequest/$submit", 405, "method-not-allowed"),
        ("DELETE", "Consent", 405, "method-not-allowed"),
    ],
)
def test_wrong_address(desk: Desk, method: str, path: str, status: int, code: str) -> None:
    """Wrong addresses and methods are refused in FHIR too."""
    response = desk.http.request(method, path)
    assert response.status_code == status
    assert code_of(response) == code


def test_wrong_media_type(desk: Desk) -> None:
    """A body that does not call itself JSON is refused."""
    response = desk.http.post("Consent", content=b"<x/>", headers={"Content-Type": "text/xml"})
    assert response.status_code == 415
    assert code_of(response) == "media-type-unsupported"


def test_body_too_large(desk: Desk) -> None:
    """A body over the limit is refused in FHIR."""
    response = desk.http.post("Consent", json={"text": "x" * 300_000})
    assert response.status_code == 413
    assert code_of(response) == "request-too-large"


def test_certificates_are_made_once(tmp_path: Path) -> None:
    """A second ``init`` leaves every file as it is; a directory with some files is refused."""
    files = make_pki(tmp_path, datetime.now(UTC))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    make_pki(tmp_path, datetime.now(UTC))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert files.client_key.stat().st_mode & 0o777 == 0o600
    PkiFiles(tmp_path).ca.unlink()
    with pytest.raises(SimulatorSetupError, match=r"ca\.pem"):
        make_pki(tmp_path, datetime.now(UTC))
