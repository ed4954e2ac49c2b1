"""What everybody may ask for in a minute: exact over several web processes, told in headers, by person or by address."""

import asyncio
import time

import httpx
import pytest

from tests.client import Api
from tests.fleet import Fleet

REQUESTS = 12
POINTS = 200
LISTED = "{ liveBroadcasts(first: 48) { nodes { id } } }"
"""49 points, and what it takes to read it the first time in each process."""
TYPED = "{ __typename }"
BEAT = """mutation Beat($id: ID!) {
  sendBroadcastHeartbeat(input: {broadcastId: $id}) { userErrors { code } }
}"""


@pytest.fixture(scope="module", params=[2, pytest.param(4, marks=pytest.mark.long)])
async def webs(request, environment, web):
    """Web processes with small budgets, on one Valkey."""
    limits = {
        "POINTS_PER_MINUTE": str(POINTS),
        "REQUESTS_PER_MINUTE": str(REQUESTS),
        "WEB_PROCESSES": str(request.param),
    }
    fleet = Fleet({**environment, **limits})
    yield await asyncio.gather(*(fleet.start("web") for _ in range(request.param)))
    await fleet.end()


@pytest.fixture
def ask(webs):
    """Ask all processes in turn, at once: `await ask(30, {"query": ...}, mina)`."""

    async def ask(times, body, person=None, **headers):
        if person:
            headers["authorization"] = f"Bearer {person.token}"
        async with httpx.AsyncClient(timeout=30) as client:
            urls = [f"{webs[number % len(webs)].url}/graphql" for number in range(times)]
            return await asyncio.gather(*(client.post(url, json=body, headers=headers) for url in urls))

    return ask


def statuses(answers):
    return {status: [one.status_code for one in answers].count(status) for status in (200, 429)}


async def test_requests_are_exact_over_all_processes(ask, make):
    mina, theo = await make.user("mina"), await make.user("theo")
    started = time.monotonic()
    answers = await ask(40, {"query": TYPED}, mina)
    # One more comes back each five seconds; on an idle machine this takes a tenth of one.
    earned = int((time.monotonic() - started) * REQUESTS / 60)
    assert REQUESTS <= statuses(answers)[200] <= REQUESTS + earned
    refused = next(one for one in answers if one.status_code == 429)
    assert refused.json()["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
    assert 1 <= int(refused.headers["retry-after"]) <= 5
    assert '"requests";q=12;w=60' in refused.headers["ratelimit-policy"]
    assert '"requests";r=0;' in refused.headers["ratelimit"]
    assert statuses(await ask(1, {"query": TYPED}, theo)) == {200: 1, 429: 0}


async def test_points_are_exact_over_all_processes(ask, make, webs):
    for number in range(len(webs)):
        # Somebody else pays for the reading of the text, in each process.
        await ask(len(webs), {"query": LISTED}, await make.user(f"reader{number}"))
    answers = await ask(10, {"query": LISTED, "extensions": {"cost": True}}, await make.user("mina"))
    assert statuses(answers) == {200: POINTS // 49, 429: 10 - POINTS // 49}
    told = [one.json()["extensions"]["cost"] for one in answers if one.status_code == 200]
    assert {cost["requested"] for cost in told} == {49}
    assert 4 <= min(cost["budget"]["remaining"] for cost in told) < 49


async def test_strangers_of_one_address_share_what_there_is(ask):
    started = time.monotonic()
    answers = statuses(await ask(30, {"query": TYPED}))
    assert REQUESTS <= answers[200] <= REQUESTS + int((time.monotonic() - started) * REQUESTS / 60)


async def test_heartbeats_and_sockets_count_by_cost_alone(ask, make, webs):
    mina = await make.user("mina")
    room = (await make.room(mina)).wire
    await ask(len(webs), {"query": BEAT, "variables": {"id": room}}, mina)
    beats = await ask(13, {"query": BEAT, "variables": {"id": room}}, mina)
    assert statuses(beats)[200] == 13
    async with Api(webs[0].url, mina.token).socket() as socket:
        for _ in range(REQUESTS + 5):
            stream = await socket.subscribe(TYPED)
            assert (await stream.message())["type"] == "next"
            assert (await stream.message())["type"] == "complete"
    # Each process counted a request when it read the text of the heartbeat.
    assert REQUESTS - len(webs) <= statuses(await ask(30, {"query": TYPED}, mina))[200] < REQUESTS + 5
