"""Signing in with what Privy's SDK hands to an app."""

import asyncio

import pytest
from sqlalchemy import select

from db.tables import Identity, Session, User
from domain.accounts import Channel
from tests.connections.conftest import SIGN_IN


@pytest.fixture
def privy(sandbox):
    """Have tokens made: `await privy(email="mina@example.com")`."""

    async def make(**wanted):
        made = await sandbox.control("POST", "/privy/tokens", json=wanted)
        return {"accessToken": made["access_token"], "identityToken": made["identity_token"]}

    return make


async def test_a_stranger_becomes_a_person_and_comes_back(api, make, privy):
    first = await api().do(SIGN_IN, privy=await privy(did="did:privy:mina"))
    again = await api().do(SIGN_IN, privy=await privy(did="did:privy:mina"))
    assert (first["isNewUser"], again["isNewUser"]) == (True, False)
    assert first["session"]["user"]["id"] == again["session"]["user"]["id"]
    assert await make.count(User) == 1


async def test_verified_addresses_join(api, make, privy, database):
    mina = await make.user("mina", email="mina@example.com")
    shown = await privy(did="did:privy:mina", email="mina@example.com", phone="+4915112345678")
    entered = await api().do(SIGN_IN, privy=shown)
    assert (entered["isNewUser"], entered["session"]["user"]["id"]) == (False, mina.wire)
    # The address that only Privy has seen is not taken over in passing.
    assert await make.count(Identity, Identity.channel == Channel.SMS) == 0
    other = await api().do(
        SIGN_IN, privy=await privy(did="did:privy:new", email="new@example.com", phone="+4915187654321")
    )
    assert other["isNewUser"] is True
    async with database.session() as session:
        found = select(Identity.channel).where(Identity.user_id != mina.id).order_by(Identity.id)
        assert set((await session.execute(found)).scalars()) == {Channel.PRIVY, Channel.EMAIL, Channel.SMS}


async def test_without_an_identity_token_nothing_is_joined(api, make, privy):
    await make.user("mina", email="mina@example.com")
    shown = await privy(did="did:privy:mina", email="mina@example.com")
    entered = await api().do(SIGN_IN, privy={"accessToken": shown["accessToken"]})
    assert entered["isNewUser"] is True


async def test_addresses_of_two_people_join_neither(api, make, privy):
    await make.user("mina", email="mina@example.com")
    theirs = await api().do(SIGN_IN, privy=await privy(did="did:privy:theo", phone="+4915112345678"))
    assert theirs["isNewUser"] is True
    before = await make.count(Identity)
    shown = await privy(did="did:privy:both", email="mina@example.com", phone="+4915112345678")
    error = await api().refused(SIGN_IN, privy=shown)
    assert error["code"] == "CONFLICT"
    assert await make.count(Identity) == before
    assert await make.count(User) == 2
    assert await make.count(Session) == 2


async def test_five_at_once_make_one_person(api, make, privy):
    shown = await privy(did="did:privy:mina", email="mina@example.com", phone="+4915112345678")
    answers = await asyncio.gather(*(api().do(SIGN_IN, privy=shown) for _ in range(5)))
    assert len({answer["session"]["user"]["id"] for answer in answers}) == 1
    assert sum(answer["isNewUser"] for answer in answers) == 1
    assert await make.count(User) == 1
    assert await make.count(Identity) == 3


@pytest.mark.parametrize(
    "wrong",
    [
        {"app_id": "another-app"},
        {"expires_in": -600},
        {"issuer": "evil.example"},
        {"alg": "HS256"},
        {"alg": "none"},
        {"key": "wrong"},
        {"kid": "nobody"},
    ],
    ids=str,
)
async def test_tokens_that_do_not_hold_let_nobody_in(api, make, privy, wrong):
    shown = await privy(did="did:privy:mina", **wrong)
    error = await api().refused(SIGN_IN, privy={"accessToken": shown["accessToken"]})
    assert (error["code"], error["field"][0]) == ("UNAUTHENTICATED", "privy")
    assert await make.count(User) == await make.count(Session) == 0


async def test_an_identity_token_alone_or_of_somebody_else_lets_nobody_in(api, make, privy):
    mina, theo = await privy(did="did:privy:mina"), await privy(did="did:privy:theo", email="theo@example.com")
    mixed = {"accessToken": mina["accessToken"], "identityToken": theo["identityToken"]}
    error = await api().refused(SIGN_IN, privy=mixed)
    assert (error["code"], error["field"]) == ("UNAUTHENTICATED", ["privy", "identityToken"])
    alone = {"accessToken": theo["identityToken"]}
    assert (await api().refused(SIGN_IN, privy=alone))["code"] == "UNAUTHENTICATED"
    assert await make.count(User) == 0


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "x" * 5000, "\ud7ff"])
async def test_what_is_no_token_is_refused(api, make, token):
    error = await api().refused(SIGN_IN, privy={"accessToken": token})
    assert error["code"] in {"UNAUTHENTICATED", "INVALID_INPUT"}
    assert error["field"][0] == "privy"
    assert await make.count(User) == 0


async def test_one_way_to_sign_in_at_a_time(api, privy, make):
    shown = await privy(did="did:privy:mina")
    answer = await api().answer(SIGN_IN, {"input": {"privy": shown, "code": {"email": "a@example.com", "code": "1"}}})
    assert answer["errors"]
    assert await make.count(User) == 0
