"""The twin of Twilio Verify, as its documents say."""

import asyncio

import httpx
import pytest

from tests.sandbox.process import registration

OURS = registration()
NUMBER = "+4915112345678"


@pytest.fixture
async def twilio(sandbox):
    base = f"{sandbox.at('verify.twilio.com')}/v2/Services/{OURS.twilio_service_sid}"
    async with httpx.AsyncClient(base_url=base, auth=(OURS.twilio_account_sid, OURS.twilio_auth_token)) as client:
        yield client


async def start(twilio, to=NUMBER, channel="sms"):
    return await twilio.post("/Verifications", data={"To": to, "Channel": channel})


async def check(twilio, code, to=NUMBER):
    return await twilio.post("/VerificationCheck", data={"To": to, "Code": code})


def wrong(code):
    return f"{(int(code) + 1) % 10**6:06d}"


def error(answer):
    body = answer.json()
    assert body["status"] == answer.status_code
    assert body["more_info"].endswith(str(body["code"]))
    return answer.status_code, body["code"]


async def test_a_code_arrives_and_counts_once(sandbox, twilio):
    started = await start(twilio)
    assert started.status_code == 201
    body = started.json()
    assert (body["status"], body["valid"], body["to"], body["channel"]) == ("pending", False, NUMBER, "sms")
    assert body["sid"].startswith("VE")
    assert len(body["sid"]) == 34
    [sms] = await sandbox.inbox(NUMBER)
    assert sms["kind"] == "sms"
    assert len(sms["code"]) == 6
    assert sms["code"] not in started.text
    approved = await check(twilio, sms["code"])
    assert (approved.status_code, approved.json()["status"], approved.json()["valid"]) == (200, "approved", True)
    assert error(await check(twilio, sms["code"])) == (404, 20404)


async def test_of_two_who_come_with_the_code_at_once_one_is_approved(sandbox, twilio):
    await start(twilio)
    [sms] = await sandbox.inbox(NUMBER)
    answers = await asyncio.gather(*(check(twilio, sms["code"]) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [404] * 7


async def test_five_wrong_checks_and_no_more(sandbox, twilio):
    await start(twilio)
    [sms] = await sandbox.inbox()
    said = [(await check(twilio, wrong(sms["code"]))).json()["status"] for _ in range(5)]
    assert said == ["pending"] * 4 + ["max_attempts_reached"]
    assert error(await check(twilio, sms["code"])) == (429, 60202), "not even the right one"
    assert error(await start(twilio)) == (429, 60202)
    assert len(await sandbox.inbox()) == 1
    await sandbox.advance(601)
    assert (await start(twilio)).status_code == 201


async def test_five_sends_with_one_code(sandbox, twilio):
    sids = {(await start(twilio)).json()["sid"] for _ in range(5)}
    assert len(sids) == 1
    assert error(await start(twilio)) == (429, 60203)
    codes = {sms["code"] for sms in await sandbox.inbox(NUMBER)}
    assert len(codes) == 1
    assert len(await sandbox.inbox(NUMBER)) == 5
    assert (await start(twilio, "+4915187654321")).status_code == 201, "others are not concerned"
    assert (await check(twilio, codes.pop())).json()["status"] == "approved"
    assert (await start(twilio)).status_code == 201, "a new one begins"


async def test_a_code_dies_after_ten_minutes(sandbox, twilio):
    await start(twilio)
    [sms] = await sandbox.inbox()
    await sandbox.advance(599)
    assert (await check(twilio, wrong(sms["code"]))).json()["status"] == "pending"
    await sandbox.advance(2)
    assert error(await check(twilio, sms["code"])) == (404, 20404)


@pytest.mark.parametrize(
    "to", ["", "5551234", "+0123456789", "+49abc", "+1", "+15005550001", "mina@demo.example", "+491511234567890123"]
)
async def test_what_is_no_number_is_refused(sandbox, twilio, to):
    assert error(await start(twilio, to)) == (400, 60200)
    assert await sandbox.inbox() == []


async def test_other_bad_parameters(sandbox, twilio):
    assert error(await start(twilio, channel="pigeon")) == (400, 60200)
    assert error(await twilio.post("/Verifications", json={"To": NUMBER, "Channel": "sms"})) == (400, 60200)
    assert error(await check(twilio, "1")) == (400, 60200)
    assert error(await twilio.post("/VerificationCheck", data={"Code": "123456"})) == (400, 60200)
    assert error(await check(twilio, "123456")) == (404, 20404)
    assert error(await twilio.get("/Nothing")) == (404, 20404)
    assert await sandbox.inbox() == []


@pytest.mark.parametrize(
    "auth", [None, (OURS.twilio_account_sid, "wrong"), ("AC" + "9" * 32, OURS.twilio_auth_token), ("", "")]
)
async def test_a_stranger_is_refused(sandbox, auth):
    path = f"{sandbox.at('verify.twilio.com')}/v2/Services/{OURS.twilio_service_sid}/Verifications"
    async with httpx.AsyncClient(auth=auth) as client:
        answer = await client.post(path, data={"To": NUMBER, "Channel": "sms"})
    assert error(answer) == (401, 20003)
    assert await sandbox.inbox() == []


@pytest.mark.parametrize("value", ["Basic", "Basic ???", "Basic \xe9", "Bearer x", "Basic /////w=="])
async def test_what_is_no_basic_is_refused(sandbox, value):
    path = f"{sandbox.at('verify.twilio.com')}/v2/Services/{OURS.twilio_service_sid}/Verifications"
    answer = await sandbox.http.post(path, headers={"Authorization": value.encode("latin-1")})
    assert error(answer) == (401, 20003)


async def test_another_service_is_not_there(sandbox, twilio):
    path = f"{sandbox.at('verify.twilio.com')}/v2/Services/VA{'9' * 32}/Verifications"
    assert error(await twilio.post(path, data={"To": NUMBER, "Channel": "sms"})) == (404, 20404)


async def test_a_verification_can_be_seen_and_canceled(sandbox, twilio):
    sid = (await start(twilio)).json()["sid"]
    [sms] = await sandbox.inbox()
    assert (await twilio.get(f"/Verifications/{sid}")).json()["status"] == "pending"
    assert error(await twilio.post(f"/Verifications/{sid}", data={"Status": "pending"})) == (400, 60200)
    canceled = await twilio.post(f"/Verifications/{sid}", data={"Status": "canceled"})
    assert canceled.json()["status"] == "canceled"
    assert error(await check(twilio, sms["code"])) == (404, 20404)


async def test_its_calls_name_the_number(sandbox, twilio):
    await start(twilio)
    [call] = await sandbox.calls("verify.twilio.com")
    assert (call["who"], call["method"], call["status"]) == (NUMBER, "POST", 201)
    assert call["path"].endswith("/Verifications")
