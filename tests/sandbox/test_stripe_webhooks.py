"""Webhooks of the twin of Stripe, as the official library verifies them."""

import asyncio
import dataclasses
import json

import pytest
import stripe

from integrations.sandbox.stripe.controls import settle
from integrations.sandbox.world import World
from tests.sandbox.stripe_desk import OURS, QUIET, available, fill, listening, paid, payee, refused, speaking

pytestmark = pytest.mark.filterwarnings(QUIET)
SECRET = OURS.stripe_webhook_secret


@pytest.fixture
async def client(sandbox):
    async with speaking(sandbox) as made:
        yield made


@pytest.fixture
async def ear(sandbox):
    async with listening(sandbox) as made:
        yield made


def types(ear):
    return [event.type for event in ear.events()]


async def drained(sandbox):
    """Wait until nothing is on its way any more."""
    async with asyncio.timeout(10):
        while (await sandbox.control("GET", "/stripe/outbox"))["data"]:
            await asyncio.sleep(0.02)


async def test_an_event_arrives_signed_and_can_be_fetched(sandbox, client, ear):
    intent = await client.v1.payment_intents.create_async(
        {"amount": 700, "currency": "usd", "payment_method": "pm_card_visa", "confirm": True, "transfer_group": "g"},
        {"idempotency_key": "tip_1"},
    )
    await ear.until(lambda ear: len(ear.heard) == 3)
    assert sorted(types(ear)) == ["charge.succeeded", "payment_intent.created", "payment_intent.succeeded"]
    event = next(each for each in ear.events() if each.type == "payment_intent.succeeded")
    assert (event.data.object.id, event.data.object.status) == (intent.id, "succeeded")
    assert event.request.idempotency_key == "tip_1"
    await drained(sandbox)
    found = await client.v1.events.retrieve_async(event.id)
    assert (found.type, found.pending_webhooks, found.api_version) == (event.type, 0, stripe.api_version)
    raw, header = ear.heard[0]
    for wrong in (raw + b" ", raw.replace(b"700", b"900")):
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(wrong, header, SECRET)
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(raw, header, "whsec_other")


async def test_an_endpoint_hears_what_it_asked_for(sandbox, client):
    made = await client.v1.webhook_endpoints.create_async(
        {
            "url": "http://127.0.0.1:9/nobody",
            "enabled_events": ["charge.succeeded", "charge.failed"],
            "metadata": {"a": "b"},
        }
    )
    assert made.secret.startswith("whsec_")
    assert "secret" not in (await client.v1.webhook_endpoints.retrieve_async(made.id)).to_dict()
    await fill(sandbox)
    async with listening(sandbox, events=["transfer.*"]) as transfers, listening(sandbox, sides="connect") as theirs:
        name = await payee(sandbox, client)
        await client.v1.transfers.create_async({"amount": 100, "currency": "usd", "destination": name})
        await client.v1.payment_intents.create_async({"amount": 100, "currency": "usd"})
        await transfers.until(lambda ear: len(ear.heard) == 1)
        await theirs.until(lambda ear: len(ear.heard) == 2)
        assert types(transfers) == ["transfer.created"]
        assert {(event.type, event.account) for event in theirs.events()} == {
            ("account.updated", name),
            ("capability.updated", name),
        }
    waiting = [each["endpoint"] for each in (await sandbox.control("GET", "/stripe/outbox"))["data"]]
    assert made.id not in waiting, "nothing of its kind happened"
    assert (await client.v1.webhook_endpoints.update_async(made.id, {"disabled": True})).status == "disabled"
    assert (await client.v1.webhook_endpoints.delete_async(made.id)).deleted is True
    await refused(client.v1.webhook_endpoints.retrieve_async(made.id))
    await refused(client.v1.webhook_endpoints.create_async({"url": "nowhere", "enabled_events": ["*"]}))


async def test_what_is_not_taken_comes_again(sandbox, client, ear):
    ear.status = 500
    await client.v1.payment_intents.create_async({"amount": 100, "currency": "usd"})
    await ear.until(lambda ear: len(ear.heard) >= 2)
    [event] = (await client.v1.events.list_async({"delivery_success": False})).data
    assert event.pending_webhooks == 1
    ear.status = 200
    await drained(sandbox)
    assert len({event.id for event in ear.events()}) == 1
    assert (await client.v1.events.list_async({"delivery_success": False})).data == []
    attempts = (await sandbox.control("GET", "/stripe/attempts"))["data"]
    assert attempts[-1]["status"] == 200
    assert attempts[0]["status"] == 500


async def test_copies_delays_and_another_order(sandbox, client, ear):
    await sandbox.control("POST", "/stripe/delivery", {"copies": 3})
    await client.v1.payment_intents.create_async({"amount": 100, "currency": "usd"})
    await ear.until(lambda ear: len(ear.heard) == 3)
    assert len({event.id for event in ear.events()}) == 1
    await sandbox.control("POST", "/stripe/delivery", {"hold": True})
    ear.heard.clear()
    await paid(client)
    await asyncio.sleep(0.3)
    assert ear.heard == []
    assert (await sandbox.control("POST", "/stripe/release", {"order": "reverse"}))["released"] == 3
    await ear.until(lambda ear: len(ear.heard) == 3)
    assert types(ear) == ["payment_intent.succeeded", "charge.succeeded", "payment_intent.created"]
    await sandbox.control("POST", "/stripe/delivery", {"delay": 0.5})
    ear.heard.clear()
    await client.v1.payment_intents.create_async({"amount": 100, "currency": "usd"})
    await asyncio.sleep(0.2)
    assert ear.heard == []
    await ear.until(lambda ear: len(ear.heard) == 1)
    await sandbox.control("POST", "/stripe/delivery", {"shuffle": True})
    ear.heard.clear()
    await asyncio.gather(*(paid(client) for _ in range(4)))
    await ear.until(lambda ear: len(ear.heard) == 12)
    assert len({event.id for event in ear.events()}) == 12
    answer = await sandbox.http.post("/control/stripe/delivery", json={"colour": "red"})
    assert answer.status_code == 400


async def test_forged_and_stale_ones_do_not_verify(sandbox, client, ear):
    await client.v1.payment_intents.create_async({"amount": 100, "currency": "usd"})
    await ear.until(lambda ear: len(ear.heard) == 1)
    [event] = ear.events()
    ear.heard.clear()
    for how in ({"forged": True}, {"stale": 301}):
        sent = await sandbox.control("POST", f"/stripe/events/{event.id}/send", how)
        assert sent["statuses"] == [200]
    assert json.loads(ear.heard[0][0])["id"] == event.id
    for raw, header in ear.heard:
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(raw, header, SECRET)
    ear.heard.clear()
    await sandbox.control("POST", f"/stripe/events/{event.id}/send", {"times": 2})
    assert [each.id for each in ear.events()] == [event.id] * 2
    assert (await sandbox.http.post("/control/stripe/events/evt_no/send")).status_code == 404


async def test_the_shifted_clock_makes_no_event_stale(sandbox, client, ear):
    await sandbox.advance(30 * 24 * 3600)
    await client.v1.payment_intents.create_async({"amount": 100, "currency": "usd"})
    await ear.until(lambda ear: len(ear.heard) == 1)


async def test_a_checkout_expires_though_nobody_looks(sandbox, client, ear):
    item = {"price_data": {"currency": "usd", "unit_amount": 500, "product_data": {"name": "Beat"}}, "quantity": 1}
    params = {"mode": "payment", "line_items": [item], "success_url": "https://app.example"}
    session = await client.v1.checkout.sessions.create_async(params)
    await sandbox.advance(24 * 3600 + 1)
    await ear.until(lambda ear: "checkout.session.expired" in types(ear))
    assert [event.data.object.id for event in ear.events() if event.type == "checkout.session.expired"] == [session.id]


async def test_events_are_read_by_kind(sandbox, client):
    await paid(client)
    listed = client.v1.events.list_async
    assert [each.type for each in (await listed({"type": "charge.*"})).data] == ["charge.succeeded"]
    assert len((await listed({"types": ["charge.succeeded", "payment_intent.succeeded"]})).data) == 2
    assert (await listed({"type": "charge.failed"})).data == []
    await refused(client.v1.events.retrieve_async("evt_no"))


async def test_webhooks_survive_a_kill(mortal_sandbox):
    sandbox = mortal_sandbox
    async with speaking(sandbox) as client, listening(sandbox) as ear:
        ear.status = 503
        intents = [(await paid(client, amount=1_000 + place)).id for place in range(5)]
        await ear.until(lambda ear: len(ear.heard) >= 5)
        await sandbox.kill()
        ear.heard.clear()
        ear.status = 200
        await sandbox.start()
        await sandbox.advance(120)
        await ear.until(lambda ear: len({event.id for event in ear.events()}) == 15, within=20)
        paid_for = {event.data.object.id for event in ear.events() if event.type == "payment_intent.succeeded"}
        assert paid_for == set(intents)
        assert sum(await available(client)) == sum(
            1_000 + place - round((1_000 + place) * 0.029) - 30 for place in range(5)
        )


def test_our_own_endpoint_is_there_from_the_start(tmp_path):
    world = World(tmp_path / "world.sqlite")
    for _ in range(2):
        settle(world, dataclasses.replace(OURS, stripe_webhook_url="http://127.0.0.1:8000/webhooks/stripe"))
    [endpoint] = world.all("stripe_webhook_endpoint").values()
    assert (endpoint["url"], endpoint["_secret"]) == ("http://127.0.0.1:8000/webhooks/stripe", SECRET)
    world.reset()
    settle(world, OURS)
    assert world.all("stripe_webhook_endpoint") == {}
    world.close()
