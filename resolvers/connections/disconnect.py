"""Ending a connection: here at once, at the provider soon."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from db.queries import broadcasts, connections, history, notifications
from db.session import Database, Tx
from db.tables import ConnectedAccount
from domain.actors import Actor
from domain.connections import CALL_SECONDS, CONNECTS_BY, MANAGED_AT, PROVIDER_NAMES, REVOKING_LASTS, AccountStatus
from domain.errors import DomainError, NotFound, RateLimited, Unavailable
from domain.jobs import Job, JobKind
from domain.notifications import NotificationKind, SubjectType
from domain.ports import Services
from resolvers.connections.tokens import unseal
from resolvers.patience import answered_within
from resolvers.players.follow import hasten

SOON_SECONDS: Final = 30.0
LATER_SECONDS: Final = 3600.0


async def disconnect(tx: Tx, actor: Actor, account_id: UUID) -> str | None:
    """End an account of one's own; twice changes nothing.

    Returns:
        Where the person can end our access at the provider's own page, when it gives us no way to do so.

    Raises:
        Forbidden: A program asked.
        NotFound: The person has no such account.
    """
    actor.require_person()
    account = await connections.take(tx.session, actor.user_id, account_id)
    if account is None:
        raise NotFound("You have no connected account with this id.", "accountId")
    await end(tx, account, by=actor.user_id, reason="DISCONNECTED")
    return MANAGED_AT.get(account.provider)


async def end(tx: Tx, account: ConnectedAccount, *, by: UUID | None, reason: str) -> None:
    """End an account and promise to tell the provider; one that has ended is left as it is."""
    if not await connections.disconnect(tx.session, account.id):
        return
    subject = (SubjectType.CONNECTED_ACCOUNT, account.id)
    after = AccountStatus.DISCONNECTED
    await history.note(tx.session, subject, before=account.status, after=after, by=by, reason=reason)
    await notifications.settle(tx.session, account.user_id, NotificationKind.ACCOUNT_NEEDS_RECONNECT, account.id)
    await tx.later(Job(JobKind.REVOKE_ACCESS, str(account.id), {"accountId": str(account.id)}))
    # A room that shows what this account plays finds out at its next turn: now.
    for broadcast_id in await broadcasts.live_rooms_of(tx.session, account.user_id):
        await hasten(tx, broadcast_id)


async def revoke_access(database: Database, services: Services, payload: Mapping[str, Any]) -> float | None:
    """Tell the provider that our access is over, and erase the tokens; after a day of silence they are erased untold.

    Args:
        database: Where they are.
        services: The providers.
        payload: `accountId`.

    Returns:
        Seconds until it is to be tried again; None when the tokens are erased.
    """
    account_id = UUID(str(payload["accountId"]))
    async with database.session() as session:
        account = await connections.find(session, account_id)
    if account is None or account.disconnected_at is None:
        return None
    if account.sealed_tokens is not None:
        wait = await _revoke(services, account)
        if wait is not None:
            return wait
    async with database.transaction() as tx:
        await connections.erase_tokens(tx.session, account_id)
    return None


async def _revoke(services: Services, account: ConnectedAccount) -> float | None:
    """Ask the provider to end our access.

    Returns:
        Seconds until it is to be asked again; None when there is nothing more to ask.
    """
    vendor = CONNECTS_BY.get(account.provider)
    if vendor is None:
        return None
    try:
        async with answered_within(CALL_SECONDS, PROVIDER_NAMES[account.provider]):
            await services.oauth[vendor].revoke(unseal(services.cipher, account))
    except (Unavailable, RateLimited) as fault:
        assert account.disconnected_at is not None
        since = datetime.now(UTC) - account.disconnected_at
        # Twice as long as it is now that we try: soon at first, each hour in the end.
        pause = min(max(SOON_SECONDS, since.total_seconds(), fault.retry_after_seconds or 0.0), LATER_SECONDS)
        return pause if since < REVOKING_LASTS else None
    except DomainError:
        # Without credentials nobody can be told; and what the provider does not know any more is over.
        return None
    return None
