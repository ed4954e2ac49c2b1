"""Writes the Python that turns rows into the answer, and does nothing else.

An answer is described by nodes; `row_builder` writes one function for a statement's rows, so that per row nothing runs
but the making of the dicts: no lookups, no loops over fields. (The same as closures costs about half as much again.)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from engine import cursors


@dataclass(frozen=True)
class Value:
    """A column as it is."""

    index: int


@dataclass(frozen=True, eq=False)
class Const:
    """The same for every row."""

    value: object


@dataclass(frozen=True, eq=False)
class Decoded:
    """A column through a function; null stays null."""

    function: Callable[[Any], Any]
    index: int


@dataclass(frozen=True, eq=False)
class Called:
    """A function of the run and some columns.

    Attributes:
        function: Called with the run and the columns; it never raises.
        indexes: The columns.
        bare: What does the same with the columns and the context, as long as nothing fails; None if there is no such.
    """

    function: Callable[..., Any]
    indexes: tuple[int, ...] = ()
    bare: Callable[..., Any] | None = None


@dataclass(frozen=True, eq=False)
class Record:
    """An object: response keys and what they hold."""

    fields: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, eq=False)
class When:
    """One or the other, by whether a column is true or not null."""

    index: int
    then: Node
    otherwise: Node
    not_null: bool = False


@dataclass(frozen=True)
class Part:
    """What another statement found for this row: a list of it, or one of several lists."""

    child: int
    key: int
    part: int | None


@dataclass(frozen=True)
class Cursor:
    """The cursor of a row in its list."""

    tag: str
    indexes: tuple[int, ...]


@dataclass(frozen=True)
class Place:
    """The values that a cursor would be made of."""

    indexes: tuple[int, ...]


Node: TypeAlias = Value | Const | Decoded | Called | Record | When | Part | Cursor | Place
Builder: TypeAlias = Callable[..., None]
NULL = Const(None)


class Source:
    """The text of one builder, and the objects that it mentions by name.

    Attributes:
        constants: The objects.
        careful: Whether functions that may fail are called so that a failure is caught where it happens.
        relies: Whether the text calls any that would not be.
    """

    def __init__(self, *, careful: bool) -> None:
        self.careful = careful
        self.relies = False
        self.constants: dict[str, Any] = {"encode": cursors.encode}

    def constant(self, value: object) -> str:
        """A name for an object."""
        name = f"f{len(self.constants)}"
        self.constants[name] = value
        return name

    def write(self, node: Node) -> str:
        """The expression that makes a node of one row."""
        match node:
            case Record(fields):
                return "{" + ", ".join(f"{key!r}: {self.write(field)}" for key, field in fields) + "}"
            case When(index, then, otherwise, not_null):
                test = f"c{index} is not None" if not_null else f"c{index}"
                return f"({self.write(then)} if {test} else {self.write(otherwise)})"
            case Called() | Decoded():
                return self.call(node)
            case _:
                return self.plain(node)

    def plain(self, node: Value | Const | Part | Cursor | Place) -> str:
        """A node that has no others in it."""
        match node:
            case Value(index):
                return f"c{index}"
            case Const(value):
                return repr(value) if value is None or isinstance(value, str | bool | int) else self.constant(value)
            case Part(child, key, part):
                return f"m{child}[c{key}]" + ("" if part is None else f"[{part}]")
            case Cursor(tag, indexes):
                return f"encode({tag!r}, {columns_of(indexes)})"
            case Place(indexes):
                return f"({columns_of(indexes)},)"

    def call(self, node: Called | Decoded) -> str:
        """A call of a function."""
        if isinstance(node, Decoded):
            return f"({self.constant(node.function)}(c{node.index}) if c{node.index} is not None else None)"
        if node.bare is not None and not self.careful:
            self.relies = True
            return f"{self.constant(node.bare)}({columns_of(node.indexes, after='context')})"
        return f"{self.constant(node.function)}({columns_of(node.indexes, before='run')})"


def columns_of(indexes: tuple[int, ...], *, before: str = "", after: str = "") -> str:
    """Columns as a call takes them."""
    names = [before, *(f"c{index}" for index in indexes), after]
    return ", ".join(name for name in names if name)


@dataclass(frozen=True, eq=False)
class Items:
    """What becomes of a statement's rows.

    Attributes:
        parts: What is made of each row, one list for each.
        width: How many columns the rows have.
        children: How many statements were run below this one.
        group: The column with the number of the group that a row belongs to; None when there is one group.
        single: Whether a group is one list, and not a list of lists.
    """

    parts: tuple[Node, ...]
    width: int
    children: int
    group: int | None = None
    single: bool = True


def row_builder(items: Items) -> tuple[Builder, str]:
    """Write the builder of a statement: `build(rows, groups, run, m0, m1, …)` fills the groups.

    Returns:
        The function, and its text for people to read.
    """
    quick, text, relies = written(items, careful=False)
    if not relies:
        return quick, text
    slow, _, _ = written(items, careful=True)

    def build(rows: Any, groups: Any, run: Any, *below: Any) -> None:
        holes = run.holes
        # Catching a failure for each value would cost more than the values: only rows that have one are built again.
        try:
            quick(rows, groups, run, *below)
        except Exception:  # noqa: BLE001  # Whatever it is, it happens again, and is caught then.
            run.holes = holes
            for group in groups:
                empty(group, nested=not items.single)
            slow(rows, groups, run, *below)

    return build, text


def empty(group: list[Any], *, nested: bool) -> None:
    """Take everything out of a group."""
    for rows in group if nested else [group]:
        rows.clear()


def written(items: Items, *, careful: bool) -> tuple[Builder, str, bool]:
    """Write one function; also says whether it relies on functions that may fail."""
    source = Source(careful=careful)
    children = "".join(f", m{number}" for number in range(items.children))
    columns = "".join(f"c{index}, " for index in range(items.width))
    group = "groups[0]" if items.group is None else f"groups[c{items.group}]"
    body = [source.write(part) for part in items.parts]
    lines = [f"def build(rows, groups, run{children}):"]
    if source.relies:
        lines.append("    context = run.context")
    lines.append(f"    for {columns}in rows:")
    if not items.single:
        lines.append(f"        group = {group}")
        group = "group"
    for number, part in enumerate(body):
        lines.append(f"        {group if items.single else f'{group}[{number}]'}.append({part})")
    text = "\n".join(lines) + "\n"
    namespace = dict(source.constants)
    exec(compile(text, "<plan>", "exec"), namespace)  # noqa: S102  # Written above, from names and indexes alone.
    return namespace["build"], text, source.relies
