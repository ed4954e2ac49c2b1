"""The door at /metrics: who may read, and that what it says is what happened."""

import asyncio
import json
import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlalchemy import update
from starlette.applications import Starlette

from app import DOCUMENTS
from db.tables import JobRow
from domain.actors import Caller
from domain.ids import new_id
from domain.jobs import Job, JobKind, Queue
from jobs.run import run_job
from tests.fleet import Fleet, free_port
from web import metrics

LIVE = next(
    each["body"] for each in json.loads(DOCUMENTS.read_text())["operations"] if each["name"] == "LiveBroadcasts"
)
TOKEN = "a token for prometheus"
BROKEN = {"broadcastId": "no id"}


def read(text, name, **labels):
    """The value of one series; 0.0 where it is not there."""
    for line in text.splitlines():
        found = re.fullmatch(rf"{name}(?:{{(.*)}})? (\S+)", line)
        if found and dict(re.findall(r'(\w+)="([^"]*)"', found[1] or "")) == labels:
            return float(found[2])
    return 0.0


@pytest.fixture
def scrape(settings, web):
    async def ask(**headers):
        async with httpx.AsyncClient() as client:
            return await client.get(f"{settings.public_url}/metrics", headers=headers)

    return ask


async def page():
    return b"figures", "text/plain"


async def status(address, token=None, **headers):
    """What somebody at an address is answered; the peer's address is nothing that a test can choose on a real socket."""
    app = Starlette(routes=metrics.routes(page, token, lambda _request: Caller(address=address, device="", city=None)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client:
        answer = await client.get("/metrics", headers=headers)
        assert (b"figures" in answer.content) is (answer.status_code == 200)
        return answer.status_code


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.2.3.4", "192.168.1.9", "fd00::1", "::ffff:10.0.0.1"])
async def test_who_is_near_may_read(address):
    assert await status(address) == 200


@pytest.mark.parametrize("address", ["8.8.8.8", "2a00::1", "::ffff:8.8.8.8", "", "unix"])
async def test_who_is_not_near_may_not(address):
    assert await status(address) == 403


@pytest.mark.parametrize("header", ["x-forwarded-for", "forwarded", "x-real-ip", "via"])
async def test_what_came_past_a_proxy_is_not_near(header):
    assert await status("127.0.0.1", **{header: "10.0.0.1"}) == 403


async def test_with_a_token_only_the_token_counts():
    assert await status("8.8.8.8", TOKEN, authorization=f"Bearer {TOKEN}") == 200
    assert await status("127.0.0.1", TOKEN) == 401
    assert await status("127.0.0.1", TOKEN, authorization=f"Bearer {TOKEN}x") == 401
    assert await status("127.0.0.1", TOKEN, authorization=f"Basic {TOKEN}") == 401
    assert await status("127.0.0.1", TOKEN, authorization=b"Bearer \xe9") == 401


async def test_operations_are_counted_by_name_only_when_their_names_are_ours(api, make, scrape):
    before = (await scrape()).text
    ask = api(await make.user("mina"))
    for _ in range(3):
        await ask(LIVE, first=5)
    await ask("query SomethingOfTheirOwn { health: __typename }")
    await ask.answer("query { nowhere }")
    after = (await scrape()).text
    known = {"operation": "LiveBroadcasts", "kind": "query"}

    def more(name, **labels):
        return read(after, name, **labels) - read(before, name, **labels)

    assert more("backline_operation_seconds_count", **known) == 3
    # The token is looked up before each, and the rooms are read; a context is made before an operation begins.
    assert more("backline_operation_sql_statements_sum", **known) >= 3
    assert more("backline_operation_sql_seconds_sum", **known) > 0
    assert more("backline_plans_total", how="found") >= 2
    assert more("backline_operation_seconds_count", operation="other", kind="query") == 1
    assert more("backline_errors_total", code="GRAPHQL_VALIDATION_FAILED") == 1
    assert "SomethingOfTheirOwn" not in after
    assert read(after, "backline_operation_cost_count", **known) >= 3


async def test_sockets_and_live_events_are_counted(api, make, scrape):
    room = await make.room()
    before = (await scrape()).text
    events = "subscription ($id: ID!) { broadcastEvents(broadcastId: $id) { __typename } }"
    async with api(room.curator).subscribe(events, id=room.wire) as stream:
        await stream.next()
        during = (await scrape()).text
        await make.message(room)
        await stream.next()
    after = (await scrape()).text
    assert read(during, "backline_sockets") == read(before, "backline_sockets") + 1
    assert read(during, "backline_socket_operations") == read(before, "backline_socket_operations") + 1
    opened = {"operation": "other", "kind": "subscription"}
    name = "backline_operation_seconds_count"
    assert read(during, name, **opened) == read(before, name, **opened) + 1
    lag = "backline_live_lag_seconds"
    assert read(after, f"{lag}_count") == read(before, f"{lag}_count") + 1
    assert 0 < read(after, f"{lag}_sum") - read(before, f"{lag}_sum") < 10
    assert read(after, "backline_live_deliveries_total") == read(before, "backline_live_deliveries_total") + 1


async def promise(database, **facts):
    async with database.transaction() as tx:
        return await tx.later(Job(JobKind.END_SILENT_BROADCAST, str(new_id()), BROKEN, **facts))


async def figures(web):
    """The page as a process would show it that was not asked just now."""
    return (await metrics.Figures(web.database, web.services.watchers.counters).page())[0].decode()


async def test_what_waits_is_read_from_the_database(web, database):
    assert read(await figures(web), "backline_jobs_due", queue="urgent") == 0
    first = await promise(database, queue=Queue.URGENT)
    await promise(database, run_at=datetime.now(UTC) + timedelta(hours=1))
    async with database.transaction() as tx:
        since = datetime.now(UTC) - timedelta(seconds=100)
        await tx.session.execute(update(JobRow).where(JobRow.id == first).values(run_at=since))
    text = await figures(web)
    assert read(text, "backline_jobs_due", queue="urgent") == 1
    assert 100 <= read(text, "backline_jobs_oldest_due_seconds", queue="urgent") < 160
    assert read(text, "backline_jobs_due", queue="normal") == 0
    assert read(text, "backline_jobs_later", queue="normal") == 1
    assert read(text, "backline_database_up") == 1
    assert read(text, "backline_pool_connections", state="size") == web.settings.pool_size


async def test_queues_are_asked_again_only_after_a_while(web, database):
    shown = metrics.Figures(web.database, web.services.watchers.counters)
    assert read((await shown.page())[0].decode(), "backline_jobs_due", queue="normal") == 0
    await promise(database)
    assert read((await shown.page())[0].decode(), "backline_jobs_due", queue="normal") == 0
    assert read(await figures(web), "backline_jobs_due", queue="normal") == 1


async def test_attempts_at_jobs_are_counted_by_how_they_ended(web, database, services):
    name, kind = "backline_job_attempts_total", JobKind.END_SILENT_BROADCAST.value
    before = await figures(web)
    job_id = await promise(database)
    for _ in range(3):
        await run_job(database, services, job_id)
        async with database.transaction() as tx:
            await tx.session.execute(update(JobRow).where(JobRow.id == job_id).values(run_at=datetime.now(UTC)))
    assert not await run_job(database, services, job_id)
    after = await figures(web)
    ended = {
        outcome: read(after, name, kind=kind, outcome=outcome) - read(before, name, kind=kind, outcome=outcome)
        for outcome in ("DONE", "FAILED", "PARKED")
    }
    assert ended == {"DONE": 0, "FAILED": 2, "PARKED": 1}
    assert read(after, "backline_jobs_parked", queue="normal") == 1


async def test_a_worker_shows_what_it_has_done(environment, database):
    port = free_port()
    fleet = Fleet({**environment, "WORKER_METRICS_PORT": str(port)})
    failed = {"kind": JobKind.END_SILENT_BROADCAST.value, "outcome": "FAILED"}
    try:
        await fleet.start("worker")
        await promise(database)
        async with asyncio.timeout(60), httpx.AsyncClient() as client:
            text = ""
            while read(text, "backline_job_attempts_total", **failed) == 0:
                await asyncio.sleep(0.1)
                with suppress(httpx.TransportError):
                    text = (await client.get(f"http://127.0.0.1:{port}/metrics")).text
        assert read(text, "backline_job_seconds_count", queue="normal") >= 1
        assert read(text, "backline_database_up") == 1
    finally:
        await fleet.end()
