"""What somebody who follows their payouts is shown first."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from db.queries import payouts
from db.session import Database

MOST: Final = 100


async def list_shown(database: Database, user_id: UUID) -> list[UUID]:
    """Somebody's payouts that are under way, the oldest first; the latest of all when none is."""
    async with database.session() as session:
        return await payouts.list_shown(session, user_id, MOST)
