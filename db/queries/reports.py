"""What missions came to, added up: for a curator, or for everybody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Float, Select, and_, cast, exists, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import Mission, MissionPlay, MissionProof, Payout, StatusChange
from domain.missions import MissionStatus
from domain.money import Currency, Money
from domain.payouts import PayoutStatus
from domain.wallet import Period

Place = tuple[datetime, UUID]
"""Where a play lies in the list of them."""


@dataclass(frozen=True)
class Report:
    """Missions over some days.

    Attributes:
        created: How many were written.
        completed: How many were done.
        failed: How many could not be verified, and were not done after all.
        confidence: The average of those that a history proved; None when there are none.
        payment_seconds: The median time from the play to the payment; None when nothing was paid.
        spent: What was paid, a sum for each currency.
    """

    created: int
    completed: int
    failed: int
    confidence: float | None
    payment_seconds: float | None
    spent: Sequence[Money]

    @property
    def completion_rate(self) -> float | None:
        """Of those that came to an end, the part that was done; None when none did."""
        ended = self.completed + self.failed
        return self.completed / ended if ended else None


def bounds(period: Period) -> tuple[datetime, datetime]:
    """The first moment of some days, and the one after the last."""
    return (
        datetime.combine(period.first, time(), UTC),
        datetime.combine(period.last + timedelta(days=1), time(), UTC),
    )


async def add_up(session: AsyncSession, period: Period, curator_id: UUID | None = None) -> Report:
    """Add up the missions of a curator over some days, or everybody's."""
    begin, end = bounds(period)
    done = and_(Mission.completed_at >= begin, Mission.completed_at < end, _whose(curator_id))
    counts = select(
        func.count().filter(Mission.created_at >= begin, Mission.created_at < end),
        func.count().filter(Mission.completed_at >= begin, Mission.completed_at < end),
        func.count().filter(_failed(begin, end)),
    ).where(_whose(curator_id))
    created, completed, failed = (await session.execute(counts)).one()
    confidence = select(cast(func.avg(MissionProof.confidence), Float)).join(Mission).where(done)
    return Report(
        created,
        completed,
        failed,
        await session.scalar(confidence),
        await session.scalar(_seconds_to_payment(done)),
        await _sum_spent(session, done),
    )


def _whose(curator_id: UUID | None) -> ColumnElement[bool]:
    return Mission.curator_id == curator_id if curator_id is not None else Mission.id.is_not(None)


def _failed(begin: datetime, end: datetime) -> ColumnElement[bool]:
    """Whether a mission was not verified in these days, and not done since."""
    change = (
        exists()
        .where(
            StatusChange.subject_id == Mission.id,
            StatusChange.to_status == MissionStatus.VERIFICATION_FAILED.value,
            StatusChange.changed_at >= begin,
            StatusChange.changed_at < end,
        )
        .correlate(Mission)
    )
    return and_(Mission.status.in_((MissionStatus.VERIFICATION_FAILED, MissionStatus.EXPIRED)), change)


def _seconds_to_payment(done: ColumnElement[bool]) -> Select[float]:
    """The median of the time from the play, or the window's end where people decided, to when the money was there."""
    paid = func.coalesce(Payout.paid_at, Mission.completed_at)
    since = func.coalesce(MissionProof.played_at, Mission.window_ends_at)
    seconds = func.greatest(func.extract("epoch", paid - since), 0)
    sent_on = and_(Payout.id == Mission.payout_id, Payout.status == PayoutStatus.PAID)
    return (
        select(cast(func.percentile_cont(0.5).within_group(seconds), Float))
        .select_from(Mission)
        .join(MissionProof, MissionProof.mission_id == Mission.id)
        .outerjoin(Payout, sent_on)
        .where(done)
    )


async def _sum_spent(session: AsyncSession, done: ColumnElement[bool]) -> list[Money]:
    total = cast(func.sum(Mission.amount_minor), BigInteger)
    statement = select(Mission.currency, total).where(done).group_by(Mission.currency).order_by(Mission.currency)
    return [Money(minor, Currency(currency)) for currency, minor in (await session.execute(statement)).all()]


async def list_plays(
    session: AsyncSession, curator_id: UUID, period: Period, *, limit: int, past: Place | None, backwards: bool
) -> Sequence[Place]:
    """The proofs of a curator's missions over some days and when each was made, on from a place: the latest first.

    Args:
        session: Where to read.
        curator_id: Whose missions.
        period: Which days.
        limit: At most so many.
        past: The place to go on from; None for the list's end.
        backwards: Whether to go from the earliest to the latest.
    """
    place = tuple_(MissionPlay.verified_at, MissionPlay.id)
    statement = select(MissionPlay.verified_at, MissionPlay.id).where(*_plays_of(curator_id, period)).limit(limit)
    if past is not None:
        statement = statement.where(place > past if backwards else place < past)
    columns = (MissionPlay.verified_at, MissionPlay.id)
    statement = statement.order_by(*(each if backwards else each.desc() for each in columns))
    return [(row.verified_at, row.id) for row in await session.execute(statement)]


async def count_plays(session: AsyncSession, curator_id: UUID, period: Period) -> int:
    """How many there are in all."""
    statement = select(func.count()).select_from(MissionPlay).where(*_plays_of(curator_id, period))
    return (await session.execute(statement)).scalar_one()


def _plays_of(curator_id: UUID, period: Period) -> tuple[ColumnElement[bool], ...]:
    begin, end = bounds(period)
    return MissionPlay.curator_id == curator_id, MissionPlay.verified_at >= begin, MissionPlay.verified_at < end
