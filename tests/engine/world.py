"""What clients see of the reading clubs: every kind of source that the engine knows, declared at least once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from datetime import date, datetime
from enum import Enum
from typing import Annotated
from uuid import UUID

import strawberry
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
    Text,
    Uuid,
    bindparam,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    text,
)
from strawberry.tools import merge_types

from engine.declare import (
    SQL,
    Connection,
    Edge,
    Node,
    Where,
    by_id,
    column,
    computed,
    edge,
    embedded,
    entity,
    finished,
    listed,
    many,
    one,
    one_of,
    one_where,
    own,
    part,
    private,
    reads,
    settle,
    within,
)
from engine.executor import edge_ref, ref, refs
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


def unmuted(member, viewer: Viewer, through, loud: bool | None = None) -> Where:
    if loud:
        yield through.muted.is_(False)


@entity(tables.Member, id="member", visible=seen_member)
class Member(Node):
    """Somebody who reads."""

    handle: str = column("What others call them.")
    full_name: str = column("What they are called.")
    name: str = column("The old word.", tables.Member.full_name, deprecated="Use fullName.")
    email: str | None = private("For their own eyes.", tables.Member.email, to=oneself)
    rating: str | None = column("Stars.")
    stars: float | None = column("Stars as a number.", tables.Member.rating)
    birthday: date | None = column("When they were born.")
    joined_at: datetime = column("When they came.")
    tags: list[str] = column("What they read.")
    open_club: Club | None = one("What they keep now.", tables.Club.keeper_id, where=lambda club: club.stage == "OPEN")
    clubs: Connection[Club] = many(
        "What they kept, newest first.", tables.Club.keeper_id, order=tables.Club.opened_at.desc()
    )
    followers: Connection[Member] = many(
        "Who follows them.",
        tables.Follow.followed_id,
        through=tables.Follow.follower_id,
        order=tables.Follow.since.desc(),
        where=unmuted,
        edge=FollowerEdge,
    )
    stipends: list[Stipend] = listed(
        "What they may spend.",
        tables.Stipend.member_id,
        order=tables.Stipend.currency,
        currency_code=tables.Stipend.currency,
        free=embedded(amount=amount("free_minor", "currency"), currency_code=tables.Stipend.currency),
        bound=embedded(amount=amount("bound_minor", "currency"), currency_code=tables.Stipend.currency),
    )

    @computed
    def viewer_is_following(member, viewer: Viewer) -> SQL[bool]:
        """Whether you follow them."""
        follow = tables.Follow
        return exists().where(follow.follower_id == viewer.id, follow.followed_id == member.id)

    @computed
    def is_you(member, viewer: Viewer) -> SQL[bool]:
        """Whether they are you."""
        return member.id == viewer.id

    @computed
    def standings(member, viewer: Viewer, repeat: bool = False) -> SQL[list[Standing]]:
        """What clubs think of them."""
        new = func.array_append(literal([], ARRAY(Text)), "NEW")
        return func.array_append(new, "REGULAR", type_=ARRAY(Text)) if repeat else new

    @computed
    def longest_title(member, viewer: Viewer) -> SQL[int | None]:
        """How long the longest title of their clubs is."""
        club = tables.Club
        length = func.max(func.char_length(club.title))
        return select(length).where(club.keeper_id == member.id).scalar_subquery()

    @finished(tables.Member.photo_key)
    def photo_url(photo_key: str | None, context) -> str | None:
        """Their picture."""
        return None if photo_key is None else f"https://pictures.example/{photo_key}"

    @finished(tables.Member.handle)
    def shouted(handle: str, context, times: int = 1) -> str:
        """Their handle, loudly."""
        return handle.upper() * min(times, 3)

    @finished(tables.Member.handle)
    def fickle(handle: str, context) -> str | None:
        """Fails for some."""
        if handle.endswith("3"):
            raise ValueError("no 3 please")
        return handle

    @finished(tables.Member.handle)
    def strict(handle: str, context) -> str:
        """Fails for some, and may not."""
        if handle.endswith("3"):
            raise ValueError("no 3 please")
        return handle

    @finished(tables.Member.settings)
    def settings(settings: dict, context) -> Settings | None:
        """What they like to have."""
        return Settings(dark=settings["dark"], words=settings["words"])

    @finished(tables.Member.id)
    async def twin(id, context) -> Member | None:
        """Themselves, after a while."""
        await asyncio.sleep(0)
        return ref(Member, id)


@entity(tables.Member, id=None)
class Signature:
    """What remains of somebody, whatever became of them."""

    handle: str = column("What others called them.")


def pinned_only(note, viewer: Viewer, pinned: bool | None = None, author: strawberry.ID | None = None) -> Where:
    if pinned is not None:
        yield note.pinned.is_(pinned)
    if author is not None:
        yield note.author_id == author


def dear(club, viewer: Viewer) -> ColumnElement[bool]:
    return club.fee_minor > 9000


@entity(tables.Club, id="club", visible=seen_club)
class Club(Node):
    """People who read together."""

    title: str = column("What it is called.")
    genre: str = column("What is read.")
    stage: Stage = column("Where it stands.")
    opened_at: datetime = column("When it began.")
    closed_at: datetime | None = column("When it ended.")
    from_: datetime = column("When it began, as a word that Python keeps.", tables.Club.opened_at)
    fee: Money = embedded(
        "What it costs.", amount=amount("fee_minor", "fee_currency"), currency_code=tables.Club.fee_currency
    )
    place: Place | None = embedded(
        "Where it meets.", when=tables.Club.city, city=tables.Club.city, street=tables.Club.street
    )
    deposit: Money | None = embedded(
        "What must be left, where it is dear.",
        when=dear,
        amount=amount("fee_minor", "fee_currency"),
        currency_code=tables.Club.fee_currency,
    )
    keeper: Member | None = one("Who keeps it.", tables.Club.keeper_id)
    helper: Member | None = one("Who helps.", tables.Club.helper_id)
    founded_by: Signature = one("Who founded it.", tables.Club.keeper_id)
    notes: Connection[Note] = many(
        "What was written, oldest first.", tables.Note.club_id, order=tables.Note.written_at, where=pinned_only
    )
    meetings: list[Meeting] = listed("When it met.", tables.Meeting.club_id, order=tables.Meeting.number, limit=3)

    @computed
    def visits(club, viewer: Viewer) -> SQL[int]:
        """How often it was visited."""
        return club.visits


@entity(tables.Meeting, id=None)
class Meeting:
    """One evening of a club."""

    number: int = column("Which.")
    book: str = column("What was read.")
    held_at: datetime = column("When.")
    host: Member | None = one("Who hosted.", tables.Meeting.host_id)
    club: Club | None = one("Whose evening.", tables.Meeting.club_id)


@entity(tables.Note, id="note", visible=seen_note)
class Note(Node):
    """A line on the board."""

    text: str = column("What it says.")
    pinned: bool = column("Whether it stays on top.")
    written_at: datetime = column("When.")
    author: Member | None = one("Who wrote it.", tables.Note.author_id)
    signed_by: Signature = one("Who signed it.", tables.Note.author_id)
    club: Club | None = one("Where.", tables.Note.club_id)


Subject = Annotated[Club | Member | Note, strawberry.union("NoticeSubject", description="What it is about.")]


@entity(tables.Notice, id="notice", visible=addressed)
class Notice(Node):
    """News for one member."""

    created_at: datetime = column("When.")
    subject: Subject | None = one_of("What it is about.", tables.Notice.subject_type, tables.Notice.subject_id)


@entity(tables.Member, id=None)
class Reader:
    """You."""

    member: Member | None = one("As others see you.", tables.Member.id)
    email: str = column("Your address.")
    notices: Connection[Notice] = many("Your news.", tables.Notice.member_id, order=tables.Notice.created_at.desc())
    stipends: list[Stipend] = listed(
        "What you may spend.",
        tables.Stipend.member_id,
        order=tables.Stipend.currency.desc(),
        currency_code=tables.Stipend.currency,
        free=embedded(amount=amount("free_minor", "currency"), currency_code=tables.Stipend.currency),
        bound=embedded(amount=amount("bound_minor", "currency"), currency_code=tables.Stipend.currency),
    )


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
