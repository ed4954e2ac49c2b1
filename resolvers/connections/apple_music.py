"""Apple Music: no page to be sent to, but a token that MusicKit hands to an app."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from db.session import Database
from domain.actors import Actor
from domain.connections import MAX_TOKEN, AccessEnded, AccountProvider, Profile, Tokens
from domain.errors import InvalidInput, NotConfigured
from domain.ports import Services
from resolvers.connections.connect import Connecting, record, spend_round_trip
from resolvers.patience import DEED_SECONDS, answered_within

TOKEN: Final = re.compile(rf"[\x21-\x7e]{{8,{MAX_TOKEN}}}")
FIELD: Final = "musicUserToken"


async def connect_apple_music(database: Database, services: Services, actor: Actor, music_user_token: str) -> UUID:
    """Connect Apple Music with the token that MusicKit gave, once Apple has said that it holds.

    Returns:
        The account's id.

    Raises:
        Forbidden: A program asked.
        InvalidInput: It cannot be such a token.
        AccessEnded: Apple does not take it: too old, or made for another app.
        Conflict: Somebody else has connected it.
        RateLimited: Too often, here or at Apple.
        Unavailable: Apple does not answer.
        NotConfigured: This installation has no key of Apple's.
    """
    session_id = actor.require_person()
    token = music_user_token.strip()
    if not TOKEN.fullmatch(token):
        raise InvalidInput("This is not a Music User Token.", FIELD)
    await spend_round_trip(services, actor)
    await check_token(services, token)
    who = Connecting(actor.user_id, session_id, AccountProvider.APPLE_MUSIC)
    async with database.transaction() as tx:
        return await record(tx, services, who, Profile(_subject(services, token)), Tokens(token))


async def check_token(services: Services, token: str) -> None:
    """Ask Apple whether a token holds.

    Raises:
        AccessEnded: It does not.
        RateLimited: Later.
        Unavailable: Apple does not answer.
        NotConfigured: This installation has no key of Apple's.
    """
    try:
        async with answered_within(DEED_SECONDS, "Apple Music"):
            await services.apple_music.check(token)
    except AccessEnded:
        raise AccessEnded("Apple Music does not take this token. Let MusicKit ask for access again.", FIELD) from None


def developer_token(services: Services, origins: Sequence[str]) -> str | None:
    """Make the token that MusicKit needs in an app of these origins; None when this installation has no key of Apple's."""
    try:
        return services.apple_music.developer_token(origins)
    except NotConfigured:
        return None


def _subject(services: Services, token: str) -> str:
    """Apple has no name for an account that apps are told: the token is told from others by its keyed hash."""
    return hmac.digest(services.secret, b"apple music " + token.encode(), hashlib.sha256).hex()
