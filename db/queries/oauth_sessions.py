"""Round trips to providers' pages: their states, and the tickets that some of them end in. Each counts once."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import OAuthSession
from domain.connections import FLOW_MINUTES, TICKET_MINUTES, FlowPurpose, Vendor


async def add(
    session: AsyncSession,
    *,
    round_id: UUID,
    state_hash: bytes,
    vendor: Vendor,
    purpose: FlowPurpose,
    return_to: str,
    sealed_verifier: bytes,
    asked_by: tuple[UUID, UUID] | None = None,
    app_challenge: str | None = None,
) -> None:
    """Write that somebody leaves for a provider's page.

    Args:
        session: The transaction's.
        round_id: Its id.
        state_hash: The hash of its state.
        vendor: Where they go.
        purpose: What for.
        return_to: Where they are sent afterwards.
        sealed_verifier: Our PKCE verifier and the nonce.
        asked_by: The person who connects an account, and their session.
        app_challenge: The challenge of the app that signs somebody in.
    """
    user_id, session_id = asked_by or (None, None)
    await session.execute(
        insert(OAuthSession).values(
            id=round_id,
            state_hash=state_hash,
            vendor=vendor,
            purpose=purpose,
            user_id=user_id,
            session_id=session_id,
            return_to=return_to,
            sealed_verifier=sealed_verifier,
            app_challenge=app_challenge,
            expires_at=func.now() + timedelta(minutes=FLOW_MINUTES),
        )
    )


async def use(session: AsyncSession, vendor: Vendor, state_hash: bytes) -> tuple[OAuthSession, bytes] | None:
    """Use a state up, which only one caller can, and only at the door of the provider it was made for.

    Returns:
        The round trip and its sealed verifier, which is kept no longer; None when the state is used, too old or unknown.
    """
    statement = (
        update(OAuthSession)
        .where(
            OAuthSession.state_hash == state_hash,
            OAuthSession.vendor == vendor,
            OAuthSession.used_at.is_(None),
            OAuthSession.expires_at > func.now(),
        )
        .values(used_at=func.now())
        .returning(OAuthSession)
    )
    found = (await session.execute(statement)).scalar_one_or_none()
    if found is None or found.sealed_verifier is None:
        return None
    erased = update(OAuthSession).where(OAuthSession.id == found.id).values(sealed_verifier=None)
    await session.execute(erased.execution_options(synchronize_session=False))
    return found, found.sealed_verifier


async def hand_ticket(session: AsyncSession, round_id: UUID, *, ticket_hash: bytes, sealed_profile: bytes) -> None:
    """Keep who came back, for whoever shows the ticket."""
    await session.execute(
        update(OAuthSession)
        .where(OAuthSession.id == round_id)
        .values(
            ticket_hash=ticket_hash,
            ticket_expires_at=func.now() + timedelta(minutes=TICKET_MINUTES),
            sealed_profile=sealed_profile,
        )
    )


async def spend_ticket(session: AsyncSession, ticket_hash: bytes) -> tuple[OAuthSession, bytes] | None:
    """Spend a ticket, which only one caller can.

    Returns:
        Its round trip and who came back, sealed, which is kept no longer; None when it is spent, too old or unknown.
    """
    statement = (
        update(OAuthSession)
        .where(
            OAuthSession.ticket_hash == ticket_hash,
            OAuthSession.ticket_used_at.is_(None),
            OAuthSession.ticket_expires_at > func.now(),
        )
        .values(ticket_used_at=func.now())
        .returning(OAuthSession)
    )
    found = (await session.execute(statement)).scalar_one_or_none()
    if found is None or found.sealed_profile is None:
        return None
    erased = update(OAuthSession).where(OAuthSession.id == found.id).values(sealed_profile=None)
    await session.execute(erased.execution_options(synchronize_session=False))
    return found, found.sealed_profile


async def forget(session: AsyncSession, *, hours: int, at_once: int) -> int:
    """Remove round trips that ended long ago; returns how many."""
    old = (
        select(OAuthSession.id)
        .where(OAuthSession.expires_at < func.now() - timedelta(hours=hours))
        .order_by(OAuthSession.expires_at)
        .limit(at_once)
        .with_for_update(skip_locked=True)
    )
    gone = await session.execute(delete(OAuthSession).where(OAuthSession.id.in_(old)).returning(OAuthSession.id))
    return len(gone.all())
