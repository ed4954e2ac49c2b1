"""What DJs played: taking in what files and accounts tell of it, each play once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Boolean,
    ColumnElement,
    DateTime,
    Double,
    Integer,
    Text,
    Uuid,
    and_,
    case,
    cast,
    column,
    func,
    insert,
    literal,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import PlayHistoryRead, PlayImport, PlayRow
from domain.ids import new_id
from domain.plays import TRUST, Play, PlaySource, TrustLevel

CHUNK: Final = 2_000
"""How many plays go into one statement: making it holds up everything else in the process for some milliseconds."""
LARGEST_DECK: Final = 100

TOLD: Final[dict[str, Any]] = {
    "id": Uuid(),
    "key": Text(),
    "title": Text(),
    "artist": Text(),
    "album": Text(),
    "isrc": Text(),
    "duration_seconds": Double(),
    "bpm": Double(),
    "musical_key": Text(),
    "played_at": DateTime(timezone=True),
    "time_known": Boolean(),
    "ended_at": DateTime(timezone=True),
    "played_seconds": Double(),
    "deck": Integer(),
    "audible": Boolean(),
    "source_updated_at": DateTime(timezone=True),
}
"""What is told of each play, column by column; the rest is the same for all that come together."""


@dataclass(frozen=True)
class Placed:
    """A play, and when it began.

    Attributes:
        play: What was played.
        played_at: When it began.
        time_known: Whether the source said so.
    """

    play: Play
    played_at: datetime
    time_known: bool


@dataclass(frozen=True)
class Written:
    """What became of plays that were taken in.

    Attributes:
        imported: How many were new.
        updated: How many were known, and are now as they were told.
    """

    imported: int = 0
    updated: int = 0


async def lock(session: AsyncSession, user_id: UUID) -> None:
    """Let nobody else take in plays of this person until the commit."""
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"plays:{user_id}", 1))))


async def write(
    session: AsyncSession,
    user_id: UUID,
    placed: Sequence[Placed],
    *,
    source: PlaySource,
    trust: TrustLevel,
    import_id: UUID | None,
) -> Written:
    """Take in plays, of which each has a key of its own. `lock` first.

    What is known already changes only by a way that is believed more; or, believed as much, by a later version, or by an
    end where there was none. `received_at` is when what now stands there was first told: it is kept while only an end is
    added, and starts anew with another title, artist, code or moment, and when a way tells it that is believed more.
    """
    written = Written()
    for start in range(0, len(placed), CHUNK):
        rows = [_row_of(each) for each in placed[start : start + CHUNK]]
        made = await _write(session, user_id, rows, source=source, trust=trust, import_id=import_id)
        written = Written(written.imported + made.imported, written.updated + made.updated)
    return written


def _row_of(placed: Placed) -> dict[str, Any]:
    play = placed.play
    return {
        "id": new_id(),
        "played_at": placed.played_at,
        "time_known": placed.time_known,
        "source_updated_at": play.updated_at,
        **{name: getattr(play, name) for name in TOLD if hasattr(play, name)},
        "deck": play.deck if play.deck is not None and 0 < play.deck <= LARGEST_DECK else None,
    }


async def _write(
    session: AsyncSession,
    user_id: UUID,
    rows: Sequence[dict[str, Any]],
    *,
    source: PlaySource,
    trust: TrustLevel,
    import_id: UUID | None,
) -> Written:
    arrays = [cast(literal([row[name] for row in rows], ARRAY(kind)), ARRAY(kind)) for name, kind in TOLD.items()]
    told = (
        func.unnest(*arrays).table_valued(*(column(name, kind) for name, kind in TOLD.items())).render_derived("told")
    )
    same: dict[str, ColumnElement[Any]] = {
        "user_id": literal(user_id, Uuid()),
        "source": literal(source.value, Text()),
        "trust": literal(trust.value, Text()),
        "import_id": literal(import_id, Uuid()),
    }
    statement = upsert(PlayRow).from_select(
        [*TOLD, *same], select(*(told.c[name] for name in TOLD), *(value.label(name) for name, value in same.items()))
    )
    new = statement.excluded
    better, other = _is_better(new), _is_other(new)
    kept = {name: new[name] for name in (*TOLD, "trust", "import_id") if name not in {"id", "key"}}
    received = case((or_(_rank(new.trust) > _rank(PlayRow.trust), other), func.now()), else_=PlayRow.received_at)
    changed = statement.on_conflict_do_update(
        index_elements=[PlayRow.user_id, PlayRow.source, PlayRow.key],
        set_=kept | {"received_at": received},
        where=better,
    )
    # A row that was there before has a transaction that deleted its older version: this one.
    fresh = literal_column("(plays.xmax = 0)", Boolean())
    made = changed.returning(fresh.label("fresh")).cte("made")
    counted = select(func.count().filter(made.c.fresh), func.count().filter(~made.c.fresh)).select_from(made)
    return Written(*(await session.execute(counted)).one())


def _rank(trust: ColumnElement[Any] | Any) -> ColumnElement[int]:
    order = literal_column("ARRAY[" + ", ".join(f"'{level.value}'" for level in TRUST) + "]", ARRAY(Text()))
    return func.array_position(order, cast(trust, Text))


def _is_better(new: Any) -> ColumnElement[bool]:
    """Whether what is told now takes the place of what is there."""
    told, known = _rank(new.trust), _rank(PlayRow.trust)
    later = or_(
        new.source_updated_at > PlayRow.source_updated_at,
        and_(PlayRow.source_updated_at.is_(None), new.source_updated_at.is_not(None)),
    )
    older = func.coalesce(new.source_updated_at < PlayRow.source_updated_at, literal_column("false", Boolean()))
    ends = and_(PlayRow.ended_at.is_(None), new.ended_at.is_not(None), ~older)
    return or_(told > known, and_(told == known, or_(later, ends)))


def _is_other(new: Any) -> ColumnElement[bool]:
    """Whether what is told now says something else of what was played, and when."""
    facts = ("title", "artist", "isrc", "played_at", "time_known")
    return or_(*(new[name].is_distinct_from(getattr(PlayRow, name)) for name in facts))


async def find_import(session: AsyncSession, user_id: UUID, sha256: bytes, trust: TrustLevel) -> PlayImport | None:
    """A file that was read before, by a way that is believed as much."""
    statement = select(PlayImport).where(
        PlayImport.user_id == user_id, PlayImport.sha256 == sha256, PlayImport.trust == trust
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def find_import_of(session: AsyncSession, user_id: UUID, upload_id: UUID) -> PlayImport | None:
    """The file that came by an upload."""
    statement = select(PlayImport).where(PlayImport.user_id == user_id, PlayImport.upload_id == upload_id)
    return (await session.execute(statement)).scalars().first()


async def add_import(session: AsyncSession, import_id: UUID, **facts: Any) -> None:
    """Write that a file is read; what comes of it follows with `count_import`."""
    counts = {"imported_count": 0, "updated_count": 0, "duplicate_count": 0}
    await session.execute(insert(PlayImport).values(id=import_id, **counts, **facts))


async def count_import(session: AsyncSession, import_id: UUID, *, imported: int, updated: int, duplicates: int) -> None:
    """Write what came of a file."""
    counts = {"imported_count": imported, "updated_count": updated, "duplicate_count": duplicates}
    await session.execute(update(PlayImport).where(PlayImport.id == import_id).values(**counts))


async def add_read(session: AsyncSession, **facts: Any) -> None:
    """Write that we looked into somebody's account, and for which mission."""
    await session.execute(insert(PlayHistoryRead).values(id=new_id(), **facts))
