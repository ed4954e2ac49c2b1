"""The data that is measured: people, rooms on air and ended ones, what they play and what is said in them."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg
import uvloop
from sqlalchemy import make_url

from db import migrate

PEOPLE: Final = 1000
LIVE: Final = 200
ENDED: Final = 200
MESSAGES: Final = 20
TRACKS: Final = 3
VIEWER: Final = 500
"""Who asks: a listener who follows some people, and has blocked some who would be heard otherwise."""

START: Final = datetime(2026, 11, 20, 18, 0, 0, 250_000, UTC)
GENRES: Final = ("house", "dub techno", "amapiano", "jazz", "drum & bass", "ambient", "afrobeats", "électro")
FIRST_NAMES: Final = ("Mina", "Kofi", "Łukasz", "Amara", "Jürgen", "Noor", "Tomás", "Ines", "陽子", "Sasha", "Wren")
LAST_NAMES: Final = ("Sounds", "Okafor", "Weiß", "& Friends", "Deep", "Vinyl", "Costa", "al-Amin", "Ray")
SAID: Final = (
    "that blend was unreal",
    "what is this track? 🔥",
    "greetings from Accra!",
    'she said "one more" an hour ago',
    "the low end on this one… my neighbours know it by heart now, and they have asked for the name of it twice",
    "first time here, following",
    "louder",
    "could you play something from the new record? the second side, if you have it with you tonight",
    "👏👏👏",
    "this takes me back to the basement parties",
)
USER, BROADCAST, TRACK, MESSAGE, SESSION = range(5)

Record = dict[str, Any]


def key(kind: int, number: int) -> UUID:
    """Make the id of the n-th row of a table: a UUIDv7 in form, the same on every run."""
    return UUID(f"01930000-0000-7{kind:03x}-8000-{number:012x}")


def on_air(number: int) -> datetime:
    """When the n-th room went on air."""
    return START + timedelta(seconds=number // 2 * 31)


def username(number: int) -> str:
    """The name of the n-th person; the first `LIVE` people have a room on air."""
    return f"person_{number:04d}"


def users() -> Iterator[Record]:
    """People; every second one has a photo, every third one a handle."""
    for n in range(PEOPLE):
        name = f"{FIRST_NAMES[n % len(FIRST_NAMES)]} {LAST_NAMES[n % len(LAST_NAMES)]}"
        yield {
            "id": key(USER, n),
            "username": username(n),
            "display_name": name,
            "bio": f"{name} plays records and collects field recordings. Since {1990 + n % 30}.",
            "roles": ["LISTENER", "CURATOR"] if n < LIVE else ["LISTENER"],
            "genre_tags": [GENRES[n % len(GENRES)], GENRES[(n * 3 + 1) % len(GENRES)]],
            "instagram_handle": f"ig.{n}" if n % 3 == 0 else None,
            "photo_key": f"photos/{key(USER, n)}.webp" if n % 2 else None,
            "verified": n % 17 == 0,
            "follower_count": n * 7 % 5000,
            "following_count": n % 300,
        }


def broadcasts() -> Iterator[Record]:
    """Rooms: pairs went on air in the same instant, so that only their ids put them in order."""
    for n in range(LIVE + ENDED):
        live = n < LIVE
        heard = n * 13 % 180
        yield {
            "id": key(BROADCAST, n),
            "curator_id": key(USER, n % LIVE),
            "title": f"Late session № {n}",
            "description": "Two decks and a thermos.",
            "status": "LIVE" if live else "ENDED",
            "genre_tags": [GENRES[n % len(GENRES)], "live"],
            "started_at": on_air(n),
            "ended_at": None if live else on_air(n) + timedelta(minutes=50 + n % 40),
            "end_reason": None if live else "STOPPED",
            "last_heartbeat_at": on_air(n),
            "ends_without_heartbeat_at": on_air(n) + timedelta(days=3650),
            "chat_interval_seconds": 3,
            "listener_count": heard,
            "peak_listener_count": heard + 5,
            "total_listener_count": heard * 4,
        }


def tracks() -> Iterator[Record]:
    """What rooms play: the last track of a room on air goes on, but every tenth room pauses between two."""
    for number in range((LIVE + ENDED) * TRACKS):
        n, place = divmod(number, TRACKS)
        started = on_air(n) + timedelta(seconds=place * 240)
        goes_on = n < LIVE and place == TRACKS - 1 and n % 10 != 9
        known = number % 4 != 0
        yield {
            "id": key(TRACK, number),
            "broadcast_id": key(BROADCAST, n),
            "started_at": started,
            "ended_at": None if goes_on else started + timedelta(seconds=239.5),
            "source": "SPOTIFY" if known else "MANUAL",
            "observed_at": started,
            "title": f"Side {'AB'[number % 2]}, Take {number}",
            "artist": LAST_NAMES[number % len(LAST_NAMES)],
            "album": f"Records of {number % 40}" if known else None,
            "isrc": f"GBAYE{number:07d}" if known else None,
            "duration_seconds": 180.5 + number % 90 if known else None,
            "bpm": 118.0 + number % 20 if known else None,
            "musical_key": "F#m" if known else None,
            "artwork_url": f"https://images.example/{number}.jpg" if known else None,
        }


def messages() -> Iterator[Record]:
    """The chat of all rooms; every seventh message was deleted and must not be seen."""
    for number in range((LIVE + ENDED) * MESSAGES):
        n, place = divmod(number, MESSAGES)
        sent = START + timedelta(seconds=n * 15 + place * 4, microseconds=number * 37 % 1_000_000)
        yield {
            "id": key(MESSAGE, number),
            "broadcast_id": key(BROADCAST, n),
            "sequence": place + 1,
            "author_id": key(USER, (n * 31 + place * 7) % PEOPLE),
            "text": SAID[number % len(SAID)],
            "sent_at": sent,
            "deleted_at": sent if number % 7 == 3 else None,
        }


def sessions() -> Iterator[Record]:
    """Where the viewer is signed in."""
    yield {"id": key(SESSION, VIEWER), "user_id": key(USER, VIEWER), "device": "a benchmark"}


def follows() -> Iterator[Record]:
    """Whom the viewer follows."""
    for n in range(0, PEOPLE, 7):
        yield {"follower_id": key(USER, VIEWER), "followee_id": key(USER, n)}


def blocks() -> Iterator[Record]:
    """Whom the viewer has blocked: what they said must not be seen."""
    for n in range(93, PEOPLE, 100):
        yield {"blocker_id": key(USER, VIEWER), "blocked_id": key(USER, n)}


def plain(url: str) -> str:
    """The address as asyncpg takes it."""
    return url.replace("+asyncpg", "", 1)


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    """Open one connection."""
    connection = await asyncpg.connect(plain(url))
    try:
        yield connection
    finally:
        await connection.close()


async def fill(url: str) -> None:
    """Write the data into a migrated, empty database."""
    async with connected(url) as connection:
        async with connection.transaction():
            for table, rows in (
                ("users", users()),
                ("broadcasts", broadcasts()),
                ("broadcast_tracks", tracks()),
                ("messages", messages()),
                ("sessions", sessions()),
                ("follows", follows()),
                ("blocks", blocks()),
            ):
                records = list(rows)
                values = [tuple(record.values()) for record in records]
                await connection.copy_records_to_table(table, records=values, columns=list(records[0]))
        await connection.execute("VACUUM (ANALYZE)")


async def run(url: str, statement: str) -> None:
    """Run one statement by itself."""
    async with connected(url) as connection:
        await connection.execute(statement)


def version(url: str) -> str:
    """Which PostgreSQL serves a database, such as 18.4."""

    async def ask() -> str:
        async with connected(url) as connection:
            return str(await connection.fetchval("SHOW server_version")).split()[0]

    return uvloop.run(ask())


@contextmanager
def database(server: str) -> Iterator[str]:
    """Make a database of our own with the data in it, and drop it afterwards.

    Args:
        server: The address of any database of the server, for SQLAlchemy with asyncpg.

    Yields:
        The address of the new database.
    """
    name = f"backline_bench_{secrets.token_hex(4)}"
    uvloop.run(run(server, f'CREATE DATABASE "{name}"'))
    try:
        url = make_url(server).set(database=name).render_as_string(hide_password=False)
        migrate.upgrade(url)
        uvloop.run(fill(url))
        yield url
    finally:
        uvloop.run(run(server, f'DROP DATABASE "{name}" WITH (FORCE)'))
