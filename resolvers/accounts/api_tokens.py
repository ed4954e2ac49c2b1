"""Tokens for people's own programs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from db.queries import accounts, api_tokens
from db.session import Tx
from domain.accounts import MAX_API_TOKEN_NAME, MAX_API_TOKENS, ApiScope
from domain.actors import Actor
from domain.errors import Conflict, InvalidInput, NotFound
from domain.events import Event, EventKind, person_topic
from domain.ids import new_id
from domain.texts import clean_text
from resolvers.accounts.hashes import API_TOKEN_START, hash_secret, new_secret


async def create(
    tx: Tx, actor: Actor, *, name: str, scopes: Sequence[ApiScope], expires_at: datetime | None = None
) -> tuple[UUID, str]:
    """Make a token.

    Returns:
        Its id and its secret, which is kept nowhere.

    Raises:
        Forbidden: A program asked.
        InvalidInput: The name cannot be, there is no scope, or the end has passed.
        Conflict: The person has 20 tokens that hold.
    """
    actor.require_person()
    clean = clean_text(name, "name", most=MAX_API_TOKEN_NAME)
    if not scopes:
        raise InvalidInput("Say what the token is to allow.", "scopes")
    if expires_at is not None and expires_at.tzinfo is None:
        raise InvalidInput("Give the end with its offset from UTC, such as 2030-01-31T12:00:00Z.", "expiresAt")
    if expires_at is not None and expires_at <= datetime.now(UTC):
        raise InvalidInput("This moment has passed.", "expiresAt")
    # The person's row is what two requests at once wait for: without it both could count 19.
    await accounts.lock(tx.session, actor.user_id)
    if await api_tokens.count(tx.session, actor.user_id) >= MAX_API_TOKENS:
        raise Conflict(f"You have {MAX_API_TOKENS} tokens. Revoke one that you no longer need.")
    token_id, secret = new_id(), API_TOKEN_START + new_secret()
    await api_tokens.add(
        tx.session,
        token_id=token_id,
        user_id=actor.user_id,
        name=clean,
        scopes=sorted(set(scopes)),
        secret_hash=hash_secret(secret),
        expires_at=expires_at,
    )
    return token_id, secret


async def revoke(tx: Tx, actor: Actor, token_id: UUID) -> None:
    """End a token of one's own; its open connections see it within seconds and close. Twice changes nothing.

    Raises:
        Forbidden: A program asked.
        NotFound: The person has no such token.
    """
    actor.require_person()
    ended = await api_tokens.revoke(tx.session, actor.user_id, token_id)
    if ended is None:
        raise NotFound("You have no token with this id.", "apiTokenId")
    if ended:
        revoked = Event(person_topic(actor.user_id), EventKind.SESSION_REVOKED, {"apiTokenId": str(token_id)})
        await tx.tell(revoked)
