"""Fields of declared objects become SQL columns and joins, and the nodes that a builder is written from."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from sqlalchemy import ColumnElement, FromClause, Select, Text, case, cast, false, func, literal_column, select
from sqlalchemy import inspect as inspect_row
from sqlalchemy.orm import aliased
from sqlalchemy.sql.selectable import Exists
from sqlalchemy.types import ARRAY, BigInteger, Boolean, Enum, Integer, TypeEngine

from engine import finishing
from engine.arguments import Parameters, Values
from engine.breath import breathe
from engine.builder import NULL, Called, Const, Decoded, Node, Record, Value, When
from engine.keys import column_of, sole_key
from engine.outgoing import kind_of, outgoing
from engine.selection import TYPENAME, Picked, entity_of
from engine.sources import THROUGH, Column, Computed, Embedded, Entity, Finished, Function, Source, type_of_row


class Child(Protocol):
    """A statement that runs once for all rows of the one above it."""

    async def run(self, run: Any, keys: list[Any]) -> Any:
        """Give what was found, by key."""


class Level:
    """One statement under construction: its columns and joins, and the statements below it."""

    def __init__(self) -> None:
        self.columns: list[ColumnElement[Any]] = []
        self.indexes: dict[tuple[object, ...], int] = {}
        self.joins: list[tuple[Any, list[ColumnElement[bool]]]] = []
        self.children: list[tuple[Child, int]] = []

    def column(self, expression: Any, *key: object) -> int:
        """The index of a column; the same key twice is one column."""
        breathe()
        index = self.indexes.get(key) if key else None
        if index is None:
            index = len(self.columns)
            self.columns.append(expression.label(f"c{index}"))
            self.indexes[key or (index,)] = index
        return index

    def select(self, source: FromClause) -> Select[Any]:
        """The statement over what its rows come from. To-one rows are LEFT JOINs, so that none of them hides a row."""
        for row, conditions in self.joins:
            on = conditions[0]
            for condition in conditions[1:]:
                on = on & condition
            source = source.outerjoin(inspect_row(row).selectable, on)
        if not self.columns:
            self.column(literal_column("1"))
        return select(*self.columns).select_from(source)


@dataclass(frozen=True, eq=False)
class Here:
    """A row in a statement, whose fields are compiled.

    Attributes:
        entity: What it is declared as.
        row: Its alias.
        name: The alias's name, by which columns are told apart.
        bound: The sources of a part's fields; None for the entity's own.
        arguments: Those of the list around an edge, for its computed fields.
    """

    entity: Entity
    row: Any
    name: str
    bound: Mapping[str, Source] | None = None
    arguments: Values = field(default_factory=dict)

    def source(self, picked: Picked) -> Source | None:
        """Where a field lives."""
        if self.bound is None:
            return picked.source
        assert picked.definition is not None
        return self.bound.get(picked.definition.python_name)


@dataclass(eq=False)
class Compilation:
    """What the parts of one plan share while it is made.

    Attributes:
        values: The arguments of the request that the plan is made for, by slot: their shape decides, not their values.
        parameters: Where values are found at run time.
        pages: The slots of fields that are pages, with how to check what is asked of them.
    """

    values: list[Values]
    parameters: Parameters = field(default_factory=Parameters)
    pages: dict[int, Any] = field(default_factory=dict)
    texts: list[tuple[str, str]] = field(default_factory=list)
    numbers: Iterable[int] = field(default_factory=itertools.count)

    def number(self) -> int:
        """A number that nothing else in the plan has."""
        return next(self.numbers)  # type: ignore[call-overload, no-any-return]

    def alias(self, row: type_of_row, of: Any = None) -> tuple[Any, str]:
        """A fresh alias of a mapped class, or of a subquery with its columns."""
        breathe()
        name = of.name if of is not None else f"t{self.number()}"
        return (aliased(row, of) if of is not None else aliased(row, name=name)), name

    def arguments(self, picked: Picked, source: Source) -> Values:
        """What clients give to a source's function, by parameter; all but null-ness, enums and booleans as SQL."""
        if picked.slot is None:
            return {}
        values = self.values[picked.slot]
        return {
            parameter.name: self.parameters.placeholder(values[parameter.name], picked.slot, parameter.name)
            if parameter.name in values
            else parameter.default
            for parameter in source.parameters()
        }


def call(function: Function, row: Any, viewer: Any, arguments: Values, between: Any = None) -> Any:
    """Call a declaration's function with the row, the viewer if it takes one, and the arguments that it names."""
    names = list(inspect.signature(function).parameters)
    values = {**arguments, THROUGH: between}
    return function(*(row, viewer)[: len(names)], **{name: values[name] for name in names[2:] if name in values})


def conditions(
    function: Function | None, row: Any, viewer: Any, arguments: Values, between: Any = None
) -> list[ColumnElement[bool]]:
    """The conditions of a `where`, whether it returns one or yields several."""
    if function is None:
        return []
    found = call(function, row, viewer, arguments, between)
    return [found] if isinstance(found, ColumnElement) else list(found)


def record(c: Compilation, level: Level, here: Here, picked: Iterable[Picked]) -> Record:
    """The object of a row: what is selected of it."""
    return Record(tuple((one.key, node(c, level, here, one)) for one in picked))


def node(c: Compilation, level: Level, here: Here, picked: Picked) -> Node:
    """What one field of a row is made of."""
    if picked.name == TYPENAME:
        return Const(picked.parent.name)
    source = here.source(picked)
    if source is not None:
        return COMPILERS[type(source)](c, level, here, picked, source)
    if picked.name == "id" and here.entity.prefix is not None:
        return Value(wire_id(level, here))
    raise TypeError(f"{picked.parent.name}.{picked.name} does not say where it lives")


def wire_id(level: Level, here: Here) -> int:
    """The column with a row's id as clients know it; as text, since the encoder refuses the driver's UUIDs."""
    key = cast(getattr(here.row, sole_key(here.entity.row)), Text)
    return level.column(literal_column(f"'{here.entity.prefix}_'", Text) + key, here.name, "wire id")


def presence(level: Level, here: Here, key: str) -> int:
    """A column that is true, or not null, where a LEFT JOIN found the row."""
    known = level.indexes.get((here.name, "wire id"))
    return known if known is not None else level.column(getattr(here.row, key).is_not(None), here.name, "is there")


def absent(picked: Picked) -> Node:
    """What stands where there is no value: null, or a fault where the schema promises one."""
    return NULL if picked.nullable else Called(finishing.missing(picked))


def value(picked: Picked, level: Level, expression: ColumnElement[Any], *key: object, promised: bool = True) -> Node:
    """A column of the answer, as it goes over the wire.

    Args:
        picked: The field that shows it.
        level: The statement.
        expression: The column.
        key: What tells it apart from other columns of the statement.
        promised: Whether its type keeps it from being null where the field may not be.
    """
    assert picked.field is not None
    sent, decode = outgoing(expression, picked.field.type)
    index = level.column(sent, *key)
    made: Node = Value(index) if decode is None else Decoded(decode, index)
    look = None if is_kept(expression.type) else finishing.allowed(picked)
    if look is not None and decode is None:
        made = Called(look, (index,))
    return made if promised or picked.nullable else When(index, made, absent(picked), not_null=True)


def is_kept(type_: TypeEngine[Any]) -> bool:
    """Whether PostgreSQL keeps values of a type within what an enum or Int allows."""
    kind = kind_of(type_)
    if isinstance(kind, ARRAY):
        kind = kind_of(kind.item_type)
    return isinstance(kind, Enum) or (isinstance(kind, Integer) and not isinstance(kind, BigInteger))


def compile_column(_: Compilation, level: Level, here: Here, picked: Picked, source: Column) -> Node:
    """A column of the row; a private one is null unless its predicate holds."""
    assert source.column is not None
    column = getattr(here.row, source.column.key)
    if source.only is None:
        promised = not column_of(source.column).nullable
        return value(picked, level, column, here.name, source.column.key, picked.type.name, promised=promised)
    return value(picked, level, case((source.only(here.row, source.viewer), column)), here.name, id(source))


def compile_computed(c: Compilation, level: Level, here: Here, picked: Picked, source: Computed) -> Node:
    """A SQL expression. What is not known to be true is false, as in WHERE; any other null under non-null is a fault."""
    arguments = here.arguments if here.entity.edge else c.arguments(picked, source)
    expression = call(source.function, here.row, source.viewer, arguments)
    is_truth = isinstance(expression.type, Boolean) and not picked.nullable
    if is_truth and not isinstance(expression, Exists):
        expression = func.coalesce(expression, false())
    return value(picked, level, expression, here.name, id(source), picked.slot, promised=is_truth)


def compile_finished(c: Compilation, level: Level, here: Here, picked: Picked, source: Finished) -> Node:
    """A Python function over columns."""
    indexes = []
    decoders: list[Callable[[Any], Any] | None] = []
    for column in source.columns:
        expression = getattr(here.row, column.key) if hasattr(column, "key") else column(here.row, source.viewer)
        raw, decode = finishing.as_python(expression)
        name = getattr(column, "key", id(column))
        indexes.append(level.column(raw, here.name, name, "for Python"))
        decoders.append(decode)
    return Called(
        finishing.finisher(picked, source, decoders), tuple(indexes), finishing.bare(picked, source, decoders)
    )


def compile_embedded(c: Compilation, level: Level, here: Here, picked: Picked, source: Embedded) -> Node:
    """Columns of the row as an object of their own."""
    made = record(c, level, replace(here, bound=source.fields), picked.sole())
    if source.when is None:
        return made
    if hasattr(source.when, "key"):
        test = getattr(here.row, source.when.key).is_not(None)
    else:
        test = source.when(here.row, source.viewer)
    return When(level.column(test, here.name, "when", id(source)), made, absent(picked))


Compiler = Callable[[Compilation, Level, Here, Picked, Any], Node]
COMPILERS: dict[type[Source], Compiler] = {
    Column: compile_column,
    Computed: compile_computed,
    Finished: compile_finished,
    Embedded: compile_embedded,
}
"""How each kind of source is compiled; edges.py and pages.py add theirs."""


def target_of(picked: Picked, type_name: str | None = None) -> Entity:
    """The entity that a field leads to.

    Raises:
        TypeError: Its type is not declared over a row.
    """
    graphql_type = picked.type if type_name is None else picked.types[type_name]
    entity = entity_of(graphql_type)
    if entity is None:
        raise TypeError(f"{picked.parent.name}.{picked.name} leads to {graphql_type.name}, which is over no row")
    return entity
