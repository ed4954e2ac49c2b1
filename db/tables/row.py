"""What all tables have in common: naming, types, and how enums are stored."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Enum, Integer, MetaData, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Row(DeclarativeBase):
    """A table. Enums are text under their GraphQL names, with a CHECK for each; times are UTC; ids come from Python."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {
        str: Text,
        int: Integer,
        UUID: Uuid,
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
        list[str]: ARRAY(Text),
    }


def enum_column(kind: type[StrEnum]) -> Enum:
    """The column type of an enum: text, checked by the database, read back as the enum's member."""
    return Enum(
        kind,
        native_enum=False,
        create_constraint=True,
        length=40,
        name=kind.__name__.lower(),
        values_callable=lambda members: [member.value for member in members],
    )


def at_most(column: str, characters: int) -> CheckConstraint:
    """The database's own word on a text's length, beside the clearer one that people are given."""
    return CheckConstraint(f"char_length({column}) <= {characters}", name=f"{column}_length")


BIG = BigInteger
