"""A door behind a real socket, and clients for it."""

from __future__ import annotations

import asyncpg
import httpx
import pytest

from tests.engine.doors.porch import CLOSED, LATE, SPEAKER, TOUCHED, Guest, make_door, serving


@pytest.fixture(scope="session")
async def address():
    """Host and port of a door with the usual limits."""
    async with serving(make_door()) as address:
        yield address


@pytest.fixture(scope="session")
async def quick():
    """Host and port of a door that is impatient."""
    door = make_door(deadline_seconds=0.4, init_seconds=0.4, send_seconds=0.4, subscriptions=3)
    async with serving(door) as address:
        yield address


@pytest.fixture(autouse=True)
def forget():
    """Nobody came before."""
    for known in (TOUCHED, CLOSED, LATE, Guest.made):
        known.clear()
    Guest.revoked_names.clear()
    Guest.seconds_left.clear()
    SPEAKER.said.clear()


@pytest.fixture(scope="session")
async def client():
    async with httpx.AsyncClient() as client:
        yield client


@pytest.fixture(scope="session")
async def pool(addresses):
    """Connections to a real PostgreSQL, which guests read through."""
    dsn = addresses.database_url.replace("postgresql+asyncpg", "postgresql")
    async with asyncpg.create_pool(dsn, min_size=2, max_size=4) as pool:
        Guest.pool = pool
        yield pool
        Guest.pool = None


@pytest.fixture
def post(client, address):
    """Ask over HTTP: `await post("{ hello }", name="mina")` gives the response."""

    async def ask(query, variables=None, *, name="mina", at=address, **headers):
        given = {"authorization": f"Bearer {name}", **{key.replace("_", "-"): value for key, value in headers.items()}}
        return await client.post(f"http://{at}/graphql", json={"query": query, "variables": variables}, headers=given)

    return ask
