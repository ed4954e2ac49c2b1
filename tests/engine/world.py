"""The schema of the reading clubs: reads, a deed that hands over rows, and events that do."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from enum import Enum
from typing import Annotated
from uuid import UUID

import strawberry
from sqlalchemy import (
    ColumnElement,
    Integer,
    func,
    literal,
    text,
)
from strawberry.tools import merge_types

from engine.declare import (
    Connection,
    Edge,
    Node,
    Where,
    by_id,
    listed,
    many,
    one_where,
    own,
    reads,
    settle,
    within,
)
from engine.executor import edge_ref, ref, refs
from tests.engine import tables
from tests.engine.types import Club, Member, Note, Notice, Reader, Subject
from tests.engine.words import ShelfEdge, Stage, Viewer


@strawberry.enum(description="Orders of clubs.")
class ClubOrder(Enum):
    NEWEST = "NEWEST"
    BUSIEST = "BUSIEST"
    LAST_TO_CLOSE = "LAST_TO_CLOSE"
    NEAREST = "NEAREST"


@strawberry.input(description="Which clubs.")
class ClubFilter:
    genre: str | None = strawberry.field(default=None, description="Only this genre.")
    genres: list[str] | None = strawberry.field(default=None, description="Any of these.")
    min_visits: int = strawberry.field(default=0, description="At least so many visits.")
    stage: Stage | None = strawberry.field(default=None, description="Where it stands.")
    stages: list[Stage] | None = strawberry.field(default=None, description="Any of these.")
    keeper: strawberry.ID | None = strawberry.field(default=None, description="Who keeps it.")


EVERYTHING = ClubFilter()
Filter = Annotated[ClubFilter, strawberry.argument(description="Which.")]


def matching(club, viewer: Viewer, filter: Filter = EVERYTHING, wanted: str | None = None) -> Where:
    yield club.visits >= filter.min_visits
    if filter.genre is not None:
        yield club.genre == filter.genre
    if filter.genres is not None:
        yield within(club.genre, filter.genres)
    if filter.stage is not None:
        yield club.stage == filter.stage
    if filter.stages is not None:
        yield within(club.stage, filter.stages)
    if filter.keeper is not None:
        yield club.keeper_id == filter.keeper


def nearness(club, viewer: Viewer, wanted: str | None):
    return func.abs(
        func.char_length(club.title) - func.char_length(literal("") if wanted is None else wanted), type_=Integer
    )


def called(member, viewer: Viewer, handle: str) -> ColumnElement[bool]:
    return member.handle == handle


def of_genre(club, viewer: Viewer, genre: str | None = None) -> Where:
    if genre is not None:
        yield club.genre == genre


@reads
class MemberReads:
    """Reads about members."""

    member: Member | None = by_id("One member.")
    node: Node | None = by_id("Anything, by its id.")
    subject: Subject | None = by_id("Anything that notices are about.")
    viewer: Reader | None = own("You.")
    member_called: Member | None = one_where("By handle.", tables.Member, where=called)
    members: Connection[Member] = many("Everybody.", tables.Member, order=tables.Member.joined_at)
    notices: Connection[Notice] = many("Your news.", tables.Notice, order=tables.Notice.created_at.desc())


@reads
class ClubReads:
    """Reads about clubs."""

    club: Club | None = by_id("One club.")
    clubs: Connection[Club] = many(
        "All clubs.",
        tables.Club,
        where=matching,
        edge=ShelfEdge,
        order={
            ClubOrder.NEWEST: tables.Club.opened_at.desc(),
            ClubOrder.BUSIEST: tables.Club.visits.desc(),
            ClubOrder.LAST_TO_CLOSE: func.coalesce(tables.Club.closed_at, text("'infinity'::timestamptz")),
            ClubOrder.NEAREST: nearness,
        },
    )
    shelf: list[Club] = listed("A few clubs.", tables.Club, order=tables.Club.opened_at.desc(), where=of_genre, limit=7)


@strawberry.type
class Plain:
    @strawberry.field(description="An ordinary field.")
    def hello(self) -> str:
        return "hello"


@strawberry.type(description="The answer of a deed.")
class KeepPayload:
    club: Club | None = strawberry.field(description="The club as it is now.")
    readers: list[Member] = strawberry.field(description="Who is told.")
    note_edge: Edge[Note] | None = strawberry.field(description="A new line on the board.")
    subject: Subject | None = strawberry.field(description="What it was about.")


@strawberry.type
class Mutation:
    @strawberry.mutation(description="Give a club a new title.")
    async def keep(
        self, info: strawberry.Info, club: strawberry.ID, title: str, readers: list[strawberry.ID], note: strawberry.ID
    ) -> KeepPayload:
        async with info.context.pool.acquire() as connection:
            await connection.execute("UPDATE clubs SET title = $2 WHERE id = $1", key_of(club), title)
        return KeepPayload(
            club=ref(Club, key_of(club)),
            readers=refs(Member, [key_of(reader) for reader in readers]),
            note_edge=edge_ref(Club, "notes", key_of(note)),
            subject=ref(Note, key_of(note)),
        )


@strawberry.type
class Subscription:
    @strawberry.subscription(description="Clubs as they open.")
    async def opened(self, info: strawberry.Info, clubs: list[strawberry.ID]) -> AsyncGenerator[Club | None, None]:
        for club in clubs:
            yield ref(Club, key_of(club))


def key_of(wire: str) -> UUID:
    return UUID(wire.rpartition("_")[2])


settle(Viewer)
Query = merge_types("Query", (MemberReads, ClubReads, Plain))
