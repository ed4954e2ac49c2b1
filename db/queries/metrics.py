"""How the platform does, added up for those who run it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Float, and_, case, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import (
    Broadcast,
    ConnectedAccount,
    JournalEntry,
    JournalLine,
    LedgerAccount,
    MissionReview,
    Payout,
    StatusChange,
    VerificationAttempt,
)
from domain.broadcasts import BroadcastStatus
from domain.connections import AccountStatus
from domain.missions import AttemptStatus, MissionStatus
from domain.money import AccountKind, Currency, EntryKind, Money
from domain.notifications import SubjectType
from domain.payouts import PayoutStatus

DECIDED = (AttemptStatus.PASSED, AttemptStatus.FAILED)


@dataclass(frozen=True)
class Metrics:
    """Figures of some days.

    Attributes:
        connections_working: Of the accounts that people connected in these days and did not disconnect, the part that works.
        verification_accuracy: Of the looks at histories whose word a person had to confirm, the part where they did.
        live_rooms: Rooms on air now.
        live_listeners: People in them.
        paid_out: What arrived with people.
        fees: What the platform kept.
        royalties: What came in as royalties.
        rating: The average of what DJs say about missions.
        ratings: How many said so.
    """

    connections_working: float | None
    verification_accuracy: float | None
    live_rooms: int
    live_listeners: int
    paid_out: Sequence[Money]
    fees: Sequence[Money]
    royalties: Sequence[Money]
    rating: float | None
    ratings: int


async def read(session: AsyncSession, begin: datetime, end: datetime) -> Metrics:
    """Add everything up from one moment to another."""
    rooms = select(func.count(), func.coalesce(cast(func.sum(Broadcast.listener_count), BigInteger), 0))
    live, listeners = (await session.execute(rooms.where(Broadcast.status == BroadcastStatus.LIVE))).one()
    said = select(cast(func.avg(MissionReview.rating), Float), func.count())
    within = and_(MissionReview.written_at >= begin, MissionReview.written_at < end)
    rating, ratings = (await session.execute(said.where(within))).one()
    return Metrics(
        await _connections(session, begin, end),
        await _accuracy(session, begin, end),
        live,
        listeners,
        await _paid_out(session, begin, end),
        await _booked(session, begin, end, LedgerAccount.kind == AccountKind.FEES),
        await _royalties(session, begin, end),
        rating,
        ratings,
    )


async def _connections(session: AsyncSession, begin: datetime, end: datetime) -> float | None:
    works = case((ConnectedAccount.status == AccountStatus.CONNECTED, 1.0), else_=0.0)
    statement = select(cast(func.avg(works), Float)).where(
        ConnectedAccount.connected_at >= begin,
        ConnectedAccount.connected_at < end,
        ConnectedAccount.status != AccountStatus.DISCONNECTED,
    )
    return await session.scalar(statement)


async def _accuracy(session: AsyncSession, begin: datetime, end: datetime) -> float | None:
    """Where people had the last word: whether it was that of the latest look before it, if that was a clear one."""
    word = (
        select(VerificationAttempt.status)
        .where(
            VerificationAttempt.mission_id == StatusChange.subject_id,
            VerificationAttempt.finished_at < StatusChange.changed_at,
            VerificationAttempt.status.in_(DECIDED),
        )
        .order_by(VerificationAttempt.number.desc())
        .limit(1)
        .correlate(StatusChange)
        .scalar_subquery()
    )
    decided = (
        select(StatusChange.to_status, word.label("word"))
        .where(
            StatusChange.subject_type == SubjectType.MISSION.value,
            StatusChange.from_status == MissionStatus.IN_REVIEW.value,
            StatusChange.changed_by_id.is_not(None),
            StatusChange.changed_at >= begin,
            StatusChange.changed_at < end,
        )
        .subquery()
    )
    agreed = (decided.c.to_status == MissionStatus.COMPLETED.value) == (decided.c.word == AttemptStatus.PASSED)
    statement = select(cast(func.avg(case((agreed, 1.0), else_=0.0)), Float)).where(decided.c.word.is_not(None))
    return await session.scalar(statement)


async def _paid_out(session: AsyncSession, begin: datetime, end: datetime) -> list[Money]:
    total = cast(func.sum(Payout.amount_minor - Payout.fee_minor), BigInteger)
    statement = select(Payout.currency, total).where(
        Payout.status == PayoutStatus.PAID, Payout.paid_at >= begin, Payout.paid_at < end
    )
    return _sums((await session.execute(statement.group_by(Payout.currency).order_by(Payout.currency))).all())


async def _royalties(session: AsyncSession, begin: datetime, end: datetime) -> list[Money]:
    """What came in from outside as royalties: the outside world's account loses what we gain."""
    royalty = and_(JournalEntry.kind == EntryKind.ROYALTY, LedgerAccount.kind == AccountKind.CLEARING)
    return [Money(-each.minor, each.currency) for each in await _booked(session, begin, end, royalty)]


async def _booked(session: AsyncSession, begin: datetime, end: datetime, what: ColumnElement[bool]) -> list[Money]:
    total = cast(func.sum(JournalLine.amount_minor), BigInteger)
    statement = (
        select(LedgerAccount.currency, total)
        .select_from(JournalLine)
        .join(LedgerAccount, LedgerAccount.id == JournalLine.account_id)
        .join(JournalEntry, JournalEntry.id == JournalLine.entry_id)
        .where(JournalEntry.occurred_at >= begin, JournalEntry.occurred_at < end, what)
        .group_by(LedgerAccount.currency)
        .order_by(LedgerAccount.currency)
    )
    return _sums((await session.execute(statement)).all())


def _sums(rows: Sequence[Any]) -> list[Money]:
    return [Money(minor, Currency(currency)) for currency, minor in rows if minor]
