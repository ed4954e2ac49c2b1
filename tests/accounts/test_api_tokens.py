"""Tokens for people's own programs."""

import asyncio
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from db.tables import ApiToken
from domain.ids import new_id, to_wire
from tests.cast import Person
from tests.client import operation

CREATE, REVOKE, LIST = map(operation, ("CreateApiToken", "RevokeApiToken", "Sessions"))


async def made(api, person, **facts):
    return await api(person).do(CREATE, **{"name": "Monitor", "scopes": ["READ"], **facts})


async def test_a_secret_is_shown_once_and_kept_as_a_hash(api, make, web):
    mina = await make.user("mina")
    payload = await made(api, mina, name="  Studio 🎛️ ", scopes=["CHAT", "READ", "CHAT"])
    assert payload["secret"].startswith("bl_")
    assert len(payload["secret"]) == 46
    assert payload["apiToken"]["name"] == "Studio 🎛️"
    assert payload["apiToken"]["scopes"] == ["CHAT", "READ"]
    assert payload["apiToken"]["expiresAt"] is None
    async with web.database.session() as session:
        row = (await session.execute(select(ApiToken))).scalar_one()
    assert payload["secret"].encode() not in row.secret_hash
    (listed,) = (await api(mina)(LIST))["viewer"]["apiTokens"]
    assert listed == {**payload["apiToken"], "lastUsedAt": None}


async def test_a_program_reads_as_its_person_and_does_only_what_it_may(api, make):
    mina = await make.user("mina")
    secret = (await made(api, mina))["secret"]
    program = Person(mina.id, mina.username, secret, None)
    assert (await api(program)("{ viewer { user { username } } }"))["viewer"]["user"]["username"] == "mina"
    error = await api(program).refused(CREATE, name="More", scopes=["READ"])
    assert error["code"] == "FORBIDDEN"
    update = "mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { userErrors { code message } } }"
    error = await api(program).refused(update, bio="Hello")
    assert error["code"] == "FORBIDDEN"
    assert "PROFILE" in error["message"]
    revoke = await api(program).refused(REVOKE, apiTokenId=to_wire("token", new_id()))
    assert revoke["code"] == "FORBIDDEN"


async def test_a_revoked_token_is_gone_from_the_list(api, make):
    mina, other = await make.user("mina"), await make.user("other")
    wire = (await made(api, mina))["apiToken"]["id"]
    error = await api(other).refused(REVOKE, apiTokenId=wire)
    assert (error["code"], error["field"]) == ("NOT_FOUND", ["apiTokenId"])
    for _ in range(2):
        assert (await api(mina).do(REVOKE, apiTokenId=wire))["revokedApiTokenId"] == wire
    assert (await api(mina)(LIST))["viewer"]["apiTokens"] == []
    ask = "query ($id: ID!) { node(id: $id) { id } }"
    assert await api(other)(ask, id=wire) == {"node": None}


async def test_twenty_tokens_and_no_more_however_fast(api, make):
    mina = await make.user("mina")
    outcomes = await asyncio.gather(
        *(api(mina)(CREATE, input={"name": f"n{n}", "scopes": ["READ"]}) for n in range(25))
    )
    errors = [outcome["createApiToken"]["userErrors"] for outcome in outcomes]
    assert [error["code"] for each in errors for error in each] == ["CONFLICT"] * 5
    listed = (await api(mina)(LIST))["viewer"]["apiTokens"]
    assert len(listed) == 20
    await api(mina).do(REVOKE, apiTokenId=listed[0]["id"])
    await made(api, mina)


async def test_bad_input_makes_no_token(api, make):
    mina = await make.user("mina")
    past = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    for facts, field in [
        ({"name": " "}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"name": "a\u202eb"}, "name"),
        ({"scopes": []}, "scopes"),
        ({"expiresAt": past}, "expiresAt"),
        ({"expiresAt": "2090-01-01T00:00:00"}, "expiresAt"),
    ]:
        error = await api(mina).refused(CREATE, **{"name": "x", "scopes": ["READ"], **facts})
        assert (error["code"], error["field"]) == ("INVALID_INPUT", [field])
    assert await make.count(ApiToken) == 0
    assert (await api().refused(CREATE, name="x", scopes=["READ"]))["code"] == "UNAUTHENTICATED"
