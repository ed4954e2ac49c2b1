"""Who is asking: from the proof in a header to an actor."""

from __future__ import annotations

import time
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Final
from uuid import UUID
from weakref import WeakKeyDictionary

from db.queries import api_tokens, sessions
from db.queries.sessions import Proven
from db.session import Database
from domain.accounts import ApiScope, Role
from domain.actors import Actor
from domain.errors import Unauthenticated
from domain.ports import Services
from resolvers.accounts.hashes import API_TOKEN_START, hash_secret

TRUSTED_SECONDS: Final = 4.0
"""How long a proof is believed without another look, so that what was revoked is refused within 5 seconds everywhere."""

MAX_TRUSTED: Final = 20_000

Trusted = dict[bytes, tuple[float, Actor]]
_trusted: WeakKeyDictionary[Database, Trusted] = WeakKeyDictionary()


async def authenticate(database: Database, services: Services, bearer: str) -> Actor:
    """Find out who shows an access token or an API token.

    Raises:
        Unauthenticated: It does not hold: not ours, too old, revoked, or its person is suspended.
    """
    trusted = _trusted.setdefault(database, {})
    key = hash_secret(bearer)
    until, actor = trusted.get(key, (0.0, None))
    if actor is not None and until > time.monotonic() and not _is_over(actor):
        return actor
    checked_at = time.monotonic()
    if bearer.startswith(API_TOKEN_START):
        actor = await _check_api_token(database, key)
    else:
        actor = await _check_session(database, services, bearer)
    _keep(trusted, key, actor, checked_at + TRUSTED_SECONDS)
    return actor


async def still_holds(database: Database, actor: Actor) -> bool:
    """Look whether a proof that held still does."""
    if _is_over(actor):
        return False
    async with database.session() as session:
        if actor.session_id is not None:
            return await sessions.prove(session, actor.session_id, actor.user_id) is not None
        return await api_tokens.prove(session, token_id=actor.api_token_id) is not None


async def still_hold(database: Database, actors: Collection[Actor]) -> set[Actor]:
    """Look which of many proofs that held still do, in one question for each kind."""
    people = {actor.session_id for actor in actors if actor.session_id is not None}
    programs = {actor.api_token_id for actor in actors if actor.api_token_id is not None}
    async with database.session() as session:
        holding = await sessions.list_holding(session, people) if people else set()
        holding |= await api_tokens.list_holding(session, programs) if programs else set()
    return {actor for actor in actors if not _is_over(actor) and {actor.session_id, actor.api_token_id} & holding}


async def _check_session(database: Database, services: Services, bearer: str) -> Actor:
    claims = services.tokens.read(bearer)
    async with database.session() as session:
        proven = await sessions.prove(session, claims.session_id, claims.user_id)
    if proven is None:
        raise Unauthenticated("This session has ended. Sign in again.")
    if proven.stale:
        async with database.transaction() as tx:
            await sessions.touch(tx.session, claims.session_id)
    return Actor(claims.user_id, _roles(proven), session_id=claims.session_id, expires_at=claims.expires_at)


async def _check_api_token(database: Database, secret_hash: bytes) -> Actor:
    async with database.session() as session:
        found = await api_tokens.prove(session, secret_hash=secret_hash)
    if found is None:
        raise Unauthenticated("This API token does not hold.")
    token_id: UUID = found[0]
    proven = found[1]
    if proven.stale:
        async with database.transaction() as tx:
            await api_tokens.touch(tx.session, token_id)
    scopes = frozenset(ApiScope(scope) for scope in proven.scopes or ())
    return Actor(proven.user_id, _roles(proven), api_token_id=token_id, scopes=scopes, expires_at=proven.expires_at)


def _roles(proven: Proven) -> frozenset[Role]:
    return frozenset(Role(role) for role in proven.roles)


def _is_over(actor: Actor) -> bool:
    return actor.expires_at is not None and actor.expires_at <= datetime.now(UTC)


def _keep(trusted: Trusted, key: bytes, actor: Actor, until: float) -> None:
    if len(trusted) >= MAX_TRUSTED:
        now = time.monotonic()
        for old in [old for old, (until, _) in trusted.items() if until <= now] or list(trusted)[: MAX_TRUSTED // 2]:
            del trusted[old]
    trusted[key] = (until, actor)
