"""What a DJ played, histories on their way in, and the programs that send them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry

from db import tables
from db.access import plays as access
from db.access.accounts import own
from db.access.viewer import Viewer
from db.expressions import plays as expressions
from db.queries.companions import present
from domain.ids import Prefix, from_wire, to_wire
from domain.plays import PlaySource, TrustLevel
from engine.declare import Node, Where, column, embedded, entity
from engine.executor import ref
from resolvers.plays import pair
from resolvers.plays.import_file import import_file
from schema.broadcasts.types import Track
from schema.context import Info
from schema.deeds import Payload, deed
from schema.words import describe

describe(
    PlaySource,
    "By which software or account a play was recorded.",
    SERATO_ACCOUNT="A connected Serato account.",
    SERATO="A file of Serato DJ: a session, its database, or an export.",
    REKORDBOX="A list or collection of rekordbox.",
    TRAKTOR="A history of Traktor.",
    VIRTUALDJ="A history of VirtualDJ.",
    ENGINE_DJ="The history of an Engine DJ player.",
    PLAYLIST="A plain playlist.",
)
describe(
    TrustLevel,
    "How far the way by which a play came can be believed, from the most to the least.",
    CONNECTED="A connected account told it.",
    SIGNED="A paired companion sent what the software itself wrote.",
    UPLOADED="Its owner uploaded what the software itself wrote.",
    EXPORTED="A list that somebody exported, by whatever way it came: anybody can type one.",
)


@entity(tables.PlayRow, id=Prefix.PLAY, visible=access.play)
class Play(Node):
    """One track on one deck, once, as DJ software recorded it."""

    source: PlaySource = column("Which software or account recorded it.")
    trust_level: TrustLevel = column("How far the way by which it came can be believed.", tables.PlayRow.trust)
    played_at: datetime = column("When it began.")
    time_known: bool = column(
        "Whether the source said when; otherwise it was placed after what was played before it in a list without times."
    )
    ended_at: datetime | None = column("When it was taken off; null while it is on, or when nobody wrote that down.")
    deck: int | None = column("On which deck, from 1; null when unknown.")
    venue_name: str | None = column("Where, if the source says so.")
    track: Track = embedded(
        "What was played, as the software has it.",
        title=tables.PlayRow.title,
        artist=expressions.artist,
        album=tables.PlayRow.album,
        isrc=tables.PlayRow.isrc,
        duration_seconds=tables.PlayRow.duration_seconds,
        bpm=tables.PlayRow.bpm,
        musical_key=tables.PlayRow.musical_key,
        artwork_url=expressions.artwork,
    )


def chosen(
    play: type[tables.PlayRow],
    viewer: Viewer,
    source: Annotated[PlaySource | None, strawberry.argument(description="Only what this recorded.")] = None,
    since: Annotated[
        datetime | None, strawberry.argument(description="Only what began at this moment or later.")
    ] = None,
) -> Where:
    """What was asked for."""
    if source is not None:
        yield play.source == source
    if since is not None:
        yield play.played_at >= since


@entity(tables.Companion, id=Prefix.COMPANION, visible=own)
class Companion(Node):
    """A program of yours beside your DJ software, which sends what you played."""

    name: str = column("What you call it.")
    created_at: datetime = column("When you asked for it.")
    paired_at: datetime | None = column("When its program took its code; null while it waits for that.")
    last_seen_at: datetime | None = column("When it last sent something; null when it never did.")


def at_hand(companion: type[tables.Companion], viewer: Viewer) -> Where:
    """Only those that can send something, or can still be paired."""
    yield present(companion)


@strawberry.input(description="A history to take in.")
class ImportPlayHistoryInput:
    """The input of `importPlayHistory`."""

    upload_id: strawberry.ID = strawberry.field(description="A stored upload with the purpose PLAY_HISTORY.")
    time_zone: str | None = strawberry.field(
        default=None,
        description="Where you played: a name of the IANA time zone database, such as `Europe/Berlin`. Needed for files whose "
        "times are a clock on the wall.",
    )
    started_at: datetime | None = strawberry.field(
        default=None,
        description="When you played the first track. Needed for lists that have the order of their tracks alone; each then "
        "begins where the one before ends.",
    )


@strawberry.type(description="The answer to `importPlayHistory`.")
class ImportPlayHistoryPayload(Payload):
    """What came of it."""

    imported_count: int | None = strawberry.field(default=None, description="How many plays are new.")
    updated_count: int | None = strawberry.field(
        default=None, description="How many were known and are now as this file has them."
    )
    duplicate_count: int | None = strawberry.field(default=None, description="How many changed nothing.")
    source: PlaySource | None = strawberry.field(default=None, description="Whose file it is.")
    warnings: list[str] | None = strawberry.field(
        default=None, description="What could not be read or had to be guessed, in sentences for you."
    )


@strawberry.input(description="A companion to make.")
class PairCompanionInput:
    """The input of `pairCompanion`."""

    name: str = strawberry.field(description="What to call it, such as the name of your laptop; up to 80 characters.")


@strawberry.type(description="The answer to `pairCompanion`.")
class PairCompanionPayload(Payload):
    """The companion and its code."""

    companion: Companion | None = strawberry.field(default=None, description="The companion; it waits for its program.")
    secret: str | None = strawberry.field(
        default=None,
        description="The code to type into `backline companion pair`. It holds for 10 minutes, for one program, and is shown "
        "this once.",
    )


@strawberry.input(description="Which companion to end.")
class RevokeCompanionInput:
    """The input of `revokeCompanion`."""

    companion_id: strawberry.ID = strawberry.field(description="Your companion.")


@strawberry.type(description="The answer to `revokeCompanion`.")
class RevokeCompanionPayload(Payload):
    """The companion that is over."""

    revoked_companion_id: strawberry.ID | None = strawberry.field(default=None, description="Its id.")


@strawberry.type
class PlayMutations:
    """Deeds about plays and companions."""

    @deed(
        "Take in a history of your DJ software. What it is, its content says; the same file twice adds nothing. What you "
        "played is seen by nobody else, but for a play that proves a mission: its curator sees that one."
    )
    async def import_play_history(self, info: Info, input: ImportPlayHistoryInput) -> ImportPlayHistoryPayload:
        """Take in a history."""
        context, actor = info.context, info.context.signed_in
        done = await import_file(
            context.database,
            context.services,
            actor,
            from_wire(Prefix.UPLOAD, input.upload_id, "uploadId"),
            time_zone=input.time_zone,
            started_at=input.started_at,
        )
        return ImportPlayHistoryPayload(
            imported_count=done.imported,
            updated_count=done.updated,
            duplicate_count=done.duplicates,
            source=done.source,
            warnings=list(done.warnings),
        )

    @deed(
        "Make a companion: a program that sends your histories by itself. You can have 10. Only a person can do this."
    )
    async def pair_companion(self, info: Info, input: PairCompanionInput) -> PairCompanionPayload:
        """Make a companion."""
        context, actor = info.context, info.context.signed_in
        companion_id, code = await pair.create(context.database, context.services, actor, name=input.name)
        return PairCompanionPayload(companion=ref(Companion, companion_id), secret=code)

    @deed("End a companion: what it sends from now on is refused. Doing it twice changes nothing.")
    async def revoke_companion(self, info: Info, input: RevokeCompanionInput) -> RevokeCompanionPayload:
        """End a companion."""
        actor = info.context.signed_in
        companion_id = from_wire(Prefix.COMPANION, input.companion_id, "companionId")
        async with info.context.transaction() as tx:
            await pair.revoke(tx, actor, companion_id)
        return RevokeCompanionPayload(revoked_companion_id=strawberry.ID(to_wire(Prefix.COMPANION, companion_id)))
