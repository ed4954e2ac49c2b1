"""Asking twice: the same key with the same input gives the same answer, and nothing is done again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import orjson

from db.queries import idempotency
from db.session import Tx
from domain.actors import Actor
from domain.errors import IdempotencyMismatch, InvalidInput

MAX_KEY: Final = 200


async def once(
    tx: Tx, actor: Actor, operation: str, key: str, input: Mapping[str, Any], *, answer_id: UUID
) -> UUID | None:
    """Begin a deed that is done once for each key of a person. Call it before anything is locked.

    Args:
        tx: The deed's transaction; the key is kept if it commits.
        actor: Whose key it is; other people's keys mean nothing.
        operation: The deed's name: a key counts for one kind of deed.
        key: What the client made up.
        input: What was asked for, of what JSON can say, ids and moments; its order means nothing.
        answer_id: The id that the deed will give to what it makes.

    Returns:
        None for a new key: do the deed. Otherwise the id that was made the first time.

    Raises:
        InvalidInput: The key is empty, longer than 200 characters, or not of visible ASCII characters.
        IdempotencyMismatch: The key came with other input before.
    """
    if not 1 <= len(key) <= MAX_KEY or not all("!" <= character <= "~" for character in key):
        raise InvalidInput(f"A key is 1 to {MAX_KEY} visible ASCII characters.", "idempotencyKey")
    digest = hashlib.sha256(orjson.dumps(input, option=orjson.OPT_SORT_KEYS, default=str)).digest()
    if await idempotency.add(tx.session, actor.user_id, operation, key, input_hash=digest, answer_id=answer_id):
        return None
    earlier_digest, earlier_id = await idempotency.find(tx.session, actor.user_id, operation, key)
    if earlier_digest != digest:
        raise IdempotencyMismatch("This key was used for something else. Use another one.", "idempotencyKey")
    return earlier_id
