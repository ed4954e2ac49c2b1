"""What apps are made with, against the real server: each asks, is refused, does, and follows."""

import base64
from contextlib import aclosing

import pytest
from gql import Client, GraphQLRequest, gql
from gql.transport.exceptions import TransportQueryError
from gql.transport.httpx import HTTPXAsyncTransport
from gql.transport.websockets import WebsocketsTransport

from tests.accounts.conftest import picture
from tests.client import operation

PHOTO = base64.b64encode(picture()).decode()


@pytest.fixture
async def given(make):
    mina = await make.user("mina")
    room = await make.room(mina, title="Night drive")
    return {"token": mina.token, "self": mina.wire, "room": room.wire, "streams": True}


def check(told):
    """What every client must have understood."""
    assert told["query"] == "mina"
    (error,) = told["mutation"]
    assert error["code"]
    assert error["field"]
    return told


async def test_apollo_client(run, web, settings, given):
    told = check(await run("apollo.mjs", url=settings.public_url, **given))
    assert told["refusal"] == ["CombinedGraphQLErrors", "GRAPHQL_VALIDATION_FAILED"]
    assert told["trusted"] == ["Night drive"]
    assert told["socket"] == told["multipart"] == "BroadcastSnapshot"
    assert told["deferred"] == [[["streaming", None], ["complete", ["Night drive"]]]] * 2


async def test_urql(run, web, settings, given):
    told = check(await run("urql.mjs", url=settings.public_url, photo=PHOTO, **given))
    assert told["get"] == ["Night drive"]
    assert "/files/photos/" in told["photo"]
    assert told["refusal"] == "GRAPHQL_VALIDATION_FAILED"
    assert told["events"] == "BroadcastSnapshot"


async def test_graphql_ws(run, web, settings, given):
    told = check(await run("ws.mjs", url=settings.public_url, **given))
    assert told["trusted"] == ["Night drive"]
    assert told["refusal"] == "GRAPHQL_VALIDATION_FAILED"
    assert told["events"] == "BroadcastSnapshot"


async def test_graphql_sse(run, web, settings, given):
    told = check(await run("sse.mjs", url=settings.public_url, **given))
    assert "GRAPHQL_VALIDATION_FAILED" in told["refusal"]
    assert told["events"] == "BroadcastSnapshot"


WHO = "query Who { viewer { user { username } } }"
FOLLOW = operation("FollowUser")


async def test_gql_over_http(web, settings, given):
    headers = {"authorization": f"Bearer {given['token']}"}
    transport = HTTPXAsyncTransport(url=f"{settings.public_url}/graphql", headers=headers)
    async with Client(transport=transport) as session:
        asked = await session.execute(gql(WHO))
        refused = await session.execute(GraphQLRequest(FOLLOW, variable_values={"input": {"userId": given["self"]}}))
        with pytest.raises(TransportQueryError, match="nothing"):
            await session.execute(gql("{ nothing }"))
    check({"query": asked["viewer"]["user"]["username"], "mutation": refused["followUser"]["userErrors"]})


async def test_gql_on_a_socket(web, settings, given):
    payload = {"authorization": f"Bearer {given['token']}"}
    url = settings.public_url.replace("http", "ws", 1) + "/graphql"
    transport = WebsocketsTransport(url=url, init_payload=payload, subprotocols=["graphql-transport-ws"])
    async with Client(transport=transport) as session:
        asked = await session.execute(gql(WHO))
        refused = await session.execute(GraphQLRequest(FOLLOW, variable_values={"input": {"userId": given["self"]}}))
        with pytest.raises(TransportQueryError, match="nothing"):
            await session.execute(gql("{ nothing }"))
        events = session.subscribe(
            GraphQLRequest(operation("BroadcastEvents"), variable_values={"broadcastId": given["room"]})
        )
        async with aclosing(events):
            assert (await anext(events))["broadcastEvents"]["event"]["__typename"] == "BroadcastSnapshot"
    check({"query": asked["viewer"]["user"]["username"], "mutation": refused["followUser"]["userErrors"]})
