"""Keeps the demo moving: rooms stay open, tracks change, people come, go and chat."""

from __future__ import annotations

import asyncio
import itertools
import logging
import random
from collections.abc import Awaitable, Callable
from typing import Final
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from db.queries import broadcasts
from db.session import Database
from demo.cast import ROOMS, SAID, Show
from demo.missions import offer_missions
from demo.player import connect_spotify
from domain.actors import Actor
from domain.errors import Conflict, DomainError
from domain.ports import Services
from resolvers import chat
from resolvers.broadcasts import heartbeat, listen, start, tracks
from seed import actors_of

log = logging.getLogger(__name__)

TRACK_SECONDS: Final = 24.0
"""How long a track lasts in the demo: nobody who looks around waits four minutes."""

TALK_SECONDS: Final = (2.0, 6.0)
STEP_SECONDS: Final = (8.0, 20.0)
Step = Callable[[], Awaitable[None]]


async def drive(database: Database, services: Services) -> None:
    """Keep the cast moving for as long as the process lives."""
    actors = await actors_of(database)
    for name, show in ROOMS.items():
        if show.from_spotify:
            await connect_spotify(database, services, name)
    await offer_missions(database, services, actors)
    rooms = {name: await _open(database, actors[name], show) for name, show in ROOMS.items()}
    guests = [actor for name, actor in actors.items() if name not in ROOMS]
    loops: list[Awaitable[None]] = []
    for offset, (name, show) in enumerate(ROOMS.items()):
        if not show.from_spotify:
            loops.append(_play(database, actors[name], rooms[name], show, delay=offset * TRACK_SECONDS / len(ROOMS)))
        loops.append(_repeat(60.0, _beat(database, actors[name], rooms[name])))
    log.info("%d rooms are on air.", len(rooms))
    every_room = list(rooms.values())
    loops += [_wander(database, guest, every_room) for guest in guests]
    loops.append(_talk(database, services, [*guests, *(actors[name] for name in ROOMS)], every_room))
    await asyncio.gather(*loops)


async def _open(database: Database, curator: Actor, show: Show) -> UUID:
    """Open a curator's room, or go on in the one that is open from before."""
    try:
        async with database.transaction() as tx:
            return await start.start(
                tx, curator, title=show.title, description=show.description, genre_tags=list(show.genres)
            )
    except Conflict:
        async with database.session() as session:
            (room,) = await broadcasts.live_rooms_of(session, curator.user_id)
        return room


async def _play(database: Database, curator: Actor, room: UUID, show: Show, *, delay: float) -> None:
    playlist = itertools.cycle(show.tracks)

    async def change() -> None:
        async with database.transaction() as tx:
            await tracks.set_now_playing(tx, curator, room, track=next(playlist))

    await asyncio.sleep(delay)
    await _repeat(TRACK_SECONDS, change)


def _beat(database: Database, curator: Actor, room: UUID) -> Step:
    async def beat() -> None:
        async with database.transaction() as tx:
            await heartbeat.beat(tx, curator, room)

    return beat


async def _wander(database: Database, guest: Actor, rooms: list[UUID]) -> None:
    """Sit in one room for a while, then in another."""
    here = random.choice(rooms)

    async def move() -> None:
        nonlocal here
        there = random.choice(rooms)
        async with database.transaction() as tx:
            if there != here and random.random() < 0.3:
                await listen.leave(tx, guest, here)
                here = there
        async with database.transaction() as tx:
            await listen.join(tx, guest, here)

    while True:
        await _try(move)
        await asyncio.sleep(random.uniform(*STEP_SECONDS))


async def _talk(database: Database, services: Services, people: list[Actor], rooms: list[UUID]) -> None:
    async def say() -> None:
        await chat.send(
            database,
            services.limiter,
            random.choice(people),
            broadcast_id=random.choice(rooms),
            text=random.choice(SAID),
            client_key=None,
        )

    while True:
        await _try(say)
        await asyncio.sleep(random.uniform(*TALK_SECONDS))


async def _repeat(seconds: float, step: Step) -> None:
    while True:
        await _try(step)
        await asyncio.sleep(seconds)


async def _try(step: Step) -> None:
    """Do a step; what visitors did meanwhile (closed a room, muted somebody) or a database that restarts is no reason to stop."""
    try:
        await step()
    except DomainError as refusal:
        log.debug("The demo was refused something: %s", refusal.message)
    except (SQLAlchemyError, OSError) as error:
        log.warning("The demo has to wait: %s", type(error).__name__)
