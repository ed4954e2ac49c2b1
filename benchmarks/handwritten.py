"""The limit: the same answers from endpoints written by hand for these screens alone. asyncpg rows, dicts, orjson.

A token's signature is checked once, photos' addresses are signed once in half an hour, connections go back to the pool
without a reset, and the collector is tuned as Backline tunes it: whatever makes it slower without changing an answer is
left out.
"""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import asyncpg
import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks import data
from benchmarks.tokens import Reader
from engine import tuning
from engine.cursors import encode, tag_of
from integrations.local_files import LocalFiles

LIST: Final = tag_of("Query.liveBroadcasts NEWEST")
HALF_HOUR: Final = 1800

CARD: Final = """
    'broadcast_' || b.id, b.title, b.status, b.genre_tags, b.started_at, b.ended_at, b.listener_count,
    'user_' || u.id, u.username, u.display_name, u.photo_key, u.verified,
    t.started_at, t.source, t.title, t.artist, t.album, t.isrc, t.duration_seconds, t.bpm, t.musical_key, t.artwork_url,
    b.id::text
"""
ROOMS: Final = f"""
    SELECT {CARD} FROM broadcasts b JOIN users u ON u.id = b.curator_id
    LEFT JOIN broadcast_tracks t ON t.broadcast_id = b.id AND t.ended_at IS NULL
    WHERE b.status = 'LIVE' ORDER BY b.started_at DESC, b.id DESC LIMIT $1
"""
CHAT: Final = """
    SELECT k.n, 'message_' || m.id, m.text, m.sent_at,
        'user_' || u.id, u.username, u.display_name, u.photo_key, u.verified
    FROM unnest($1::uuid[]) WITH ORDINALITY k(id, n)
    CROSS JOIN LATERAL (
        SELECT * FROM messages WHERE broadcast_id = k.id AND deleted_at IS NULL
            AND author_id <> ALL (ARRAY (SELECT blocked_id FROM blocks WHERE blocker_id = $3))
        ORDER BY sequence DESC, id DESC LIMIT $2
    ) m JOIN users u ON u.id = m.author_id
    ORDER BY k.n, m.sequence, m.id
"""
PROFILE: Final = """
    SELECT 'user_' || u.id, u.username, u.display_name, u.photo_key, u.verified, u.bio, u.roles, u.genre_tags,
        u.instagram_handle, u.follower_count, u.following_count, 'broadcast_' || b.id, b.title,
        t.title, t.artist, t.album, t.isrc, t.duration_seconds, t.bpm, t.musical_key, t.artwork_url, t.started_at,
        EXISTS (SELECT FROM follows WHERE follower_id = $2 AND followee_id = u.id),
        EXISTS (SELECT FROM blocks WHERE blocker_id = $2 AND blocked_id = u.id)
    FROM users u LEFT JOIN broadcasts b ON b.curator_id = u.id AND b.status = 'LIVE'
    LEFT JOIN broadcast_tracks t ON t.broadcast_id = b.id AND t.ended_at IS NULL
    WHERE u.username = $1
"""
COUNT: Final = "SELECT count(*) FROM broadcasts WHERE status = 'LIVE'"


class Photos(dict[str | None, str | None]):
    """Signed addresses of photos by key; all are forgotten when the half hour is over in which they stay the same."""

    def __init__(self, files: LocalFiles) -> None:
        super().__init__()
        self._files = files
        self._until = 0.0

    def now(self) -> Photos:
        """The addresses as they are to be given out now."""
        if time.time() >= self._until:
            self.clear()
            self._until = (time.time() // HALF_HOUR + 1) * HALF_HOUR
        return self

    def __missing__(self, key: str | None) -> str | None:
        address = self[key] = self._files.sign_download(key) if key is not None else None
        return address


def card(row: Any, photos: Photos) -> dict[str, Any]:
    """A room as every list shows it."""
    id_, title, status, genres, started, ended, listeners, user, username, name, photo, verified = row[:12]
    since, source, track, artist, album, isrc, seconds, bpm, musical_key, artwork, _ = row[12:]
    return {
        "id": id_,
        "title": title,
        "status": status,
        "genreTags": genres,
        "startedAt": started,
        "endedAt": ended,
        "listenerCount": listeners,
        "curator": person(user, username, name, photos[photo], verified),
        "nowPlaying": None
        if since is None
        else {
            "startedAt": since,
            "source": source,
            "track": piece(track, artist, album, isrc, seconds, bpm, musical_key, artwork),
        },
    }


def person(id_: str, username: str, name: str, photo: str | None, verified: bool) -> dict[str, Any]:
    """Somebody as every list shows them."""
    return {"id": id_, "username": username, "displayName": name, "profilePhotoUrl": photo, "verified": verified}


def piece(
    title: str,
    artist: str,
    album: str | None,
    isrc: str | None,
    seconds: float | None,
    bpm: float | None,
    musical_key: str | None,
    artwork: str | None,
) -> dict[str, Any]:
    """A track."""
    return {
        "title": title,
        "artist": artist,
        "album": album,
        "isrc": isrc,
        "durationSeconds": seconds,
        "bpm": bpm,
        "musicalKey": musical_key,
        "artworkUrl": artwork,
    }


def answer(content: dict[str, Any]) -> Response:
    """Write an answer as GraphQL would."""
    return Response(orjson.dumps({"data": content}), media_type="application/json")


class Endpoints:
    """One endpoint for each operation."""

    def __init__(self, pool: asyncpg.Pool, photos: Photos, reader: Reader) -> None:
        self._pool = pool
        self._photos = photos
        self._viewer = reader.viewer

    async def live_rooms_with_chat(self, request: Request) -> Response:
        viewer, photos = self._viewer(request.headers.get("authorization")), self._photos.now()
        first, last = int(request.query_params["first"]), int(request.query_params["messages"])
        async with self._pool.acquire() as connection:
            rows = await connection.fetch(ROOMS, first)
            said = await connection.fetch(CHAT, [row[-1] for row in rows], last, viewer)
        chats: list[list[dict[str, Any]]] = [[] for _ in rows]
        for n, id_, text, sent, user, username, name, photo, verified in said:
            author = {
                "id": user,
                "username": username,
                "displayName": name,
                "profilePhotoUrl": photos[photo],
                "verified": verified,
            }
            chats[n - 1].append({"id": id_, "text": text, "sentAt": sent, "author": author})
        nodes = []
        for row, chat in zip(rows, chats, strict=True):
            node = card(row, photos)
            node["messages"] = {"nodes": chat}
            nodes.append(node)
        return answer({"liveBroadcasts": {"nodes": nodes}})

    async def live_broadcasts(self, request: Request) -> Response:
        photos = self._photos.now()
        self._viewer(request.headers.get("authorization"))
        first = int(request.query_params["first"])
        async with self._pool.acquire() as connection:
            rows = await connection.fetch(ROOMS, first + 1)
            total = await connection.fetchval(COUNT)
        edges = [{"cursor": encode(LIST, row[4], row[-1]), "node": card(row, photos)} for row in rows[:first]]
        place = {
            "hasNextPage": len(rows) > first,
            "hasPreviousPage": False,
            "startCursor": edges[0]["cursor"] if edges else None,
            "endCursor": edges[-1]["cursor"] if edges else None,
        }
        return answer({"liveBroadcasts": {"totalCount": total, "edges": edges, "pageInfo": place}})

    async def user_profile(self, request: Request) -> Response:
        viewer, photos = self._viewer(request.headers.get("authorization")), self._photos.now()
        async with self._pool.acquire() as connection:
            row = await connection.fetchrow(PROFILE, request.query_params["username"], viewer)
        if row is None:
            return answer({"user": None})
        id_, username, name, photo, verified, bio, roles, genres, handle, followers, following = row[:11]
        (
            room,
            room_title,
            title,
            artist,
            album,
            isrc,
            seconds,
            bpm,
            musical_key,
            artwork,
            since,
            following_them,
            blocking_them,
        ) = row[11:]
        track = piece(title, artist, album, isrc, seconds, bpm, musical_key, artwork)
        playing = None if since is None else {"track": track, "startedAt": since}
        user = {
            **person(id_, username, name, photos[photo], verified),
            "bio": bio,
            "roles": roles,
            "genreTags": genres,
            "instagramHandle": handle,
            "followerCount": followers,
            "followingCount": following,
            "viewerIsFollowing": following_them,
            "viewerIsBlocking": blocking_them,
            "currentBroadcast": None if room is None else {"id": room, "title": room_title, "nowPlaying": playing},
        }
        return answer({"user": user})


async def keep(_connection: asyncpg.Connection) -> None:
    """Give a connection back as it is: nothing here changes its state."""


def create() -> Starlette:
    """Make the app; what uvicorn calls."""
    size = int(os.environ["POOL_SIZE"])
    url = data.plain(os.environ["DATABASE_URL"])
    files = LocalFiles(Path("files"), key=b"hand-written", public_url=os.environ["PUBLIC_URL"])
    routes: list[Route] = []

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        settings = {"jit": "off", "timezone": "UTC"}
        async with asyncpg.create_pool(url, min_size=size, max_size=size, server_settings=settings, reset=keep) as pool:
            endpoints = Endpoints(pool, Photos(files), Reader(os.environ))
            routes.append(Route("/LiveRoomsWithChat", endpoints.live_rooms_with_chat))
            routes.append(Route("/LiveBroadcasts", endpoints.live_broadcasts))
            routes.append(Route("/UserProfile", endpoints.user_profile))
            app.router.routes.extend(routes)
            tuning.settle()
            yield

    app = Starlette(lifespan=lifespan)
    return app
