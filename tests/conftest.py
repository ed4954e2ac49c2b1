"""A real server for all tests: PostgreSQL, Valkey, the app behind a real socket; emptied after each test."""

import asyncio
import fcntl
import os
import tempfile
from pathlib import Path

import pytest
import uvicorn
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

import app
from bootstrap import registration
from db import migrate
from db.tables import Row
from integrations import valkey
from integrations.embedded import hold
from integrations.sandbox.run import run as run_sandbox
from settings import Settings
from tests.cast import Cast
from tests.client import Api
from tests.fleet import Fleet, free_port
from tests.outside import Sandbox

STARTED_WITHIN = 30.0
POSTGRES = int(os.environ.get("TEST_POSTGRES", "18"))
"""The major version that the tests run on: 18, or 16 with TEST_POSTGRES=16."""


@pytest.fixture(autouse=True)
def turn(request, tmp_path_factory):
    """Let a test that measures time run while no other does, if several processes run tests at a time."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        yield
        return
    alone = request.node.get_closest_marker("alone")
    folder = tmp_path_factory.getbasetemp().parent
    with (folder / "queue").open("w") as queue, (folder / "turn").open("w") as turn:
        # Whoever waits for the others to end keeps the queue, or they would go on one after the other.
        fcntl.flock(queue, fcntl.LOCK_EX)
        fcntl.flock(turn, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        fcntl.flock(queue, fcntl.LOCK_UN)
        yield


LONGEST_FIRST = (
    "tests/chaos/test_payouts.py",
    "tests/test_reads_agree.py",
    "tests/test_serve.py",
    "tests/live/test_races.py",
    "tests/engine/test_compiled_against_naive.py",
    "tests/chaos/test_schedules.py",
    "tests/payments/test_webhooks.py",
    "tests/live/",
    "tests/ledger/test_machine.py",
    "tests/integrations/test_embedded.py",
    "tests/verification/test_together.py",
    "tests/clients/",
    "tests/explorer/",
    "tests/connections/test_",
    "tests/payments/",
    "tests/test_",
    "tests/engine/",
)
"""The files that take longest, or one process would do one of them at the end while the others have nothing left."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Longest files first; those that want the machine for themselves last, so that as few as can be wait for their turn."""
    alone = {item.path for item in items if item.get_closest_marker("alone")}

    def place(item):
        ranks = (n for n, name in enumerate(LONGEST_FIRST) if item.nodeid.startswith(name))
        return item.path in alone, next(ranks, len(LONGEST_FIRST))

    items.sort(key=place)


@pytest.fixture(scope="session")
def addresses():
    """Where PostgreSQL and Valkey are: ours, run from the wheels, or those that the environment names."""
    with tempfile.TemporaryDirectory(prefix="backline-") as folder, hold(Path(folder) / "data") as found:
        yield found


async def hurry(url):
    """Have PostgreSQL wait for no disk: nobody kills this one. What tests kill keeps its promises."""
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    async with engine.connect() as connection:
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            await connection.execute(text(f"ALTER SYSTEM SET {name} = off"))
        await connection.execute(text("SELECT pg_reload_conf()"))
    await engine.dispose()


@pytest.fixture(scope="session")
def environment(addresses, tmp_path_factory):
    port = free_port()
    names = {
        "BACKLINE_DEMO": "1",
        "BACKLINE_DATA": str(tmp_path_factory.mktemp("data")),
        "DATABASE_URL": addresses.database_url,
        "REDIS_URL": addresses.redis_url,
        "PORT": str(port),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "ALLOWED_ORIGINS": "https://app.example",
        "RETURN_URLS": "https://app.example/connected,backline://connected",
        # One address and one person ask for hundreds of things a minute here; what is about limits has servers of its own.
        "POINTS_PER_MINUTE": "0",
        "REQUESTS_PER_MINUTE": "0",
        "SANDBOX_PORT": str(free_port()),
        "SANDBOX_MAIL_PORT": str(free_port()),
    }
    asyncio.run(hurry(addresses.database_url))
    migrate.upgrade(addresses.database_url)
    return names


@pytest.fixture(scope="session")
def settings(environment):
    return Settings.from_environment(environment)


@pytest.fixture(scope="session")
async def sandbox(settings, tmp_path_factory):
    """The outside world: the sandbox's vendors and mail server, behind real sockets."""
    stop = asyncio.Event()
    running = asyncio.create_task(
        run_sandbox(
            tmp_path_factory.mktemp("sandbox") / "world.sqlite",
            registration(settings),
            host="127.0.0.1",
            port=settings.sandbox_port,
            smtp_port=settings.sandbox_mail_port,
            stop=stop,
        )
    )
    made = Sandbox(f"http://127.0.0.1:{settings.sandbox_port}")
    async with asyncio.timeout(STARTED_WITHIN):
        while not await made.answers():
            assert not running.done(), "the sandbox did not start"
            await asyncio.sleep(0.02)
    yield made
    stop.set()
    await running
    await made.close()


@pytest.fixture(scope="session")
async def web(settings, sandbox):
    """The running web process: `web.database`, `web.services`, `web.live`, behind `settings.public_url`."""
    made = app.build(settings)
    config = uvicorn.Config(
        made,
        host="127.0.0.1",
        port=settings.port,
        log_level="warning",
        http="engine.cutting:CuttingProtocol",
        ws="engine.frames:FrameProtocol",
        ws_per_message_deflate=False,
        lifespan="on",
    )
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None
    running = asyncio.create_task(server.serve())
    async with asyncio.timeout(STARTED_WITHIN):
        while not server.started:
            assert not running.done(), "the app did not start"
            await asyncio.sleep(0.02)
    yield made.state.web
    server.should_exit = True
    await running


@pytest.fixture(scope="session")
def database(web):
    return web.database


@pytest.fixture(scope="session")
def services(web):
    return web.services


@pytest.fixture(autouse=True)
async def clean(request):
    """Empty all tables after a test that used the database; triggers are off meanwhile, the journal's too."""
    yield
    if "web" not in request.fixturenames:
        return
    found = request.getfixturevalue("web")
    # First, so that what Stripe has still to tell comes to nothing.
    await request.getfixturevalue("sandbox").reset()
    # One block is one question to the server, however many tables there are.
    names = [table.name for table in Row.metadata.sorted_tables if not table.info.get("view")]
    block = "".join(f"DELETE FROM {name}; " for name in names)
    async with found.database.transaction() as tx:
        await tx.session.execute(text("SET LOCAL session_replication_role = replica"))
        await tx.session.execute(text(f"DO $$ BEGIN {block}END $$"))
    client = valkey.connect(found.settings.redis_url)
    await client.flushdb()
    await client.aclose()


@pytest.fixture
def make(web):
    """Make people and rooms: `await make.user("mina")`, `await make.room(mina)`."""
    return Cast(web)


@pytest.fixture
def api(web, settings):
    """Ask over HTTP: `await api(mina)(OPERATION, id=room)` gives the data; `api()` asks as a stranger."""

    def client(person=None):
        return Api(settings.public_url, person.token if person else None)

    return client


@pytest.fixture
def run_jobs(web):
    """Do every job that is due, as workers would, until none is; with `at_once` several workers at a time."""

    async def run():
        return await Cast(web).run_jobs()

    return run


@pytest.fixture
async def fleet(environment, web):
    """Server processes of their own on the same databases: `await fleet.start("web")`, `await fleet.start("worker")`."""
    made = Fleet(environment)
    yield made
    await made.end()


@pytest.fixture
async def server(fleet):
    """The address of a server in a process of its own."""
    return (await fleet.start("web")).url
