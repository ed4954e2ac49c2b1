"""Tips."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.expressions.follows import apart
from db.tables import Broadcast, Tip, User
from domain.broadcasts import BroadcastStatus
from domain.money import Money
from domain.states import TIP_MOVES, sources
from domain.tips import TipStatus


@dataclass(frozen=True)
class Surroundings:
    """What a tip is told by, when its money is there.

    Attributes:
        sender: How its sender is called.
        live: Whether the room is still on air.
        apart: Whether sender and curator have nothing to do with each other any more.
    """

    sender: str
    live: bool
    apart: bool


async def add(
    session: AsyncSession,
    tip_id: UUID,
    *,
    broadcast_id: UUID,
    sender_id: UUID,
    curator_id: UUID,
    checkout_id: UUID,
    amount: Money,
    fee_basis_points: int,
    note: str | None,
) -> None:
    """Write a tip that waits for its money."""
    await session.execute(
        insert(Tip).values(
            id=tip_id,
            broadcast_id=broadcast_id,
            sender_id=sender_id,
            curator_id=curator_id,
            checkout_id=checkout_id,
            currency=amount.currency,
            amount_minor=amount.minor,
            fee_basis_points=fee_basis_points,
            note=note,
        )
    )


async def move(session: AsyncSession, tip_id: UUID, to: TipStatus) -> Tip | None:
    """Bring a tip to another state; None when that cannot follow from where it is."""
    paid = {"paid_at": func.coalesce(Tip.paid_at, func.clock_timestamp())} if to is TipStatus.PAID else {}
    statement = (
        update(Tip)
        .where(Tip.id == tip_id, Tip.status.in_(sources(TIP_MOVES, to)))
        .values(status=to, **paid)
        .returning(Tip)
        .execution_options(populate_existing=True)
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def find_checkout(session: AsyncSession, tip_id: UUID) -> UUID:
    """The checkout of a tip."""
    return (await session.execute(select(Tip.checkout_id).where(Tip.id == tip_id))).scalar_one()


async def read_surroundings(session: AsyncSession, tip: Tip) -> Surroundings:
    """How a tip's room and people stand now."""
    statement = (
        select(
            User.display_name,
            (Broadcast.status == BroadcastStatus.LIVE).label("live"),
            apart(Broadcast.curator_id, tip.sender_id).label("apart"),
        )
        .join_from(Broadcast, User, User.id == tip.sender_id)
        .where(Broadcast.id == tip.broadcast_id)
    )
    return Surroundings(*(await session.execute(statement)).one())
