"""Following a mission."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

import strawberry

from domain.errors import NotFound
from domain.events import mission_topic
from domain.ids import Prefix, from_wire
from engine.executor import ref
from resolvers.missions.reach import is_seen
from schema.context import Info
from schema.live import follow, newest_cursor
from schema.missions.types import Mission


@strawberry.type
class MissionSubscriptions:
    """Following missions."""

    @strawberry.subscription(
        description=(
            "A mission as it moves: first as it stands, then each time something of it changes. It completes when you may "
            "not see it any more, as when somebody else accepted it."
        )
    )
    async def mission_updated(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The mission.")]
    ) -> AsyncGenerator[Mission | None, None]:
        """Follow a mission."""
        actor, database = info.context.signed_in, info.context.database
        mission_id = from_wire(Prefix.MISSION, id, "id")
        topic = mission_topic(mission_id)
        # Read before the state: what changes in between is told twice rather than not at all.
        cursor = await newest_cursor(info, topic)
        if not await is_seen(database, actor, mission_id):
            raise NotFound("There is no mission with this id.", "id")
        yield ref(Mission, mission_id)
        async with aclosing(follow(info, topic, cursor)) as items:
            async for _ in items:
                if not await is_seen(database, actor, mission_id):
                    return
                yield ref(Mission, mission_id)
