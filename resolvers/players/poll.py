"""One turn of asking a player what plays: whether to ask now, what it says, and what that changes in the room.

The question is asked with no transaction open. What came of it is written in one transaction with the next turn, which
the job's lease guards: a worker that lost it writes nothing, so that a player is never asked by two.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson

from db.queries import broadcasts, players
from db.queries.players import Followed
from db.session import Database, Tx
from domain.broadcasts import TrackSource
from domain.connections import AccessEnded, AccountProvider
from domain.errors import NotConfigured, NotFound, RateLimited, Unauthenticated, Unavailable
from domain.players import (
    PAUSE_SECONDS,
    REMEMBERED_SECONDS,
    SOONEST_SECONDS,
    LastSeen,
    Playing,
    Silence,
    backoff_seconds,
    last_seen,
    wait_after,
)
from domain.ports import Services
from resolvers.connections.access import end_access, open_access
from resolvers.players import observe
from resolvers.players.follow import Following
from resolvers.players.places import budget_of, take_place


@dataclass(frozen=True)
class Over:
    """There is nothing to ask any more: the room ended, or the account does not work or was connected anew."""


@dataclass(frozen=True)
class Paused:
    """The service wants to be left alone for so long."""

    seconds: float


@dataclass(frozen=True)
class Crowded:
    """All calls that the app may make are spent for so long."""

    seconds: float


@dataclass(frozen=True)
class Unanswered:
    """The service did not answer, or not in a way that helps."""


@dataclass(frozen=True)
class Heard:
    """What the player plays; `news` when it is not what one would expect after the last time."""

    seen: Playing | Silence
    last: LastSeen
    news: bool


Answer = Over | Paused | Crowded | Unanswered | Heard


async def ask(database: Database, services: Services, following: Following) -> Answer:
    """Ask a player what plays, unless it is to be left alone now."""
    async with database.session() as session:
        paused = await players.read_pause(session, following.broadcast_id, following.account_id, following.connections)
    if paused is None:
        return Over()
    if paused > 0:
        return Paused(paused)
    crowded = await _take_place(services, following)
    return Crowded(crowded) if crowded > 0 else await _question(database, services, following)


async def _question(database: Database, services: Services, following: Following) -> Answer:
    try:
        seen = await _look(database, services, following)
    except (AccessEnded, NotFound):
        return Over()
    except RateLimited as refusal:
        pause = refusal.retry_after_seconds or PAUSE_SECONDS
        # Before anything else, and in a transaction of its own: it holds for all rooms, whatever becomes of this turn.
        async with database.transaction() as tx:
            await players.pause(tx.session, AccountProvider.SPOTIFY, pause)
        return Paused(pause)
    except (Unavailable, Unauthenticated, NotConfigured):
        return Unanswered()
    last = await _recall(database, services, following)
    if last.tells_of(seen):
        return Heard(seen, last, news=False)
    # Until the news is written nobody may take what is at hand for the truth.
    await services.cache.put(_name(following), b"", seconds=REMEMBERED_SECONDS)
    return Heard(seen, last, news=True)


async def record(tx: Tx, services: Services, following: Following, answer: Answer) -> float | None:
    """Write what came of the question.

    Returns:
        Seconds until the next turn; None when there is none.
    """
    ours = (following.broadcast_id, following.account_id, following.connections)
    room = await broadcasts.lock_live(tx.session, following.broadcast_id)
    followed = await players.read_followed(tx.session, *ours)
    if followed is None:
        return None
    if room is None or isinstance(answer, Over):
        await players.unfollow(tx.session, *ours)
        if room is not None:
            await observe.stop(tx, room.id, TrackSource.SPOTIFY)
        return None
    await _write(tx, following, followed, answer)
    return _next_turn(services, followed, answer, heard=room.listener_count > 0)


def _next_turn(services: Services, followed: Followed, answer: Answer, *, heard: bool) -> float:
    """When to ask again: as soon as one wants to, and not before it is this room's turn among all."""
    budget, jitter = budget_of(services, AccountProvider.SPOTIFY), random.random()  # noqa: S311 -- it only spreads
    spread = jitter * budget.spread(followed.heard_rooms + followed.unheard_rooms)
    if isinstance(answer, Paused):
        return answer.seconds + spread
    if isinstance(answer, Crowded):
        # Soon, but the more there are the less often each tries: trying costs us something, too.
        return answer.seconds + (spread / 4 if heard else spread)
    share = budget.share(heard=heard, heard_rooms=followed.heard_rooms, unheard_rooms=followed.unheard_rooms)
    if not isinstance(answer, Heard):
        return max(backoff_seconds(followed.failures + 1, jitter), share)
    seen = answer.seen
    passed = (datetime.now(UTC) - seen.observed_at).total_seconds() if isinstance(seen, Playing) else 0.0
    return max(wait_after(seen, heard=heard) - max(passed, 0.0), share, SOONEST_SECONDS)


async def remember(services: Services, following: Following, answer: Answer) -> None:
    """After the commit: keep what was heard at hand for a minute, so that the same again costs little."""
    if not isinstance(answer, Heard):
        return
    # What was news is the new beginning; otherwise the old one stays, so that small differences do not add up.
    last = last_seen(answer.seen) if answer.news else answer.last
    observed_at = last.observed_at.timestamp() if last.observed_at else None
    whole = [last.key, last.playing, last.progress_seconds, observed_at]
    await services.cache.put(_name(following), orjson.dumps(whole), seconds=REMEMBERED_SECONDS)


async def _take_place(services: Services, following: Following) -> float:
    """Take one of the app's calls, and the player's own: it is not asked twice in a second, whoever asks.

    Returns:
        Seconds to wait; 0.0 when it may be asked now.
    """
    wait = await services.limiter.spend(f"player:{following.account_id}", every_seconds=SOONEST_SECONDS)
    return wait or await take_place(services, AccountProvider.SPOTIFY)


async def _look(database: Database, services: Services, following: Following) -> Playing | Silence:
    """Ask with access that holds; once more with a newer one when the service does not take it."""
    access = await open_access(database, services, following.account_id)
    try:
        try:
            return await services.spotify.now_playing(access.access_token)
        except Unauthenticated:
            access = await open_access(database, services, following.account_id, after=access.generation)
            return await services.spotify.now_playing(access.access_token)
    except AccessEnded:
        await end_access(database, access)
        raise


async def _recall(database: Database, services: Services, following: Following) -> LastSeen:
    """What the player did the last time, from what is at hand or from the database."""
    kept = await services.cache.get(_name(following))
    if kept:
        key, playing, progress, observed_at = orjson.loads(kept)
        return LastSeen(key, playing, progress, datetime.fromtimestamp(observed_at, UTC) if observed_at else None)
    async with database.session() as session:
        return await players.read_last_seen(session, following.broadcast_id)


async def _write(tx: Tx, following: Following, followed: Followed, answer: Answer) -> None:
    facts: dict[str, object] = {}
    if isinstance(answer, Unanswered):
        facts["failures"] = followed.failures + 1
    elif isinstance(answer, Heard) and followed.failures:
        facts["failures"] = 0
    if isinstance(answer, Heard) and answer.news:
        await observe.look(tx, following.broadcast_id, followed.last, answer.seen)
        now = last_seen(answer.seen)
        facts |= {"track_key": now.key, "playing": now.playing}
    if facts:
        await players.note(tx.session, following.broadcast_id, facts)


def _name(following: Following) -> str:
    return f"player:{following.job.key}"
