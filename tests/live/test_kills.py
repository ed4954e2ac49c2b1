"""Web processes are killed with -9 under clients that come back with their cursors: each event once, in order."""

import asyncio
import os
import random
import time

import pytest
import websockets

from tests.client import Api, operation

EVENTS = operation("BroadcastEvents")
CURSOR = "query ($id: ID!) { broadcast(id: $id) { eventCursor } }"
ASKED = int(os.environ.get("TEST_KILLS", "3"))
KILLS, CLIENTS, SAID = (ASKED, 200, ASKED * 10) if ASKED >= 10 else (2, 12, 80)
"""With 50 kills 200 clients hear 500 events each: 100,000."""
PASSING = {"UNAVAILABLE", "DEADLINE_EXCEEDED"}


class Pair:
    """Two web processes, one of which is killed now and then."""

    def __init__(self, fleet, log):
        self.fleet = fleet
        self.log = log
        self.webs = []
        self.killed = 0

    async def start(self):
        self.webs = [await self.fleet.start("web", self.log) for _ in range(2)]

    async def kill(self):
        """Kill one of them; another is there to take its place, so that there always are two to come back to."""
        number = self.killed % 2
        victim, self.webs[number] = self.webs[number], await self.fleet.start("web", self.log)
        await victim.kill()
        self.killed += 1

    def url(self):
        return random.choice(self.webs).url


def code_of(message):
    """The code of what ended a subscription, or None."""
    return message["payload"][0]["extensions"]["code"] if message["type"] == "error" else None


async def follow(pair, room, cursor, seen):
    """Read until all was heard; whatever breaks, come back with the last cursor."""
    returns = -1
    while len(seen) < SAID:
        returns += 1
        try:
            async with Api(pair.url()).subscribe(EVENTS, broadcastId=room.wire, after=cursor) as stream:
                while len(seen) < SAID:
                    message = await stream.message(within=60)
                    if code_of(message) in PASSING:
                        # Said in so many words that it passes; what came before is known by its cursor.
                        break
                    assert message["type"] == "next", message
                    event = message["payload"]["data"]["broadcastEvents"]
                    cursor = event["cursor"]
                    seen.append(event["event"]["message"]["text"])
        except (OSError, websockets.exceptions.WebSocketException):
            pass
        await asyncio.sleep(random.uniform(0.05, 0.3))
    return returns


@pytest.fixture
def log(tmp_path):
    """What the processes say; shown when the test fails."""
    path = tmp_path / "web.log"
    with path.open("w") as file:
        yield file
    print(path.read_text()[-20_000:])


@pytest.mark.timeout(3600)
async def test_every_client_sees_each_event_once_and_in_order(fleet, make, api, log):
    pair, room = Pair(fleet, log), await make.room()
    await pair.start()
    began = time.monotonic()
    cursor = (await api()(CURSOR, id=room.wire))["broadcast"]["eventCursor"]
    seen = [[] for _ in range(CLIENTS)]
    clients = [asyncio.create_task(follow(pair, room, cursor, mine)) for mine in seen]

    async def talk():
        number = 0
        while number < SAID:
            await make.message(room, text=f"{number}")
            number += 1
            # The last is said after the last kill.
            while pair.killed < KILLS and number * KILLS > pair.killed * SAID + SAID // 2:
                await asyncio.sleep(0.05)

    talking = asyncio.create_task(talk())
    for _ in range(KILLS):
        await asyncio.sleep(random.uniform(0.1, 0.6))
        await pair.kill()
    await talking
    returns = await asyncio.gather(*clients)
    events, seconds = sum(map(len, seen)), time.monotonic() - began
    print(f"{events} events to {CLIENTS} clients over {KILLS} kills in {seconds:.0f} s; {sum(returns)} came back")
    assert sum(returns) >= KILLS, "nobody was on a process that was killed"
    for mine in seen:
        assert mine == [f"{number}" for number in range(SAID)]
