"""``eligibility-terminal face``: how good face verification is, measured on own pictures."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path

import click

from face_auth import load_models


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
@click.option("--seed", default=1, show_default=True, help="Repeats noise, draws and splits.")
def evaluate(
    folder: Path,
    attacks: Path | None,
    plot: Path | None,
    models: Path | None,
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

    loaded = load_models(models)
    with click.progressbar(length=1000, label="Pictures", file=sys.stderr) as bar:

        def step(done: int, of: int) -> None:
            bar.update(done * 1000 // of - bar.pos)

        found = Evaluator(loaded, seed=seed, on_step=step).evaluate(folder)
    told = evaluate_attacks(attacks, loaded) if attacks else None
    if plot is not None:
        plot.write_text(as_svg(found))
    if as_json:
        figures = as_dict(found)
        if told is not None:
            figures["attacks"] = dataclasses.asdict(told)
        click.echo(json.dumps(figures, ensure_ascii=False, indent=2))
        return
    for line in as_text(found):
        click.echo(line)
    if told is not None:
        for line in attacks_as_text(told):
            click.echo(line)
