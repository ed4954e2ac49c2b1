"""Runs that pay everybody who has enough: seen dry first, each balance once, by the clock and by hand."""

import asyncio
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from db.tables import PayoutLine, PayoutRun, ScheduleRow, ScheduleTick, User
from domain.ids import new_id
from domain.money import Currency
from domain.payouts import PayoutStatus
from domain.schedules import Schedule, ScheduleName, daily
from jobs.run import run_job
from jobs.schedules import SCHEDULES, look_at_the_clock
from resolvers.payouts import run
from resolvers.schedules import run_due
from tests.payouts.conftest import RUN

TEN = datetime(2026, 6, 1, 10, tzinfo=UTC)
DAY = timedelta(days=1)


async def rows(database, table):
    async with database.session() as session:
        return (await session.scalars(select(table))).all()


@pytest.fixture
async def people(till, make):
    """Six people at the edges of what is enough; the names of those who are to be paid have a capital."""
    await till.fill()
    made = {}
    for name, minor in (("A", 10_000), ("b", 9_999), ("C", 12_345), ("d", 50_000), ("e", 50_000), ("f", 50_000)):
        made[name] = await make.user(f"person.{name.lower()}")
        await till.earn(made[name], minor)
    await till.stripe(made["A"])
    await till.stripe(made["b"])
    await till.by_hand(made["C"], handle="$cee")
    await till.by_hand(made["d"], handle="$dee", verified=False)
    await till.stripe(made["f"])
    async with till.database.transaction() as tx:
        await tx.session.execute(update(User).where(User.id == made["f"].id).values(suspended=True))
    return made


async def test_a_dry_run_only_looks(api, till, people, ines, run_jobs):
    answer = (await api(ines).do(RUN))["run"]
    assert (answer["status"], answer["dryRun"], answer["eligibleCount"]) == ("DONE", True, 2)
    assert answer["total"] == [{"amount": "223.45", "currencyCode": "USD"}]
    assert answer["payouts"]["nodes"] == []
    await run_jobs()
    assert (await till.payouts(), await till.has(people["A"])) == ([], 10_000)


async def test_a_run_pays_who_has_enough_once(api, till, people, ines, run_jobs):
    await till.earn(people["C"], 20_000, Currency.EUR)
    answer = (await api(ines).do(RUN, dryRun=False, idempotencyKey="today"))["run"]
    assert (answer["status"], answer["eligibleCount"]) == ("RUNNING", 2)
    assert (await api(ines).do(RUN, dryRun=False, idempotencyKey="today"))["run"]["id"] == answer["id"]
    assert (await api(ines).refused(RUN, dryRun=True, idempotencyKey="today"))["code"] == "IDEMPOTENCY_MISMATCH"
    await run_jobs()
    paid = {row.user_id: (row.amount_minor, row.status) for row in await till.payouts()}
    assert paid == {
        people["A"].id: (10_000, PayoutStatus.PAID),
        people["C"].id: (12_345, PayoutStatus.AWAITING_OPERATOR),
    }
    (stored,) = await rows(till.database, PayoutRun)
    assert stored.status.value == "DONE"
    document = """query ($id: ID!) { node(id: $id) { ... on PayoutRun { payouts { totalCount }
      planned { nodes { recipient { username } amount { amount } outcome reason } } } } }"""
    shown = (await api(ines)(document, id=answer["id"]))["node"]
    assert shown["payouts"]["totalCount"] == 2
    assert {line["outcome"] for line in shown["planned"]["nodes"]} == {"MADE"}
    assert (await api(people["A"])(document, id=answer["id"]))["node"] is None
    assert (await api(people["A"]).refused(RUN))["code"] == "FORBIDDEN"


async def test_two_runs_at_once_pay_nobody_twice(till, people, ines, run_jobs, database, services):
    for _ in range(3):
        async with database.transaction() as tx:
            await run.start(tx, services, ines.actor, dry_run=False, key=None)
    runs = await rows(database, PayoutRun)
    work = [run.pay_lines(database, services, {"runId": str(each.id)}) for each in runs for _ in range(3)]
    assert all(await asyncio.gather(*work))
    assert sorted(row.amount_minor for row in await till.payouts()) == [10_000, 12_345]
    outcomes = sorted((line.outcome.value, line.reason) for line in await rows(database, PayoutLine))
    assert outcomes == [("MADE", None)] * 2 + [("SKIPPED", "BALANCE_CHANGED")] * 4
    await run_jobs()
    assert [sum(amounts) for amounts in (await till.sent()).values()] == [10_000]


async def test_what_changed_since_the_plan_is_left_out(till, people, ines, run_jobs, database, services):
    async with database.transaction() as tx:
        await run.start(tx, services, ines.actor, dry_run=False, key=None)
    await till.request(people["C"], 5_000)
    await till.by_hand(people["A"], handle="$other")
    theirs = await till.method((await till.payouts())[0].method_id)
    async with database.transaction() as tx:
        await tx.session.execute(update(User).where(User.id == people["A"].id).values(suspended=True))
    await run_jobs()
    reasons = sorted(line.reason for line in await rows(database, PayoutLine))
    assert reasons == ["BALANCE_CHANGED", "METHOD_CHANGED"]
    assert (len(await till.payouts()), theirs.user_id) == (1, people["C"].id)


async def test_the_day_has_a_dry_run_and_a_real_one(till, people, run_jobs, database, services):
    await look_at_the_clock(database, services, TEN - DAY / 2)
    await asyncio.gather(*(look_at_the_clock(database, services, TEN + timedelta(seconds=n)) for n in range(5)))
    assert sorted(each.dry_run for each in await rows(database, PayoutRun)) == [False, True]
    await run_jobs()
    assert len(await till.payouts()) == 2
    await look_at_the_clock(database, services, TEN + DAY)
    await run_jobs()
    assert (len(await rows(database, PayoutRun)), len(await till.payouts())) == (4, 2)


async def test_a_new_schedule_begins_now_and_only_the_latest_missed_is_run(database):
    done = []
    schedule = Schedule(ScheduleName.DAILY_PAYOUTS, next(iter(SCHEDULES)).rule)

    async def deed(tx, tick):
        done.append(tick)

    zone = ZoneInfo("UTC")
    assert await run_due(database, schedule, zone, TEN + timedelta(hours=1), deed) is None
    for now in (TEN + 4 * DAY + timedelta(hours=2), TEN, TEN + 4 * DAY + timedelta(hours=3)):
        await run_due(database, schedule, zone, now, deed)
    assert done == [TEN + 4 * DAY]
    (tick,) = await rows(database, ScheduleTick)
    assert (tick.tick, tick.skipped) == (TEN + 4 * DAY, 3)


async def test_a_tick_whose_deed_fails_is_run_again(database):
    schedule, zone = Schedule(ScheduleName.DAILY_PAYOUTS, daily(TEN.time())), ZoneInfo("UTC")

    async def broken(tx, tick):
        raise RuntimeError

    async def deed(tx, tick):
        pass

    await run_due(database, schedule, zone, TEN - DAY / 2, deed)
    with pytest.raises(RuntimeError):
        await run_due(database, schedule, zone, TEN, broken)
    assert await rows(database, ScheduleTick) == []
    assert await run_due(database, schedule, zone, TEN + timedelta(minutes=1), deed) == TEN
    (row,) = await rows(database, ScheduleRow)
    assert row.looked_until == TEN


async def test_a_run_goes_on_where_it_stopped(till, people, ines, database, services, make):
    async with database.transaction() as tx:
        await run.start(tx, services, ines.actor, dry_run=False, key=None)
    (stored,) = await rows(database, PayoutRun)
    payload = {"runId": str(stored.id)}
    assert await run.pay_lines(database, services, payload, seconds=0) is False
    assert await till.payouts() == []
    assert await run.pay_lines(database, services, payload) is True
    assert await run.pay_lines(database, services, payload) is True
    assert len(await till.payouts()) == 2
    assert await run_job(database, services, new_id()) is False
