"""Companions: making one, giving it its key, and ending it."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.exc import IntegrityError

from db.queries import accounts, companions
from db.session import Database, Tx
from domain.actors import Actor, Caller
from domain.addresses import network_of
from domain.companions import MAX_COMPANIONS, MAX_NAME, new_code, read_code
from domain.errors import Conflict, Expired, InvalidInput, NotFound
from domain.ids import new_id
from domain.limits import PAIRINGS_BY_CALLER, PAIRINGS_BY_PERSON
from domain.ports import Services
from domain.texts import clean_text
from resolvers.accounts.hashes import hash_pairing_code
from resolvers.limits import spend


async def create(database: Database, services: Services, actor: Actor, *, name: str) -> tuple[UUID, str]:
    """Make a companion that waits for its program.

    Returns:
        Its id, and the code that the program shows within ten minutes; it is kept nowhere.

    Raises:
        Forbidden: A program asked.
        InvalidInput: The name cannot be.
        Conflict: The person has ten.
        RateLimited: Too many were made.
    """
    actor.require_person()
    clean = clean_text(name, "name", most=MAX_NAME)
    await spend(services.limiter, f"pairings:{actor.user_id}", PAIRINGS_BY_PERSON, "Too many codes. Wait a moment.")
    companion_id, code = new_id(), new_code()
    code_hash = hash_pairing_code(services.secret, code)
    async with database.transaction() as tx:
        await accounts.lock(tx.session, actor.user_id)
        await companions.forget_unpaired(tx.session, actor.user_id)
        if await companions.count(tx.session, actor.user_id) >= MAX_COMPANIONS:
            raise Conflict(f"You have {MAX_COMPANIONS} companions. Revoke one that you no longer need.")
        await companions.add(tx.session, companion_id, user_id=actor.user_id, name=clean, code_hash=code_hash)
    return companion_id, code


async def pair(
    database: Database, services: Services, caller: Caller, *, code: str, public_key: bytes, name: str | None
) -> UUID:
    """Give a companion its key. A code is good for one.

    Returns:
        The companion's id.

    Raises:
        InvalidInput: This is no key, or no name.
        Expired: Nobody waits for this code (any more).
        Conflict: A companion has this key.
        RateLimited: Too many codes were tried.
    """
    often = "Too many codes were tried. Wait a moment."
    await spend(services.limiter, f"pairing:{network_of(caller.address)}", PAIRINGS_BY_CALLER, often)
    if not services.request_signatures.is_key(public_key):
        raise InvalidInput("A public key is 32 bytes of Ed25519, in base64.", "publicKey")
    clean = clean_text(name, "name", most=MAX_NAME) if name is not None else None
    known = read_code(code)
    companion_id = None
    if known is not None:
        try:
            async with database.transaction() as tx:
                hashed = hash_pairing_code(services.secret, known)
                companion_id = await companions.pair(tx.session, hashed, public_key, clean)
        except IntegrityError:
            raise Conflict("A companion has this key already: make a new one.", "publicKey") from None
    if companion_id is None:
        raise Expired("There is no such code, or it was used or is older than ten minutes. Get a new one.", "code")
    return companion_id


async def revoke(tx: Tx, actor: Actor, companion_id: UUID) -> None:
    """End a companion: what it sends from now on is refused. Twice changes nothing.

    Raises:
        Forbidden: A program asked.
        NotFound: The person has no such companion.
    """
    actor.require_person()
    if not await companions.revoke(tx.session, actor.user_id, companion_id):
        raise NotFound("You have no companion with this id.", "companionId")
