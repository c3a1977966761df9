"""What ``init`` writes into the simulator's directory, and how it is read back."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from eligibility.calendar import JAPAN
from eligibility.simulator.pki import (
    DEFAULT_INSTITUTION,
    PkiFiles,
    SimulatorSetupError,
    make_pki,
    write_once,
)
from eligibility.simulator.population import DEFAULT_SEED, DEFAULT_SIZE, Population, as_list

LARGEST_SIZE = 100_000


class _PopulationRecipe(BaseModel):
    """population.json: what makes the same people again."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int
    as_of: date
    size: int = Field(default=DEFAULT_SIZE, ge=1, le=LARGEST_SIZE)


def initialise(
    directory: Path,
    now: datetime,
    *,
    seed: int = DEFAULT_SEED,
    size: int = DEFAULT_SIZE,
    institution: str = DEFAULT_INSTITUTION,
) -> PkiFiles:
    """Make certificates and people in ``directory``; what is there already stays.

    Raises SimulatorSetupError.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = f"cannot make the directory {directory}: {error.strerror}"
        raise SimulatorSetupError(msg) from error
    files = make_pki(directory, now, institution)
    recipe_file = directory / "population.json"
    if not recipe_file.is_file():
        recipe = _PopulationRecipe(seed=seed, as_of=now.astimezone(JAPAN).date(), size=size)
        write_once(recipe_file, recipe.model_dump_json(indent=2).encode() + b"\n")
    people_file = directory / "people.json"
    if not people_file.is_file():
        people = as_list(load_population(directory).people)
        text = json.dumps(people, ensure_ascii=False, indent=1)
        write_once(people_file, text.encode() + b"\n")
    return files


def load_population(directory: Path) -> Population:
    """Make the people again that ``init`` made; raises SimulatorSetupError."""
    recipe_file = directory / "population.json"
    try:
        recipe = _PopulationRecipe.model_validate_json(recipe_file.read_bytes())
    except OSError as error:
        msg = (
            f"cannot read {recipe_file}: {error.strerror}; "
            f"make it with: payer-simulator init --dir {directory}"
        )
        raise SimulatorSetupError(msg) from error
    except ValidationError as error:
        msg = f"{recipe_file} is damaged ({error.error_count()} faults)"
        raise SimulatorSetupError(msg) from error
    return Population(recipe.seed, as_of=recipe.as_of, size=recipe.size)
