"""PostgreSQL and Valkey die in the middle of a chat: nothing is lost, and nothing is allowed that was not."""

import asyncio
import os
import signal
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest

import bootstrap
from db import migrate
from db.session import Database, connect
from integrations import valkey
from integrations.embedded import hold
from settings import Settings
from tests.cast import Cast
from tests.client import Api, operation
from tests.fleet import Fleet

EVENTS, SEND = operation("BroadcastEvents"), operation("SendMessage")
ROOM = "query ($id: ID!) { broadcast(id: $id) { title messages(last: 5) { nodes { text author { username } } } } }"


class Outpost:
    """Servers of its own, which may be killed, and two web processes on them."""

    def __init__(self, data, settings, database, services, urls):
        self.data = data
        self.settings = settings
        self.database = database
        self.urls = urls
        self.make = Cast(SimpleNamespace(database=database, services=services))

    def postgres(self):
        """The server's process id, and whether it says that it is ready."""
        lines = (self.data / "postgres" / "postmaster.pid").read_text().splitlines()
        return int(lines[0]), "ready" in lines[-1]

    def kill_postgres(self):
        os.kill(self.postgres()[0], signal.SIGKILL)

    async def restart_postgres(self):
        """Kill it, and wait until another serves in its place."""
        killed = self.postgres()[0]
        self.kill_postgres()
        async with asyncio.timeout(20):
            while True:
                await asyncio.sleep(0.05)
                with suppress(OSError, ValueError, IndexError):
                    if self.postgres() not in {(killed, True), (killed, False)} and self.postgres()[1]:
                        return

    async def valkey_pid(self):
        client = valkey.connect(self.settings.redis_url)
        try:
            return (await client.info("server"))["process_id"]
        finally:
            await client.aclose()


@pytest.fixture(scope="module")
def home():
    """A folder with a short name, and the servers whose data it holds."""
    with tempfile.TemporaryDirectory(prefix="outpost-") as folder, hold(Path(folder) / "data") as addresses:
        migrate.upgrade(addresses.database_url)
        yield Path(folder), addresses


@pytest.fixture(scope="module")
async def outpost(home):
    folder, addresses = home
    names = {"BACKLINE_DEMO": "1", "BACKLINE_DATA": str(folder / "files"), "PUBLIC_URL": "http://outpost.example"}
    names |= {"DATABASE_URL": addresses.database_url, "REDIS_URL": addresses.redis_url}
    # While Valkey is away each process counts for itself: what is tried here is not limits.
    names |= {"POINTS_PER_MINUTE": "0", "REQUESTS_PER_MINUTE": "0"}
    settings = Settings.from_environment(names)
    fleet = Fleet(names)
    async with bootstrap.build(settings) as services:
        database = Database(
            connect(addresses.database_url, pool_size=3, application="test"), services.bell, services.bus
        )
        urls = [(await fleet.start("web")).url for _ in range(2)]
        yield Outpost(folder / "data", settings, database, services, urls)
        await fleet.end()
        await database.close()


async def say(url, person, room, number):
    """Send one line until it is taken, as a client does; gives how often that failed."""
    line = {"broadcastId": room.wire, "text": f"{number}", "clientKey": f"{number}"}
    for failures in range(200):
        answer = await Api(url, person.token).answer(SEND, {"input": line})
        if not answer.get("errors"):
            assert answer["data"]["sendMessage"]["messageEdge"], answer
            return failures
        assert answer["errors"][0]["extensions"]["code"] in {"INTERNAL", "DEADLINE_EXCEEDED"}, answer
        await asyncio.sleep(0.1)
    raise AssertionError(f"line {number} was never taken")


async def read(stream, most):
    """The texts of so many messages of the curator, in the order in which they come."""
    found = []
    while len(found) < most:
        said = (await stream.next(within=20))["broadcastEvents"]["event"]["message"]["text"]
        found += [said] if said != "Hey" else []
    return found


async def test_postgres_dies_and_the_chat_goes_on(outpost):
    room = await outpost.make.room()
    lines = 60
    async with (
        Api(outpost.urls[0]).subscribe(EVENTS, broadcastId=room.wire) as one,
        Api(outpost.urls[1]).subscribe(EVENTS, broadcastId=room.wire) as other,
    ):
        await one.next()
        await other.next()
        reading = asyncio.gather(read(one, lines), read(other, lines))
        # Every connection of both pools is in use once, and dead afterwards.
        await asyncio.gather(*(Api(url).answer(ROOM, {"id": room.wire}) for url in outpost.urls * 15))
        failures = 0
        for number in range(lines):
            if number == lines // 3:
                outpost.kill_postgres()
            failures += await say(outpost.urls[number % 2], room.curator, room, number)
        assert await reading == [[f"{number}" for number in range(lines)]] * 2
    assert failures > 0
    answers = [await Api(url).answer(ROOM, {"id": room.wire}) for url in outpost.urls * 15]
    assert [answer.get("errors") for answer in answers] == [None] * 30
    assert answers[-1]["data"]["broadcast"]["messages"]["nodes"][-1]["text"] == f"{lines - 1}"


async def test_postgres_dies_between_two_reads_and_no_reader_notices(outpost):
    """Whoever comes after the restart gets an answer at once, on a new connection."""
    room = await outpost.make.room()
    queries = [(Api(url), {"id": room.wire}) for url in outpost.urls * 15]
    await asyncio.gather(*(client.answer(ROOM, variables) for client, variables in queries))
    await outpost.restart_postgres()
    answers = [await client.answer(ROOM, variables) for client, variables in queries]
    assert [answer.get("errors") for answer in answers] == [None] * 30
    assert await say(outpost.urls[0], room.curator, room, 0) == 0


async def test_valkey_dies_and_the_chat_goes_on(outpost):
    """Silent first, then dead, then empty: the line is gone, and the log is read; the limit is kept by each process."""
    room, guest = await outpost.make.room(), await outpost.make.user()
    lines, taken = 40, []
    begun = time.monotonic()

    async def hammer(url):
        while time.monotonic() - begun < 7:
            answer = await Api(url, guest.token)(SEND, input={"broadcastId": room.wire, "text": "Hey"})
            taken.extend([time.monotonic()] if answer["sendMessage"]["messageEdge"] else [])
            await asyncio.sleep(0.05)

    async def break_valkey():
        await asyncio.sleep(1)
        pid = await outpost.valkey_pid()
        os.kill(pid, signal.SIGSTOP)
        await asyncio.sleep(2)
        os.kill(pid, signal.SIGKILL)

    async with (
        Api(outpost.urls[0]).subscribe(EVENTS, broadcastId=room.wire) as one,
        Api(outpost.urls[1]).subscribe(EVENTS, broadcastId=room.wire) as other,
    ):
        await one.next()
        await other.next()
        breaking = asyncio.gather(break_valkey(), *(hammer(url) for url in outpost.urls * 2))
        reading = asyncio.gather(*(read(stream, lines) for stream in (one, other)))
        for number in range(lines):
            assert await say(outpost.urls[number % 2], room.curator, room, number) == 0
            await asyncio.sleep(0.1)
        assert await reading == [[f"{number}" for number in range(lines)]] * 2
        await breaking
    # 7 s at one each 3 s make 3; twice as many is what two processes alone may allow.
    assert 2 <= len(taken) <= 6
