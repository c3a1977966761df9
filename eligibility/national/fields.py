"""How a data class stands in XML: tables of element name, field and kind of value.

An element is found by its name, wherever it stands.  One that comes twice where it may come once
has two values, and neither is the right one.  What a table does not name is kept as it came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from eligibility.national.kinds import TEXT, Kind
from eligibility.national.wire import Node, RawElement, Writer, raw

MOST_UNREAD = 200_000
"""Unknown elements that are kept of one message: a few new ones for each of 10,000 people."""

_AROUND = " \t\r\n"

Value = TypeVar("Value")
Record = TypeVar("Record")


# -- Parts of a table ------------------------------------------------------------------------------


class _Found:
    """The children of one element by name, each to be taken by one part."""

    def __init__(self, node: Node, repeats: frozenset[str], known: frozenset[str]) -> None:
        self.nodes: dict[str, list[Node]] = {}
        self.unknown: list[Node] = []
        for child in node:
            name = child.tag
            if name not in known:
                self.unknown.append(child)
            elif name in self.nodes:
                if name not in repeats:
                    msg = f"{name} comes twice"
                    raise ValueError(msg)
                self.nodes[name].append(child)
            else:
                self.nodes[name] = [child]

    def one(self, name: str) -> Node | None:
        found = self.nodes.get(name)
        return None if found is None else found[0]


def leaf_text(node: Node) -> str | None:
    """Return an element's text without the white space around it, None where there is none."""
    if len(node):
        msg = f"{node.tag} holds elements where it should hold a value"
        raise ValueError(msg)
    text = (node.text or "").strip(_AROUND)
    return text if text.strip() else None


def _value(kind: Kind[Value], node: Node) -> Value | None:
    text = leaf_text(node)
    if text is None:
        return None
    try:
        return kind.read(text)
    except ValueError:  # whose own words may quote the value
        msg = f"{node.tag} is not written as it should be"
        raise ValueError(msg) from None


@dataclass(frozen=True, slots=True)
class Leaf:
    """One element that holds one value, for the field ``field``."""

    name: str
    field: str
    kind: Kind[Any] = TEXT
    required: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The elements that this part takes."""
        return (self.name,)

    repeats: ClassVar[tuple[str, ...]] = ()

    def read(self, found: _Found, context: _Context) -> Any:
        """Return the value, None where there is none."""
        del context
        node = found.one(self.name)
        value = None if node is None else _value(self.kind, node)
        if value is None and self.required:
            msg = f"{self.name} is missing"
            raise ValueError(msg)
        return value

    def write(self, writer: Writer, parent: Node, value: Any) -> None:
        """Add the element where there is a value."""
        if value is not None:
            writer.leaf(parent, self.name, self.kind.write(value))
        elif self.required:
            msg = f"{self.name} is missing"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class Numbered:
    """Elements that count (Remarks1, Remarks2 …) for one tuple of texts; gaps are closed."""

    name: str
    field: str
    most: int

    @property
    def names(self) -> tuple[str, ...]:
        """The elements that this part takes."""
        return tuple(f"{self.name}{number}" for number in range(1, self.most + 1))

    repeats: ClassVar[tuple[str, ...]] = ()

    def read(self, found: _Found, context: _Context) -> tuple[str, ...]:
        """Return the texts in the order of their numbers."""
        del context
        nodes = [found.one(name) for name in self.names]
        texts = [leaf_text(node) for node in nodes if node is not None]
        return tuple(text for text in texts if text is not None)

    def write(self, writer: Writer, parent: Node, value: Sequence[str]) -> None:
        """Add an element for each text."""
        for name, text in zip(self.names, value, strict=False):
            writer.leaf(parent, name, text)


@dataclass(frozen=True, slots=True)
class Group:
    """An element that holds the fields of another data class; an empty one is none."""

    name: str
    field: str
    table: Layout[Any]
    required: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The elements that this part takes."""
        return (self.name,)

    repeats: ClassVar[tuple[str, ...]] = ()

    def read(self, found: _Found, context: _Context) -> Any:
        """Return the data class, None where there is none."""
        node = found.one(self.name)
        if node is None:
            if self.required:
                msg = f"{self.name} is missing"
                raise ValueError(msg)
            return None
        if self.required or self.table.is_in(node):
            return self.table.read(node, context)
        context.keep_all_of(node)
        return None

    def write(self, writer: Writer, parent: Node, value: Any) -> None:
        """Add the element where there is a value."""
        if value is not None:
            self.table.write(writer, writer.element(parent, self.name), value)


@dataclass(frozen=True, slots=True)
class Flat:
    """A data class whose fields stand among its parent's; it is there if any of them is."""

    field: str
    table: Layout[Any]
    required: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The elements that this part takes."""
        return self.table.names

    repeats: ClassVar[tuple[str, ...]] = ()

    def read(self, found: _Found, context: _Context) -> Any:
        """Return the data class, None where none of its elements holds anything."""
        if not self.required and not any(
            name in found.nodes and _holds_anything(found.nodes[name][0]) for name in self.names
        ):
            return None
        return self.table.made(found, context)

    def write(self, writer: Writer, parent: Node, value: Any) -> None:
        """Add the elements where there is a value."""
        if value is not None:
            self.table.write(writer, parent, value)


@dataclass(frozen=True, slots=True)
class Series:
    """An element that repeats, in a list element ``within`` or directly; a tuple of records."""

    name: str
    field: str
    table: Layout[Any]
    within: str | None = None
    direct_too: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The elements that this part takes."""
        if self.within is None:
            return (self.name,)
        return (self.within, self.name) if self.direct_too else (self.within,)

    @property
    def repeats(self) -> tuple[str, ...]:
        """Those of the elements that may come several times."""
        return (self.name,) if self.within is None or self.direct_too else ()

    def read(self, found: _Found, context: _Context) -> tuple[Any, ...]:
        """Return the records in their order."""
        direct = found.nodes.get(self.name, ()) if self.repeats else ()
        records = [self.table.read(node, context) for node in direct]
        holder = None if self.within is None else found.one(self.within)
        if holder is not None:
            _no_text_beside(holder)
            context.place.append(holder.tag)
            for child in holder:
                if child.tag == self.name:
                    records.append(self.table.read(child, context))
                else:
                    context.keep(child)
            context.place.pop()
        return tuple(records)

    def write(self, writer: Writer, parent: Node, value: Iterable[Any]) -> None:
        """Add an element for each record."""
        records = tuple(value)
        if self.within is not None:
            if not records:
                return
            parent = writer.element(parent, self.within)
        for one in records:
            self.table.write(writer, writer.element(parent, self.name), one)


Part = Leaf | Numbered | Group | Flat | Series


def _holds_anything(node: Node) -> bool:
    return len(node) > 0 or bool((node.text or "").strip())


def _no_text_beside(node: Node) -> None:
    if (node.text or "").strip() or any((child.tail or "").strip() for child in node):
        msg = f"{node.tag} holds text beside its elements"
        raise ValueError(msg)


# -- Tables ----------------------------------------------------------------------------------------


class _Context:
    """What is taken down while a message is read: where the reader is, and what it did not know."""

    def __init__(self) -> None:
        self.place: list[str] = []
        self.unread: list[RawElement] = []

    def keep(self, node: Node) -> None:
        """Keep an element that nobody knows."""
        if len(self.unread) >= MOST_UNREAD:
            msg = f"more than {MOST_UNREAD} elements are not known"
            raise ValueError(msg)
        self.unread.append(raw(node, tuple(self.place)))

    def keep_all_of(self, node: Node) -> None:
        """Keep all that stands in an element which holds nothing that is known."""
        _no_text_beside(node)
        self.place.append(node.tag)
        for child in node:
            self.keep(child)
        self.place.pop()


class Layout(Generic[Record]):
    """The elements of one data class."""

    def __init__(self, make: Callable[..., Record], *parts: Part) -> None:
        """``make``: the data class; ``parts``: its fields, in the order of writing."""
        self._make = make
        self.parts = parts
        names = [name for part in parts for name in part.names]
        if len(set(names)) != len(names):
            msg = "two parts of a layout take the same element"
            raise TypeError(msg)
        self.names = tuple(names)
        self._known = frozenset(names)
        self._repeats = frozenset(name for part in parts for name in part.repeats)

    def is_in(self, node: Node) -> bool:
        """Whether an element holds anything that this layout knows, or text."""
        return bool((node.text or "").strip()) or any(
            child.tag in self._known and _holds_anything(child) for child in node
        )

    def read(self, node: Node, context: _Context) -> Record:
        """Return the data class that an element holds; raises ValueError naming elements."""
        _no_text_beside(node)
        found = _Found(node, self._repeats, self._known)
        context.place.append(node.tag)
        for child in found.unknown:
            context.keep(child)
        record = self.made(found, context)
        context.place.pop()
        return record

    def made(self, found: _Found, context: _Context) -> Record:
        """Return the data class of elements that stand among others."""
        return self._make(**{part.field: part.read(found, context) for part in self.parts})

    def write(self, writer: Writer, parent: Node, record: Record) -> None:
        """Add all elements of ``record`` to ``parent``."""
        for part in self.parts:
            part.write(writer, parent, getattr(record, part.field))


def read_layout(layout: Layout[Record], node: Node) -> tuple[Record, tuple[RawElement, ...]]:
    """Return what an element holds, and the elements in it that the layout does not know."""
    context = _Context()
    record = layout.read(node, context)
    return record, tuple(context.unread)
