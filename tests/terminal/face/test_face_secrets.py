"""Photo, pictures and embeddings leave no trace of a visit, and the search would find them."""

from __future__ import annotations

import base64
import io
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from eligibility.payer import IdentificationMethod
from face_auth import FaceMatcher, decode_photo, load_models
from terminal.store.connection import connect
from terminal.store.keys import read_key_file
from terminal.views import KioskStep
from tests.clinic import Stage, opened_clinic, wait_for
from tests.face.heads import Performer
from tests.sitting import Mirror, filmed, read_sitters, with_photo
from tests.terminal.test_secrets import talkative_log

PIECE = 48
LONG = 60.0


def forms(piece: bytes) -> Iterator[bytes]:
    """Yield ``piece`` as it is, in hex and in base64 wherever that began."""
    yield piece
    yield piece.hex().encode()
    yield piece.hex().upper().encode()
    yield piece.hex(" ").upper().encode()
    for shift in range(3):
        yield base64.b64encode(piece[shift : shift + 39])[:-1]


def cells_of(path: Path, key: bytes) -> Iterator[bytes]:
    """Yield every cell of the encrypted database."""
    db = connect(path, key, read_only=True)
    try:
        for table in db.table_names():
            for row in db.conn.execute(f"SELECT * FROM [{table}]"):  # noqa: S608  # own names
                yield from (c if isinstance(c, bytes) else str(c).encode() for c in row)
    finally:
        db.conn.close()


def found(pieces: Mapping[str, list[bytes]], places: list[bytes]) -> set[str]:
    """Return of what kind of secret a piece stands anywhere, in any form."""
    return {
        kind
        for kind, those in pieces.items()
        for piece in those
        for form in forms(piece)
        if any(form in place for place in places)
    }


def test_a_visit_leaves_no_face_behind(
    tmp_path: Path, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither database, data folder, log nor temporary folder holds what anybody looks like."""
    sitters, photo = read_sitters()
    data, temporary = tmp_path / "data", tmp_path / "temporary"
    data.mkdir()
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.setenv("TMPDIR", str(temporary))
    photographed = with_photo(stage, tmp_path / "cards", {"ordinary": photo})
    mirror = Mirror(tmp_path / "mirror.bmp")
    mirror.sits(Performer(sitters["a"]))
    face = f'kind = "recorded"\nrecording = "{mirror.file}"\nturns = 0\n'
    issuers = f'record_issuers = ["{photographed.cards_dir / "record-ca.pem"}"]'
    with (
        talkative_log() as log,
        opened_clinic(data, photographed, face=face, card=issuers) as clinic,
        filmed(mirror, clinic.terminal.desk.kiosk),
    ):
        visit_id = clinic.patient.taps("ordinary").visit_id
        assert visit_id is not None
        clinic.terminal.desk.choose(visit_id, IdentificationMethod.FACE)
        preview = wait_for(lambda: clinic.terminal.desk.face_preview(visit_id), "a picture")
        clinic.reception.types_number_b(visit_id, photographed.face_of("ordinary"))
        wait_for(lambda: clinic.patient.screen.step is KioskStep.CONSENT, "a match", LONG)
        clinic.patient.consents_to_all()
        clinic.reception.sees_answer()
    embedding = FaceMatcher(load_models()).embed(decode_photo(photo)).tobytes()
    pieces = {
        "photo": [photo[at : at + PIECE] for at in range(200, len(photo) - PIECE, 500)],
        "frames": [view[240, 300:316].tobytes() for view in mirror.shown],
        "preview": [preview[-100 : -100 + PIECE]],
        "embedding": [embedding[:PIECE], embedding[-PIECE:]],
    }
    assert all(len(those) > 0 for those in pieces.values())
    key = read_key_file(clinic.config.store.key_file)
    files = [path for folder in (data, temporary) for path in folder.rglob("*") if path.is_file()]
    places = [
        *(path.read_bytes() for path in files),
        *cells_of(clinic.config.store.path, key),
        log.getvalue().encode(),
    ]
    assert b"face-compared" in b"".join(places)
    assert found(pieces, places) == set()
    for kind, (piece, *_) in pieces.items():
        for form in forms(piece):
            planted = io.BytesIO(b"something before " + form + b" and after")
            assert found(pieces, [*places, planted.getvalue()]) == {kind}
