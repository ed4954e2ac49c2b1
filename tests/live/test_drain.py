"""A web process that is told to stop sends everybody elsewhere, and is gone."""

import asyncio
import time

import httpx

from tests.client import Api, operation

EVENTS = operation("BroadcastEvents")


async def test_whoever_follows_is_sent_elsewhere(fleet, make):
    room, web = await make.room(), await fleet.start("web")
    body = {"query": EVENTS, "variables": {"broadcastId": room.wire}}
    accepts = {"accept": "text/event-stream"}
    async with (
        Api(web.url).subscribe(EVENTS, broadcastId=room.wire) as stream,
        httpx.AsyncClient(timeout=30) as client,
        client.stream("POST", f"{web.url}/graphql", json=body, headers=accepts) as response,
    ):
        await stream.next()
        reading = asyncio.create_task(response.aread())
        await asyncio.sleep(0.5)
        start = time.monotonic()
        web.process.terminate()
        text = (await reading).decode()
        await stream.connection.wait_closed()
        await web.process.wait()
        assert time.monotonic() - start < 6
    assert stream.connection.close_code == 1012
    assert "BroadcastSnapshot" in text
    assert "id: evt_" in text
    # It just ends, so that clients come back by themselves.
    assert "event: complete" not in text
