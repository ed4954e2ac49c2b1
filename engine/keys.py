"""Keys of mapped rows: which columns they are, and which column of one row names another."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import Column, Table, inspect
from sqlalchemy.orm import Mapper

from engine.sources import Attribute, type_of_row


def mapper_of(row: type_of_row) -> Mapper[Any]:
    """SQLAlchemy's own knowledge of a mapped class."""
    mapper: Mapper[Any] = inspect(row)
    return mapper


def table_of(row: type_of_row) -> Table:
    """The table of a mapped class."""
    table = mapper_of(row).local_table
    assert isinstance(table, Table)
    return table


def row_of(attribute: Attribute) -> type_of_row:
    """The mapped class that an attribute belongs to."""
    return cast("type_of_row", attribute.class_)


def column_of(attribute: Attribute) -> Column[Any]:
    """The table's column behind an attribute."""
    column = mapper_of(row_of(attribute)).columns[attribute.key]
    assert isinstance(column, Column)
    return column


def name_of(row: type_of_row, column: Any) -> str:
    """What a column is called on the mapped class."""
    return mapper_of(row).get_property_by_column(column).key


def primary_key(row: type_of_row) -> list[str]:
    """The attributes that make up a row's primary key."""
    return [name_of(row, column) for column in mapper_of(row).primary_key]


def sole_key(row: type_of_row) -> str:
    """The attribute that alone is a row's primary key.

    Raises:
        TypeError: The key has several columns.
    """
    names = primary_key(row)
    if len(names) != 1:
        raise TypeError(f"{row.__name__} has a primary key of {len(names)} columns where one is needed")
    return names[0]


def referred(attribute: Attribute, row: type_of_row) -> str:
    """The attribute of `row` that an attribute of another row holds: what its foreign key says, else the primary key.

    Raises:
        TypeError: There is no foreign key, and the primary key has several columns.
    """
    for key in column_of(attribute).foreign_keys:
        if key.column.table is table_of(row):
            return name_of(row, key.column)
    return sole_key(row)


def refers_to(attribute: Attribute, row: type_of_row) -> bool:
    """Whether an attribute is a foreign key to the table of a row."""
    return any(key.column.table is table_of(row) for key in column_of(attribute).foreign_keys)


def points_back(key: Attribute, here: type_of_row, there: type_of_row, *, narrowed: bool) -> bool:
    """Whether `one` over a key means the row that points here, and not the row that is pointed at.

    A key of this row points away, except where both rows are of one table and the declaration narrows the other one:
    then it can only be meant the other way round.
    """
    if row_of(key) is not here:
        return True
    return narrowed and here is there and refers_to(key, here)
