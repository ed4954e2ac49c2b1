"""The rows of a list and the order that they come in: what pages, short lists, counts and edges have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    FromClause,
    Select,
    TableValuedAlias,
    UnaryExpression,
    UniqueConstraint,
    bindparam,
    func,
    select,
)
from sqlalchemy import inspect as inspect_row
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql import operators
from sqlalchemy.sql.util import ClauseAdapter

from engine import cursors
from engine.arguments import Values
from engine.compile import Compilation, Here, call, conditions
from engine.keys import column_of, mapper_of, primary_key, referred, row_of, table_of
from engine.selection import Picked
from engine.sources import Entity, Listed, Many
from engine.statements import KEYS


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows of a list, before order and limit.

    Attributes:
        row: The alias of the rows that are shown.
        between: The alias of the rows in between, if there are any.
        source: What they come from.
        conditions: What holds for them.
        link: The column that holds the parent's key; None at the root.
    """

    row: Any
    between: Any
    source: FromClause
    conditions: list[ColumnElement[bool]]
    link: ColumnElement[Any] | None

    def columns(self, *, with_between: bool) -> list[Any]:
        """All columns of the rows, to be selected inside; PostgreSQL drops those that nothing outside uses."""
        chosen = [self.row, self.between] if with_between and self.between is not None else [self.row]
        return [
            getattr(alias, name)
            for alias in chosen
            for name in mapper_of(inspect_row(alias).class_).columns.keys()  # noqa: SIM118  # Not a dict.
        ]


def rows_of(c: Compilation, target: Entity, source: Many | Listed, arguments: Values) -> Rows:
    """The rows of a list that may be seen and for which its `where` holds."""
    row, _ = c.alias(target.row)
    between = None
    origin: FromClause = inspect_row(row).selectable
    through = source.through if isinstance(source, Many) else None
    if through is not None:
        between, _ = c.alias(row_of(through))
        on = getattr(row, referred(through, target.row)) == getattr(between, through.key)
        origin = inspect_row(between).selectable.join(origin, on)
    link = None
    if not isinstance(source.of, type):
        link = getattr(row if between is None else between, source.of.key)
    where = conditions(source.where, row, source.viewer, arguments, between)
    return Rows(row, between, origin, [*target.seen(row), *where], link)


def parent_key(source: Many | Listed, here: Here) -> str:
    """The attribute of the parent's row that the rows of a list point to."""
    assert isinstance(source.of, InstrumentedAttribute)
    return referred(source.of, here.entity.row)


@dataclass(frozen=True, eq=False)
class Order:
    """The order of a list.

    Attributes:
        tag: The mark of list and order in cursors.
        expression: A column, an expression or a function, without its direction.
        descending: The direction, of the order and of what breaks its ties.
        arguments: Those of the list, for an order that is a function.
    """

    tag: str
    expression: Any
    descending: bool
    arguments: Values

    def columns(self, rows: Rows, source: Many | Listed) -> list[ColumnElement[Any]]:
        """What the rows are ordered by: the order itself, and then the key unless the order is unique as it is."""
        expression = self.expression
        if isinstance(expression, InstrumentedAttribute):
            owner = rows.between if rows.between is not None and is_of(rows.between, expression) else rows.row
            first = getattr(owner, expression.key)
            if is_unique(expression, source):
                return [first]
            return [first, *(tie for tie in ties(rows, source) if tie.key != first.key or owner is not rows.row)]
        if isinstance(expression, ColumnElement):
            first = expression
            for alias in (rows.row, rows.between):
                first = first if alias is None else ClauseAdapter(inspect_row(alias).selectable).traverse(first)
        else:
            first = call(expression, rows.row, source.viewer, self.arguments, rows.between)
        return [first, *ties(rows, source)]

    def sorted(self, columns: Sequence[ColumnElement[Any]], *, backward: bool = False) -> list[ColumnElement[Any]]:
        """The columns with their direction."""
        down = self.descending != backward
        return [column.desc() if down else column.asc() for column in columns]


def order_of(picked: Picked, source: Many | Listed, values: Values, arguments: Values) -> Order:
    """The order that is asked for, or the only one."""
    order = source.order
    name = ""
    if isinstance(order, dict):
        chosen = values["order_by"]
        order, name = order[chosen], chosen.name
    return order_made(f"{picked.parent.name}.{picked.name} {name}", order, arguments)


def order_made(place: str, order: Any, arguments: Values) -> Order:
    """An order as declared, for the list at a place."""
    expression, descending = direction(order)
    return Order(cursors.tag_of(place), expression, descending, arguments)


def direction(order: Any) -> tuple[Any, bool]:
    """An order's expression, as an attribute of a mapped class where it is one, and whether it is descending."""
    descending = False
    if isinstance(order, UnaryExpression) and order.modifier in (operators.desc_op, operators.asc_op):
        descending = order.modifier is operators.desc_op
        order = order.element
    annotations = getattr(order, "_annotations", {})
    if not isinstance(order, InstrumentedAttribute) and "proxy_key" in annotations:
        order = getattr(annotations["parententity"].class_, annotations["proxy_key"])
    return order, descending


def is_of(alias: Any, attribute: InstrumentedAttribute[Any]) -> bool:
    """Whether an attribute belongs to the mapped class of an alias."""
    return bool(inspect_row(alias).class_ is row_of(attribute))


def is_unique(attribute: InstrumentedAttribute[Any], source: Many | Listed) -> bool:
    """Whether no two rows of a list can have the same value: a unique column, or unique together with the parent's key."""
    column, table = column_of(attribute), table_of(row_of(attribute))
    enough = [{column.name}]
    if isinstance(source.of, InstrumentedAttribute) and row_of(source.of) is row_of(attribute):
        enough.append({column.name, column_of(source.of).name})
    return any(set(names) in enough for names in unique_columns(table))


def unique_columns(table: Any) -> list[list[str]]:
    """The columns of each key, unique constraint and whole unique index of a table."""
    constraints = [one for one in table.constraints if isinstance(one, UniqueConstraint)]
    indexes = [
        index for index in table.indexes if index.unique and index.dialect_options["postgresql"].get("where") is None
    ]
    return [[column.name for column in key.columns] for key in (table.primary_key, *constraints, *indexes)]


def ties(rows: Rows, source: Many | Listed) -> list[ColumnElement[Any]]:
    """What tells rows apart that the order does not: the key of the row, or of the row in between."""
    if rows.between is None:
        row_class = inspect_row(rows.row).class_
        return [getattr(rows.row, name) for name in primary_key(row_class)]
    assert isinstance(source, Many)
    assert source.through is not None
    assert isinstance(source.of, InstrumentedAttribute)
    between = inspect_row(rows.between).class_
    key = primary_key(between)
    if set(key) == {source.of.key, source.through.key}:
        return [getattr(rows.between, source.through.key)]
    return [getattr(rows.between, name) for name in key]


def parents(c: Compilation, link: Any) -> TableValuedAlias:
    """The keys of all parents as a table (id, n), in one array parameter."""
    keys = func.unnest(bindparam(KEYS, type_=ARRAY(link.type)))
    return keys.table_valued("id", with_ordinality="n").render_derived(name=f"k{c.number()}")


def counted(rows: Rows, *links: ColumnElement[bool]) -> Select[Any]:
    """How many rows a list has in all."""
    return select(func.count()).select_from(rows.source).where(*links, *rows.conditions)
