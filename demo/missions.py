"""Missions of the demo: some to take, one that is taken, a draft and one that was called off."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from db.queries import demo
from db.session import Database
from domain.actors import Actor
from domain.errors import DomainError
from domain.ids import new_id
from domain.missions import FundFrom, Place, VerificationMethod
from domain.money import Money, parse_money
from domain.ports import Services
from domain.tracks import TrackFacts
from resolvers.ledger.adjust import adjust
from resolvers.missions import accept, cancel
from resolvers.missions.create import Asked, create

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Offer:
    """A mission of the cast.

    Attributes:
        curator: Who asks.
        title: What it is called.
        track: What is to be played.
        begins: How long after it is written its window begins.
        lasts: How long its window is.
        amount: What it pays, in dollars.
        method: Who decides.
        venue: Where; None for anywhere.
        source: Where its money comes from.
        runner: Who accepts it at once.
        called_off: Whether its curator calls it off at once.
    """

    curator: str
    title: str
    track: TrackFacts
    begins: timedelta
    lasts: timedelta
    amount: str
    method: VerificationMethod = VerificationMethod.AUTOMATED
    venue: Place | None = None
    source: FundFrom = FundFrom.BALANCE
    runner: str | None = None
    called_off: bool = False


DAY: Final = timedelta(days=1)
OFFERS: Final = (
    Offer(
        "mina",
        "Play my new one tonight",
        TrackFacts("Harmattan Bounce", "Mina Okafor"),
        timedelta(minutes=1),
        timedelta(hours=6),
        "40.00",
    ),
    Offer(
        "theo",
        "Opening set in Accra",
        TrackFacts("Basement Light", "Théo Lambert", bpm=121),
        7 * DAY,
        timedelta(hours=8),
        "75.00",
        VerificationMethod.MANUAL_WITH_PROOF,
        Place("Harbour Hall", "Accra", 5.55, -0.2),
    ),
    Offer(
        "mina",
        "Peak time, any city",
        TrackFacts("Lagoon Drive", "Mina Okafor & Noor"),
        2 * DAY,
        timedelta(hours=10),
        "60.00",
        runner="kofi",
    ),
    Offer(
        "theo",
        "Warm-up, still to be paid",
        TrackFacts("Half Past Four", "Théo Lambert"),
        3 * DAY,
        timedelta(hours=5),
        "25.00",
        source=FundFrom.CARD,
    ),
    Offer(
        "theo",
        "Rooftop, rained off",
        TrackFacts("Drizzle", "Théo Lambert"),
        4 * DAY,
        timedelta(hours=5),
        "30.00",
        called_off=True,
    ),
)


async def offer_missions(database: Database, services: Services, actors: Mapping[str, Actor]) -> None:
    """Write the cast's missions, each unless one of its name is there whose window is not over."""
    for offer in OFFERS:
        curator = actors[offer.curator]
        async with database.session() as session:
            there = await demo.has_mission(session, curator.user_id, offer.title)
        if there:
            continue
        try:
            await _write(database, services, actors, offer)
        except DomainError as refusal:
            log.warning("The mission %r of the demo was refused: %s", offer.title, refusal)


async def _write(database: Database, services: Services, actors: Mapping[str, Actor], offer: Offer) -> None:
    curator, budget = actors[offer.curator], parse_money(offer.amount, "USD")
    if offer.source is FundFrom.BALANCE:
        await _give(database, actors["olga"], curator, budget)
    mission_id = await create(database, services, curator, _asked(offer))
    if offer.runner is not None:
        async with database.transaction() as tx:
            await accept.accept(tx, services, actors[offer.runner], mission_id, None)
    if offer.called_off:
        await cancel.cancel(database, services, curator, mission_id)


def _asked(offer: Offer) -> Asked:
    starts_at = datetime.now(UTC) + offer.begins
    return Asked(
        title=offer.title,
        description=None,
        track=offer.track,
        starts_at=starts_at,
        ends_at=starts_at + offer.lasts,
        venue=offer.venue,
        amount=offer.amount,
        currency="USD",
        method=offer.method,
        auto_verify=True,
        requires_gig=False,
        fund_from=offer.source,
        return_to=None,
        key=f"demo-{new_id()}",
    )


async def _give(database: Database, operator: Actor, person: Actor, amount: Money) -> None:
    """Let somebody have what they are about to spend; the platform pays for its own demo."""
    async with database.transaction() as tx:
        await adjust(tx, operator, person.user_id, amount, reason="For a mission of the demo")
