"""The demo cast, written by the platform's own deeds: curators on air, those who follow them, and what they said."""

from __future__ import annotations

from uuid import UUID

from bootstrap import Services
from db.session import Database
from demo.cast import CAST, Member
from domain.accounts import Role
from domain.actors import Actor, Caller
from domain.demo import MAIL_DOMAIN
from domain.ids import new_id
from resolvers import follows
from resolvers.accounts import demo, profile, roles, sign_in

CALLER = Caller(address="127.0.0.1", device="Demo")


async def seed(database: Database, services: Services) -> int:
    """Write the cast once; people who are there stay as they are.

    Returns:
        How many people the cast has.
    """
    known = {person.username for person in await demo.people(database)}
    for member in CAST:
        if member.username not in known:
            await _add(database, services, member)
    actors = await actors_of(database)
    for username, followed in ((member.username, name) for member in CAST for name in member.follows):
        async with database.transaction() as tx:
            await follows.follow(tx, actors[username], actors[followed].user_id)
    return len(CAST)


async def actors_of(database: Database) -> dict[str, Actor]:
    """The people of the demo as those who act, by username."""
    members = {member.username: member for member in CAST}
    found = await demo.ids(database)
    return {
        name: Actor(user_id=key, roles=frozenset(members[name].roles), session_id=new_id())
        for name, key in found.items()
        if name in members
    }


async def _add(database: Database, services: Services, member: Member) -> UUID:
    async with database.transaction() as tx:
        user = await sign_in.add_person(tx, email=f"{member.username}@{MAIL_DOMAIN}")
        actor = Actor(user_id=user.id, roles=frozenset({Role.LISTENER}), session_id=new_id())
        await profile.update(tx, services, actor, member.profile())
        for role in member.roles:
            await roles.grant(tx, member.username, role)
    return user.id
