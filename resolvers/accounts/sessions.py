"""Where somebody is signed in: keeping it so, and ending it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from db.queries import sessions
from db.session import Database, Tx
from db.tables import Session
from domain.accounts import ACCESS_TOKEN_MINUTES, MAX_SESSIONS_AT_ONCE
from domain.actors import Actor
from domain.errors import Expired, Forbidden, InvalidInput, NotFound, Unauthenticated
from domain.events import Event, EventKind, person_topic
from domain.ports import Claims, Services
from resolvers.accounts.hashes import hash_secret, new_secret

FORGOTTEN_AFTER_DAYS: Final = 30


@dataclass(frozen=True)
class IssuedSession:
    """A session as it is handed out.

    Attributes:
        user_id: Who is signed in.
        access_token: Proves it for ten minutes.
        refresh_token: Gets the next pair, once.
        expires_at: Until when the access token holds.
    """

    user_id: UUID
    access_token: str
    refresh_token: str
    expires_at: datetime


async def open_session(tx: Tx, services: Services, user_id: UUID, device: str, city: str | None) -> IssuedSession:
    """Sign somebody in somewhere."""
    session_id = await sessions.add(tx.session, user_id, device=device, city=city)
    return await _issue(tx, services, user_id, session_id)


async def refresh(database: Database, services: Services, refresh_token: str) -> IssuedSession:
    """Give the next pair of tokens for a refresh token, which is used up by it.

    A token that was used before was stolen, or its thief used it first: nobody can tell, so the session ends for both.
    The same holds for a client that sends one token twice at once; it must wait for its answer.

    Raises:
        Unauthenticated: It is not one of ours.
        Expired: It is too old, its session has ended, or it was used before, which ends its session.
        Forbidden: The person is suspended.
    """
    async with database.transaction() as tx:
        session_id = await sessions.use_refresh_token(tx.session, hash_secret(refresh_token))
        kept = await sessions.keep(tx.session, session_id) if session_id is not None else None
        if kept is not None and await sessions.prove(tx.session, kept.id, kept.user_id) is None:
            raise Forbidden("This account is suspended.")
        if kept is not None:
            return await _issue(tx, services, kept.user_id, kept.id)
    if session_id is not None:
        raise Expired("This session has ended. Sign in again.", "refreshToken")
    found = await _end_family(database, refresh_token)
    if found is None:
        raise Unauthenticated("This refresh token is not one of ours.", "refreshToken")
    if found[1]:
        raise Expired("This refresh token was used before, so its session has ended. Sign in again.", "refreshToken")
    raise Expired("This refresh token is too old. Sign in again.", "refreshToken")


async def sign_out(database: Database, actor: Actor | None, refresh_token: str | None) -> None:
    """End the session that a refresh token is of, used or not, or else the one that asks. Twice changes nothing.

    Raises:
        Unauthenticated: Nobody is signed in and no refresh token of ours was given.
        Forbidden: A program asked.
    """
    if refresh_token is not None:
        async with database.transaction() as tx:
            found = await sessions.find_refresh_token(tx.session, hash_secret(refresh_token))
            if found is None:
                raise Unauthenticated("This refresh token is not one of ours.", "refreshToken")
            await end(tx, found[0].user_id, [found[0].id])
        return
    if actor is None:
        raise Unauthenticated("You are not signed in.")
    session_id = actor.require_person()
    async with database.transaction() as tx:
        await end(tx, actor.user_id, [session_id])


async def revoke(tx: Tx, actor: Actor, session_ids: Sequence[UUID]) -> list[UUID]:
    """End some of one's own sessions; one that had ended already counts as done.

    Returns:
        The ids, in the order given and without repeats.

    Raises:
        NotFound: One of them is not the person's; then none is ended.
        InvalidInput: There are too many.
        Forbidden: A program asked.
    """
    actor.require_person()
    if len(session_ids) > MAX_SESSIONS_AT_ONCE:
        raise InvalidInput(f"At most {MAX_SESSIONS_AT_ONCE} sessions at once.", "sessionIds")
    own = await sessions.find_own(tx.session, actor.user_id, session_ids)
    for index, session_id in enumerate(session_ids):
        if session_id not in own:
            raise NotFound("You have no session with this id.", "sessionIds", str(index))
    await end(tx, actor.user_id, session_ids)
    return list(dict.fromkeys(session_ids))


async def revoke_others(tx: Tx, actor: Actor) -> list[UUID]:
    """End all sessions of the person besides the one that asks.

    Returns:
        The ids of those that ended.

    Raises:
        Forbidden: A program asked.
    """
    return await end(tx, actor.user_id, besides=actor.require_person())


async def end(
    tx: Tx, user_id: UUID, session_ids: Sequence[UUID] | None = None, *, besides: UUID | None = None
) -> list[UUID]:
    """End sessions of a person. Open connections look every few seconds whether theirs still holds, and close."""
    ended = await sessions.revoke(tx.session, user_id, session_ids=session_ids, besides=besides)
    for session_id in ended:
        await tx.tell(Event(person_topic(user_id), EventKind.SESSION_REVOKED, {"sessionId": str(session_id)}))
    return ended


async def forget_old(database: Database) -> int:
    """Remove refresh tokens that expired a month ago; returns how many."""
    async with database.transaction() as tx:
        return await sessions.forget_refresh_tokens(tx.session, days=FORGOTTEN_AFTER_DAYS)


async def _issue(tx: Tx, services: Services, user_id: UUID, session_id: UUID) -> IssuedSession:
    refresh_token = new_secret()
    await sessions.add_refresh_token(tx.session, session_id, hash_secret(refresh_token))
    # JWTs have whole seconds; what we say of the token is what it says itself.
    expires_at = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=ACCESS_TOKEN_MINUTES)
    access_token = services.tokens.issue(Claims(user_id, session_id, expires_at))
    return IssuedSession(user_id, access_token, refresh_token, expires_at)


async def _end_family(database: Database, refresh_token: str) -> tuple[Session, bool] | None:
    async with database.transaction() as tx:
        found = await sessions.find_refresh_token(tx.session, hash_secret(refresh_token))
        if found is not None and found[1]:
            await end(tx, found[0].user_id, [found[0].id])
    return found
