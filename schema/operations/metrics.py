"""How the platform does."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import strawberry

from resolvers.operations.metrics import read_metrics
from schema.context import Info
from schema.money import Money
from schema.wallet import shown


@strawberry.type(description="What DJs say about the missions that they did.")
class Satisfaction:
    """Ratings, added up."""

    average: float | None = strawberry.field(description="Of 5; null when nobody said anything.")
    rating_count: int = strawberry.field(description="How many said so.")


@strawberry.type(description="How the platform did over some days. Only operators see it.")
class PlatformMetrics:
    """Figures."""

    connection_success_rate: float | None = strawberry.field(
        description="Of the accounts elsewhere that people connected and did not disconnect, the part that works now, from "
        "0 to 1; null when nobody connected one."
    )
    verification_accuracy: float | None = strawberry.field(
        description="Where a person had to decide about what verification had clearly said, how often they said the same, "
        "from 0 to 1; null when nobody had to."
    )
    mission_completion_rate: float | None = strawberry.field(
        description="Of the missions that came to an end, the part that was done, from 0 to 1; null when none did."
    )
    median_payment_seconds: float | None = strawberry.field(
        description="The time from a play to its payment in the middle of all, in seconds; null when nothing was paid."
    )
    live_broadcasts: int = strawberry.field(description="Rooms on air now.")
    live_listeners: int = strawberry.field(description="People in them now.")
    payout_volume: list[Money] = strawberry.field(description="What arrived with people, one sum for each currency.")
    platform_fees: list[Money] = strawberry.field(
        description="What the platform kept, less what it bore, one sum for each currency."
    )
    royalties_received: list[Money] = strawberry.field(
        description="What came in as royalties, one sum for each currency."
    )
    dj_satisfaction: Satisfaction = strawberry.field(description="What DJs say about the missions that they did.")


@strawberry.type
class MetricReads:
    """Reads of figures."""

    @strawberry.field(
        description="How the platform did from one day to another, both included. Null for all but operators."
    )
    async def platform_metrics(
        self,
        info: Info,
        from_: Annotated[date, strawberry.argument(name="from", description="The first day, in UTC.")],
        to: Annotated[date, strawberry.argument(description="The last day, in UTC; a year after the first at most.")],
    ) -> PlatformMetrics | None:
        """Add them up."""
        found = await read_metrics(info.context.database, info.context.actor, from_, to)
        if found is None:
            return None
        missions, others = found
        return PlatformMetrics(
            connection_success_rate=others.connections_working,
            verification_accuracy=others.verification_accuracy,
            mission_completion_rate=missions.completion_rate,
            median_payment_seconds=missions.payment_seconds,
            live_broadcasts=others.live_rooms,
            live_listeners=others.live_listeners,
            payout_volume=shown(others.paid_out),
            platform_fees=shown(others.fees),
            royalties_received=shown(others.royalties),
            dj_satisfaction=Satisfaction(average=others.rating, rating_count=others.ratings),
        )
