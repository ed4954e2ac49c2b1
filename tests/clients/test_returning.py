"""Clients of streams over HTTP whose server stops: they come back to another by themselves, and hear each event once."""

import asyncio
import json

from tests.clients.conftest import HERE

CURSOR = "query ($id: ID!) { broadcast(id: $id) { eventCursor } }"


async def test_clients_come_back_to_another_process_and_go_on_where_they_were(node, fleet, make, api):
    room, webs = await make.room(), [await fleet.start("web") for _ in range(2)]
    after = (await api()(CURSOR, id=room.wire))["broadcast"]["eventCursor"]
    given = {"urls": [web.url for web in webs], "room": room.wire, "after": after}
    process = await asyncio.create_subprocess_exec(
        str(node.program), str(HERE / "returning.mjs"), json.dumps(given), stdout=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(40):
            await make.message(room, text="first")
            for _ in range(2):
                line = await process.stdout.readline()
                assert b"hearing" in line, line
            webs[0].process.terminate()
            for number in range(5):
                await make.message(room, text=f"{number}")
            await webs[0].process.wait()
            await make.message(room, text="last")
            told = json.loads(await process.stdout.readline())
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    said = ["first", *map(str, range(5)), "last"]
    assert (told.get("events"), told.get("parts")) == (said, said), told
    assert min(told["asked"]) >= 2
