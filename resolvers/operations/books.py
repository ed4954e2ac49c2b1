"""The books as a whole, for who runs the platform."""

from __future__ import annotations

from db.queries import books
from db.queries.books import TrialBalance
from db.session import Database
from domain.accounts import Role
from domain.actors import Actor


async def read_trial_balance(database: Database, actor: Actor | None) -> TrialBalance | None:
    """Add everything up that was ever booked; None for all but operators, for whom there are no books to be seen."""
    if actor is None or Role.OPERATOR not in actor.roles:
        return None
    async with database.session() as session:
        return await books.read_trial_balance(session)
