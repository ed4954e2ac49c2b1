"""Following, blocking and reporting: who stands how to whom, with the counts that both people carry."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import and_, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from db.expressions.follows import apart
from db.tables import Block, Broadcast, ConnectedAccount, ContentReport, Follow, Message, Mission, Payout, Tip, User
from domain.ids import new_id
from domain.notifications import ReportReason, SubjectType


@dataclass(frozen=True)
class Person:
    """What a deed between two people needs to know of one.

    Attributes:
        id: Who it is.
        username: Their username, for what the other is told.
        display_name: How they call themselves.
        active: Whether they are neither deleted nor suspended.
    """

    id: UUID
    username: str
    display_name: str
    active: bool


async def lock_pair(session: AsyncSession, one: UUID, other: UUID) -> dict[UUID, Person]:
    """Take two people's rows until the commit, always in the order of their ids, so that no two deeds wait in a circle.

    Rows that point to them can still be written meanwhile.

    Returns:
        Those who exist, by id; deleted people are among them.
    """
    active = and_(User.deleted_at.is_(None), ~User.suspended)
    statement = select(User.id, User.username, User.display_name, active).where(User.id == func.any([one, other]))
    locked = await session.execute(statement.order_by(User.id).with_for_update(key_share=True))
    return {row.id: Person(*row) for row in locked}


async def are_apart(session: AsyncSession, one: UUID, other: UUID) -> bool:
    """Whether either of two people blocks the other."""
    return (await session.execute(select(apart(one, other)))).scalar_one()


async def add_follow(session: AsyncSession, follower_id: UUID, followee_id: UUID) -> bool:
    """Let somebody follow somebody, and count it on both; False when it was so already."""
    statement = upsert(Follow).values(follower_id=follower_id, followee_id=followee_id)
    added = await session.execute(statement.on_conflict_do_nothing().returning(Follow.followee_id))
    if added.scalar_one_or_none() is None:
        return False
    await _count(session, follower_id, followee_id, 1)
    return True


async def remove_follow(session: AsyncSession, follower_id: UUID, followee_id: UUID) -> bool:
    """Let somebody follow somebody no more, and count it on both; False when it was so already."""
    statement = delete(Follow).where(Follow.follower_id == follower_id, Follow.followee_id == followee_id)
    removed = await session.execute(statement.returning(Follow.followee_id))
    if removed.scalar_one_or_none() is None:
        return False
    await _count(session, follower_id, followee_id, -1)
    return True


async def _count(session: AsyncSession, follower_id: UUID, followee_id: UUID, step: int) -> None:
    follower = update(User).where(User.id == follower_id).values(following_count=User.following_count + step)
    followee = update(User).where(User.id == followee_id).values(follower_count=User.follower_count + step)
    for statement in (follower, followee):
        await session.execute(statement.execution_options(synchronize_session=False))


async def add_block(session: AsyncSession, blocker_id: UUID, blocked_id: UUID) -> bool:
    """Let somebody block somebody; False when it was so already."""
    statement = upsert(Block).values(blocker_id=blocker_id, blocked_id=blocked_id)
    added = await session.execute(statement.on_conflict_do_nothing().returning(Block.blocked_id))
    return added.scalar_one_or_none() is not None


async def remove_block(session: AsyncSession, blocker_id: UUID, blocked_id: UUID) -> bool:
    """Take a block back; False when there was none."""
    statement = delete(Block).where(Block.blocker_id == blocker_id, Block.blocked_id == blocked_id)
    return (await session.execute(statement.returning(Block.blocked_id))).scalar_one_or_none() is not None


async def find_owner(session: AsyncSession, subject_type: SubjectType, subject_id: UUID) -> UUID | None:
    """Whose something is: a person is their own; None when there is no such thing, or it was deleted."""
    match subject_type:
        case SubjectType.USER:
            statement = select(User.id).where(User.id == subject_id, User.deleted_at.is_(None))
        case SubjectType.BROADCAST:
            statement = select(Broadcast.curator_id).where(Broadcast.id == subject_id)
        case SubjectType.MESSAGE:
            statement = select(Message.author_id).where(Message.id == subject_id, Message.deleted_at.is_(None))
        case SubjectType.CONNECTED_ACCOUNT:
            statement = select(ConnectedAccount.user_id).where(ConnectedAccount.id == subject_id)
        case SubjectType.PAYOUT:
            statement = select(Payout.user_id).where(Payout.id == subject_id)
        case SubjectType.MISSION:
            statement = select(Mission.curator_id).where(Mission.id == subject_id)
        case SubjectType.TIP:
            statement = select(Tip.sender_id).where(Tip.id == subject_id)
    return (await session.execute(statement)).scalar_one_or_none()


async def open_report(
    session: AsyncSession,
    reporter_id: UUID,
    subject_type: SubjectType,
    subject_id: UUID,
    *,
    reason: ReportReason,
    details: str | None,
) -> UUID:
    """Write a report, unless the same person has an open one about the same thing.

    Returns:
        The id of the new report, or of the open one, which stays as it is.
    """
    statement = upsert(ContentReport).values(
        id=new_id(),
        reporter_id=reporter_id,
        subject_type=subject_type,
        subject_id=subject_id,
        reason=reason,
        details=details,
    )
    # Touching the open row, rather than doing nothing, is what lets the statement return it, whoever came first.
    statement = statement.on_conflict_do_update(
        index_elements=[ContentReport.reporter_id, ContentReport.subject_type, ContentReport.subject_id],
        index_where=text("status = 'OPEN'"),
        set_={"reporter_id": statement.excluded.reporter_id},
    )
    report_id: UUID = (await session.execute(statement.returning(ContentReport.id))).scalar_one()
    return report_id
