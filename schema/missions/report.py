"""A curator's missions over some days."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import strawberry

from db import tables
from db.access import missions as access
from db.expressions import missions as expressions
from domain.wallet import Period, check_period
from engine.declare import PageInfo, column, embedded, entity, one
from engine.executor import refs
from resolvers.missions import report as deeds
from schema.broadcasts.types import Track
from schema.context import Context, Info
from schema.missions.types import Mission
from schema.money import Money
from schema.wallet import shown


@entity(tables.MissionPlay, id=None, visible=access.paid_play)
class MissionPlay:
    """A track that was played for a mission and paid."""

    verified_at: datetime = column("When that was found out.")
    played_at: datetime | None = column("When it began; null where people decided without a history.")
    venue_name: str | None = column("Where it was to be played.")
    confidence: float | None = column("How much speaks for it, of 100; null where people decided without a history.")
    track: Track = embedded(
        "What was played, as the DJ's software has it; where people decided, what was asked for.",
        title=tables.MissionPlay.title,
        artist=tables.MissionPlay.artist,
        album=tables.MissionPlay.album,
        isrc=tables.MissionPlay.isrc,
        duration_seconds=tables.MissionPlay.duration_seconds,
        bpm=tables.MissionPlay.bpm,
        musical_key=tables.MissionPlay.musical_key,
        artwork_url=expressions.nothing,
    )
    mission: Mission | None = one("For which mission.", tables.MissionPlay.mission_id)


@strawberry.type(description="One page of a list.")
class MissionPlayConnection:
    """Some of the plays of a report."""

    nodes: list[MissionPlay] = strawberry.field(description="The items of this page.")
    page_info: PageInfo = strawberry.field(description="Where this page lies in the list.")
    owner_id: strawberry.Private[UUID]
    period: strawberry.Private[Period]

    @strawberry.field(description="How many items the list has in all; counted only when asked for.")
    async def total_count(self, info: Info) -> int:
        """Count them."""
        return await deeds.count_plays(info.context.database, self.owner_id, self.period)


@strawberry.type(description="Your missions over some days, as their curator.")
class MissionReport:
    """The answer to `missionReport`."""

    created_count: int = strawberry.field(description="How many you wrote.")
    completed_count: int = strawberry.field(description="How many were done.")
    failed_count: int = strawberry.field(description="How many could not be verified, and were not done after all.")
    completion_rate: float | None = strawberry.field(
        description="Of those that came to an end, the part that was done, from 0 to 1; null when none did."
    )
    average_confidence: float | None = strawberry.field(
        description="How much speaks for those that a history proved, of 100 on average; null when there are none."
    )
    median_payment_seconds: float | None = strawberry.field(
        description="The time from the play to the payment in the middle of all, in seconds; null when nothing was paid."
    )
    spent: list[Money] = strawberry.field(description="What you paid, one sum for each currency.")
    owner_id: strawberry.Private[UUID]
    period: strawberry.Private[Period]

    @strawberry.field(description="What was played and paid in these days, the latest first.")
    async def plays(
        self,
        info: Info,
        first: Annotated[
            int | None, strawberry.argument(description="At most so many, 100 at most; 20 unless told.")
        ] = None,
        after: Annotated[str | None, strawberry.argument(description="Only what follows this cursor.")] = None,
        last: Annotated[int | None, strawberry.argument(description="At most so many from the end.")] = None,
        before: Annotated[str | None, strawberry.argument(description="Only what comes before this cursor.")] = None,
    ) -> MissionPlayConnection:
        """Show some."""
        asked = deeds.Asked(first, after, last, before)
        page = await deeds.list_plays(info.context.database, self.owner_id, self.period, asked)
        place = PageInfo(
            has_next_page=page.following,
            has_previous_page=page.preceding,
            start_cursor=page.cursors[0] if page.cursors else None,
            end_cursor=page.cursors[-1] if page.cursors else None,
        )
        nodes = refs(MissionPlay, page.ids)
        return MissionPlayConnection(nodes=nodes, page_info=place, owner_id=self.owner_id, period=self.period)


async def report_of(context: Context, user_id: UUID, first: date, last: date) -> MissionReport:
    """The field of the same name on `Viewer`."""
    period = check_period(first, last)
    found = await deeds.report(context.database, user_id, period)
    return MissionReport(
        created_count=found.created,
        completed_count=found.completed,
        failed_count=found.failed,
        completion_rate=found.completion_rate,
        average_confidence=found.confidence,
        median_payment_seconds=found.payment_seconds,
        spent=shown(found.spent),
        owner_id=user_id,
        period=period,
    )
