"""Short messages: Twilio's wire protocol spoken to a real HTTP server."""

from __future__ import annotations

import asyncio
import base64
import socket
from urllib.parse import parse_qsl

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse
from starlette.routing import Route

from domain.errors import InvalidInput, NotConfigured, Unavailable
from integrations.sms import TwilioSms
from tests.integrations.conftest import serving

SID, TOKEN, SENDER = "AC0123456789", "hidden-token", "+14155550100"


class Carrier:
    """Takes messages as Twilio documents it, and answers what the test wants."""

    def __init__(self):
        self.requests = []
        self.answer = JSONResponse({"sid": "SM1", "status": "queued"}, 201)

    async def take(self, request: Request):
        self.requests.append(
            (request.path_params["sid"], request.headers, dict(parse_qsl((await request.body()).decode())))
        )
        return self.answer

    @property
    def app(self):
        return Starlette(routes=[Route("/2010-04-01/Accounts/{sid}/Messages.json", self.take, methods=["POST"])])


@pytest.fixture
async def carrier():
    carrier = Carrier()
    async with serving(carrier.app) as url:
        carrier.sms = TwilioSms(account_sid=SID, auth_token=TOKEN, sender=SENDER, base_url=url)
        yield carrier
        await carrier.sms.aclose()


async def test_a_message_is_handed_over(carrier):
    await carrier.sms.send(to="+4915112345678", text="Dein Code ist 123456 🎧 & mehr=ja")
    [(sid, headers, form)] = carrier.requests
    assert sid == SID
    assert headers["authorization"] == "Basic " + base64.b64encode(f"{SID}:{TOKEN}".encode()).decode()
    assert headers["content-type"] == "application/x-www-form-urlencoded"
    assert form == {"To": "+4915112345678", "From": SENDER, "Body": "Dein Code ist 123456 🎧 & mehr=ja"}


@pytest.mark.parametrize("code", [21211, 21610, 21614])
async def test_a_number_that_takes_no_messages_is_bad_input(carrier, code):
    carrier.answer = JSONResponse({"code": code, "message": "The 'To' number is wrong", "status": 400}, 400)
    with pytest.raises(InvalidInput):
        await carrier.sms.send(to="+4915112345678", text="t")


@pytest.mark.parametrize(
    "answer",
    [
        JSONResponse({"code": 20003, "message": "Authenticate hidden-token", "status": 401}, 401),
        JSONResponse({"code": 21606, "message": "The From number is wrong", "status": 400}, 400),
        JSONResponse({"code": 20429, "message": "Too many requests", "status": 429}, 429),
        JSONResponse({"code": 21211}, 500),
        JSONResponse({"code": "21211"}, 400),
        JSONResponse([], 400),
        PlainTextResponse("<html>Bad gateway</html>", 502),
        JSONResponse({}, 200),
        RedirectResponse("https://elsewhere.example"),
    ],
)
async def test_any_other_answer_means_that_the_carrier_did_not_take_it(carrier, answer, caplog):
    carrier.answer = answer
    with pytest.raises(Unavailable) as refusal:
        await carrier.sms.send(to="+4915112345678", text="Your code is 123456")
    assert len(carrier.requests) == 1
    assert not any(word in caplog.text + str(refusal.value) for word in ("hidden", "123456", "4915112345678"))


async def test_a_carrier_that_is_not_there():
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    sms = TwilioSms(account_sid=SID, auth_token=TOKEN, sender=SENDER, base_url=f"http://127.0.0.1:{port}")
    with pytest.raises(Unavailable):
        await sms.send(to="+4915112345678", text="t")
    await sms.aclose()


async def test_a_carrier_that_hangs():
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"http://127.0.0.1:{mute.getsockname()[1]}"
        sms = TwilioSms(account_sid=SID, auth_token=TOKEN, sender=SENDER, base_url=url, timeout=httpx.Timeout(0.2))
        async with asyncio.timeout(5):
            with pytest.raises(Unavailable):
                await sms.send(to="+4915112345678", text="t")
        await sms.aclose()


@pytest.mark.parametrize("missing", ["account_sid", "auth_token", "sender"])
async def test_without_credentials_it_says_so(missing):
    given = {"account_sid": SID, "auth_token": TOKEN, "sender": SENDER, missing: None}
    sms = TwilioSms(**given)
    with pytest.raises(NotConfigured, match="TWILIO_ACCOUNT_SID"):
        await sms.send(to="+4915112345678", text="t")
    await sms.aclose()
