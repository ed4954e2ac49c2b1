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


async def take_seen(tx: Tx, actor: Actor, mission_id: UUID, *, was_open: bool = False) -> Mission:
    """Take a mission until the commit, for a deed of somebody.

    Args:
        tx: The deed's transaction.
        actor: Who it is.
        mission_id: Which mission.
        was_open: Whether it is enough that they may have seen it open, before somebody else was faster.

    Raises:
        NotFound: There is none, or they may not see it.
    """
    mission = await missions.lock(tx.session, mission_id)
    await require_seen(tx, actor, mission, was_open=was_open)
    assert mission is not None
    return mission


async def require_seen(tx: Tx, actor: Actor, mission: Mission | None, *, was_open: bool = False) -> None:
    """Check that a mission is there for somebody.

    Raises:
        NotFound: There is none, or they may not see it.
    """
    if mission is None or not await _sees(tx, actor, mission, was_open=was_open):
        raise NotFound("There is no mission with this id.", "missionId")


async def _sees(tx: Tx, actor: Actor, mission: Mission, *, was_open: bool) -> bool:
    """The same rule as for reads, for a row that stays as it is."""
    if actor.user_id in (mission.curator_id, mission.runner_id):
        return True
    if mission.status is MissionStatus.DRAFT or Role.OPERATOR in actor.roles:
        return mission.status is not MissionStatus.DRAFT
    shown = was_open or mission.status is MissionStatus.OPEN
    return shown and not await follows.are_apart(tx.session, mission.curator_id, actor.user_id)


async def is_seen(database: Database, actor: Actor, mission_id: UUID) -> bool:
    """Whether a mission is there for somebody, by the same rule as for reads."""
    async with database.session() as session:
        return await missions.is_seen(session, mission_id, actor.user_id, operates=Role.OPERATOR in actor.roles)
