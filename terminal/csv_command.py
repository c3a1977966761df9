"""What the commands that take a CSV file print: the columns, and what is wrong line by line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from terminal.csv_file import LARGEST_FILE, Columns, CsvFile, LineProblem


def read_bytes(file: Path) -> bytes:
    """Return the file's bytes, and no more than show that it is too large."""
    with file.open("rb") as opened:
        return opened.read(LARGEST_FILE + 1)


def tell_columns(columns: Columns[Any]) -> None:
    """Print every column with the names that it is known by."""
    for column in columns.kind:
        need = "required" if column in columns.required else "optional"
        names = columns.headers[column]
        click.echo(f"{names[0]}\t{need}\t{', '.join(names[1:])}")


def tell_file(file: CsvFile[Any], columns: Columns[Any], noun: str) -> None:
    """Print what was read; what is wrong goes to standard error."""
    click.echo(f"{file.lines} {noun} in {file.encoding}")
    if file.not_taken:
        click.echo(f"Columns that are not taken: {', '.join(file.not_taken)}")
    for problem in file.problems:
        click.echo(_line(problem, columns), err=True)
    if file.problem_count > len(file.problems):
        click.echo(f"and {file.problem_count - len(file.problems)} more", err=True)


def _line(problem: LineProblem, columns: Columns[Any]) -> str:
    column = "" if problem.column is None else f" {columns.headers[problem.column][0]}:"
    other = "" if problem.other_line is None else f" (first at line {problem.other_line})"
    return f"line {problem.line}:{column} {problem.reason}{other}"
