"""The table of the configuration's keys, which feeds ``docs/configuration.md``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, get_args

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from terminal.config import TerminalConfig, section_of


@dataclass(frozen=True, slots=True)
class DocumentedKey:
    """One key of the file.  ``default`` is None where the key must be given."""

    section: str
    key: str
    kind: str
    default: str | None
    description: str


def documented_keys() -> Iterator[DocumentedKey]:
    """Yield every key of the file, in its order."""
    for section in _section_names():
        model = section_of(section)
        if model is None:  # pragma: no cover - every field but ``file`` is a section
            continue
        for key, field in model.model_fields.items():
            required = field.is_required()
            default = None if required else _toml(field.get_default(call_default_factory=True))
            yield DocumentedKey(section, key, _kind(field), default, field.description or "")


def _section_names() -> list[str]:
    return [name for name in TerminalConfig.model_fields if name != "file"]


def _kind(field: FieldInfo) -> str:
    annotation = field.annotation
    parts = [part for part in get_args(annotation) if part not in (type(None), ...)]
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return " or ".join(f'"{member}"' for member in annotation)
    if isinstance(annotation, type) and not parts:
        return {
            Path: "path",
            str: "text",
            int: "whole number",
            float: "number",
            bool: "true or false",
        }[annotation]
    if parts and all(isinstance(part, str) for part in parts):
        return " or ".join(f'"{part}"' for part in parts)
    inner = dict.fromkeys(_kind(FieldInfo(annotation=part)) for part in parts)
    text = ", ".join(inner)
    return f"list of {text}" if getattr(annotation, "__origin__", None) in (tuple, list) else text


def _toml(value: Any) -> str:  # a default of any field
    if value is None or value is PydanticUndefined:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | Path):
        return f'"{value}"'
    if isinstance(value, list | tuple):
        return f"[{', '.join(_toml(item) for item in value)}]"
    return str(value)
