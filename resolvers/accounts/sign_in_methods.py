"""Ways for somebody to sign in, beside those that they have.

Connecting an account does not make it one: whoever comes back from a provider's page may be another person than the
one who left for it, and would be let into somebody else's account from then on. Here the app that began shows its
verifier together with the ticket, so both are the same.
"""

from __future__ import annotations

from db.queries import accounts
from db.session import Database
from domain.accounts import Channel
from domain.actors import Actor, Caller
from domain.errors import Conflict
from domain.ports import Services
from resolvers.accounts.identities import link
from resolvers.accounts.sign_in_elsewhere import Shown, prove_by_ticket, prove_by_wallet


async def add_by_ticket(
    database: Database, services: Services, actor: Actor, caller: Caller, *, ticket: str, code_verifier: str
) -> list[Channel]:
    """Let somebody also sign in with the account that a ticket is about.

    Returns:
        All ways that they have now, the oldest first.

    Raises:
        Forbidden: A program asked.
        Conflict: Somebody else signs in with it.
        InvalidInput: It is not the verifier of the app that began.
        Expired: The ticket is spent, too old, or none of ours.
        RateLimited: Too many attempts from here.
    """
    actor.require_person()
    shown = await prove_by_ticket(database, services, caller, ticket=ticket, code_verifier=code_verifier)
    return await _add(database, actor, shown)


async def add_by_wallet(
    database: Database,
    services: Services,
    actor: Actor,
    caller: Caller,
    *,
    access_token: str,
    identity_token: str | None = None,
) -> list[Channel]:
    """Let somebody also sign in with the account at Privy that these tokens are of; raises as `sign_in_by_wallet` does.

    Returns:
        All ways that they have now, the oldest first.

    Raises:
        Forbidden: A program asked.
        Conflict: Somebody else signs in with it.
    """
    actor.require_person()
    shown = await prove_by_wallet(services, caller, access_token=access_token, identity_token=identity_token)
    return await _add(database, actor, shown)


async def _add(database: Database, actor: Actor, shown: Shown) -> list[Channel]:
    channel, profile = shown
    async with database.transaction() as tx:
        if not await link(tx, actor.user_id, (channel, profile.subject)):
            raise Conflict("Somebody else signs in with this account.")
        return list(dict.fromkeys(await accounts.list_channels(tx.session, actor.user_id)))
