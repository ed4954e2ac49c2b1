"""What becomes of an export: asked for, made, fetched by its owner alone, kept for a week; or not made, and why."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from db.queries import exports, jobs
from db.tables import Export, JobRow
from domain.accounts import ApiScope, Role
from domain.exports import OPEN_AT_ONCE, ExportKind
from domain.ids import from_wire
from domain.jobs import JobKind
from domain.wallet import Period
from resolvers.accounts import api_tokens
from resolvers.exports import expire, make
from tests.exports.conftest import CREATE, STATUS, days, fetch, in_csv


def given(**more):
    return {"kind": "TRANSACTIONS", "format": "CSV", **days(), "idempotencyKey": "key", **more}


async def count(database):
    """How many exports there are, and promises to make them."""
    promised = select(func.count()).where(JobRow.kind == JobKind.MAKE_EXPORT)
    async with database.session() as session:
        return (await session.scalar(select(func.count()).select_from(Export)), await session.scalar(promised))


@pytest.fixture
async def mina(make):
    return await make.user("mina")


@pytest.fixture
def kept(settings):
    """The files of exports that are stored now."""
    return lambda: sorted(path.name for path in Path(settings.data_dir, "files", "exports").glob("*"))


@pytest.fixture(autouse=True)
def emptied(kept, settings):
    """Nothing is left of other tests' exports before, or of one's own after."""
    _empty(kept, settings)
    yield
    _empty(kept, settings)


def _empty(kept, settings):
    for name in kept():
        Path(settings.data_dir, "files", "exports", name).unlink()


async def test_from_waiting_to_ready(desk, mina, run_jobs, kept):
    wire = await desk.ask(mina)
    assert await desk.seen(mina, wire) == {
        "id": wire,
        "kind": "TRANSACTIONS",
        "status": "WAITING",
        "progress": 0,
        "downloadUrl": None,
        "expiresAt": None,
    }
    assert await count(desk.database) == (1, 1)
    await run_jobs()
    seen, more = await desk.seen(mina, wire), await desk.more(mina, wire)
    assert (seen["status"], seen["progress"]) == ("READY", 100)
    finished = datetime.fromisoformat(more["finishedAt"])
    assert datetime.fromisoformat(seen["expiresAt"]) == finished + timedelta(days=7)
    assert (more["format"], more["from"], more["to"], more["failure"]) == ("CSV", *days().values(), None)
    (name,) = kept()
    assert (await fetch(seen["downloadUrl"])).headers["content-disposition"] == f'attachment; filename="{name}"'
    # Without the signature, and with another's, it is not given out.
    bare = seen["downloadUrl"].partition("?")[0]
    assert (await fetch(bare)).status_code == 403
    assert (await fetch(seen["downloadUrl"].replace(".csv", ".json"))).status_code == 403


async def test_its_owner_alone_sees_it(desk, api, make, mina, run_jobs):
    operator = await make.user("ines", roles=(Role.LISTENER, Role.OPERATOR))
    wire = await desk.ask(mina)
    for _ in range(2):
        for asker in (api(), api(operator)):
            assert await asker(STATUS, id=wire) == {"node": None}
        await run_jobs()
    assert (await desk.seen(mina, wire))["status"] == "READY"


async def test_asking_twice(desk, api, mina):
    first = await desk.ask(mina, idempotencyKey="one")
    assert await desk.ask(mina, idempotencyKey="one") == first
    assert await count(desk.database) == (1, 1)
    error = await api(mina).refused(CREATE, **given(idempotencyKey="one", format="JSON"))
    assert error["code"] == "IDEMPOTENCY_MISMATCH"
    assert await count(desk.database) == (1, 1)


@pytest.mark.parametrize(
    ("wrong", "code", "field"),
    [
        ({"from": "2026-03-02", "to": "2026-03-01"}, "INVALID_INPUT", ["to"]),
        ({"from": "2025-03-01", "to": "2026-03-02"}, "INVALID_INPUT", ["to"]),
        ({"idempotencyKey": ""}, "INVALID_INPUT", ["idempotencyKey"]),
        ({"idempotencyKey": "a b"}, "INVALID_INPUT", ["idempotencyKey"]),
    ],
)
async def test_wrong_input(desk, api, mina, wrong, code, field):
    error = await api(mina).refused(CREATE, **given(**wrong))
    assert (error["code"], error["field"]) == (code, field)
    assert await count(desk.database) == (0, 0)
    # A year is not too much.
    await desk.ask(mina, **{"from": "2025-03-01", "to": "2026-03-01"})


async def test_strangers_and_programs(desk, api, make, mina):
    assert (await api().refused(CREATE, **given()))["code"] == "UNAUTHENTICATED"
    async with desk.database.transaction() as tx:
        _, secret = await api_tokens.create(tx, mina.actor, name="Program", scopes=list(ApiScope))
    program = api()
    program.headers = {"authorization": f"Bearer {secret}"}
    assert (await program.refused(CREATE, **given()))["code"] == "FORBIDDEN"
    assert await count(desk.database) == (0, 0)


async def test_five_at_a_time(desk, api, mina, run_jobs):
    errors = await asyncio.gather(
        *(api(mina)(CREATE, input=given(idempotencyKey=f"at-once-{each}")) for each in range(OPEN_AT_ONCE + 3))
    )
    codes = [[error["code"] for error in each["createExport"]["userErrors"]] for each in errors]
    assert sorted(codes) == [[]] * OPEN_AT_ONCE + [["CONFLICT"]] * 3
    assert await count(desk.database) == (OPEN_AT_ONCE, OPEN_AT_ONCE)
    await run_jobs()
    await desk.ask(mina)
    # Eight and this one were spent of ten: a refusal counts too.
    await desk.ask(mina)
    error = await api(mina).refused(CREATE, **given(idempotencyKey="too-often"))
    assert error["code"] == "RATE_LIMITED"
    assert await count(desk.database) == (OPEN_AT_ONCE + 2, OPEN_AT_ONCE + 2)


async def test_too_large(desk, till, mina, services, kept):
    for _ in range(3):
        await till.earn(mina, 100)
    for most, code in ((2, "TOO_LARGE"), (3, None)):
        wire = await desk.ask(mina)
        made = await make.make(desk.database, services, from_wire("export", wire), most=most)
        async with desk.database.transaction() as tx:
            await make.record(tx, made)
        seen, failure = await desk.seen(mina, wire), (await desk.more(mina, wire))["failure"]
        assert (seen["status"], failure and failure["code"]) == ("FAILED" if code else "READY", code)
        assert (seen["downloadUrl"] is None, len(kept())) == (bool(code), 0 if code else 1)
        # The job that was promised finds that it is over.
        await desk.make.run_jobs()
        assert (await desk.seen(mina, wire))["status"] == seen["status"]


async def test_only_these_days_and_in_pages(desk, till, mina):
    for _ in range(10):
        await till.earn(mina, 100)
    inside = in_csv((await desk.made(mina, "TRANSACTIONS", "CSV")).content)
    assert len({row["id"] for row in inside}) == len(inside) == 10
    assert [row["occurredAt"] for row in inside] == sorted(row["occurredAt"] for row in inside)
    year, pages, after = Period(*(date.fromisoformat(day) for day in days().values())), [], None
    while not pages or pages[-1]:
        async with desk.database.session() as session:
            page = await exports.list_rows(session, ExportKind.TRANSACTIONS, mina.id, year, first=4, after=after)
        after = page.last
        pages.append([row[0] for row in page.rows])
    assert ([len(page) for page in pages], list(chain(*pages))) == ([4, 4, 2, 0], [row["id"] for row in inside])
    yesterday = str(datetime.now(UTC).date() - timedelta(days=1))
    wire = await desk.ask(mina, **{"from": yesterday, "to": yesterday})
    await desk.make.run_jobs()
    assert in_csv((await fetch((await desk.seen(mina, wire))["downloadUrl"])).content) == []


async def test_progress_is_told(desk, till, mina, services):
    for _ in range(3):
        await till.earn(mina, 100)
    wire = await desk.ask(mina)
    async with desk.database.transaction() as tx:
        await exports.start(tx.session, from_wire("export", wire))
        await exports.advance(tx.session, from_wire("export", wire), 40)
    seen = await desk.seen(mina, wire)
    assert (seen["status"], seen["progress"], seen["downloadUrl"]) == ("RUNNING", 40, None)


async def test_a_worker_is_killed(desk, till, mina, services, kept):
    """Wherever it was: another one begins again, and there is one file."""
    await till.earn(mina, 100)
    wire = await desk.ask(mina)
    # It had stored the file, and recorded nothing.
    assert await make.make(desk.database, services, from_wire("export", wire)) is not None
    async with desk.database.session() as session:
        (row,) = await jobs.find_due(session, 10)
    async with desk.database.transaction() as tx:
        assert await jobs.claim(tx.session, row.id) is not None
    (before,) = kept()
    assert (await desk.seen(mina, wire))["status"] == "RUNNING"
    await till.earn(mina, 200)
    await desk.make.run_jobs()
    assert (await desk.seen(mina, wire))["status"] == "RUNNING", "its lease holds"
    async with desk.database.transaction() as tx:
        past = func.now() - timedelta(seconds=1)
        await tx.session.execute(update(JobRow).where(JobRow.id == row.id).values(lease_until=past))
    await desk.make.run_jobs()
    seen = await desk.seen(mina, wire)
    assert (seen["status"], kept()) == ("READY", [before])
    assert len(in_csv((await fetch(seen["downloadUrl"])).content)) == 2


async def test_two_make_the_same(desk, till, mina, services, kept):
    """The slower one changes nothing of what the faster one has recorded."""
    wire = await desk.ask(mina)
    found = [await make.make(desk.database, services, from_wire("export", wire)) for _ in range(2)]
    assert found[0] == found[1]
    async with desk.database.transaction() as tx:
        await make.record(tx, found[0])
    async with desk.database.transaction() as tx:
        await make.record(tx, found[1])
    before = await desk.seen(mina, wire)
    assert await make.make(desk.database, services, from_wire("export", wire)) is None
    await desk.make.run_jobs()
    assert (await desk.seen(mina, wire), len(kept())) == (before, 1)


async def test_it_is_kept_for_a_week(desk, mina, run_jobs, kept):
    old, young = await desk.ask(mina), await desk.ask(mina)
    await run_jobs()
    url = (await desk.seen(mina, old))["downloadUrl"]
    await desk.change(old, expires_at=datetime.now(UTC) - timedelta(seconds=1))
    assert await expire.expire(desk.database) == 1
    assert await expire.expire(desk.database) == 0
    await run_jobs()
    seen = await desk.seen(mina, old)
    assert (seen["status"], seen["downloadUrl"], len(kept())) == ("EXPIRED", None, 1)
    assert (await fetch(url)).status_code == 404
    seen = await desk.seen(mina, young)
    assert (seen["status"], (await fetch(seen["downloadUrl"])).status_code) == ("READY", 200)


async def test_what_cannot_be_made_is_given_up(desk, mina, services, run_jobs, kept):
    left, young = await desk.ask(mina), await desk.ask(mina)
    await make.make(desk.database, services, from_wire("export", left))
    (half,) = kept()
    await desk.change(left, created_at=datetime.now(UTC) - timedelta(hours=25))
    assert await expire.expire(desk.database) == 1
    more = await desk.more(mina, left)
    assert more["failure"]["code"] == "GIVEN_UP"
    await run_jobs()
    assert [(await desk.seen(mina, each))["status"] for each in (left, young)] == ["FAILED", "READY"]
    assert len(kept()) == 1
    assert half not in kept()
