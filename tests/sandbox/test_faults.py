"""Each kind of fault on a real connection: what the caller sees, and whether the vendor has done it."""

import asyncio
import time

import httpx
import pytest

from tests.sandbox.process import registration

OURS = registration()
HOST = "verify.twilio.com"
PATH = f"/v2/Services/{OURS.twilio_service_sid}/Verifications"
NUMBER = "+4915112345678"


@pytest.fixture
async def ask(sandbox):
    """Have a code sent; the effect is an SMS in the inbox."""
    async with httpx.AsyncClient(auth=(OURS.twilio_account_sid, OURS.twilio_auth_token), timeout=10) as client:

        async def send(to=NUMBER):
            return await client.post(sandbox.at(HOST) + PATH, data={"To": to, "Channel": "sms"})

        yield send


async def effects(sandbox):
    return len(await sandbox.inbox())


async def test_without_faults_it_works_and_is_noted(sandbox, ask):
    answer = await ask()
    assert answer.status_code == 201
    [call] = await sandbox.calls()
    assert (call["host"], call["method"], call["path"], call["status"]) == (HOST, "POST", PATH, 201)
    assert "Channel=sms" in call["body"]
    assert call["authorization"].startswith("Basic ")
    assert call["answer"] == answer.text
    assert call["fault"] is None
    assert 0 <= call["seconds"] < 1
    assert abs(call["at"] - time.time()) < 10


@pytest.mark.parametrize(("kind", "done"), [("drop", 0), ("drop_after_effect", 1)])
async def test_dropped(sandbox, ask, kind, done):
    await sandbox.fault(kind, host=HOST)
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        await ask()
    assert await effects(sandbox) == done
    [call] = await sandbox.calls()
    assert (call["fault"], call["status"]) == (kind, None)
    assert call["seconds"] is not None


@pytest.mark.parametrize(("kind", "done"), [("status", 0), ("status_after_effect", 1)])
async def test_another_status(sandbox, ask, kind, done):
    await sandbox.fault(kind, status=429, headers={"Retry-After": "7"}, body='{"error":"slow down"}')
    answer = await ask()
    assert (answer.status_code, answer.headers["retry-after"], answer.text) == (429, "7", '{"error":"slow down"}')
    assert await effects(sandbox) == done
    [call] = await sandbox.calls()
    assert (call["fault"], call["status"], call["answer"]) == (kind, 429, '{"error":"slow down"}')


async def test_status_without_more_is_503_and_seconds_is_retry_after(sandbox, ask):
    await sandbox.fault("status", times=1)
    assert (await ask()).status_code == 503
    await sandbox.fault("status", status=429, seconds=3, times=1)
    assert (await ask()).headers["retry-after"] == "3"
    assert await effects(sandbox) == 0


async def test_html(sandbox, ask):
    await sandbox.fault("html")
    answer = await ask()
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.text.startswith("<!doctype html>")
    assert await effects(sandbox) == 0


async def test_empty(sandbox, ask):
    await sandbox.fault("empty")
    answer = await ask()
    assert (answer.status_code, answer.content) == (200, b"")
    assert await effects(sandbox) == 0


async def test_half_json(sandbox, ask):
    await sandbox.fault("half_json")
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete"):
        await ask()
    assert await effects(sandbox) == 1
    [call] = await sandbox.calls()
    assert call["fault"] == "half_json"


async def test_huge(sandbox, ask):
    await sandbox.fault("huge")
    answer = await ask()
    assert answer.status_code == 200
    assert len(answer.content) > 10 * 1024 * 1024
    assert answer.json()["filler"].startswith("xxx")
    assert await effects(sandbox) == 0
    [call] = await sandbox.calls()
    assert len(call["answer"]) == 4096


@pytest.mark.alone
async def test_delay_holds_up_nobody_else(sandbox, ask):
    await sandbox.fault("delay", seconds=1, times=1)
    began = time.monotonic()
    slow = asyncio.create_task(ask())
    await asyncio.sleep(0.2)
    [call] = await sandbox.calls()
    assert call["seconds"] is None, "it is seen while it waits"
    quick = time.monotonic()
    assert (await ask("+4915187654321")).status_code == 201
    assert time.monotonic() - quick < 0.5
    assert (await slow).status_code == 201
    assert time.monotonic() - began >= 1
    assert await effects(sandbox) == 2


async def test_delay_and_another(sandbox, ask):
    await sandbox.fault("delay", seconds=0.3)
    await sandbox.fault("status", status=500)
    began = time.monotonic()
    assert (await ask()).status_code == 500
    assert time.monotonic() - began >= 0.3
    [call] = await sandbox.calls()
    assert call["fault"] == "delay+status"


async def test_who_gives_up_waiting_is_served_all_the_same(sandbox, ask):
    """As with a vendor: a time-out says nothing of what was done."""
    await sandbox.fault("delay", seconds=0.5, times=1)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(ask(), 0.2)
    for _ in range(100):
        if await effects(sandbox):
            break
        await asyncio.sleep(0.02)
    assert await effects(sandbox) == 1


async def test_times_count_down_to_nothing_even_at_once(sandbox, ask):
    await sandbox.fault("status", status=500, times=3)
    answers = await asyncio.gather(*(ask(f"+49151000000{number:02d}") for number in range(10)))
    assert sorted(answer.status_code for answer in answers) == [201] * 7 + [500] * 3
    assert await sandbox.control("GET", "/faults") == {"faults": []}
    assert await effects(sandbox) == 7


async def test_probability(sandbox, ask):
    await sandbox.fault("status", status=500, probability=0.5)
    statuses = [(await ask(f"+4915100000{number:03d}")).status_code for number in range(60)]
    assert 10 < statuses.count(500) < 50
    await sandbox.heal()
    await sandbox.fault("status", status=500, probability=0)
    assert (await ask("+4915200000000")).status_code == 201


@pytest.mark.parametrize(
    ("rule", "hit"),
    [
        ({"host": HOST}, True),
        ({"host": "api.spotify.com"}, False),
        ({"path": "/v2/Services"}, True),
        ({"path": "/v2/*/Verifications"}, True),
        ({"path": "/v2/*/Check"}, False),
        ({"path": "/Services"}, False),
        ({"method": "POST"}, True),
        ({"method": "GET"}, False),
        ({"host": HOST, "method": "POST", "path": "/v1"}, False),
    ],
)
async def test_rules_hit_whom_they_name(sandbox, ask, rule, hit):
    await sandbox.fault("status", status=500, **rule)
    assert (await ask()).status_code == (500 if hit else 201)


async def test_faults_do_not_touch_the_control_api(sandbox, ask):
    await sandbox.fault("drop")
    assert (await sandbox.http.get("/")).status_code == 200
    assert await sandbox.inbox() == []
    with pytest.raises(httpx.RemoteProtocolError):
        await ask()


async def test_a_body_that_is_too_large_is_not_read(sandbox, ask):
    answer = await sandbox.http.post(f"/{HOST}{PATH}", content=b"x" * (5 * 1024 * 1024))
    assert answer.status_code == 413
    assert await effects(sandbox) == 0
