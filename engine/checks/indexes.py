"""What tables offer: keys, unique indexes, and indexes that give rows in an order."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Index, Table, UniqueConstraint
from sqlalchemy.schema import Column


def is_view(table: Table) -> bool:
    """Whether a table is a view, whose keys and indexes are those of other tables."""
    return bool(table.info.get("view"))


def names_of(index: Index) -> list[str]:
    """The columns of an index, in order; an expression is its text."""
    return [part.name if isinstance(part, Column) else str(part) for part in index.expressions]


def is_partial(index: Index) -> bool:
    """Whether an index holds only some rows."""
    return index.dialect_options["postgresql"].get("where") is not None


def ordered_columns(table: Table, *, partial: bool) -> Iterator[list[str]]:
    """The columns of each key and index of a table, in order.

    Args:
        table: The table.
        partial: Whether indexes over some of the rows count, because the reading is narrowed, too.
    """
    yield [column.name for column in table.primary_key.columns]
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            yield [column.name for column in constraint.columns]
    for index in table.indexes:
        if partial or not is_partial(index):
            yield names_of(index)


def unique_over(table: Table, column: str, *, narrowed: bool) -> bool:
    """Whether at most one row has a value in a column (of those that a condition leaves)."""
    unique = [index for index in table.indexes if index.unique and (narrowed or not is_partial(index))]
    keys = [[one.name for one in table.primary_key.columns], *(names_of(index) for index in unique)]
    keys += [[one.name for one in key.columns] for key in table.constraints if isinstance(key, UniqueConstraint)]
    return [column] in keys


def serves(table: Table, wanted: list[str], *, narrowed: bool, from_the_start: bool) -> bool:
    """Whether an index gives rows by some columns.

    Args:
        table: The table.
        wanted: The columns, in order.
        narrowed: Whether the reading has conditions of its own, so that partial indexes may serve.
        from_the_start: Whether the columns must come first; else others may, which conditions hold to one value.
    """
    for names in ordered_columns(table, partial=narrowed):
        starts = [0] if from_the_start else range(len(names))
        if any(names[start : start + len(wanted)] == wanted for start in starts):
            return True
    return False
