"""Connecting an account at Stripe: the way to be paid that it is, under the name that all accounts elsewhere have."""

from __future__ import annotations

from db.queries import accounts
from db.session import Database
from domain.actors import Actor
from domain.ports import Services
from resolvers.payouts.methods import add_account
from resolvers.payouts.recover import sender_of


async def connect_account(
    database: Database, services: Services, actor: Actor, *, country: str | None, return_to: str | None
) -> str | None:
    """Open an account at Stripe, or go on with the one that there is; the country of the profile counts unless told.

    Returns:
        The page on which its owner tells the rest; None when nothing more is wanted.

    Raises:
        DomainError: As `add_account` does.
    """
    actor.require_person()
    if country is None:
        async with database.session() as session:
            country = await accounts.find_country(session, actor.user_id)
    sender = sender_of(services)
    _, url = await add_account(database, services, actor, sender, country=country, return_to=return_to)
    return url
