"""Coming in with a code that the carrier made: it is known to nobody here, and counts once."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from db.tables import JobRow, Session, SignInCode, User
from domain.actors import Caller
from domain.errors import ErrorCode
from domain.jobs import JobStatus
from tests.accounts.conftest import refusal, wrong

NUMBER = "+4915112345678"
HOST = "verify.twilio.com"


async def the_row(door):
    async with door.web.database.session() as session:
        return (await session.execute(select(SignInCode).order_by(SignInCode.id.desc()).limit(1))).scalar_one()


async def test_the_carrier_makes_the_code_and_nobody_here_knows_it(door, make):
    code = await door.ask(phone="+49 151 12345678")
    row = await the_row(door)
    assert (row.code_hash, row.sealed_code) == (None, None)
    assert row.sent_at is not None
    entered = await door.enter(code, phone=NUMBER)
    assert entered.is_new_user
    again = await door.enter(await door.ask(phone=NUMBER), phone=NUMBER)
    assert again.session.user_id == entered.session.user_id
    assert await make.count(User) == 1


async def test_a_used_code_opens_no_second_door(door, make):
    code = await door.ask(phone=NUMBER)
    await door.enter(code, phone=NUMBER)
    assert (await refusal(door.enter(code, phone=NUMBER))).code is ErrorCode.EXPIRED
    assert await make.count(Session) == 1


async def test_of_five_who_show_one_code_at_once_one_gets_in(door, make):
    code = await door.ask(phone=NUMBER)
    callers = [Caller(address=f"192.0.2.{number}", device="x") for number in range(20)]
    shown = [door.by(caller).enter(code, phone=NUMBER) for caller in callers]
    outcomes = await asyncio.gather(*shown, return_exceptions=True)
    lost = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert len(lost) == 19
    assert {fault.code for fault in lost} == {ErrorCode.EXPIRED}
    assert await make.count(User) == await make.count(Session) == 1


async def test_of_twenty_guesses_at_once_five_reach_the_carrier(door, make, sandbox):
    code = await door.ask(phone=NUMBER)
    callers = [Caller(address=f"192.0.2.{number}", device="x") for number in range(20)]
    guesses = [f"{(int(code) + 1 + place) % 1_000_000:06d}" for place in range(20)]
    tried = [door.by(caller).enter(guess, phone=NUMBER) for caller, guess in zip(callers, guesses, strict=True)]
    outcomes = await asyncio.gather(*tried, return_exceptions=True)
    assert [outcome.code for outcome in outcomes].count(ErrorCode.EXPIRED) >= 15
    assert len(await sandbox.calls(HOST, "*VerificationCheck")) == 5
    assert (await refusal(door.enter(code, phone=NUMBER))).code is ErrorCode.EXPIRED
    assert len(await sandbox.calls(HOST, "*VerificationCheck")) == 5
    assert await make.count(User) == 0


async def test_a_wrong_code_is_counted_and_a_right_one_still_counts(door):
    code = await door.ask(phone=NUMBER)
    fault = await refusal(door.enter(wrong(code), phone=NUMBER))
    assert (fault.code, fault.field) == (ErrorCode.INVALID_INPUT, ("code", "code"))
    assert (await the_row(door)).attempts == 1
    assert (await door.enter(code, phone=NUMBER)).is_new_user


async def test_a_code_that_is_too_old_for_us_is_not_asked_about(door, sandbox):
    code = await door.ask(phone=NUMBER)
    await door.sql("UPDATE sign_in_codes SET expires_at = now() - interval '1 second'")
    fault = await refusal(door.enter(code, phone=NUMBER))
    assert (fault.code, fault.field) == (ErrorCode.EXPIRED, ("code", "code"))
    assert await sandbox.calls(HOST, "*VerificationCheck") == []


async def test_a_code_that_is_too_old_for_the_carrier_does_not_count(door, sandbox, make):
    code = await door.ask(phone=NUMBER)
    await sandbox.control("POST", "/clock", json={"advance": 601})
    fault = await refusal(door.enter(code, phone=NUMBER))
    assert (fault.code, fault.field) == (ErrorCode.EXPIRED, ("code", "code"))
    assert await make.count(User) == 0


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 503},
        {"kind": "html"},
        {"kind": "empty"},
        {"kind": "huge"},
        {"kind": "drop"},
        {"kind": "delay", "seconds": 30},
    ],
    ids=lambda fault: fault["kind"],
)
async def test_a_carrier_that_does_not_say_lets_nobody_in(door, sandbox, make, fault):
    code = await door.ask(phone=NUMBER)
    await sandbox.fault(host=HOST, **fault)
    async with asyncio.timeout(5):
        assert (await refusal(door.enter(code, phone=NUMBER))).code is ErrorCode.UNAVAILABLE
    assert await make.count(User) == 0
    await sandbox.calm()
    assert (await door.enter(code, phone=NUMBER)).is_new_user


async def test_a_carrier_that_does_not_answer_is_asked_again_to_send(door, sandbox, run_jobs):
    await sandbox.fault(host=HOST, kind="status", status=503)
    await door.request(phone=NUMBER)
    await run_jobs()
    async with door.web.database.session() as session:
        job = (await session.execute(select(JobRow))).scalar_one()
    assert (job.status, job.failures, job.last_error) == (JobStatus.PENDING, 1, "Unavailable")
    assert (await the_row(door)).sent_at is None
    await sandbox.calm()
    async with door.web.database.transaction() as tx:
        await tx.session.execute(update(JobRow).values(run_at=func.now() - timedelta(seconds=1)))
    await run_jobs()
    assert (await door.enter(await sandbox.code_for(NUMBER), phone=NUMBER)).is_new_user


async def test_a_mail_code_and_a_phone_code_are_two_things(door):
    by_mail = await door.ask("mina@example.com")
    by_phone = await door.ask(phone=NUMBER)
    if by_mail != by_phone:
        assert (await refusal(door.enter(by_mail, phone=NUMBER))).code is ErrorCode.INVALID_INPUT
        assert (await refusal(door.enter(by_phone, "mina@example.com"))).code is ErrorCode.INVALID_INPUT
    assert (await door.enter(by_phone, phone=NUMBER)).is_new_user
    assert (await door.enter(by_mail, "mina@example.com")).is_new_user


async def test_the_suspended_stay_out_and_their_code_is_used(door, make):
    await door.enter(await door.ask(phone=NUMBER), phone=NUMBER)
    await door.sql("UPDATE users SET suspended = true")
    code = await door.ask(phone=NUMBER)
    assert (await refusal(door.enter(code, phone=NUMBER))).code is ErrorCode.FORBIDDEN
    assert (await refusal(door.enter(code, phone=NUMBER))).code is ErrorCode.EXPIRED
    assert await make.count(Session) == 1
