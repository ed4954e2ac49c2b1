"""What the types of the reading clubs are made of: who looks, who sees what, enums, parts and edges."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

import strawberry
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
    Text,
    Uuid,
    bindparam,
    case,
    func,
    literal,
    or_,
)

from engine.declare import (
    SQL,
    column,
    computed,
    edge,
    part,
)
from tests.engine import tables


class Viewer:
    id = bindparam("viewer", type_=Uuid())
    roles = bindparam("viewer_roles", type_=ARRAY(Text()))


def seen_member(member, viewer: Viewer) -> ColumnElement[bool]:
    return member.barred.is_(False)


def seen_club(club, viewer: Viewer) -> ColumnElement[bool]:
    return or_(club.secret.is_(False), club.keeper_id == viewer.id)


def seen_note(note, viewer: Viewer) -> ColumnElement[bool]:
    return note.withdrawn_at.is_(None)


def oneself(member, viewer: Viewer) -> ColumnElement[bool]:
    return or_(member.id == viewer.id, literal("CLERK") == func.any(viewer.roles))


def addressed(notice, viewer: Viewer) -> ColumnElement[bool]:
    return notice.member_id == viewer.id


def amount(minor, currency):
    def text_of(row, viewer: Viewer) -> SQL[str]:
        value, digits = getattr(row, minor), case((getattr(row, currency) == "JPY", 0), else_=2)
        return func.round(value / func.power(10, digits), digits).cast(Text)

    return text_of


Stage = strawberry.enum(tables.Stage, description="Where a club stands.")


@strawberry.enum(description="What a club thinks of somebody.")
class Standing(Enum):
    NEW = "NEW"
    REGULAR = "REGULAR"


@part
class Money:
    """A sum of money."""

    amount: str = strawberry.field(description="In decimals.")
    currency_code: str = strawberry.field(description="ISO 4217.")


@part
class Place:
    """Where a club meets."""

    city: str = strawberry.field(description="Its city.")
    street: str | None = strawberry.field(description="Its street.")


@part
class Stipend:
    """What a member may spend in one currency."""

    currency_code: str = strawberry.field(description="ISO 4217.")
    free: Money = strawberry.field(description="What is free.")
    bound: Money = strawberry.field(description="What is bound.")


@strawberry.type(description="What a member likes to have.")
class Settings:
    dark: bool = strawberry.field(description="A dark page.")
    words: list[str] = strawberry.field(description="Favourite words.")


@edge(tables.Follow)
class FollowerEdge:
    """Somebody who follows."""

    since: datetime = column("Since when.")


@edge(tables.Club)
class ShelfEdge:
    """A club, as found by its title."""

    @computed
    def distance(club, viewer: Viewer, wanted: str | None) -> SQL[int]:
        """How much longer or shorter the title is than what was wanted."""
        return func.abs(
            func.char_length(club.title) - func.char_length(literal("") if wanted is None else wanted), type_=Integer
        )
