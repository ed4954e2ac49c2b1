"""Exports, and what goes into them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Text, cast, func, insert, literal, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from db.expressions.money import decimal_text
from db.queries.reports import bounds
from db.tables import Export, Mission, MissionPlay, MissionProof, Payout, PayoutMethod, Transaction, User
from domain.exports import (
    GIVEN_UP_HOURS,
    KEPT_DAYS,
    ExportFailureCode,
    ExportFormat,
    ExportKind,
    ExportStatus,
    Value,
)
from domain.ids import Prefix
from domain.states import EXPORT_MOVES, sources
from domain.wallet import Period

OPEN = (ExportStatus.WAITING, ExportStatus.RUNNING)


@dataclass(frozen=True)
class Place:
    """Where in a list a row lies."""

    at: datetime
    id: UUID


@dataclass(frozen=True)
class Page:
    """Some rows, the oldest first.

    Attributes:
        rows: Each as `domain.exports.COLUMNS` has it.
        last: Where the last lies; None when there are none.
    """

    rows: Sequence[Sequence[Value]]
    last: Place | None


async def add(
    session: AsyncSession, export_id: UUID, user_id: UUID, *, kind: ExportKind, format: ExportFormat, period: Period
) -> None:
    """Write the promise of a file."""
    days = {"from_day": period.first, "to_day": period.last}
    await session.execute(insert(Export).values(id=export_id, user_id=user_id, kind=kind, format=format, **days))


async def count_open(session: AsyncSession, user_id: UUID) -> int:
    """How many of somebody are not made yet. Whoever asks for the same person meanwhile waits here."""
    await session.execute(select(User.id).where(User.id == user_id).with_for_update(key_share=True))
    statement = select(func.count()).select_from(Export).where(Export.user_id == user_id, Export.status.in_(OPEN))
    return (await session.execute(statement)).scalar_one()


async def start(session: AsyncSession, export_id: UUID) -> Export | None:
    """Note that it is being made, from the beginning; None when it is over already."""
    statement = (
        update(Export)
        .where(Export.id == export_id, Export.status.in_(OPEN))
        .values(status=ExportStatus.RUNNING, progress=0)
        .returning(Export)
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def advance(session: AsyncSession, export_id: UUID, progress: int) -> None:
    """Note how far it is, in per cent."""
    still = Export.status == ExportStatus.RUNNING
    await session.execute(update(Export).where(Export.id == export_id, still).values(progress=progress))


async def finish(session: AsyncSession, export_id: UUID, storage_key: str) -> bool:
    """Note where the file lies; False when it is over already."""
    made = {"status": ExportStatus.READY, "progress": 100, "storage_key": storage_key, "finished_at": func.now()}
    return await _end(session, export_id, made | {"expires_at": func.now() + timedelta(days=KEPT_DAYS)})


async def fail(session: AsyncSession, export_id: UUID, code: ExportFailureCode, message: str) -> bool:
    """Note why there is no file; False when it is over already."""
    failed = {"status": ExportStatus.FAILED, "failure_code": code, "failure_message": message}
    return await _end(session, export_id, failed | {"finished_at": func.now()})


async def _end(session: AsyncSession, export_id: UUID, values: dict[str, Any]) -> bool:
    before = sources(EXPORT_MOVES, values["status"])
    statement = update(Export).where(Export.id == export_id, Export.status.in_(before)).values(**values)
    return (await session.execute(statement.returning(Export.id))).scalar_one_or_none() is not None


async def expire(session: AsyncSession, limit: int) -> list[str]:
    """Give up files that were kept long enough, at most so many.

    Returns:
        The keys under which they lie.
    """
    over = select(Export.id).where(Export.status == ExportStatus.READY, Export.expires_at < func.now())
    chosen = over.limit(limit).with_for_update(skip_locked=True).subquery()
    statement = update(Export).where(Export.id == chosen.c.id).values(status=ExportStatus.EXPIRED)
    return [str(key) for key in (await session.execute(statement.returning(Export.storage_key))).scalars()]


async def has_file(session: AsyncSession, export_id: UUID) -> bool:
    """Whether there is a file that can be fetched."""
    statement = select(Export.status).where(Export.id == export_id)
    return (await session.execute(statement)).scalar_one() is ExportStatus.READY


async def give_up(session: AsyncSession, limit: int, message: str) -> Sequence[Export]:
    """Give up what could not be made in a day, at most so many; tells which."""
    late = Export.created_at < func.now() - timedelta(hours=GIVEN_UP_HOURS)
    chosen = select(Export.id).where(Export.status.in_(OPEN), late).limit(limit)
    left = chosen.with_for_update(skip_locked=True).subquery()
    failed = {"status": ExportStatus.FAILED, "failure_code": ExportFailureCode.GIVEN_UP, "failure_message": message}
    statement = update(Export).where(Export.id == left.c.id).values(**failed, finished_at=func.now())
    return (await session.execute(statement.returning(Export))).scalars().all()


async def name_owner(session: AsyncSession, user_id: UUID) -> str:
    """What stands on the paper of somebody."""
    row = (await session.execute(select(User.display_name, User.username).where(User.id == user_id))).one()
    return f"{row.display_name} (@{row.username})"


async def count_rows(session: AsyncSession, kind: ExportKind, owner_id: UUID, period: Period, *, most: int) -> int:
    """How many rows there are, counted up to `most`."""
    _at, key, _owner = SOURCES[kind]
    inner = select(key).where(*_of(kind, owner_id, period)).limit(most).subquery()
    return (await session.execute(select(func.count()).select_from(inner))).scalar_one()


async def list_rows(
    session: AsyncSession, kind: ExportKind, owner_id: UUID, period: Period, *, first: int, after: Place | None
) -> Page:
    """Some of the rows, the oldest first."""
    at, key, _ = SOURCES[kind]
    statement = CONTENTS[kind]().where(*_of(kind, owner_id, period)).order_by(at, key).limit(first)
    if after is not None:
        statement = statement.where(tuple_(at, key) > (after.at, after.id))
    found = (await session.execute(statement.add_columns(at, key))).all()
    return Page([tuple(row[:-2]) for row in found], Place(*found[-1][-2:]) if found else None)


SOURCES: dict[
    ExportKind, tuple[InstrumentedAttribute[datetime], InstrumentedAttribute[UUID], InstrumentedAttribute[UUID]]
] = {
    ExportKind.TRANSACTIONS: (Transaction.occurred_at, Transaction.id, Transaction.owner_id),
    ExportKind.PAYOUTS: (Payout.requested_at, Payout.id, Payout.user_id),
    ExportKind.MISSION_REPORT: (MissionPlay.verified_at, MissionPlay.id, MissionPlay.curator_id),
}
"""By what each kind is ordered, and whose its rows are."""


def _of(kind: ExportKind, owner_id: UUID, period: Period) -> tuple[ColumnElement[bool], ...]:
    begin, end = bounds(period)
    at, _, owner = SOURCES[kind]
    return owner == owner_id, at >= begin, at < end


def _wire(prefix: str, key: InstrumentedAttribute[UUID]) -> ColumnElement[str]:
    return literal(f"{prefix}_", Text) + cast(key, Text)


def _transactions() -> Select[*tuple[Any, ...]]:
    moved = Transaction
    return (
        select(
            _wire(Prefix.TRANSACTION, moved.id),
            moved.occurred_at,
            moved.kind,
            decimal_text(moved.amount_minor, moved.currency),
            moved.currency,
            moved.description,
            User.username,
        )
        .select_from(moved)
        .outerjoin(User, User.id == moved.counterparty_id)
    )


def _payouts() -> Select[*tuple[Any, ...]]:
    return (
        select(
            _wire(Prefix.PAYOUT, Payout.id),
            Payout.requested_at,
            Payout.status,
            decimal_text(Payout.amount_minor, Payout.currency),
            Payout.currency,
            decimal_text(Payout.fee_minor, Payout.currency),
            Payout.currency.label("fee_currency"),
            decimal_text(Payout.returned_minor, Payout.currency),
            Payout.currency.label("returned_currency"),
            PayoutMethod.kind,
            PayoutMethod.label,
            Payout.paid_at,
            Payout.failure_code,
            Payout.failure_message,
        )
        .select_from(Payout)
        .join(PayoutMethod, PayoutMethod.id == Payout.method_id)
    )


def _plays() -> Select[*tuple[Any, ...]]:
    return (
        select(
            _wire(Prefix.MISSION, Mission.id),
            Mission.title,
            User.username,
            MissionPlay.title,
            MissionPlay.artist,
            MissionPlay.album,
            MissionPlay.isrc,
            MissionPlay.played_at,
            MissionPlay.verified_at,
            MissionPlay.venue_name,
            MissionPlay.confidence,
            decimal_text(Mission.amount_minor, Mission.currency),
            Mission.currency,
            MissionProof.cid,
        )
        .select_from(MissionPlay)
        .join(Mission, Mission.id == MissionPlay.mission_id)
        .outerjoin(User, User.id == Mission.runner_id)
        .outerjoin(MissionProof, MissionProof.mission_id == Mission.id)
    )


CONTENTS = {
    ExportKind.TRANSACTIONS: _transactions,
    ExportKind.PAYOUTS: _payouts,
    ExportKind.MISSION_REPORT: _plays,
}
"""What each row has, as `domain.exports.COLUMNS` names it."""
