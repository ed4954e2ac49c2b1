"""Renewing access by hand, when a person wants to know whether it still works."""

from __future__ import annotations

from uuid import UUID

from db.queries import connections
from db.session import Database
from db.tables import ConnectedAccount
from domain.actors import Actor
from domain.connections import CONNECTS_BY, AccessEnded, AccountStatus
from domain.errors import NotFound
from domain.limits import RENEWALS_BY_PERSON
from domain.ports import Services
from resolvers.connections.access import Access, end_access, open_within, was_renewed_lately
from resolvers.connections.apple_music import check_token
from resolvers.limits import spend
from resolvers.patience import DEED_SECONDS


async def renew(database: Database, services: Services, actor: Actor, account_id: UUID) -> None:
    """Renew the access to an account of one's own; who asks again within 10 s is given what the last one got.

    Raises:
        Forbidden: A program asked.
        NotFound: The person has no such account, or it was disconnected.
        AccessEnded: The account needs to be connected again.
        RateLimited: Too often, here or at the provider.
        Unavailable: The provider does not answer.
    """
    actor.require_person()
    account = await _find(database, actor, account_id)
    key = f"renewals:of:{actor.user_id}"
    await spend(services.limiter, key, RENEWALS_BY_PERSON, "You renewed access too often. Wait a little.")
    if account.provider not in CONNECTS_BY:
        await _check(database, services, account_id)
        return
    after = None if was_renewed_lately(account) else account.generation
    await open_within(database, services, account_id, after=after, seconds=DEED_SECONDS)


async def _find(database: Database, actor: Actor, account_id: UUID) -> ConnectedAccount:
    async with database.session() as session:
        account = await connections.find_own(session, actor.user_id, account_id)
    if account is None or account.status is AccountStatus.DISCONNECTED:
        raise NotFound("You have no connected account with this id.", "accountId")
    return account


async def _check(database: Database, services: Services, account_id: UUID) -> None:
    """Look whether a token that nobody can renew still holds."""
    access: Access = await open_within(database, services, account_id, after=None, seconds=DEED_SECONDS)
    try:
        await check_token(services, access.access_token)
    except AccessEnded:
        await end_access(database, access)
        raise
