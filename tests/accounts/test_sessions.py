"""Going on with a session, and ending it."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select
from websockets.exceptions import ConnectionClosed

from db.tables import EventRow, RefreshToken, Session
from domain.errors import ErrorCode
from domain.events import EventKind
from domain.ids import new_id, to_wire
from resolvers.accounts import sessions
from tests.accounts.conftest import refusal
from tests.client import operation

ADDRESS = "mina@example.com"
REFRESH, SIGN_OUT, REVOKE, SESSIONS = map(operation, ("RefreshSession", "SignOut", "RevokeSessions", "Sessions"))


@pytest.fixture
def refresh(web):
    def go_on(refresh_token):
        return sessions.refresh(web.database, web.services, refresh_token)

    return go_on


async def revoked_sessions(web):
    async with web.database.session() as session:
        statement = select(func.count()).select_from(Session).where(Session.revoked_at.is_not(None))
        return (await session.execute(statement)).scalar_one()


async def revocations(web):
    async with web.database.session() as session:
        statement = select(EventRow.data).where(EventRow.kind == EventKind.SESSION_REVOKED)
        return list((await session.execute(statement.order_by(EventRow.sequence))).scalars())


async def test_tokens_rotate(door, refresh, web, make):
    first = (await door.sign_in(ADDRESS)).session
    second = await refresh(first.refresh_token)
    third = await refresh(second.refresh_token)
    assert len({first.refresh_token, second.refresh_token, third.refresh_token}) == 3
    claims = [web.services.tokens.read(each.access_token) for each in (first, second, third)]
    assert len({claim.session_id for claim in claims}) == 1
    assert claims[2].expires_at == third.expires_at
    left = third.expires_at - datetime.now(UTC)
    assert timedelta(minutes=9, seconds=50) < left <= timedelta(minutes=10)
    assert await make.count(Session) == 1
    assert await revoked_sessions(web) == 0


async def test_a_used_refresh_token_ends_its_whole_family(door, refresh, web):
    first = (await door.sign_in(ADDRESS)).session
    second = await refresh(first.refresh_token)
    fault = await refusal(refresh(first.refresh_token))
    assert (fault.code, fault.field) == (ErrorCode.EXPIRED, ("refreshToken",))
    assert (await refusal(refresh(second.refresh_token))).code is ErrorCode.EXPIRED
    session_id = web.services.tokens.read(first.access_token).session_id
    assert await revocations(web) == [{"sessionId": str(session_id)}]


async def test_another_session_of_the_person_goes_on(door, refresh, web):
    first = (await door.sign_in(ADDRESS)).session
    other = (await door.sign_in(ADDRESS)).session
    await refresh(first.refresh_token)
    await refusal(refresh(first.refresh_token))
    assert (await refresh(other.refresh_token)).user_id == first.user_id


async def test_of_ten_refreshes_at_once_one_wins_and_the_family_ends(door, refresh, web, make):
    first = (await door.sign_in(ADDRESS)).session
    outcomes = await asyncio.gather(*(refresh(first.refresh_token) for _ in range(10)), return_exceptions=True)
    won = [outcome for outcome in outcomes if not isinstance(outcome, Exception)]
    assert len(won) == 1
    assert {outcome.code for outcome in outcomes if isinstance(outcome, Exception)} == {ErrorCode.EXPIRED}
    assert (await refusal(refresh(won[0].refresh_token))).code is ErrorCode.EXPIRED
    assert await make.count(RefreshToken) == 2
    assert len(await revocations(web)) == 1


async def test_old_unknown_and_odd_tokens_change_nothing(door, refresh, web):
    first = (await door.sign_in(ADDRESS)).session
    for token in ("", "x", "x" * 100_000, "\ud800", "\x00", first.access_token):
        assert (await refusal(refresh(token))).code is ErrorCode.UNAUTHENTICATED
    await door.sql("UPDATE refresh_tokens SET expires_at = now()")
    assert (await refusal(refresh(first.refresh_token))).code is ErrorCode.EXPIRED
    assert await revoked_sessions(web) == 0


async def test_the_suspended_get_no_more_tokens(door, refresh):
    first = (await door.sign_in(ADDRESS)).session
    await door.sql("UPDATE users SET suspended = true")
    assert (await refusal(refresh(first.refresh_token))).code is ErrorCode.FORBIDDEN


async def test_no_token_is_kept_as_it_is(door, web):
    first = (await door.sign_in(ADDRESS)).session
    async with web.database.session() as session:
        kept = (await session.execute(select(RefreshToken.token_hash))).scalar_one()
    assert len(kept) == 32
    assert first.refresh_token.encode() not in kept


async def test_signing_out_ends_the_session_that_asks(door, web, make, api):
    mina = await make.user("mina")
    await api(mina).do(SIGN_OUT)
    assert await revoked_sessions(web) == 1
    assert await revocations(web) == [{"sessionId": str(mina.actor.session_id)}]
    assert (await api().refused(SIGN_OUT))["code"] == "UNAUTHENTICATED"


async def test_signing_out_by_refresh_token_needs_nothing_else(door, refresh, web, api):
    first = (await door.sign_in(ADDRESS)).session
    second = await refresh(first.refresh_token)
    await api().do(SIGN_OUT, refreshToken=first.refresh_token)
    assert (await refusal(refresh(second.refresh_token))).code is ErrorCode.EXPIRED
    await api().do(SIGN_OUT, refreshToken=second.refresh_token)
    assert len(await revocations(web)) == 1
    error = await api().refused(SIGN_OUT, refreshToken="nonsense")
    assert (error["code"], error["field"]) == ("UNAUTHENTICATED", ["refreshToken"])


async def test_the_list_shows_where_one_is_signed_in(door, make, api):
    mina = await make.user("mina")
    await door.sign_in(f"{mina.username}@example.com")
    listed = (await api(mina)(SESSIONS))["viewer"]["sessions"]
    assert [(row["device"], row["city"], row["current"]) for row in listed] == [
        ("Firefox on Linux", "Lagos", False),
        ("Test", None, True),
    ]
    await door.sql("UPDATE sessions SET last_seen_at = now() - interval '61 days' WHERE device <> 'Test'")
    assert len((await api(mina)(SESSIONS))["viewer"]["sessions"]) == 1
    other = await make.user("other")
    assert len((await api(other)(SESSIONS))["viewer"]["sessions"]) == 1


async def test_nobody_sees_a_session_of_somebody_else(make, api):
    mina, other = await make.user("mina"), await make.user("other")
    wire = to_wire("session", mina.actor.session_id)
    ask = "query ($id: ID!) { node(id: $id) { id __typename } }"
    assert (await api(mina)(ask, id=wire))["node"]["__typename"] == "Session"
    assert (await api(other)(ask, id=wire)) == (await api()(ask, id=wire)) == {"node": None}


async def test_ending_some_sessions_or_all_others(door, make, api, web):
    mina = await make.user("mina")
    address = f"{mina.username}@example.com"
    issued = [(await door.sign_in(address)).session for _ in range(3)]
    ids = [to_wire("session", web.services.tokens.read(each.access_token).session_id) for each in issued]
    first = await api(mina).do(REVOKE, sessionIds=[ids[0], ids[0]])
    assert first["revokedSessionIds"] == [ids[0]]
    assert (await api(mina).do(REVOKE, sessionIds=[ids[0]]))["revokedSessionIds"] == [ids[0]]
    others = await api(mina).do(REVOKE, allOthers=True)
    assert set(others["revokedSessionIds"]) == set(ids[1:])
    assert (await api(mina).do(REVOKE, allOthers=True))["revokedSessionIds"] == []
    assert len(await revocations(web)) == 3
    assert len((await api(mina)(SESSIONS))["viewer"]["sessions"]) == 1


async def test_foreign_sessions_are_not_ended_and_neither_are_the_rest(make, api, web):
    mina, other = await make.user("mina"), await make.user("other")
    own, foreign = (to_wire("session", each.actor.session_id) for each in (mina, other))
    for bad in (foreign, to_wire("session", new_id()), mina.wire, "session_x", ""):
        error = await api(mina).refused(REVOKE, sessionIds=[own, bad])
        assert (error["code"], error["field"]) == ("NOT_FOUND", ["sessionIds", "1"])
    assert (await api(mina).refused(REVOKE, allOthers=False))["code"] == "INVALID_INPUT"
    too_many = await api(mina).answer(REVOKE, {"input": {"sessionIds": [own] * 101}})
    assert too_many["errors"][0]["extensions"]["code"] == "INVALID_INPUT"
    assert (await api().refused(REVOKE, allOthers=True))["code"] == "UNAUTHENTICATED"
    assert await revoked_sessions(web) == 0


async def test_a_session_that_ends_while_it_is_refreshed_gives_no_tokens(door, refresh, web):
    first = (await door.sign_in(ADDRESS)).session
    async with web.database.transaction() as tx:
        await sessions.end(tx, first.user_id)
        going_on = asyncio.create_task(refresh(first.refresh_token))
        await asyncio.sleep(0.2)
        assert not going_on.done()
    assert (await refusal(going_on)).code is ErrorCode.EXPIRED


async def test_open_connections_close_when_their_session_ends(make, api, web):
    mina, other = await make.user("mina"), await make.user("other")
    live = "subscription { notificationReceived { unreadNotificationCount } }"
    async with api(mina).subscribe(live) as ending, api(other).subscribe(live) as staying:
        await asyncio.sleep(0.3)
        await api(mina).do(SIGN_OUT)
        with pytest.raises(ConnectionClosed):
            await ending.message(within=5.0)
        assert ending.connection.close_code == 4403
        assert await staying.silent()


async def test_old_refresh_tokens_are_forgotten(door, web, make):
    await door.sign_in(ADDRESS)
    await door.sql("UPDATE refresh_tokens SET expires_at = now() - interval '31 days'")
    await door.sign_in(ADDRESS)
    assert await sessions.forget_old(web.database) == 1
    assert await make.count(RefreshToken) == 1
