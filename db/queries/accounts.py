"""People and the addresses they sign in with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import all_, any_, delete, func, insert, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import Identity, MusicPreferences, ReleasedUsername, User
from domain.accounts import USERNAME_KEPT_DAYS, USERNAME_REST_HOURS, Channel, Role
from domain.ids import new_id

KEPT = ReleasedUsername.released_at > func.now() - timedelta(days=USERNAME_KEPT_DAYS)


async def exists(session: AsyncSession, user_id: UUID) -> bool:
    """Whether there is such a person, who has not left."""
    statement = select(User.id).where(User.id == user_id, User.deleted_at.is_(None))
    return (await session.execute(statement)).scalar_one_or_none() is not None


async def find_country(session: AsyncSession, user_id: UUID) -> str | None:
    """The country in somebody's profile."""
    return (await session.execute(select(User.country_code).where(User.id == user_id))).scalar_one_or_none()


async def find_by_username(session: AsyncSession, username: str) -> User | None:
    """The person of this name."""
    statement = select(User).where(User.username == username, User.deleted_at.is_(None))
    return (await session.execute(statement)).scalar_one_or_none()


async def find_by_address(session: AsyncSession, channel: Channel, address: str) -> User | None:
    """The person who has verified this address."""
    statement = select(User).join(Identity).where(Identity.channel == channel, Identity.address == address)
    return (await session.execute(statement)).scalar_one_or_none()


async def lock_address(session: AsyncSession, channel: Channel, address: str) -> None:
    """Let nobody else make an account for this address until the commit."""
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"{channel}:{address}", 0))))


async def lock(session: AsyncSession, user_id: UUID) -> User | None:
    """Take a person's row until the commit; None when there is no such person."""
    statement = select(User).where(User.id == user_id, User.deleted_at.is_(None)).with_for_update(key_share=True)
    return (await session.execute(statement)).scalar_one_or_none()


async def add(session: AsyncSession, *, username: str, display_name: str) -> User | None:
    """Make a person; None when the name is taken or kept for somebody."""
    kept = select(ReleasedUsername.username).where(ReleasedUsername.username == username, KEPT)
    if (await session.execute(kept)).first() is not None:
        return None
    statement = (
        upsert(User)
        .values(id=new_id(), username=username, display_name=display_name)
        .on_conflict_do_nothing(index_elements=[User.username])
        .returning(User)
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def add_identity(session: AsyncSession, user_id: UUID, channel: Channel, address: str) -> None:
    """Note that a person has proven that an address is theirs."""
    await session.execute(
        insert(Identity).values(id=new_id(), user_id=user_id, channel=channel, address=address, verified_at=func.now())
    )


async def list_channels(session: AsyncSession, user_id: UUID) -> Sequence[Channel]:
    """How a person can sign in, the oldest way first; one that they have twice is there twice."""
    statement = select(Identity.channel).where(Identity.user_id == user_id).order_by(Identity.id)
    return (await session.execute(statement)).scalars().all()


async def add_role(session: AsyncSession, user_id: UUID, role: Role) -> bool:
    """Give somebody a role; False when they have it already."""
    statement = (
        update(User)
        .where(User.id == user_id, literal(role.value) != all_(User.roles))
        .values(roles=func.array_append(User.roles, role.value))
        .returning(User.id)
    )
    return (await session.execute(statement)).scalar_one_or_none() is not None


async def remove_role(session: AsyncSession, user_id: UUID, role: Role) -> bool:
    """Take a role away; False when they do not have it."""
    statement = (
        update(User)
        .where(User.id == user_id, literal(role.value) == any_(User.roles))
        .values(roles=func.array_remove(User.roles, role.value))
        .returning(User.id)
    )
    return (await session.execute(statement)).scalar_one_or_none() is not None


async def change(session: AsyncSession, user_id: UUID, facts: Mapping[str, object]) -> None:
    """Write columns of a person's profile; `rename` does the username."""
    if facts:
        await session.execute(update(User).where(User.id == user_id).values(**facts))


async def rename(session: AsyncSession, user_id: UUID, username: str) -> bool:
    """Change a person's name, unless it was changed lately.

    Returns:
        False when the present name has not rested long enough.

    Raises:
        IntegrityError: Somebody has this name (unique).
    """
    rested = User.username_changed_at < func.now() - timedelta(hours=USERNAME_REST_HOURS)
    statement = (
        update(User)
        .where(User.id == user_id, or_(User.username_changed_at.is_(None), rested))
        .values(username=username, username_changed_at=func.now())
        .returning(User.id)
    )
    return (await session.execute(statement)).scalar_one_or_none() is not None


async def is_kept(session: AsyncSession, username: str, *, user_id: UUID) -> bool:
    """Whether a name is kept for somebody else who gave it up.

    Ask after `rename`: a name that is given up while we wait for it is then seen.
    """
    statement = select(ReleasedUsername.username).where(
        ReleasedUsername.username == username, ReleasedUsername.user_id != user_id, KEPT
    )
    return (await session.execute(statement)).first() is not None


async def release_username(session: AsyncSession, user_id: UUID, *, old: str, new: str) -> None:
    """Keep the old name for who had it, and let go of the new one if it was kept for anybody."""
    await session.execute(delete(ReleasedUsername).where(ReleasedUsername.username == new))
    statement = upsert(ReleasedUsername).values(username=old, user_id=user_id, released_at=func.now())
    renewed = {"user_id": statement.excluded.user_id, "released_at": statement.excluded.released_at}
    await session.execute(statement.on_conflict_do_update(index_elements=[ReleasedUsername.username], set_=renewed))


async def seconds_until_rename(session: AsyncSession, user_id: UUID) -> float:
    """How long somebody's name has still to rest, in seconds."""
    rested = User.username_changed_at + timedelta(hours=USERNAME_REST_HOURS)
    statement = select(func.extract("epoch", rested - func.now())).where(User.id == user_id)
    return max(0.0, float((await session.execute(statement)).scalar_one() or 0))


async def write_preferences(session: AsyncSession, user_id: UUID, facts: Mapping[str, object]) -> None:
    """Write what somebody likes to hear; what is not named stays as it is."""
    statement = upsert(MusicPreferences).values(user_id=user_id, **facts)
    await session.execute(statement.on_conflict_do_update(index_elements=[MusicPreferences.user_id], set_=dict(facts)))
