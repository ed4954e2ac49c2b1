"""Devices that can be pushed to."""

from __future__ import annotations

import re
from typing import Final
from uuid import UUID

from db.queries import devices
from db.session import Tx
from domain.actors import Actor
from domain.errors import InvalidInput, NotFound
from domain.notifications import DevicePlatform
from domain.ports import Cipher
from resolvers.accounts.hashes import hash_secret

TOKEN: Final = re.compile(r"[\x21-\x7e][\x20-\x7e]{6,4094}[\x21-\x7e]")
"""What Apple, Google and browsers give out: printable ASCII; a browser's subscription is JSON and may hold spaces."""


async def register(tx: Tx, cipher: Cipher, actor: Actor, *, platform: DevicePlatform, token: str) -> UUID:
    """Write where somebody can be pushed to. A device that was somebody else's is theirs alone from now on.

    Returns:
        The device's id.

    Raises:
        Forbidden: A program asked.
        InvalidInput: It cannot be such a token.
    """
    actor.require_person()
    text = token.strip()
    if not TOKEN.fullmatch(text):
        raise InvalidInput("This is not the token of a device: 8 to 4,096 characters of ASCII.", "token")
    token_hash = hash_secret(text)
    device_id = await devices.register(
        tx.session,
        actor.user_id,
        platform=platform,
        token_hash=token_hash,
        sealed_token=cipher.seal(text, bound_to=token_hash.hex()),
    )
    await devices.drop_oldest(tx.session, actor.user_id)
    return device_id


async def unregister(tx: Tx, actor: Actor, device_id: UUID) -> None:
    """Forget a device.

    Raises:
        Forbidden: A program asked.
        NotFound: The person has no such device.
    """
    actor.require_person()
    if not await devices.unregister(tx.session, actor.user_id, device_id):
        raise NotFound("You have no device with this id.", "deviceId")
