"""Accounts that people have elsewhere: connecting, renewing with a claim and a fence, and what is left when they end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import ConnectedAccount
from domain.connections import AccountProvider, AccountStatus, Profile
from domain.states import ACCOUNT_MOVES, sources


@dataclass(frozen=True)
class Held:
    """What is kept of the tokens of an account.

    Attributes:
        sealed: The tokens, unreadable.
        scopes: What they allow.
        expires_at: When the access token ends; None where nobody says.
    """

    sealed: bytes
    scopes: tuple[str, ...]
    expires_at: datetime | None


async def lock(session: AsyncSession, provider: AccountProvider, subject: str, user_id: UUID) -> None:
    """Let nobody else connect this account elsewhere, or anything of this provider for this person, until the commit."""
    for name in (f"{provider}:{subject}", f"{provider}:of:{user_id}"):
        await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 1))))


async def find(session: AsyncSession, account_id: UUID) -> ConnectedAccount | None:
    """An account, wherever it stands."""
    return await session.get(ConnectedAccount, account_id)


async def find_own(session: AsyncSession, user_id: UUID, account_id: UUID) -> ConnectedAccount | None:
    """An account of this person, wherever it stands."""
    statement = select(ConnectedAccount).where(ConnectedAccount.id == account_id, ConnectedAccount.user_id == user_id)
    return (await session.execute(statement)).scalar_one_or_none()


async def find_present(session: AsyncSession, user_id: UUID, provider: AccountProvider) -> ConnectedAccount | None:
    """The account of a provider that a person has now, whether it must be connected again or not."""
    statement = select(ConnectedAccount).where(
        ConnectedAccount.user_id == user_id,
        ConnectedAccount.provider == provider,
        ConnectedAccount.status != AccountStatus.DISCONNECTED,
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def find_owner(session: AsyncSession, provider: AccountProvider, subject: str) -> UUID | None:
    """Who has connected this account elsewhere; None when nobody has."""
    statement = select(ConnectedAccount.user_id).where(
        ConnectedAccount.provider == provider,
        ConnectedAccount.subject == subject,
        ConnectedAccount.status != AccountStatus.DISCONNECTED,
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def add(
    session: AsyncSession,
    account_id: UUID,
    *,
    user_id: UUID,
    provider: AccountProvider,
    profile: Profile,
    held: Held,
) -> None:
    """Write an account that was connected.

    Raises:
        IntegrityError: The person has one of this provider, or somebody has this one (unique); `lock` first.
    """
    await session.execute(
        insert(ConnectedAccount).values(
            id=account_id,
            user_id=user_id,
            provider=provider,
            subject=profile.subject,
            username=profile.username,
            display_name=profile.display_name,
            status=AccountStatus.CONNECTED,
            scopes=list(held.scopes),
            sealed_tokens=held.sealed,
            expires_at=held.expires_at,
        )
    )


async def reconnect(session: AsyncSession, account_id: UUID, profile: Profile, held: Held) -> None:
    """Put the tokens of a new connection in the place of the old ones; a renewal that is under way records nothing."""
    statement = (
        update(ConnectedAccount)
        .where(ConnectedAccount.id == account_id)
        .values(
            subject=profile.subject,
            username=profile.username,
            display_name=profile.display_name,
            status=AccountStatus.CONNECTED,
            scopes=list(held.scopes),
            sealed_tokens=held.sealed,
            expires_at=held.expires_at,
            generation=ConnectedAccount.generation + 1,
            connections=ConnectedAccount.connections + 1,
            connected_at=func.now(),
            renewed_at=func.now(),
            renewing_until=None,
            renewal=ConnectedAccount.renewal + 1,
            renewal_failed=False,
        )
    )
    await session.execute(statement.execution_options(synchronize_session=False))


async def claim_renewal(session: AsyncSession, account_id: UUID, generation: int, *, seconds: float) -> int | None:
    """Take the right to renew these tokens for so long. Of any number who ask at once, one gets it.

    Returns:
        The fence to record with; None when somebody else is at it, or the tokens are no longer those.
    """
    now = func.clock_timestamp()
    statement = (
        update(ConnectedAccount)
        .where(
            ConnectedAccount.id == account_id,
            ConnectedAccount.status == AccountStatus.CONNECTED,
            ConnectedAccount.generation == generation,
            func.coalesce(ConnectedAccount.renewing_until, now) <= now,
        )
        .values(
            renewing_until=now + timedelta(seconds=seconds),
            renewal=ConnectedAccount.renewal + 1,
            renewal_failed=False,
        )
        .returning(ConnectedAccount.renewal)
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def record_renewal(session: AsyncSession, account_id: UUID, fence: int, held: Held) -> bool:
    """Write renewed tokens; False when the claim is void."""
    statement = (
        update(ConnectedAccount)
        .where(
            ConnectedAccount.id == account_id,
            ConnectedAccount.renewal == fence,
            ConnectedAccount.status == AccountStatus.CONNECTED,
        )
        .values(
            sealed_tokens=held.sealed,
            scopes=list(held.scopes),
            expires_at=held.expires_at,
            generation=ConnectedAccount.generation + 1,
            renewed_at=func.clock_timestamp(),
            renewing_until=None,
        )
        .returning(ConnectedAccount.id)
    )
    return (await session.execute(statement)).scalar_one_or_none() is not None


async def fail_renewal(session: AsyncSession, account_id: UUID, fence: int, *, pause: float) -> None:
    """Note that a renewal came to nothing: those who wait for it hear of it, and nobody tries again for a while."""
    statement = (
        update(ConnectedAccount)
        .where(ConnectedAccount.id == account_id, ConnectedAccount.renewal == fence)
        .values(renewing_until=func.clock_timestamp() + timedelta(seconds=pause), renewal_failed=True)
    )
    await session.execute(statement.execution_options(synchronize_session=False))


async def lose(
    session: AsyncSession, account_id: UUID, *, fence: int | None = None, generation: int | None = None
) -> UUID | None:
    """Note that the provider takes our tokens no more.

    Args:
        session: The transaction's.
        account_id: Which account.
        fence: Only for who has the claim to renew.
        generation: Only when these are still the tokens.

    Returns:
        Whose account it is; None when nothing was changed, because it is lost already or its tokens are others now.
    """
    statement = (
        update(ConnectedAccount)
        .where(
            ConnectedAccount.id == account_id,
            ConnectedAccount.status.in_(sources(ACCOUNT_MOVES, AccountStatus.NEEDS_RECONNECT)),
        )
        .values(
            status=AccountStatus.NEEDS_RECONNECT,
            renewal=ConnectedAccount.renewal + 1,
            renewing_until=None,
            renewal_failed=False,
        )
        .returning(ConnectedAccount.user_id)
    )
    if fence is not None:
        statement = statement.where(ConnectedAccount.renewal == fence)
    if generation is not None:
        statement = statement.where(ConnectedAccount.generation == generation)
    return (await session.execute(statement)).scalar_one_or_none()


async def take(session: AsyncSession, user_id: UUID, account_id: UUID) -> ConnectedAccount | None:
    """An account of this person, whose row stays ours until the commit."""
    statement = (
        select(ConnectedAccount)
        .where(ConnectedAccount.id == account_id, ConnectedAccount.user_id == user_id)
        .with_for_update(key_share=True)
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def disconnect(session: AsyncSession, account_id: UUID) -> bool:
    """End an account; its tokens stay until they are revoked. False when it had ended."""
    statement = (
        update(ConnectedAccount)
        .where(
            ConnectedAccount.id == account_id,
            ConnectedAccount.status.in_(sources(ACCOUNT_MOVES, AccountStatus.DISCONNECTED)),
        )
        .values(
            status=AccountStatus.DISCONNECTED,
            disconnected_at=func.now(),
            renewal=ConnectedAccount.renewal + 1,
            renewing_until=None,
            renewal_failed=False,
        )
        .returning(ConnectedAccount.id)
    )
    ended = await session.execute(statement.execution_options(synchronize_session=False))
    return ended.scalar_one_or_none() is not None


async def erase_tokens(session: AsyncSession, account_id: UUID) -> None:
    """Forget the tokens of an account that has ended."""
    statement = (
        update(ConnectedAccount)
        .where(ConnectedAccount.id == account_id, ConnectedAccount.status == AccountStatus.DISCONNECTED)
        .values(sealed_tokens=None, expires_at=None)
    )
    await session.execute(statement.execution_options(synchronize_session=False))
