"""Following one's own payouts."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from uuid import UUID

import strawberry

from domain.events import EventKind, person_topic
from engine.executor import ref
from resolvers.payouts.follow import list_shown
from schema.context import Info
from schema.live import Missed, follow, newest_cursor
from schema.payouts.types import Payout


@strawberry.type
class PayoutSubscriptions:
    """Following payouts."""

    @strawberry.subscription(
        description=(
            "Your payouts as they move: first those that are under way, or the latest when none is, then each that moves."
        )
    )
    async def payout_updated(self, info: Info) -> AsyncGenerator[Payout, None]:
        """Follow one's payouts."""
        user_id = info.context.signed_in.user_id
        topic = person_topic(user_id)
        # Read before the state: what moves in between is told twice rather than not at all.
        cursor = await newest_cursor(info, topic)
        for payout_id in await list_shown(info.context.database, user_id):
            yield ref(Payout, payout_id)
        async with aclosing(follow(info, topic, cursor)) as items:
            async for item in items:
                if isinstance(item, Missed):
                    for payout_id in await list_shown(info.context.database, user_id):
                        yield ref(Payout, payout_id)
                elif item.kind is EventKind.PAYOUT_UPDATED:
                    yield ref(Payout, UUID(item.data["payoutId"]))
