"""The reading clubs in a database of their own, on the PostgreSQL of all tests."""

import os
from contextlib import asynccontextmanager

import asyncpg
import pytest
import strawberry
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from strawberry.extensions import ParserCache, ValidationCache

from engine.executor import CompiledExecutor
from tests.engine import clubs, world
from tests.engine.clubs import member
from tests.engine.operations import Known, learn, openings
from tests.engine.tables import Row

NAME = "reading_clubs"
VIEWERS = [(None, ()), (member(1), ()), (member(2), ()), (member(7), ("CLERK",))]
VALUES = {
    "Int": [0, 1, 2, 20, 40, 2_000_000_000],
    "minVisits": [0, 1, 10, 20, 2_000_000_000],
    "genre": ["crime", "verse", "it's", "none"],
    "genres": ["crime", "verse", "it's", "none"],
    "handle": ["reader1", "reader3", "reader5", "nobody"],
    "String": ["crime", "it's", "abc", "reader1", "reader3", "reader5", "", "%", "ü"],
}


class Context:
    """What the engine needs of a context, and a count of what it does with it."""

    def __init__(self, pool, viewer=None, roles=()):
        self.pool = pool
        self.parameters = {"viewer": viewer, "viewer_roles": list(roles)}
        self.texts = []
        self.connections = []

    @asynccontextmanager
    async def read(self):
        async with self.pool.acquire() as connection:
            self.connections.append(connection)
            yield Counted(connection, self)


class Counted:
    def __init__(self, connection, context):
        self.connection = connection
        self.context = context

    async def fetch(self, query, *values):
        self.context.texts.append(query)
        return await self.connection.fetch(query, *values)


@pytest.fixture(scope="session")
async def clubs_url(request):
    """A fresh database beside that of the platform."""
    url = os.environ.get("TEST_DATABASE_URL") or request.getfixturevalue("addresses").database_url
    administrator = create_async_engine(url, isolation_level="AUTOCOMMIT")
    async with administrator.connect() as connection:
        await connection.execute(text(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)"))
        await connection.execute(text(f"CREATE DATABASE {NAME}"))
    yield make_url(url).set(database=NAME)
    async with administrator.connect() as connection:
        await connection.execute(text(f"DROP DATABASE {NAME} WITH (FORCE)"))
    await administrator.dispose()


@pytest.fixture(scope="session")
async def rows(clubs_url):
    """SQLAlchemy's way to the clubs."""
    engine = create_async_engine(clubs_url, connect_args={"server_settings": {"jit": "off", "timezone": "UTC"}})
    async with engine.begin() as connection:
        await connection.run_sync(Row.metadata.create_all)
        await clubs.fill(connection)
    yield engine
    await engine.dispose()


@pytest.fixture(scope="session")
async def pool(clubs_url, rows):
    """The engine's way to them."""
    dsn = clubs_url.set(drivername="postgresql").render_as_string(hide_password=False)
    async with asyncpg.create_pool(
        dsn, min_size=1, max_size=8, server_settings={"jit": "off", "timezone": "UTC"}
    ) as made:
        yield made


@pytest.fixture(scope="session")
def schema():
    return strawberry.Schema(
        query=world.Query,
        mutation=world.Mutation,
        subscription=world.Subscription,
        execution_context_class=CompiledExecutor,
        extensions=[ParserCache, ValidationCache],  # Plans belong to parsed documents: without, none is used twice.
    )


@pytest.fixture(scope="session")
def make_context(pool):
    """Make a context: `make_context(viewer)`."""
    return lambda viewer=None, roles=(): Context(pool, viewer, roles)


@pytest.fixture
def ask(schema, make_context):
    """Ask an operation; gives its result and the context, which knows what was sent to the database."""

    async def run(operation, viewer=None, roles=(), **variables):
        made = make_context(viewer, roles)
        return await schema.execute(operation, variable_values=variables, context_value=made), made

    return run


@pytest.fixture(scope="session")
async def known(schema, pool, make_context):
    """Ids and cursors of the clubs."""
    found = Known(values=VALUES)
    for operation in openings(schema._schema):
        for viewer, roles in VIEWERS:
            result = await schema.execute(operation, context_value=make_context(viewer, roles))
            assert not result.errors
            learn(found, "Query", result.data)
    return found
