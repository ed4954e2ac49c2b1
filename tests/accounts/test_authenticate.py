"""Who is asking, and how soon a revocation acts."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest

from db.tables import Session
from domain.accounts import ApiScope, Role
from domain.errors import ErrorCode, Forbidden
from domain.ids import new_id
from domain.ports import Claims
from resolvers.accounts import api_tokens, roles, sessions
from resolvers.accounts.authenticate import TRUSTED_SECONDS, authenticate, still_holds
from tests.accounts.conftest import refusal


@pytest.fixture
def who(web):
    def ask(bearer):
        return authenticate(web.database, web.services, bearer)

    return ask


async def program(web, person, *scopes, **facts):
    async with web.database.transaction() as tx:
        return await api_tokens.create(
            tx, person.actor, name="Monitor", scopes=list(scopes or [ApiScope.READ]), **facts
        )


async def test_an_access_token_is_a_person(who, make):
    mina = await make.user("mina", roles=(Role.LISTENER, Role.CURATOR))
    actor = await who(mina.token)
    assert actor == await who(mina.token)
    assert (actor.user_id, actor.session_id) == (mina.id, mina.actor.session_id)
    assert actor.roles == {Role.LISTENER, Role.CURATOR}
    assert actor.scopes is None
    assert actor.require_person() == mina.actor.session_id


async def test_an_api_token_is_a_program_with_scopes(who, web, make):
    mina = await make.user("mina")
    token_id, secret = await program(web, mina, ApiScope.READ, ApiScope.CHAT)
    actor = await who(secret)
    assert (actor.user_id, actor.api_token_id, actor.session_id) == (mina.id, token_id, None)
    actor.require_scope(ApiScope.CHAT)
    with pytest.raises(Forbidden):
        actor.require_scope(ApiScope.PROFILE)
    with pytest.raises(Forbidden):
        actor.require_person()


async def test_what_does_not_hold_is_nobody(who, web, make):
    mina = await make.user("mina")
    stale = web.services.tokens.issue(Claims(mina.id, mina.actor.session_id, datetime.now(UTC) - timedelta(minutes=1)))
    foreign = web.services.tokens.issue(Claims(mina.id, new_id(), datetime.now(UTC) + timedelta(minutes=1)))
    other = await make.user("other")
    crossed = web.services.tokens.issue(
        Claims(other.id, mina.actor.session_id, datetime.now(UTC) + timedelta(minutes=1))
    )
    for bearer in ("", "x", "bl_", "bl_x", "\ud800", mina.token[:-2], mina.token + "x", stale, foreign, crossed):
        assert (await refusal(who(bearer))).code is ErrorCode.UNAUTHENTICATED


async def test_a_revocation_acts_within_five_seconds(who, web, make):
    mina = await make.user("mina")
    _token_id, secret = await program(web, mina)
    await who(mina.token)
    actor = await who(secret)
    started = time.monotonic()
    async with web.database.transaction() as tx:
        await sessions.end(tx, mina.id)
        await api_tokens.revoke(tx, mina.actor, actor.api_token_id)
    assert not await still_holds(web.database, mina.actor)
    assert not await still_holds(web.database, actor)
    await asyncio.sleep(TRUSTED_SECONDS + 0.2)
    assert time.monotonic() - started < 5
    for bearer in (mina.token, secret):
        assert (await refusal(who(bearer))).code is ErrorCode.UNAUTHENTICATED


async def test_the_suspended_and_deleted_are_nobody(who, web, make, door):
    for column in ("suspended = true", "deleted_at = now()"):
        person = await make.user()
        _token_id, secret = await program(web, person)
        assert await still_holds(web.database, person.actor)
        await door.sql(f"UPDATE users SET {column} WHERE id = :id", id=person.id)
        assert not await still_holds(web.database, person.actor)
        for bearer in (person.token, secret):
            assert (await refusal(who(bearer))).code is ErrorCode.UNAUTHENTICATED


async def test_an_expired_proof_is_not_believed_from_memory(who, web, make):
    mina = await make.user("mina")
    soon = datetime.now(UTC) + timedelta(seconds=1)
    _token_id, secret = await program(web, mina, expires_at=soon)
    actor = await who(secret)
    assert actor.expires_at == soon
    await asyncio.sleep(1.1)
    assert (await refusal(who(secret))).code is ErrorCode.UNAUTHENTICATED
    assert not await still_holds(web.database, actor)


async def test_use_is_noted_once_a_minute(who, web, make, door):
    mina = await make.user("mina")
    token_id, secret = await program(web, mina)

    async def seen():
        found = await door.sql(
            "SELECT s.last_seen_at, t.last_used_at FROM sessions s, api_tokens t WHERE t.id = :id", id=token_id
        )
        return found.one()

    fresh = await seen()
    assert fresh.last_used_at is None
    await who(mina.token)
    await who(secret)
    used = await seen()
    assert used.last_seen_at == fresh.last_seen_at
    assert used.last_used_at is not None
    await door.sql("UPDATE sessions SET last_seen_at = now() - interval '61 seconds'")
    await door.sql("UPDATE api_tokens SET last_used_at = now() - interval '61 seconds'")
    other = web.services.tokens.issue(Claims(mina.id, mina.actor.session_id, datetime.now(UTC) + timedelta(minutes=5)))
    await who(other)
    later = await seen()
    assert later.last_seen_at > used.last_seen_at
    assert await make.count(Session) == 1


async def test_a_role_comes_and_goes(web, make):
    mina = await make.user("mina")

    async def change(deed, name="@Mina", role=Role.MODERATOR):
        async with web.database.transaction() as tx:
            return await deed(tx, name, role)

    async def held():
        return (await authenticate(web.database, web.services, await fresh_token())).roles

    async def fresh_token():
        expires_at = datetime.now(UTC) + timedelta(hours=1)
        return web.services.tokens.issue(
            Claims(mina.id, mina.actor.session_id, expires_at + timedelta(seconds=len(tokens)))
        )

    tokens = []
    assert [await change(roles.grant), await change(roles.grant)] == [True, False]
    tokens.append(1)
    assert await held() == {Role.LISTENER, Role.MODERATOR}
    assert [await change(roles.revoke), await change(roles.revoke)] == [True, False]
    tokens.append(2)
    assert await held() == {Role.LISTENER}
    assert (await refusal(change(roles.grant, "nobody"))).code is ErrorCode.NOT_FOUND
