"""Woods and trees whose declarations are wrong in one way each."""

from __future__ import annotations

from datetime import datetime
from enum import Enum, StrEnum
from typing import Any
from uuid import UUID

import strawberry
from sqlalchemy import BigInteger, DateTime, ForeignKey, Index, Integer, LargeBinary, Text, Uuid, bindparam, text
from sqlalchemy import Enum as EnumType
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from engine.check import check
from engine.declare import (
    Node,
    by_id,
    column,
    entity,
    reads,
    settle,
)


class Row(DeclarativeBase):
    type_annotation_map = {str: Text, int: Integer, datetime: DateTime(timezone=True), UUID: Uuid}


class Colour(StrEnum):
    RED = "RED"
    BLUE = "BLUE"


class Tree(Row):
    __tablename__ = "trees"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    height: Mapped[int | None]
    rings: Mapped[int] = mapped_column(BigInteger)
    bark: Mapped[bytes] = mapped_column(LargeBinary)
    colour: Mapped[Colour] = mapped_column(EnumType(Colour, native_enum=False))
    planted_at: Mapped[datetime] = mapped_column(DateTime(timezone=False))
    seen_at: Mapped[datetime]
    wood_id: Mapped[UUID | None] = mapped_column(ForeignKey("woods.id"))


class Wood(Row):
    __tablename__ = "woods"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    oldest_id: Mapped[UUID] = mapped_column(ForeignKey("trees.id"))
    grown_at: Mapped[datetime]
    __table_args__ = (Index("ix_woods_some", "oldest_id", unique=True, postgresql_where=text("name = ''")),)


class Stay(Row):
    __tablename__ = "stays"
    wood_id: Mapped[UUID] = mapped_column(ForeignKey("woods.id"), primary_key=True)
    tree_id: Mapped[UUID] = mapped_column(ForeignKey("trees.id"), primary_key=True)


class Viewer:
    id = bindparam("viewer", type_=Uuid())


def unseen(row, viewer) -> Any:
    return row.name != ""


@strawberry.enum(description="Fewer colours than there are.")
class Fewer(Enum):
    RED = "RED"


@strawberry.enum(description="Orders.")
class By(Enum):
    NAME = "NAME"
    GROWTH = "GROWTH"


def faults(query: type) -> list[str]:
    """What is wrong with the declarations made since the last time."""
    settle(Viewer)
    return check(strawberry.Schema(query=query))


def tree(**fields: Any) -> type:
    """A schema of one type, `TreeType`, with fields given as (annotation, marker)."""
    body: dict[str, Any] = {name: marker for name, (_, marker) in fields.items()}
    body["__annotations__"] = {name: annotation for name, (annotation, _) in fields.items()}
    body["__module__"], body["__doc__"] = __name__, "A tree."
    made = entity(Tree, id="tree")(type("TreeType", (Node,), body))
    return root(tree=(f"{made.__name__} | None", by_id("One.")))


def wood(visible=None, prefix="wood", **fields: Any) -> type:
    """Another type, `WoodType`."""
    body: dict[str, Any] = {"name": column("Its name."), **{name: marker for name, (_, marker) in fields.items()}}
    body["__annotations__"] = {"name": "str", **{name: annotation for name, (annotation, _) in fields.items()}}
    body["__module__"], body["__doc__"] = __name__, "A wood."
    bases = (Node,) if prefix else ()
    return entity(Wood, id=prefix, visible=visible)(type("WoodType", bases, body))


def root(**fields: Any) -> type:
    body: dict[str, Any] = {name: marker for name, (_, marker) in fields.items()}
    body["__annotations__"] = {name: annotation for name, (annotation, _) in fields.items()}
    body["__module__"] = __name__
    return reads(type("Query", (), body))
