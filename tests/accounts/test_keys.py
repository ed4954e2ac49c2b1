"""Changing the keys of what is sealed."""

import os
from uuid import UUID

import pytest
from sqlalchemy import select

from db.tables import PushToken, SignInCode
from domain.notifications import DevicePlatform
from integrations.cipher import AesCipher
from resolvers.accounts import devices, keys
from resolvers.accounts.keys import ROWS_AT_ONCE

OLD, NEW = os.urandom(32), os.urandom(32)


async def opened(web, cipher):
    """Everything sealed, as the cipher reads it."""
    async with web.database.session() as session:
        tokens = (await session.execute(select(PushToken).order_by(PushToken.id))).scalars().all()
        codes = (await session.execute(select(SignInCode).order_by(SignInCode.id))).scalars().all()
    found = [cipher.open(row.sealed_token, bound_to=row.token_hash.hex()) for row in tokens]
    return found + [cipher.open(row.sealed_code, bound_to=str(row.id)) for row in codes if row.sealed_code]


async def test_every_secret_is_sealed_with_the_newest_key(web, make, door):
    before = AesCipher({"old": OLD})
    people = [await make.user() for _ in range(3)]
    async with web.database.transaction() as tx:
        for number, person in enumerate(people):
            token = f"token-of-device-{number}"
            await devices.register(tx, before, person.actor, platform=DevicePlatform.IOS, token=token)
    expected = await opened(web, before)
    both, after = AesCipher({"new": NEW, "old": OLD}), AesCipher({"new": NEW})
    with pytest.raises(ValueError, match="not among the keys"):
        await keys.rotate(web.database, after)
    assert await keys.rotate(web.database, both) == 3
    assert await opened(web, after) == expected == [f"token-of-device-{number}" for number in range(3)]


async def test_codes_on_their_way_are_sealed_anew_too(web, door):
    code = await door.ask("mina@example.com")
    assert await keys.rotate(web.database, web.services.cipher) == 1
    assert await opened(web, web.services.cipher) == [code]
    assert (await door.enter(code, "mina@example.com")).is_new_user
    assert await keys.rotate(web.database, web.services.cipher) == 0


async def test_more_rows_than_are_done_at_once(web, make):
    mina = await make.user("mina")
    cipher = web.services.cipher
    rows = [
        {"id": n, "hash": n.to_bytes(32), "sealed": cipher.seal(f"token {n}", bound_to=n.to_bytes(32).hex())}
        for n in range(1, ROWS_AT_ONCE + 3)
    ]
    async with web.database.transaction() as tx:
        for row in rows:
            tx.session.add(
                PushToken(
                    id=UUID(int=row["id"]),
                    user_id=mina.id,
                    platform=DevicePlatform.WEB,
                    sealed_token=row["sealed"],
                    token_hash=row["hash"],
                )
            )
    assert await keys.rotate(web.database, cipher) == len(rows)
    assert await opened(web, cipher) == [f"token {n}" for n in range(1, ROWS_AT_ONCE + 3)]
