"""Whether somebody may see a mission: what they may not see is not there."""

from __future__ import annotations

from uuid import UUID

from db.queries import follows, missions
from db.session import Database, Tx
from db.tables import Mission
from domain.accounts import Role
from domain.actors import Actor
from domain.errors import NotFound
from domain.missions import MissionStatus


async def take_seen(tx: Tx, actor: Actor, mission_id: UUID) -> Mission:
    """Take a mission until the commit, for a deed of somebody.

    Raises:
        NotFound: There is none, it is somebody else's draft, or its curator and they have nothing to do with each other.
    """
    mission = await missions.lock(tx.session, mission_id)
    await require_not_hidden(tx, actor, mission)
    assert mission is not None
    return mission


async def require_not_hidden(tx: Tx, actor: Actor, mission: Mission | None) -> None:
    """Check that a mission is no secret to somebody. That it is taken meanwhile is none to whoever had seen it open.

    Raises:
        NotFound: There is none, it is somebody else's draft, or its curator and they have nothing to do with each other.
    """
    hidden = mission is None
    if mission is not None and actor.user_id not in (mission.curator_id, mission.runner_id):
        operates = Role.OPERATOR in actor.roles
        hidden = mission.status is MissionStatus.DRAFT
        hidden = hidden or (not operates and await follows.are_apart(tx.session, mission.curator_id, actor.user_id))
    if hidden:
        raise NotFound("There is no mission with this id.", "missionId")


async def is_seen(database: Database, actor: Actor, mission_id: UUID) -> bool:
    """Whether a mission is there for somebody, by the same rule as for reads."""
    async with database.session() as session:
        return await missions.is_seen(session, mission_id, actor.user_id, operates=Role.OPERATOR in actor.roles)
