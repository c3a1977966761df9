"""``eligibility-terminal face``: how good face verification is, measured on own pictures."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from face_auth import load_models
from terminal.config import load_config
from terminal.face.check import make_pad_model


@click.group("face")
def face() -> None:
    """Measure face verification (顔認証) before a threshold is trusted."""


FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@face.command("evaluate")
@click.argument("folder", type=FOLDER)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@click.option("--attacks", type=FOLDER, help="Recordings: bona-fide, and a folder for each attack.")
@click.option(
    "--plot",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the error curves to this SVG file.",
)
@click.option("--models", type=FOLDER, help="Folder of the model files, if not the package's.")
@click.option(
    "--config",
    "config_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Take model folder and passive model from this configuration.",
)
@click.option("--seed", default=1, show_default=True, help="Repeats noise, draws and splits.")
def evaluate(
    folder: Path,
    attacks: Path | None,
    plot: Path | None,
    models: Path | None,
    config_file: Path | None,
    seed: int,
    *,
    as_json: bool,
) -> None:
    """Compare the persons of FOLDER: in it a folder of pictures for each, six at least.

    Prints FMR, FNMR, EER and FTA (ISO/IEC 19795-1) for clean and card-like references, one frame
    beside fused ones; with --attacks also APCER and BPCER (ISO/IEC 30107-3).  Nothing is kept.
    """
    from face_auth.attacks import evaluate_attacks
    from face_auth.evaluation import Evaluator
    from face_auth.evaluation_report import as_dict, as_svg, as_text, attacks_as_text

    if plot is not None and not plot.absolute().parent.is_dir():
        raise click.BadParameter(f"there is no folder {plot.parent}", param_hint="--plot")
    settings = load_config(config_file).face if config_file is not None else None
    loaded = load_models(models or (settings.models if settings is not None else None))
    pad_model = make_pad_model(settings) if settings is not None else None
    with shown("Pictures") as step:
        found = Evaluator(loaded, seed=seed, on_step=step).evaluate(folder)
    told = None
    if attacks is not None:
        with shown("Attacks") as step:
            told = evaluate_attacks(attacks, loaded, pad_model=pad_model, on_step=step)
    if as_json:
        figures = as_dict(found)
        if told is not None:
            figures["attacks"] = dataclasses.asdict(told)
        click.echo(json.dumps(figures, ensure_ascii=False, indent=2))
    else:
        lines = [*as_text(found), *(attacks_as_text(told) if told is not None else ())]
        click.echo("\n".join(lines))
    if plot is not None:
        try:
            plot.write_text(as_svg(found))
        except OSError as error:
            raise click.FileError(str(plot), error.strerror) from error


@contextmanager
def shown(label: str) -> Iterator[Callable[[int, int], None]]:
    """Show how far it is on standard error."""
    with click.progressbar(length=1000, label=label, file=sys.stderr) as bar:
        yield lambda done, of: bar.update(done * 1000 // of - bar.pos)
