"""Keeping those in their rooms whose connections are open in this process."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from db.session import Database
from domain.broadcasts import PRESENCE_TOUCH
from resolvers.broadcasts.listen import touch

log = logging.getLogger(__name__)


class Presence:
    """Who has which room open here. When the process dies, nobody touches their rows and the grace runs out."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._open: Counter[tuple[UUID, UUID]] = Counter()

    @contextmanager
    def hold(self, broadcast_id: UUID, user_id: UUID) -> Iterator[None]:
        """Count somebody as there for as long as the block lasts; several devices count once."""
        pair = (broadcast_id, user_id)
        self._open[pair] += 1
        try:
            yield
        finally:
            self._open[pair] -= 1
            if not self._open[pair]:
                del self._open[pair]

    async def run(self) -> None:
        """Touch the rows of all who are there, every 15 seconds."""
        while True:
            await asyncio.sleep(PRESENCE_TOUCH.total_seconds())
            try:
                await touch(self._database, sorted(self._open))
            except (SQLAlchemyError, OSError) as error:
                log.warning("Presence has to wait: %s", type(error).__name__)
