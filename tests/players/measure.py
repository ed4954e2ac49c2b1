"""Many rooms, two workers that are killed again and again, and a vendor that says "too often" now and then.

`python -m tests.players.measure --rooms 100 --seconds 180` prints how often each account was asked, how long a change at
the vendor takes to a subscriber, and whether anybody asked who should not have.
"""

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from bisect import bisect_right
from collections import defaultdict
from contextlib import asynccontextmanager
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import bootstrap
from db import migrate
from db.session import Database, connect
from domain.jobs import LEASE_SECONDS
from integrations.embedded import hold
from settings import Settings
from tests.cast import Cast
from tests.client import Api, operation
from tests.fleet import Fleet, free_port
from tests.outside import Sandbox
from tests.players.conftest import API, ASKED, JOIN, Stage

EVENTS = operation("BroadcastEvents")
KILL_EVERY, DEAD_FOR = 30.0, 1.0
STRICT_EVERY, STRICT_FOR = 45.0, 5
SKIP_EVERY = 1.0
SWEEP_SECONDS = 2.0
ON_THEIR_WAY = 0.5
"""Questions that were asked when the first refusal came, in seconds after it."""


@asynccontextmanager
async def house(folder, calls_per_minute):
    """Databases, the sandbox and a web process; gives what makes people, and the fleet."""
    with hold(folder / "data") as addresses:
        await asyncio.to_thread(migrate.upgrade, addresses.database_url)
        environment = {
            "BACKLINE_DEMO": "1",
            "BACKLINE_DATA": str(folder / "own"),
            "DATABASE_URL": addresses.database_url,
            "REDIS_URL": addresses.redis_url,
            "PUBLIC_URL": f"http://127.0.0.1:{free_port()}",
            "SANDBOX_PORT": str(free_port()),
            "SANDBOX_MAIL_PORT": str(free_port()),
            "SPOTIFY_CALLS_PER_MINUTE": str(calls_per_minute),
        }
        settings = Settings.from_environment(environment)
        fleet, sandbox = Fleet(environment), Sandbox(f"http://127.0.0.1:{settings.sandbox_port}")
        try:
            await fleet.start("sandbox")
            while not await sandbox.answers():
                await asyncio.sleep(0.1)
            server = await fleet.start("web")
            engine = connect(addresses.database_url, pool_size=4, application="measure")
            async with bootstrap.build(settings) as services:
                database = Database(engine, services.bell, services.bus)
                web = SimpleNamespace(database=database, services=services, settings=settings)
                yield Stage(web, sandbox, Cast(web)), fleet, server.url
                await database.close()
        finally:
            await sandbox.close()
            await fleet.end()


class Watch:
    """A subscriber in each room: when they heard of a track, and when it had begun."""

    def __init__(self):
        self.heard = []

    async def listen(self, url, room, person):
        async with Api(url, person.token).subscribe(EVENTS, broadcastId=room.wire) as stream:
            await Api(url, person.token).do(JOIN, broadcastId=room.wire)
            shown = None
            while True:
                message = await stream.message(3600)
                now = time.time()
                event = message["payload"]["data"]["broadcastEvents"]["event"]
                track = event.get("nowPlaying") if event["__typename"] == "TrackChanged" else None
                if track and track["playing"] and track["track"]["title"] != shown:
                    began = datetime.fromisoformat(track["observedAt"]).timestamp() - track["progressSeconds"]
                    if shown is not None:
                        self.heard.append((began, now - began))
                    shown = track["track"]["title"]


async def repeat(pause, what):
    while True:
        await asyncio.sleep(pause)
        await what()


async def run(arguments, folder):
    async with house(folder, arguments.calls_per_minute) as (stage, fleet, url):
        dice, watch, kills, pauses, watching = random.Random(3), Watch(), [], [], []
        names = [f"dj{n:03}" for n in range(arguments.rooms)]
        for name in names:
            songs = [
                {"title": f"{name} {n}", "artists": [name], "duration_ms": dice.randint(30_000, 90_000)}
                for n in range(30)
            ]
            room = await stage.make.room(await stage.curator(name, songs=songs))
            listener = await stage.make.user()
            watching.append(asyncio.create_task(watch.listen(url, room, listener)))
            await asyncio.sleep(0.02)
        workers = [await fleet.start("worker") for _ in range(2)]
        await asyncio.sleep(15)
        stage.sandbox.last = (await stage.sandbox.control("GET", "/calls/count"))["last"]
        watch.heard.clear()

        async def kill():
            kills.append(time.time())
            await workers.pop(0).kill()
            await asyncio.sleep(DEAD_FOR)
            workers.append(await fleet.start("worker"))

        async def strict():
            rule = {"host": API, "path": ASKED, "kind": "status", "status": 429}
            await stage.sandbox.fault(**rule, headers={"Retry-After": str(STRICT_FOR)})
            while not any(
                call["status"] == 429 and call["at"] > began for call in await stage.sandbox.calls(API, ASKED)
            ):
                await asyncio.sleep(0.1)
            await stage.sandbox.calm()

        async def be_strict():
            nonlocal began
            began = time.time()
            await strict()

        async def skip():
            await stage.player("skip", dice.choice(names))

        began = started = time.time()
        deeds = [(KILL_EVERY, kill), (STRICT_EVERY, be_strict), (SKIP_EVERY, skip)]
        doing = [asyncio.create_task(repeat(*deed)) for deed in deeds]
        await asyncio.sleep(arguments.seconds)
        assert not any(task.done() for task in watching), "a subscriber was lost"
        for task in [*doing, *watching]:
            task.cancel()
        await asyncio.gather(*doing, *watching, return_exceptions=True)
        ended = time.time()
        calls = [call for call in await stage.sandbox.calls(API, ASKED) if started <= call["at"] <= ended]
        pauses += refusals(calls)
        print(report(arguments, calls, watch.heard, kills, pauses, ended - started))


def refusals(calls):
    """When each pause began: at the first refusal."""
    found = []
    for call in calls:
        if call["status"] == 429 and (not found or call["at"] > found[-1] + STRICT_FOR):
            found.append(call["at"])
    return found


def report(arguments, calls, heard, kills, pauses, seconds):
    """The figures, a line each."""
    accounts = defaultdict(list)
    for call in calls:
        accounts[call["authorization"]].append(call)
    often = sorted(len(each) * 60 / seconds for each in accounts.values())
    pairs = [pair for each in accounts.values() for pair in pairwise(each)]
    gaps = sorted(then["at"] - call["at"] for call, then in pairs)
    overlaps = sum(then["at"] < call["at"] + (call["seconds"] or 0) for call, then in pairs)
    during = sum(any(at + ON_THEIR_WAY < call["at"] < at + STRICT_FOR for at in pauses) for call in calls)
    strict = [(at, at + STRICT_FOR) for at in pauses]
    killed = [(at, at + LEASE_SECONDS + SWEEP_SECONDS) for at in kills]
    served = [late for began, late in heard if not touches(sorted(strict), began, began + late)]
    calm = [late for began, late in heard if not touches(sorted(strict + killed), began, began + late)]
    return "\n".join(
        [
            (
                f"rooms {arguments.rooms} on {len(accounts)} accounts, {seconds:.0f} s, {len(kills)} kills, "
                f"{len(pauses)} pauses of {STRICT_FOR} s, budget {arguments.calls_per_minute} calls a minute"
            ),
            (
                f"calls {len(calls)} ({sum(call['status'] == 429 for call in calls)} refused), "
                f"{len(calls) * 60 / seconds:.0f} a minute in all"
            ),
            f"calls per account per minute: min {often[0]:.1f}, median {statistics.median(often):.1f}, max {often[-1]:.1f}",
            (
                f"seconds between two calls of an account: min {gaps[0]:.2f}, median {statistics.median(gaps):.2f}, "
                f"p99 {at(gaps, 0.99):.2f}, max {gaps[-1]:.2f}"
            ),
            f"overlapping calls of an account: {overlaps}; sooner than 1 s: {sum(gap < 0.99 for gap in gaps)}",
            f"calls during pauses: {during}",
            f"from the vendor's change to the subscriber, {len(heard)} changes: {shares([late for _, late in heard])}",
            f"the same without pauses, {len(served)} changes: {shares(served)}",
            f"the same without pauses and kills, {len(calm)} changes: {shares(calm)}",
        ]
    )


def touches(spans, begin, end):
    """Whether something lies in one of the spans, sorted by their beginnings."""
    return any(first <= end and begin <= last for first, last in spans[: bisect_right(spans, (end, end))])


def at(values, share):
    return values[min(len(values) - 1, int(len(values) * share))]


def shares(values):
    found = sorted(values) or [0.0]
    parts = [f"p50 {at(found, 0.5):.2f}", f"p90 {at(found, 0.9):.2f}", f"p99 {at(found, 0.99):.2f}"]
    return ", ".join([*parts, f"max {found[-1]:.2f}"])


def main():
    parser = argparse.ArgumentParser(description="Measure how players are asked.")
    parser.add_argument("--rooms", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=180)
    parser.add_argument("--calls-per-minute", type=int, default=720)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="backline-") as folder:
        asyncio.run(run(arguments, Path(folder)))


if __name__ == "__main__":
    main()
