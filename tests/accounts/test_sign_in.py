"""Coming in with a code: once, in time, in at most five attempts."""

import asyncio

import pytest
from sqlalchemy import select

from db.tables import Identity, Session, SignInCode, User
from domain.actors import Caller
from domain.errors import ErrorCode
from domain.names import invent_display_name, invent_username
from tests.accounts.conftest import refusal, wrong
from tests.client import operation

ADDRESS = "mina@example.com"


async def test_a_new_address_makes_a_person_and_a_known_one_finds_them(door, make):
    first = await door.sign_in(ADDRESS)
    again = await door.sign_in(" MINA@example.com")
    assert (first.is_new_user, again.is_new_user) == (True, False)
    assert first.session.user_id == again.session.user_id
    assert await make.count(User) == await make.count(Identity) == 1
    assert await make.count(Session) == 2
    async with door.web.database.session() as session:
        user = (await session.execute(select(User))).scalar_one()
    color, creature, number = user.username.split("_")
    assert user.display_name == f"{color.title()} {creature.title()}"
    assert number.isdigit()
    assert "mina" not in user.username


async def test_a_number_is_an_address_of_its_own(door):
    by_mail = await door.sign_in(ADDRESS)
    by_phone = await door.enter(await door.ask(phone="+49 151 12345678"), phone="+4915112345678")
    assert by_phone.is_new_user
    assert by_phone.session.user_id != by_mail.session.user_id


async def test_spaces_in_a_code_do_not_matter(door):
    code = await door.ask(ADDRESS)
    assert (await door.enter(f" {code[:3]}-{code[3:]} ", ADDRESS)).is_new_user


async def test_a_used_code_opens_no_second_door(door, make):
    code = await door.ask(ADDRESS)
    await door.enter(code, ADDRESS)
    assert (await refusal(door.enter(code, ADDRESS))).code is ErrorCode.EXPIRED
    assert await make.count(Session) == 1


async def test_of_twenty_who_show_the_same_code_at_once_one_gets_in(door, make):
    code = await door.ask(ADDRESS)
    callers = [Caller(address=f"192.0.2.{number}", device="x") for number in range(20)]
    shown = [door.by(caller).enter(code, ADDRESS) for caller in callers]
    outcomes = await asyncio.gather(*shown, return_exceptions=True)
    lost = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert len(lost) == 19
    assert {fault.code for fault in lost} == {ErrorCode.EXPIRED}
    assert await make.count(User) == await make.count(Session) == 1


async def test_five_wrong_guesses_kill_a_code(door, make):
    code = await door.ask(ADDRESS)
    for _ in range(5):
        fault = await refusal(door.enter(wrong(code), ADDRESS))
        assert (fault.code, fault.field) == (ErrorCode.INVALID_INPUT, ("code", "code"))
    assert (await refusal(door.enter(code, ADDRESS))).code is ErrorCode.EXPIRED
    assert await make.count(User) == 0


async def test_the_fifth_attempt_may_still_be_right(door):
    code = await door.ask(ADDRESS)
    for _ in range(4):
        await refusal(door.enter(wrong(code), ADDRESS))
    assert (await door.enter(code, ADDRESS)).is_new_user


async def test_of_a_hundred_guesses_at_once_five_are_looked_at(door, make):
    code = await door.ask(ADDRESS)
    callers = [Caller(address=f"192.0.2.{number}", device="x") for number in range(100)]
    guesses = [f"{(int(code) + 1 + place) % 1_000_000:06d}" for place in range(99)]
    tried = [door.by(caller).enter(guess, ADDRESS) for caller, guess in zip(callers, guesses, strict=False)]
    outcomes = await asyncio.gather(*tried, return_exceptions=True)
    said = [outcome.code for outcome in outcomes]
    assert said.count(ErrorCode.INVALID_INPUT) == 5
    assert said.count(ErrorCode.EXPIRED) == 94
    async with door.web.database.session() as session:
        assert (await session.execute(select(SignInCode.attempts))).scalar_one() == 5
    assert (await refusal(door.by(callers[99]).enter(code, ADDRESS))).code is ErrorCode.EXPIRED


async def test_only_the_newest_code_counts(door):
    older = await door.ask(ADDRESS)
    newer = await door.ask(ADDRESS)
    if older != newer:
        assert (await refusal(door.enter(older, ADDRESS))).code is ErrorCode.INVALID_INPUT
    assert (await door.enter(newer, ADDRESS)).is_new_user
    assert (await refusal(door.enter(older, ADDRESS))).code is ErrorCode.EXPIRED


async def test_a_code_of_another_address_does_not_help(door):
    code = await door.ask(ADDRESS)
    assert (await refusal(door.enter(code, "other@example.com"))).code is ErrorCode.EXPIRED


async def test_an_old_code_does_not_help(door, make):
    code = await door.ask(ADDRESS)
    await door.sql("UPDATE sign_in_codes SET expires_at = now() - interval '1 second'")
    assert (await refusal(door.enter(code, ADDRESS))).code is ErrorCode.EXPIRED
    assert await make.count(User) == 0


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "12a456", "١٢٣٤٥٦", "x" * 5000, "12345\x00"])
async def test_what_cannot_be_a_code_is_refused_and_not_counted(door, typed):
    code = await door.ask(ADDRESS)
    for _ in range(6):
        assert (await refusal(door.enter(typed, ADDRESS))).code is ErrorCode.INVALID_INPUT
    assert (await door.enter(code, ADDRESS)).is_new_user


async def test_the_suspended_stay_out_and_their_code_is_used(door, make):
    await door.sign_in(ADDRESS)
    await door.sql("UPDATE users SET suspended = true")
    code = await door.ask(ADDRESS)
    assert (await refusal(door.enter(code, ADDRESS))).code is ErrorCode.FORBIDDEN
    assert (await refusal(door.enter(code, ADDRESS))).code is ErrorCode.EXPIRED
    assert await make.count(Session) == 1


async def test_a_caller_has_twenty_attempts_whatever_the_addresses(door):
    for number in range(20):
        await refusal(door.enter("000000", f"person{number}@example.com"))
    assert (await refusal(door.enter("000000", "more@example.com"))).code is ErrorCode.RATE_LIMITED


async def test_the_device_is_what_the_app_says_or_the_request(door):
    code = await door.ask(ADDRESS)
    await door.enter(code, ADDRESS, device="Mina's 📱")
    await door.sign_in(ADDRESS)
    async with door.web.database.session() as session:
        found = (await session.execute(select(Session.device, Session.city).order_by(Session.id))).all()
    assert [tuple(row) for row in found] == [("Mina's 📱", "Lagos"), ("Firefox on Linux", "Lagos")]
    fault = await refusal(door.enter("123456", ADDRESS, device="x\u202ey"))
    assert fault.field == ("code", "device")


async def test_over_http_as_the_contract_has_it(door, api):
    client = api()
    answer = await client.do(operation("RequestSignInCode"), email=ADDRESS)
    assert answer["expiresAt"] is not None
    payload = await client.do(operation("SignIn"), code={"email": ADDRESS, "code": await door.newest()})
    assert payload["isNewUser"] is True
    assert payload["session"]["user"]["roles"] == ["LISTENER"]
    client.headers["authorization"] = f"Bearer {payload['session']['accessToken']}"
    viewer = (await client("{ viewer { email phone user { id } } }"))["viewer"]
    assert viewer == {"email": ADDRESS, "phone": None, "user": {"id": payload["session"]["user"]["id"]}}
    error = await api().refused(operation("SignIn"), code={"email": ADDRESS, "code": "000000"})
    assert (error["code"], error["field"]) == ("EXPIRED", ["code", "code"])
    error = await api().refused(operation("SignIn"), code={"code": "000000"})
    assert (error["code"], error["field"]) == ("INVALID_INPUT", ["code"])


async def test_one_way_to_sign_in_at_a_time(api):
    answer = await api().answer(operation("SignIn"), {"input": {}})
    assert answer["errors"]
    answer = await api().answer(
        operation("RequestSignInCode"), {"input": {"email": ADDRESS, "phone": "+4915112345678"}}
    )
    assert answer["errors"]


def test_names_are_invented_within_the_law():
    for digits in (2, 5):
        name = invent_username(digits)
        assert len(name) <= 30
        assert len(name.rpartition("_")[2]) == digits
        assert invent_display_name(name).count(" ") == 1
