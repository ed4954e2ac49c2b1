"""What tests of the Stripe twin share: the official client, somebody who is paid, and an endpoint that listens."""

import asyncio
import contextlib
import socket
import time

import pytest
import stripe
import uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from tests.sandbox.process import registration

OURS = registration()
QUIET = "ignore:Use 'content=:DeprecationWarning"
"""The official client's own httpx transport sends texts in a way that httpx would like otherwise."""
RETURN = "https://app.example/return"


@contextlib.asynccontextmanager
async def speaking(sandbox, key=OURS.stripe_secret_key, **options):
    """The official client, led into the sandbox, with httpx, and no patience of its own."""
    wire = stripe.HTTPXClient(timeout=20)
    yield stripe.StripeClient(
        key,
        base_addresses={"api": sandbox.at("api.stripe.com")},
        http_client=wire,
        max_network_retries=0,
        **options,
    )
    await wire.close_async()


async def fill(sandbox, amount=1_000_000, currency="usd", account=None):
    """Put money into a balance; the platform's unless told."""
    whose = {"account": account} if account else {}
    return await sandbox.control("POST", "/stripe/balance", {"currency": currency, "amount": amount, **whose})


async def payee(sandbox, client, *, complete=True, **more):
    """Somebody with a connected account."""
    params = {"type": "express", "country": "US", "capabilities": {"transfers": {"requested": True}}, **more}
    account = await client.v1.accounts.create_async(params)
    if complete:
        await sandbox.control("POST", f"/stripe/accounts/{account.id}/complete")
    return account.id


async def paid(client, amount=10_000, method="pm_card_visa", **more):
    """A payment by card."""
    params = {"amount": amount, "currency": "usd", "payment_method": method, "confirm": True, **more}
    return await client.v1.payment_intents.create_async(params)


async def available(client, account=None):
    """What is in a balance: `(available, pending)` in dollars' cents."""
    found = await client.v1.balance.retrieve_async({}, {"stripe_account": account} if account else {})
    return found.available[0].amount, found.pending[0].amount


class Ear:
    """An endpoint that keeps what it hears: `heard` are `(raw bytes, signature header)`."""

    def __init__(self, sock):
        self.url = f"http://127.0.0.1:{sock.getsockname()[1]}/hook"
        self.heard = []
        self.status = 200

    async def hear(self, request):
        self.heard.append((await request.body(), request.headers.get("stripe-signature")))
        return Response(status_code=self.status)

    def events(self, secret=OURS.stripe_webhook_secret):
        """What was heard, as the official library verifies it."""
        return [stripe.Webhook.construct_event(raw, header, secret) for raw, header in self.heard]

    async def until(self, what, within=10.0):
        """Wait until what was heard is so."""
        end = time.monotonic() + within
        while not what(self):
            assert time.monotonic() < end, f"heard {[event.type for event in self.events()]}"
            await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def listening(sandbox, **more):
    """An endpoint that is registered at the sandbox."""
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    ear = Ear(sock)
    app = Starlette(routes=[Route("/hook", ear.hear, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off", timeout_graceful_shutdown=1))
    server.install_signal_handlers = lambda: None
    running = asyncio.create_task(server.serve(sockets=[sock]))
    while not server.started:
        await asyncio.sleep(0.01)
    await sandbox.control("POST", "/stripe/endpoints", {"url": ear.url, **more})
    yield ear
    server.should_exit = True
    await running


async def refused(awaitable, error=stripe.InvalidRequestError):
    """The error that something ends with."""
    with pytest.raises(error) as caught:
        await awaitable
    return caught.value


async def kinds(client, **more):
    """What happened, oldest first."""
    found = await client.v1.events.list_async({"limit": 100, **more})
    return [event.type for event in found.data][::-1]
