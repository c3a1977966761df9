"""The figures are checked on scores that are known; drawn pictures prove the way to them only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import numpy as np
import pytest
from click.testing import CliRunner

from face_auth.error_rates import Scores, interval, paired_gain, rates_of
from face_auth.evaluation import DRAWS, ConditionResult, Evaluation, Percentiles
from face_auth.evaluation_report import as_text
from face_auth.opencv import cv2
from face_auth.policy import PROFILES
from tests.face.heads import Performer, Sitter, render
from web.cli import cli

if TYPE_CHECKING:
    from face_auth.types import Pixels


def scores(genuine: float, impostor: float, persons: int = 20) -> Scores:
    """Return normal scores around two means, the same number for each person."""
    chance = np.random.default_rng(1)
    return Scores(
        [chance.normal(genuine, 0.1, 60) for _ in range(persons)],
        [chance.normal(impostor, 0.1, 1000) for _ in range(persons)],
    )


def test_fixed_and_learned_thresholds_give_the_rates_they_must() -> None:
    """On normal scores the rates are those of the normal distribution."""
    found = rates_of(scores(0.6, 0.0), {"half": 0.5}, seed=1)
    half = found.points["half"]
    assert half.fnmr == pytest.approx(0.159, abs=0.03)
    assert half.fmr < 1e-4
    assert half.fnmr_low < half.fnmr < half.fnmr_high
    learned = found.points["FMR 0.01"]
    assert learned.threshold == pytest.approx(0.233, abs=0.01)
    assert learned.fmr == pytest.approx(0.01, abs=0.002)
    assert found.eer == pytest.approx(0.00135, abs=0.001)
    assert [point.learned for point in found.points.values()] == [True, True, True, False]


def test_a_threshold_is_never_learned_on_those_it_is_applied_to() -> None:
    """One person whom everybody resembles cannot raise the threshold that person is measured at."""
    odd = scores(0.9, 0.0, 8)
    odd.impostor[3][:] = 0.7
    learned = rates_of(odd, {}, seed=1).points["FMR 0.01"]
    assert learned.fmr > 0.1


def test_the_interval_is_drawn_by_person() -> None:
    """One bad person of ten makes it wide, however many scores there are."""
    low, high = interval(np.array([1.0] + [0.0] * 9), seed=1)
    assert low == 0.0
    assert 0.2 < high < 0.5


def test_a_gain_is_paired_and_nothing_is_gained_by_the_same() -> None:
    """What is compared with itself gains exactly nothing."""
    one = rates_of(scores(0.55, 0.0), {"half": 0.5}, seed=1)
    better = rates_of(scores(0.75, 0.0), {"half": 0.5}, seed=1)
    assert paired_gain(one, one, 1)["half"] == (0.0, 0.0, 0.0)
    mean, low, high = paired_gain(one, better, 1)["half"]
    assert 0 < low < mean < high


@pytest.fixture(scope="module")
def persons(tmp_path_factory: pytest.TempPathFactory, sitters: Mapping[str, Sitter]) -> Path:
    """Four folders: two rendered persons, and the same mirrored."""
    folder = tmp_path_factory.mktemp("persons")
    for name, sitter in sitters.items():
        for kind in ("plain", "mirrored"):
            place = folder / f"{name}-{kind}"
            place.mkdir()
            for number, yaw in enumerate((-15, -9, -3, 3, 9, 15)):
                view: Pixels = render(sitter, yaw)[80:400, 200:440]
                view = view if kind == "plain" else np.ascontiguousarray(view[:, ::-1])
                assert cv2.imwrite(str(place / f"{number}.png"), view)
    return folder


def test_the_command_prints_every_figure_with_its_source(persons: Path, tmp_path: Path) -> None:
    """Persons, size, distance of the eyes, FTA, all conditions, and that it is not the field."""
    attacks = tmp_path / "attacks"
    for kind in ("bona-fide", "copies"):
        (attacks / kind / "one").mkdir(parents=True)
    sitter = persons / "a-plain" / "3.png"
    noisy = np.random.default_rng(1)
    for number in range(6):
        view = cv2.imread(str(sitter))
        assert view is not None
        changed = np.clip(view.astype(int) + noisy.integers(-3, 4, view.shape), 0, 255)
        assert cv2.imwrite(str(attacks / "bona-fide" / "one" / f"{number}.png"), changed)
        # longer than a camera short of light holds its last picture
        for copy in (2 * number, 2 * number + 1):
            assert cv2.imwrite(str(attacks / "copies" / "one" / f"{copy:02}.png"), view)
    plot = tmp_path / "curves.svg"
    command = ["face", "evaluate", str(persons), "--json", "--plot", str(plot)]
    done = CliRunner().invoke(cli, [*command, "--attacks", str(attacks)])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["persons"] == 4
    assert found["pictures"] == 24
    assert found["source_size"] == [240, 320]
    assert 50 < found["eye_distance"] < 110
    assert found["failure_to_acquire"] == 0.0
    assert "field" in found["caution"]
    names = [one["condition"] for one in found["conditions"]]
    assert names[0] == "clean"
    assert any("120x160" in name for name in names)
    assert any("printed" in name for name in names)
    assert all(one["source_size"] == [240, 320] for one in found["conditions"])
    assert all(one["eye_distance"] == found["eye_distance"] for one in found["conditions"])
    clean = found["conditions"][0]
    assert clean["failure_to_acquire"] == 0.0
    assert set(clean["single"]["points"]) == {
        *("FMR 0.01", "FMR 0.001", "FMR 0.0001", "fmr-1e-2", "fmr-1e-3", "fmr-1e-4")
    }
    assert clean["single"]["genuine"] == 4 * 6 * 5
    assert clean["single"]["impostor"] == 4 * 6 * 18
    assert clean["fused"]["genuine"] == 4 * 6 * DRAWS
    assert clean["fused"]["impostor"] == 4 * 6 * 18 * DRAWS
    assert clean["single"]["points"]["fmr-1e-4"]["fnmr"] < 0.2
    for name, profile in PROFILES.items():
        assert clean["fused"]["points"][name]["source"] == profile.source
    assert "source" not in clean["fused"]["points"]["FMR 0.001"]
    assert found["milliseconds"]["embed"]["n"] > 24
    assert found["attacks"]["bpcer"] == 0.0
    assert found["attacks"]["apcer"]["copies"] == [0.0, 1]
    assert set(found["attacks"]["signs"]) == {"repeated-frames"}
    lines = ElementTree.fromstring(plot.read_text()).iter("{http://www.w3.org/2000/svg}polyline")  # noqa: S314  # our own
    assert len(list(lines)) == 2 * len(names)


def test_the_table_names_source_threshold_and_caution() -> None:
    """Whoever quotes a line quotes what it was measured on with it."""
    single = rates_of(scores(0.55, 0.0), {"fmr-1e-4": 0.5}, seed=1)
    fused = rates_of(scores(0.75, 0.0), {"fmr-1e-4": 0.5}, seed=1)
    result = ConditionResult("clean", 0.0125, single, fused, paired_gain(single, fused, 1))
    found = Evaluation(
        model="0123456789abcdef",
        persons=20,
        pictures=200,
        source_size=(92, 112),
        eye_distance=32.6,
        unreadable=3,
        failure_to_acquire=0.005,
        conditions=(result,),
        copies=result,
        milliseconds={"embed": Percentiles(200, 15.0, 20.0, 25.0)},
    )
    text = "\n".join(as_text(found))
    assert "20 persons, 200 pictures, files 92 x 112, 32.6 pixels between the eyes" in text
    assert "FTA 0.50 %" in text
    assert "FTA 1.25 %" in text
    assert "3 files could not be read" in text
    assert "fmr-1e-4 fixed 0.50 (40 persons of AT&T)" in text
    assert f"fmr-1e-4, fixed: {PROFILES['fmr-1e-4'].source}" in text
    assert "FMR 0.001 learned" in text
    assert "none of this is field accuracy" in text
    low, high = fused.points["fmr-1e-4"].fnmr_low, fused.points["fmr-1e-4"].fnmr_high
    assert f"[{100 * low:.2f}, {100 * high:.2f}]" in text
    mean, low, high = result.gain["fmr-1e-4"]
    assert f"{100 * mean:.2f} [{100 * low:.2f}, {100 * high:.2f}]" in text


def thumbnails(persons: Path, folder: Path) -> Path:
    """Write the pictures of ``persons`` at 24 x 32, without a face on the last, and spoil one."""
    for place in sorted(persons.iterdir()):
        (folder / place.name).mkdir(parents=True)
        for file in sorted(place.iterdir()):
            view = cv2.imread(str(file))
            assert view is not None
            small = cv2.resize(view, (24, 32), interpolation=cv2.INTER_AREA)
            assert cv2.imwrite(str(folder / place.name / file.name), small)
        (folder / place.name / "6.png").write_bytes(b"no picture")
    assert cv2.imwrite(str(folder / "a-plain" / "5.png"), np.full((32, 24, 3), 90, np.uint8))
    return folder


def test_thumbnails_are_measured_as_what_they_are(persons: Path, tmp_path: Path) -> None:
    """Size and distance of the eyes are the files'; what holds no face or no picture is counted."""
    folder = thumbnails(persons, tmp_path / "small")
    done = CliRunner().invoke(cli, ["face", "evaluate", str(folder), "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["source_size"] == [24, 32]
    assert 5 < found["eye_distance"] < 11
    assert found["pictures"] == 24
    assert found["unreadable"] == 4
    assert found["failure_to_acquire"] >= 1 / 24
    clean = found["conditions"][0]
    assert clean["failure_to_acquire"] == found["failure_to_acquire"]
    assert clean["single"]["points"]["fmr-1e-4"]["fnmr"] >= 10 / 120  # a miss is a non-match


def test_a_plot_that_has_no_place_is_told_before_anything_is_measured(
    persons: Path, tmp_path: Path
) -> None:
    """Nobody waits minutes for a mistake in the command."""
    plot = tmp_path / "nowhere" / "curves.svg"
    done = CliRunner().invoke(cli, ["face", "evaluate", str(persons), "--plot", str(plot)])
    assert done.exit_code == 2
    assert "there is no folder" in done.stderr
    assert "Pictures" not in done.stderr


@pytest.mark.parametrize("pictures", [0, 2])
def test_too_little_to_measure_is_one_clear_error(pictures: int, tmp_path: Path) -> None:
    """Too few persons or pictures are told, with how many are needed."""
    for name in "abcd":
        (tmp_path / name).mkdir()
        for number in range(pictures):
            view = np.full((64, 48, 3), 100, np.uint8)
            assert cv2.imwrite(str(tmp_path / name / f"{number}.png"), view)
    done = CliRunner().invoke(cli, ["face", "evaluate", str(tmp_path)])
    assert done.exit_code == 1
    assert "at least" in done.stderr
    assert done.stderr.count("Error:") == 1


def test_a_bona_fide_person_of_a_recording_shows_no_sign(sitters: Mapping[str, Sitter]) -> None:
    """A performer before the camera is not taken for an attack by the passive signs."""
    from face_auth import FaceMatcher, LivenessLimits, load_models

    performer = Performer(sitters["b"])
    matcher = FaceMatcher(load_models(), liveness=LivenessLimits(turns=0))
    view = performer.view()
    decision = matcher.decide(view, performer.frames())
    assert not decision.evidence.suspicious
