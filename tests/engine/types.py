"""The types of the reading clubs: every kind of field that the engine knows."""

from __future__ import annotations

import asyncio
from datetime import date, datetime
from typing import Annotated

import strawberry
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Text,
    exists,
    func,
    literal,
    select,
)

from engine.declare import (
    SQL,
    Connection,
    Node,
    Where,
    column,
    computed,
    embedded,
    entity,
    finished,
    listed,
    many,
    one,
    one_of,
    private,
)
from engine.executor import ref
from tests.engine import tables
from tests.engine.words import (
    FollowerEdge,
    Money,
    Place,
    Settings,
    Stage,
    Standing,
    Stipend,
    Viewer,
    addressed,
    amount,
    oneself,
    seen_club,
    seen_member,
    seen_note,
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
