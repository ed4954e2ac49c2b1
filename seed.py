"""The demo cast, written by the platform's own deeds: people with profiles who follow one another."""

from __future__ import annotations

from db.queries import accounts
from db.session import Database
from demo.cast import CAST, Member
from domain.accounts import Channel, Place, Role
from domain.actors import Actor
from domain.demo import MAIL_DOMAIN
from domain.ids import new_id
from resolvers import follows
from resolvers.accounts import demo, identities, profile, roles
from resolvers.accounts.profile import ProfileChanges


async def seed(database: Database) -> int:
    """Write the cast once; people who are there stay as they are.

    Returns:
        How many people the cast has.
    """
    known = {person.username for person in await demo.people(database)}
    for member in CAST:
        if member.username not in known:
            await _add(database, member)
    actors = await actors_of(database)
    for follower, followed in ((member.username, name) for member in CAST for name in member.follows):
        async with database.transaction() as tx:
            await follows.follow(tx, actors[follower], actors[followed].user_id)
    return len(CAST)


async def actors_of(database: Database) -> dict[str, Actor]:
    """The people of the cast as those who act, by username."""
    members = {member.username: member for member in CAST}
    return {
        name: Actor(user_id=user_id, roles=frozenset(members[name].roles), session_id=new_id())
        for name, user_id in (await demo.ids(database)).items()
        if name in members
    }


async def _add(database: Database, member: Member) -> None:
    async with database.transaction() as tx:
        user = await identities.add_user(tx)
        await accounts.add_identity(tx.session, user.id, Channel.EMAIL, f"{member.username}@{MAIL_DOMAIN}")
        actor = Actor(user_id=user.id, roles=frozenset({Role.LISTENER}), session_id=new_id())
        await profile.update(tx, actor, _profile(member))
        for role in member.roles:
            await roles.grant(tx, member.username, role)


def _profile(member: Member) -> ProfileChanges:
    changes: ProfileChanges = {
        "username": member.username,
        "display_name": member.display_name,
        "bio": member.bio,
        "genre_tags": list(member.genres),
        "favorite_genres": list(member.genres),
    }
    if member.city and member.country_code:
        changes["location"] = Place(city=member.city, country_code=member.country_code)
    return changes
