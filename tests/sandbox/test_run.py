"""The sandbox as a process: it ends when told, and says when it cannot listen."""

import asyncio
import socket
import time

import httpx
import pytest

from integrations.sandbox.run import run
from tests.fleet import free_port
from tests.sandbox.process import registration


@pytest.mark.alone
async def test_it_ends_within_a_second_whoever_waits(mortal_sandbox):
    sandbox = mortal_sandbox
    await sandbox.fault("delay", seconds=60)
    waiting = asyncio.create_task(sandbox.http.get("/verify.twilio.com/v2/x"))
    _reader, idle = await asyncio.open_connection("127.0.0.1", sandbox.port)
    _reader, mail = await asyncio.open_connection("127.0.0.1", sandbox.smtp_port)
    while not await sandbox.calls():
        await asyncio.sleep(0.01)
    began = time.monotonic()
    assert await sandbox.stop() == 0
    assert time.monotonic() - began < 1
    with pytest.raises(httpx.TransportError):
        await waiting
    for writer in (idle, mail):
        writer.close()
    with pytest.raises(httpx.ConnectError):
        await sandbox.http.get("/")
    await sandbox.start()
    assert len((await sandbox.control("GET", "/faults"))["faults"]) == 1


async def test_a_port_that_is_taken_is_an_error(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for ports in ({"port": port, "smtp_port": free_port()}, {"port": free_port(), "smtp_port": port}):
            with pytest.raises(OSError, match="in use"):
                await run(tmp_path / "world", registration(), host="127.0.0.1", stop=asyncio.Event(), **ports)


async def test_an_unknown_vendor_is_not_there_and_not_noted(sandbox):
    assert (await sandbox.http.get("/api.unknown.example/v1")).status_code == 404
    assert await sandbox.calls() == []


@pytest.mark.alone
async def test_asking_for_calls_is_cheap(sandbox):
    """A test that waits for something asks often, also when many thousands are noted."""
    for _ in range(20):
        await asyncio.gather(*(sandbox.http.get("/verify.twilio.com/v2/x") for _ in range(20)))
    mark = await sandbox.mark()
    await sandbox.http.get("/verify.twilio.com/v2/x")
    began = time.monotonic()
    for _ in range(100):
        assert len(await sandbox.calls(since=mark)) == 1
    assert time.monotonic() - began < 2
