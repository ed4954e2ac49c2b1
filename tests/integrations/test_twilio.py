"""Telephone numbers: Twilio Verify's wire protocol, spoken to its twin and to a carrier that says anything."""

from __future__ import annotations

import asyncio
import logging
import re

import pytest
from starlette.responses import JSONResponse, Response

from domain.errors import Expired, InvalidInput, NotConfigured, RateLimited, Unavailable
from integrations.twilio import TwilioVerify
from tests.integrations.vendor import RUDE, SHORT, broken, scripted
from tests.sandbox.process import registration

ACCOUNT, TOKEN, SERVICE = "AC0123456789", "hidden-token", "VA0123456789"
NUMBER = "+4915112345678"
SEND, CHECK = f"/v2/Services/{SERVICE}/Verifications", f"/v2/Services/{SERVICE}/VerificationCheck"
GIVEN = {"account_sid": ACCOUNT, "auth_token": TOKEN, "service_sid": SERVICE}


@pytest.fixture
async def carrier():
    async with scripted() as carrier:
        carrier.telephones = TwilioVerify(**GIVEN, base_url=carrier.url)
        yield carrier
        await carrier.telephones.aclose()


@pytest.fixture
async def telephones(twins):
    ours = registration()
    made = TwilioVerify(
        account_sid=ours.twilio_account_sid,
        auth_token=ours.twilio_auth_token,
        service_sid=ours.twilio_service_sid,
        base_url=twins.at("verify.twilio.com"),
    )
    yield made
    await made.aclose()


async def code_of(twins):
    return re.search(r"\d{6}", (await twins.inbox(NUMBER))[-1]["text"]).group()


def another(code):
    return f"{(int(code) + 1) % 1_000_000:06d}"


async def test_a_code_is_sent_and_counts_once(telephones, twins):
    await telephones.send_code(NUMBER)
    code = await code_of(twins)
    assert await telephones.check_code(NUMBER, another(code)) is False
    await telephones.send_code(NUMBER)
    assert await code_of(twins) == code
    assert await telephones.check_code(NUMBER, code) is True
    with pytest.raises(Expired):
        await telephones.check_code(NUMBER, code)


async def test_a_code_that_nobody_asked_for_or_that_is_too_old(telephones, twins):
    with pytest.raises(Expired):
        await telephones.check_code(NUMBER, "123456")
    await telephones.send_code(NUMBER)
    code = await code_of(twins)
    await twins.advance(601)
    with pytest.raises(Expired):
        await telephones.check_code(NUMBER, code)


async def test_guessing_ends_after_five(telephones, twins):
    await telephones.send_code(NUMBER)
    code = await code_of(twins)
    for _ in range(4):
        assert await telephones.check_code(NUMBER, another(code)) is False
    for guess in (another(code), another(code), code):
        with pytest.raises(Expired):
            await telephones.check_code(NUMBER, guess)
    with pytest.raises(RateLimited):
        await telephones.send_code(NUMBER)


async def test_a_sixth_message_has_to_wait(telephones, twins):
    for _ in range(5):
        await telephones.send_code(NUMBER)
    with pytest.raises(RateLimited) as refusal:
        await telephones.send_code(NUMBER)
    assert refusal.value.retry_after_seconds == 600
    assert len(await twins.inbox(NUMBER)) == 5


async def test_a_number_that_is_none(telephones, twins):
    with pytest.raises(InvalidInput):
        await telephones.send_code("+15005550001")
    assert await twins.inbox() == []


async def test_wrong_credentials_are_ours_to_mend(twins, caplog):
    ours = registration()
    for wrong in ({"auth_token": "hidden"}, {"service_sid": "VA0"}):
        given = {
            "account_sid": ours.twilio_account_sid,
            "auth_token": ours.twilio_auth_token,
            "service_sid": ours.twilio_service_sid,
        }
        telephones = TwilioVerify(**given | wrong, base_url=twins.at("verify.twilio.com"))
        with pytest.raises(Unavailable):
            await telephones.send_code(NUMBER)
        await telephones.aclose()
    assert [record.levelname for record in caplog.records].count("ERROR") == 2
    assert "code 20003" in caplog.text
    assert not any(word in caplog.text for word in ("hidden", NUMBER[3:]))


async def test_what_goes_out_is_exactly_what_twilio_documents(carrier):
    carrier.says[SEND] = JSONResponse({"sid": "VE1", "status": "pending", "valid": False}, 201)
    carrier.says[CHECK] = {"sid": "VE1", "status": "approved", "valid": True}
    await carrier.telephones.send_code(NUMBER)
    assert await carrier.telephones.check_code(NUMBER, "012345") is True
    send, check = carrier.seen
    assert (send.path, send.form) == (SEND, {"To": NUMBER, "Channel": "sms"})
    assert (check.path, check.form) == (CHECK, {"To": NUMBER, "Code": "012345"})
    assert send.basic == check.basic == f"{ACCOUNT}:{TOKEN}"


@pytest.mark.parametrize("code", ["", "123", "12345678901", "12a456", "١٢٣٤٥٦", "1234 6", "123456\n"])
async def test_what_can_be_no_code_is_wrong_without_asking(carrier, code):
    assert await carrier.telephones.check_code(NUMBER, code) is False
    assert carrier.seen == []


STATES = [("pending", False), ("approved", True)]
OVER = ["max_attempts_reached", "expired", "canceled", "failed", "deleted"]


@pytest.mark.parametrize(("state", "right"), STATES)
async def test_states_that_decide(carrier, state, right):
    carrier.says[CHECK] = {"status": state}
    assert await carrier.telephones.check_code(NUMBER, "123456") is right


@pytest.mark.parametrize("state", OVER)
async def test_states_in_which_no_code_is_right(carrier, state):
    carrier.says[CHECK] = {"status": state}
    with pytest.raises(Expired):
        await carrier.telephones.check_code(NUMBER, "123456")


@pytest.mark.parametrize("said", [{}, {"status": "hidden"}, {"status": True}, {"valid": True}, {"status": "APPROVED"}])
async def test_a_state_that_is_not_known_proves_nothing(carrier, said, caplog):
    carrier.says |= {CHECK: said, SEND: said}
    for asking in (carrier.telephones.check_code(NUMBER, "123456"), carrier.telephones.send_code(NUMBER)):
        with pytest.raises(Unavailable):
            await asking
    assert "hidden" not in caplog.text


REFUSALS = [
    (400, 60200, InvalidInput),
    (400, 21211, InvalidInput),
    (403, 60205, InvalidInput),
    (403, 60605, InvalidInput),
    (400, 21614, InvalidInput),
    (429, 60203, RateLimited),
    (429, 60202, RateLimited),
    (403, 60410, RateLimited),
    (429, 20429, RateLimited),
    (429, None, RateLimited),
    (401, 20003, Unavailable),
    (404, 20404, Unavailable),
    (400, 60223, Unavailable),
    (400, "21211", Unavailable),
    (400, True, Unavailable),
    (500, 60200, Unavailable),
]


@pytest.mark.parametrize(("status", "code", "refusal"), REFUSALS)
async def test_why_no_code_was_sent(carrier, status, code, refusal, caplog):
    said = {"code": code, "message": f"hidden {NUMBER}", "status": status}
    carrier.says[SEND] = JSONResponse(said, status, headers={"Retry-After": "9"})
    with pytest.raises(refusal) as refused:
        await carrier.telephones.send_code(NUMBER)
    assert len(carrier.seen) == 1
    shown = caplog.text + str(refused.value)
    assert not any(word in shown for word in ("hidden", NUMBER[3:]))
    if refusal is RateLimited:
        expected = {60203: 600, 60202: 600, 60410: 43_200}.get(code, 9)
        assert refused.value.retry_after_seconds == expected


CHECKS = [
    (404, 20404, Expired),
    (404, None, Expired),
    (429, 60202, Expired),
    (429, 20429, RateLimited),
    (401, 20003, Unavailable),
    (503, None, Unavailable),
]


@pytest.mark.parametrize(("status", "code", "refusal"), CHECKS)
async def test_why_a_code_could_not_be_checked(carrier, status, code, refusal):
    carrier.says[CHECK] = JSONResponse({"code": code}, status)
    with pytest.raises(refusal):
        await carrier.telephones.check_code(NUMBER, "123456")


async def test_a_box_on_the_way_to_twilio_says_nothing_of_the_number(carrier):
    for status in (400, 403, 407):
        carrier.says[SEND] = Response("<html>hidden</html>", status)
        with pytest.raises(Unavailable):
            await carrier.telephones.send_code(NUMBER)


@pytest.mark.parametrize("way", RUDE)
async def test_a_rude_carrier_proves_nothing(way, caplog):
    caplog.set_level(logging.DEBUG, logger="integrations")
    async with broken(RUDE[way]()) as vendor:
        telephones = TwilioVerify(**GIVEN, base_url=vendor.url, patience=SHORT)
        asking = telephones.send_code(NUMBER), telephones.check_code(NUMBER, "123456")
        outcomes = await asyncio.gather(*asking, return_exceptions=True)
        await telephones.aclose()
    assert [type(outcome) for outcome in outcomes] == [Unavailable] * 2
    assert vendor.asked == 2
    assert not any(word in caplog.text for word in ("hidden", "123456", NUMBER[3:]))


@pytest.mark.parametrize("missing", GIVEN)
async def test_without_credentials_it_says_so(missing):
    telephones = TwilioVerify(**GIVEN | {missing: None})
    for asking in (telephones.send_code(NUMBER), telephones.check_code(NUMBER, "123456")):
        with pytest.raises(NotConfigured, match="TWILIO_VERIFY_SERVICE_SID"):
            await asking
    await telephones.aclose()
