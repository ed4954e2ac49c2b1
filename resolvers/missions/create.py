"""Writing a mission: its money is held at once, or it waits for it at a checkout."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from db.queries import accounts, missions
from db.session import Database, Tx
from domain.accounts import Place as Whereabouts
from domain.accounts import Role, clean_place
from domain.actors import Actor
from domain.checkouts import CheckoutSubject
from domain.errors import InvalidInput
from domain.ids import new_id
from domain.ledger import Occasion
from domain.limits import MISSIONS_BY_PERSON
from domain.missions import (
    MAX_DESCRIPTION,
    MAX_TITLE,
    MAX_VENUE,
    FundFrom,
    MissionStatus,
    Place,
    VerificationMethod,
    check_budget,
    check_window,
)
from domain.money import Money, parse_money
from domain.ports import Services
from domain.texts import clean_text
from domain.tracks import TrackFacts, clean_track
from resolvers.checkouts.open import begin, open_soon
from resolvers.connections.round_trips import clean_return
from resolvers.idempotency import once
from resolvers.ledger.holds import hold
from resolvers.limits import spend
from resolvers.missions import news
from resolvers.missions.schedule import close_at


@dataclass(frozen=True)
class Asked:
    """A mission, as it was typed.

    Attributes:
        title: What to call it.
        description: More about it.
        track: What is to be played.
        starts_at: When its window begins.
        ends_at: When its window ends.
        venue: Where; None for anywhere.
        amount: What it pays, the fee included.
        currency: In what.
        method: How it is found out whether the track was played.
        auto_verify: Whether what passes is paid at once.
        requires_gig: Whether the track has to be part of a set.
        fund_from: Where the money comes from.
        return_to: Where the browser goes after paying.
        key: What the client made up.
    """

    title: str
    description: str | None
    track: TrackFacts
    starts_at: datetime
    ends_at: datetime
    venue: Place | None
    amount: str
    currency: str
    method: VerificationMethod
    auto_verify: bool
    requires_gig: bool
    fund_from: FundFrom
    return_to: str | None
    key: str


@dataclass(frozen=True)
class Wish:
    """A mission, read and found right: its columns, what it pays and from where, and where the browser goes after paying."""

    facts: dict[str, Any]
    budget: Money
    fund_from: FundFrom
    back: str


async def create(database: Database, services: Services, actor: Actor, asked: Asked) -> UUID:
    """Write a mission. The same key gives the same mission, however often it is sent.

    Whoever writes one is a curator from then on. The platform's fee stays what it is now.

    Returns:
        The mission's id. By card it is a draft; when the processor is silent its checkout has no page yet, and gets one in
        a while.

    Raises:
        Forbidden: A program asked.
        NotConfigured: It is to be paid by card, and this installation takes none.
        InvalidInput: Something cannot be, and is named.
        Conflict: The balance is too small, or the processor refuses the payment.
        IdempotencyMismatch: The key came with other input before.
        RateLimited: Too many missions.
    """
    actor.require_person()
    if asked.fund_from is FundFrom.CARD:
        services.payments.require()
    await spend(services.limiter, f"missions:{actor.user_id}", MISSIONS_BY_PERSON, "Too many missions. Wait a little.")
    async with database.transaction() as tx:
        mission_id = new_id()
        earlier = await once(tx, actor, "createMission", asked.key, _said(asked), answer_id=mission_id)
        if earlier is None:
            # Read only now: what was right when it was sent first may lie in the past when it is sent again.
            await _write(tx, actor, mission_id, _read(services, asked), services.fee_basis_points)
        else:
            mission_id = earlier
        mission = await missions.find(tx.session, mission_id)
    if mission is not None and mission.checkout_id is not None:
        await open_soon(database, services, mission.checkout_id)
    return mission_id


def _said(asked: Asked) -> dict[str, Any]:
    said = vars(replace(asked, key="")) | {"track": vars(asked.track), "venue": asked.venue and vars(asked.venue)}
    return {name: value.astimezone(UTC) if isinstance(value, datetime) else value for name, value in said.items()}


def _read(services: Services, asked: Asked) -> Wish:
    for name, moment in (("startsAt", asked.starts_at), ("endsAt", asked.ends_at)):
        if moment.tzinfo is None:
            raise InvalidInput("Give a moment with its offset, such as 2030-05-01T22:00:00Z.", "window", name)
    check_window(asked.starts_at, asked.ends_at, datetime.now(UTC), "window")
    budget = check_budget(parse_money(asked.amount, asked.currency, "budget"), "budget")
    described = bool(asked.description and asked.description.strip())
    facts = {
        "title": clean_text(asked.title, "title", most=MAX_TITLE),
        "description": clean_text(asked.description or "", "description", most=MAX_DESCRIPTION, lines=True)
        if described
        else None,
        "window_starts_at": asked.starts_at,
        "window_ends_at": asked.ends_at,
        "verification_method": asked.method,
        "auto_verify": asked.auto_verify,
        "requires_gig": asked.requires_gig,
        **_track(asked.track),
        **_venue(asked.venue),
    }
    return Wish(facts, budget, asked.fund_from, clean_return(services, asked.return_to))


def _track(track: TrackFacts) -> dict[str, Any]:
    """The columns of a track."""
    clean = clean_track(track, "trackRequirement")
    names = ("title", "artist", "album", "isrc", "duration_seconds", "bpm", "musical_key")
    return {f"track_{name}": getattr(clean, name) for name in names}


def _venue(venue: Place | None) -> dict[str, Any]:
    """The columns of a place."""
    if venue is None:
        return {}
    place = clean_place(Whereabouts(venue.city, None, venue.latitude, venue.longitude), "venue")
    return {
        "venue_name": clean_text(venue.name, "venue", "name", most=MAX_VENUE),
        "venue_city": place.city,
        "venue_latitude": place.latitude,
        "venue_longitude": place.longitude,
    }


async def _write(tx: Tx, actor: Actor, mission_id: UUID, wish: Wish, fee_basis_points: int) -> None:
    await accounts.add_role(tx.session, actor.user_id, Role.CURATOR)
    by_card = wish.fund_from is FundFrom.CARD
    money = await (_wait(tx, actor, mission_id, wish) if by_card else _hold(tx, actor, mission_id, wish))
    after = MissionStatus.DRAFT if by_card else MissionStatus.OPEN
    await missions.add(
        tx.session,
        mission_id,
        curator_id=actor.user_id,
        status=after,
        currency=wish.budget.currency,
        amount_minor=wish.budget.minor,
        fee_basis_points=fee_basis_points,
        **wish.facts,
        **money,
    )
    await close_at(tx, mission_id, wish.facts["window_ends_at"])
    await news.note(tx, mission_id, before=None, after=after, by=actor.user_id, reason="CREATED")


async def _wait(tx: Tx, actor: Actor, mission_id: UUID, wish: Wish) -> dict[str, Any]:
    description = f"Mission: {wish.facts['title']}"
    about = (CheckoutSubject.MISSION, mission_id)
    checkout_id = await begin(tx, actor.user_id, about, wish.budget, description=description, return_to=wish.back)
    return {"checkout_id": checkout_id}


async def _hold(tx: Tx, actor: Actor, mission_id: UUID, wish: Wish) -> dict[str, Any]:
    hold_id = new_id()
    occasion = Occasion(f"Mission: {wish.facts['title']}", subject=(news.SUBJECT, mission_id), by=actor.user_id)
    await hold(tx, hold_id, wish.budget, occasion=occasion, payer_id=actor.user_id)
    return {"hold_id": hold_id, "funded_at": datetime.now(UTC)}
