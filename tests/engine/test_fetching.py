"""Forged requests by the server (SSRF): whatever address a client writes anywhere, nobody ever goes there.

Two things hold it. Addresses that clients give are text, stored for other clients; and what does go out goes to vendors, each
by a line that reaches the one place of the settings.
"""

from __future__ import annotations

import asyncio
from urllib.parse import quote

import httpx
import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    get_named_type,
    get_nullable_type,
    is_composite_type,
)

from domain.accounts import Role
from domain.errors import Unavailable
from integrations.http import Line
from schema.root import schema
from tests.engine.test_owasp import held_by

MUTATIONS = schema._schema.mutation_type.fields
QUERIES = schema._schema.query_type.fields
FETCHING_SECONDS = 0.3
"""So long we wait for somebody who comes late."""
SIGNING_OUT = {"signOut", "revokeSessions"}


class Ear:
    """Somebody who listens, and notes who comes."""

    def __init__(self):
        self.visits = []

    async def heard(self, reader, writer):
        self.visits.append(writer.get_extra_info("peername"))
        writer.close()


@pytest.fixture
async def ear():
    ear = Ear()
    async with await asyncio.start_server(ear.heard, "127.0.0.1", 0) as server:
        ear.place = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield ear


def filled(type_, text):
    """A value with a text wherever there may be one; None where there is no end to it."""
    type_ = get_nullable_type(type_)
    if isinstance(type_, GraphQLList):
        return [filled(type_.of_type, text)]
    if isinstance(type_, GraphQLInputObjectType):
        fields = {name: filled(field.type, text) for name, field in type_.fields.items()}
        return dict(list(fields.items())[:1]) if type_.is_one_of else fields
    if isinstance(type_, GraphQLEnumType):
        return next(iter(type_.values))
    return {"Int": 1, "Float": 1.0, "Boolean": True, "Date": "2026-01-31", "DateTime": "2026-01-31T12:00:00Z"}.get(
        type_.name, text
    )


def asked(kind, name, field, text):
    """One root field with all its arguments."""
    given = {each: filled(argument.type, text) for each, argument in field.args.items()}
    heads = ", ".join(f"${each}: {argument.type}" for each, argument in field.args.items())
    uses = ", ".join(f"{each}: ${each}" for each in field.args)
    below = "{ __typename }" if is_composite_type(get_named_type(field.type)) else ""
    body = f"{name}({uses}) {below}" if uses else f"{name} {below}"
    return {"query": f"{kind} {f'({heads})' if heads else ''} {{ {body} }}", "variables": given}


@pytest.mark.parametrize("form", ["http://{}/", "https://{}/a.jpg", "//{}/", "{}", "ldap://{}/x", "x@{}/../"])
async def test_no_address_in_any_argument_is_visited(web, settings, make, ear, form):
    token = (await make.user(roles=tuple(Role))).token
    text = form.format(ear.place)
    async with httpx.AsyncClient(timeout=30, headers={"authorization": f"Bearer {token}"}) as client:
        for kind, fields in (("query", QUERIES), ("mutation", MUTATIONS)):
            for name, field in fields.items():
                if name not in SIGNING_OUT:
                    answer = await client.post(f"{settings.public_url}/graphql", json=asked(kind, name, field, text))
                    codes = [error["extensions"]["code"] for error in answer.json().get("errors", ())]
                    assert "INTERNAL" not in codes, (name, answer.text)
    await asyncio.sleep(FETCHING_SECONDS)
    assert ear.visits == []


async def test_an_address_that_is_taken_is_only_kept(api, make, ear):
    """Other clients fetch it, if they like; with a port or a name in it, as it takes to come here, it is not even kept."""
    room = await make.room(await make.user("mina"))
    document = """mutation ($input: SetNowPlayingInput!) { setNowPlaying(input: $input) {
      userErrors { code field } broadcast { nowPlaying { track { artworkUrl } } } } }"""

    async def play(cover):
        track = {"title": "Roses", "artist": "Nova", "artworkUrl": cover}
        return await api(room.curator)(document, input={"broadcastId": room.wire, "track": track})

    said = await play(f"https://{ear.place}/cover.jpg")
    assert said["setNowPlaying"]["userErrors"] == [{"code": "INVALID_INPUT", "field": ["track", "artworkUrl"]}]
    here = "https://127.0.0.1/cover.jpg"
    assert here in str(await play(here))
    assert here in str(await api()("{ liveBroadcasts(first: 5) { nodes { nowPlaying { track { artworkUrl } } } } }"))
    await make.run_jobs()
    await asyncio.sleep(FETCHING_SECONDS)
    assert ear.visits == []


async def test_no_address_in_a_header_or_a_path_is_visited(web, settings, ear):
    there = f"http://{ear.place}/"
    headers = {
        "host": ear.place,
        "origin": there,
        "referer": there,
        "forwarded": f"host={ear.place};proto=http",
        "x-forwarded-host": ear.place,
        "x-original-url": there,
        "x-callback-url": there,
    }
    async with httpx.AsyncClient(timeout=30) as client:
        for path in (
            "/graphql?query={__typename}",
            f"/graphql?query={{__typename}}&extensions={quote(there)}",
            *(
                f"/oauth/{provider}/callback?code={quote(there)}&state={quote(there)}&iss={quote(there)}"
                for provider in ("serato", "spotify", "apple", "stripe")
            ),
            f"/{there}",
        ):
            await client.get(f"{settings.public_url}{path}", headers=headers)
    await asyncio.sleep(FETCHING_SECONDS)
    assert ear.visits == []


@pytest.mark.parametrize("path", ["http://{}/", "HTTP://{}", "https://{}/x", "//{}/x", "/\\{}", "@{}/", "/..//{}"])
async def test_a_line_leads_to_its_vendor_alone(ear, path):
    vendor = Ear()
    async with await asyncio.start_server(vendor.heard, "127.0.0.1", 0) as server:
        line = Line("Nobody", f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        # As a path it is asked of the vendor, who answers nothing; else nobody is asked.
        with pytest.raises((ValueError, Unavailable, httpx.InvalidURL)):
            await line.ask("GET", path.format(ear.place))
        await line.aclose()
    assert ear.visits == []


async def test_somebody_who_came_would_be_heard(ear):
    with pytest.raises(httpx.TransportError):
        async with httpx.AsyncClient() as client:
            await client.get(f"http://{ear.place}/")
    assert len(ear.visits) == 1


def test_what_goes_out_goes_by_vendors_adapters():
    """`httpx`, `aiosmtplib` and the like are imported there alone; a line follows no redirect and asks no proxy."""
    held_by("tests/test_house.py", "test_the_house_is_in_order")
    held_by(
        "tests/integrations/test_http.py",
        "test_rude_vendors_are_unavailable_soon_and_cost_little",
        "test_no_proxy_of_the_environment_is_asked",
    )
