"""Codes: how they are asked for and sent, and how often."""

import asyncio
import logging

from sqlalchemy import select

from db.tables import JobRow, SignInCode, User
from domain.actors import Caller
from domain.errors import ErrorCode
from resolvers.accounts import codes
from tests.accounts.conftest import refusal


async def test_a_code_is_sent_and_then_known_to_nobody(door, make, run_jobs, sandbox, caplog):
    code = await door.ask("mina@example.com")
    caplog.set_level(logging.INFO)
    assert await run_jobs() == 1
    (sent,) = await sandbox.messages("mina@example.com")
    assert (sent["kind"], sent["code"]) == ("mail", code)
    # The sandbox's mail server and the test's own client talk into the same log.
    ours = [record.getMessage() for record in caplog.records if record.name not in {"mail.log", "httpx"}]
    assert not any(code in line or "mina" in line for line in ours)
    async with door.web.database.session() as session:
        row = (await session.execute(select(SignInCode))).scalar_one()
        (job,) = (await session.execute(select(JobRow))).scalars()
    assert row.sealed_code is None
    assert row.sent_at is not None
    assert code not in repr(job.payload)
    assert code.encode() not in row.code_hash
    assert (await door.enter(code, "mina@example.com")).is_new_user


async def test_sending_again_after_it_was_sent_sends_nothing(door, run_jobs, sandbox):
    await door.request("mina@example.com")
    await door.request(phone="+4915112345678")
    async with door.web.database.session() as session:
        ids = (await session.execute(select(SignInCode.id))).scalars().all()
    await run_jobs()
    for code_id in ids:
        await codes.send_code(door.web.database, door.web.services, {"codeId": str(code_id)})
    assert len(await sandbox.messages("mina@example.com")) == 1
    assert len(await sandbox.messages("+4915112345678")) == 1


async def test_only_the_newest_code_is_sent(door, run_jobs, sandbox):
    await door.ask("mina@example.com")
    newest = await door.ask("mina@example.com")
    await run_jobs()
    assert [message["code"] for message in await sandbox.messages("mina@example.com")] == [newest]


async def test_the_answer_is_the_same_for_those_who_have_an_account(door, make, api):
    mina = await make.user("mina")
    ask = (
        "mutation ($input: RequestSignInCodeInput!) { requestSignInCode(input: $input) { userErrors { code field } } }"
    )
    known = await api()(ask, input={"email": f"{mina.username}@example.com"})
    unknown = await api()(ask, input={"email": "nobody@example.com"})
    assert known == unknown == {"requestSignInCode": {"userErrors": []}}
    assert await make.count(User) == 1


async def test_an_address_gets_four_codes_at_once_and_no_fifth(door):
    for _ in range(4):
        await door.ask("mina@example.com")
    fault = await refusal(door.ask("Mina@Example.com"))
    assert (fault.code, fault.field) == (ErrorCode.RATE_LIMITED, ("email",))
    assert 290 < fault.retry_after_seconds <= 300
    await door.ask("other@example.com")


async def test_a_number_gets_three(door):
    for _ in range(3):
        await door.ask(phone="+49 151 12345678")
    fault = await refusal(door.ask(phone="+4915112345678"))
    assert (fault.code, fault.field) == (ErrorCode.RATE_LIMITED, ("phone",))
    assert 1190 < fault.retry_after_seconds <= 1200


async def test_a_caller_gets_ten_whatever_the_addresses(door):
    caller = Caller(address="2001:db8::1", device="x")
    near = Caller(address="2001:db8::2", device="y")
    for number in range(10):
        await door.by(caller).ask(f"person{number}@example.com")
    fault = await refusal(door.by(near).ask("one.more@example.com"))
    assert (fault.code, fault.field) == (ErrorCode.RATE_LIMITED, ())
    await door.ask("one.more@example.com")


async def test_a_country_gets_a_hundred_and_others_go_on(door, make):
    callers = [Caller(address=f"203.0.113.{number}", device="x") for number in range(12)]
    numbers = [f"+4477001{number:05d}" for number in range(900, 1001)]
    asked = [door.by(callers[place // 10]).request(phone=number) for place, number in enumerate(numbers)]
    outcomes = [await asyncio.gather(each, return_exceptions=True) for each in asked]
    refused = [outcome for (outcome,) in outcomes if isinstance(outcome, Exception)]
    assert len(refused) == 1
    assert refused[0].code is ErrorCode.RATE_LIMITED
    assert await make.count(SignInCode) == 100
    await door.request(phone="+4915112345678")


async def test_fifty_requests_at_once_get_four_codes(door, make):
    callers = [Caller(address=f"192.0.2.{number}", device="x") for number in range(50)]
    asked = [door.by(caller).ask("mina@example.com") for caller in callers]
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(outcome, str) for outcome in outcomes) == 4
    assert await make.count(SignInCode) == 4


async def test_bad_addresses_are_refused_and_nothing_is_kept(door, make):
    for email, phone, field in [
        ("nobody", None, ("email",)),
        (None, "12", ("phone",)),
        (None, None, ()),
        ("a@example.com", "+4915112345678", ()),
    ]:
        fault = await refusal(door.ask(email, phone))
        assert (fault.code, fault.field) == (ErrorCode.INVALID_INPUT, field)
    assert await make.count(SignInCode) == await make.count(JobRow) == 0


async def test_old_codes_are_forgotten(door, make):
    from_db = door.web.database
    await door.ask("mina@example.com")
    await door.sql("UPDATE sign_in_codes SET expires_at = now() - interval '25 hours'")
    await door.ask("mina@example.com")
    assert await codes.forget_old(from_db) == 1
    assert await make.count(SignInCode) == 1
