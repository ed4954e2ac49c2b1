"""The twin of Stripe, spoken to by Stripe's own client alone: payments, checkouts, links, refunds, disputes."""

import asyncio

import pytest
import stripe

from tests.sandbox.stripe_desk import QUIET, RETURN, available, fill, kinds, paid, refused, speaking

pytestmark = pytest.mark.filterwarnings(QUIET)
FEE = 320
"""What Stripe keeps of 100.00: 2.9 % and 30 cents."""


@pytest.fixture
async def client(sandbox):
    async with speaking(sandbox) as made:
        yield made


async def checkout(client, amount=10_000, key=None, **more):
    item = {"price_data": {"currency": "usd", "unit_amount": amount, "product_data": {"name": "Beat"}}, "quantity": 1}
    params = {"mode": "payment", "line_items": [item], "success_url": f"{RETURN}?id={{CHECKOUT_SESSION_ID}}", **more}
    return await client.v1.checkout.sessions.create_async(params, {"idempotency_key": key} if key else {})


# Who asks


async def test_a_stranger_is_refused(sandbox):
    for key in ("sk_test_wrong", "x"):
        async with speaking(sandbox, key) as client:
            error = await refused(client.v1.balance.retrieve_async(), stripe.AuthenticationError)
        assert error.http_status == 401
    async with speaking(sandbox, stripe_account="acct_nobody") as client:
        error = await refused(client.v1.balance.retrieve_async(), stripe.PermissionError)
    assert error.http_status == 403


async def test_the_key_may_be_a_password_too(sandbox):
    url = f"{sandbox.at('api.stripe.com')}/v1/balance"
    assert (await sandbox.http.get(url, auth=("sk_test_sandbox", ""))).status_code == 200
    assert (await sandbox.http.get(url, auth=("sk_test_other", ""))).status_code == 401
    assert (await sandbox.http.get(url)).status_code == 401
    nothing = await sandbox.http.get(f"{sandbox.at('api.stripe.com')}/v1/nothing", auth=("sk_test_sandbox", ""))
    assert (nothing.status_code, nothing.json()["error"]["type"]) == (404, "invalid_request_error")


@pytest.mark.parametrize(
    ("params", "code", "param"),
    [
        ({"amount": 100, "currency": "usd", "colour": "red"}, "parameter_unknown", "colour"),
        ({"amount": 100}, "parameter_missing", "currency"),
        ({"amount": "ten", "currency": "usd"}, "parameter_invalid_integer", "amount"),
        ({"amount": 0, "currency": "usd"}, "parameter_invalid_integer", "amount"),
        (
            {"amount": 100, "currency": "usd", "automatic_payment_methods": {"on": True}},
            "parameter_unknown",
            "automatic_payment_methods[on]",
        ),
        ({"amount": 100, "currency": "usd", "capture_method": "slowly"}, None, "capture_method"),
        ({"amount": 100, "currency": "usd", "confirm": "perhaps"}, None, "confirm"),
        ({"amount": 100, "currency": "usd", "metadata": "x"}, None, "metadata"),
        ({"amount": 100, "currency": "usd", "metadata": {"k": "x" * 501}}, None, "metadata"),
        ({"amount": 100, "currency": "usd", "payment_method": "pm_nothing"}, "resource_missing", "payment_method"),
    ],
)
async def test_wrong_parameters_are_named_and_nothing_is_made(sandbox, client, params, code, param):
    error = await refused(client.v1.payment_intents.create_async(params))
    assert (error.http_status, error.code, error.param) == (400, code, param)
    assert (await client.v1.payment_intents.list_async()).data == []


# Payment intents


async def test_a_card_pays(sandbox, client):
    intent = await client.v1.payment_intents.create_async(
        {"amount": 10_000, "currency": "usd", "transfer_group": "order_1", "metadata": {"order": "1", "_own": "x"}}
    )
    assert intent.status == "requires_payment_method"
    assert (await available(client)) == (0, 0)
    intent = await client.v1.payment_intents.confirm_async(
        intent.id, {"payment_method": "pm_card_visa", "expand": ["latest_charge.balance_transaction"]}
    )
    assert (intent.status, intent.amount_received, intent.metadata.to_dict()) == (
        "succeeded",
        10_000,
        {"order": "1", "_own": "x"},
    )
    assert intent.latest_charge.transfer_group == "order_1"
    assert (intent.latest_charge.balance_transaction.net, intent.latest_charge.balance_transaction.fee) == (
        10_000 - FEE,
        FEE,
    )
    assert (await available(client)) == (0, 10_000 - FEE)
    error = await refused(client.v1.payment_intents.confirm_async(intent.id))
    assert error.code == "payment_intent_unexpected_state"
    assert (await kinds(client)) == ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"]


@pytest.mark.parametrize(
    ("method", "code", "reason"),
    [
        ("pm_card_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
    ],
)
async def test_a_card_is_declined_and_another_pays(sandbox, client, method, code, reason):
    error = await refused(paid(client, method=method), stripe.CardError)
    assert (error.http_status, error.code, error.error.decline_code) == (402, code, reason)
    [intent] = (await client.v1.payment_intents.list_async()).data
    assert (intent.status, intent.last_payment_error.code) == ("requires_payment_method", code)
    assert (await available(client)) == (0, 0)
    assert (await kinds(client))[1:] == ["charge.failed", "payment_intent.payment_failed"]
    intent = await client.v1.payment_intents.confirm_async(intent.id, {"payment_method": "pm_card_visa"})
    assert intent.status == "succeeded"


async def test_a_hold_is_captured_in_part_or_let_go(sandbox, client):
    held = await paid(client, capture_method="manual")
    assert (held.status, held.amount_capturable) == ("requires_capture", 10_000)
    assert (await available(client)) == (0, 0)
    error = await refused(client.v1.payment_intents.capture_async(held.id, {"amount_to_capture": 10_001}))
    assert error.code == "amount_too_large"
    taken = await client.v1.payment_intents.capture_async(held.id, {"amount_to_capture": 5_000})
    assert (taken.status, taken.amount_received) == ("succeeded", 5_000)
    assert (await available(client)) == (0, 5_000 - 175)
    await refused(client.v1.payment_intents.cancel_async(held.id))
    other = await paid(client, capture_method="manual")
    gone = await client.v1.payment_intents.cancel_async(other.id, {"cancellation_reason": "abandoned"})
    assert (gone.status, gone.cancellation_reason) == ("canceled", "abandoned")
    assert (await refused(client.v1.payment_intents.capture_async(other.id))).code == "payment_intent_unexpected_state"


async def test_a_hold_ends_after_a_week(sandbox, client):
    held = await paid(client, capture_method="manual")
    await sandbox.advance(7 * 24 * 3600 + 1)
    async with asyncio.timeout(5):
        while (await client.v1.payment_intents.retrieve_async(held.id)).status != "canceled":
            await asyncio.sleep(0.05)


async def test_lists_turn_page_by_page_and_search_finds(sandbox, client):
    made = [(await paid(client, amount=1_000 + place, metadata={"n": str(place)})).id for place in range(7)]
    first = await client.v1.payment_intents.list_async({"limit": 3})
    assert ([each.id for each in first.data], first.has_more) == (made[:3:-1], True)
    every = [each.id async for each in first.auto_paging_iter()]
    assert every == made[::-1]
    before = await client.v1.payment_intents.list_async({"limit": 2, "ending_before": made[1]})
    assert [each.id for each in before.data] == [made[3], made[2]]
    assert (await client.v1.payment_intents.list_async({"created": {"gt": 4_000_000_000}})).data == []
    found = await client.v1.payment_intents.search_async({"query": "metadata['n']:'4' AND status:'succeeded'"})
    assert [each.id for each in found.data] == [made[4]]
    assert (await client.v1.payment_intents.search_async({"query": "metadata['n']:'9'"})).data == []
    await refused(client.v1.payment_intents.search_async({"query": "whatever"}))
    await refused(client.v1.payment_intents.list_async({"limit": 101}))
    await refused(client.v1.payment_intents.list_async({"starting_after": "pi_nothing"}))


async def test_what_is_not_there(sandbox, client):
    for ask in (
        client.v1.payment_intents,
        client.v1.charges,
        client.v1.refunds,
        client.v1.disputes,
        client.v1.transfers,
    ):
        error = await refused(ask.retrieve_async("xx_1"))
        assert (error.http_status, error.code) == (404, "resource_missing")
    intent = await paid(client)
    await refused(client.v1.payment_intents.retrieve_async(intent.id, {"expand": ["nothing"]}))


# Checkouts


async def test_a_checkout_is_paid_on_its_page(sandbox, client):
    session = await checkout(
        client, client_reference_id="tip_1", payment_intent_data={"transfer_group": "g", "metadata": {"tip": "1"}}
    )
    assert (session.status, session.payment_status, session.amount_total) == ("open", "unpaid", 10_000)
    page = await sandbox.http.get(session.url)
    assert "100.00 USD" in page.text
    assert page.text.count("<button") == 3
    declined = await sandbox.http.post(session.url, data={"decision": "decline"})
    assert declined.status_code == 402
    assert (await client.v1.checkout.sessions.retrieve_async(session.id)).status == "open"
    back = await sandbox.http.post(session.url, data={"decision": "pay"})
    assert (back.status_code, back.headers["location"]) == (303, f"{RETURN}?id={session.id}")
    again = await sandbox.http.post(session.url, data={"decision": "pay"})
    assert again.status_code == 400, "nobody pays twice"
    done = await client.v1.checkout.sessions.retrieve_async(session.id, {"expand": ["payment_intent", "line_items"]})
    assert (done.status, done.payment_status, done.client_reference_id, done.url) == ("complete", "paid", "tip_1", None)
    assert (done.payment_intent.transfer_group, done.payment_intent.metadata["tip"]) == ("g", "1")
    assert done.line_items.data[0].description == "Beat"
    assert (await kinds(client))[-1] == "checkout.session.completed"
    assert (await available(client)) == (0, 10_000 - FEE)
    await refused(client.v1.checkout.sessions.expire_async(session.id))


async def test_a_payment_is_disputed_later(sandbox, client):
    session = await checkout(client)
    assert (await sandbox.http.post(session.url, data={"decision": "dispute"})).status_code == 303
    assert (await client.v1.checkout.sessions.retrieve_async(session.id)).payment_status == "paid"
    assert (await client.v1.disputes.list_async()).data == []
    await sandbox.advance(21)
    async with asyncio.timeout(5):
        while not (await client.v1.disputes.list_async()).data:
            await asyncio.sleep(0.05)


async def test_pages_that_are_not_there(sandbox, client):
    pages = ("/c/pay/cs_test_no", "/l/plink_no", "/receipts/ch_no")
    assert {(await sandbox.http.get(sandbox.at("checkout.stripe.com") + page)).status_code for page in pages} == {404}
    answer = await sandbox.http.get(sandbox.at("connect.stripe.com") + "/setup/e/acct_1/token")
    assert answer.status_code == 404
    session = await checkout(client)
    assert (await sandbox.http.post(session.url, data={"decision": "perhaps"})).status_code == 400
    assert (await client.v1.checkout.sessions.retrieve_async(session.id)).status == "open"


async def test_a_checkout_expires_by_hand_and_by_time(sandbox, client):
    first, second = await checkout(client), await checkout(client)
    assert (await client.v1.checkout.sessions.expire_async(first.id)).status == "expired"
    await sandbox.advance(24 * 3600 + 1)
    assert (await client.v1.checkout.sessions.retrieve_async(second.id)).status == "expired"
    for session in (first, second):
        assert (await sandbox.http.get(session.url)).status_code == 410
        assert (await sandbox.http.post(session.url, data={"decision": "pay"})).status_code == 400
    assert (await kinds(client)).count("checkout.session.expired") == 2
    assert (await client.v1.payment_intents.list_async()).data == []


async def test_checkouts_that_cannot_be(sandbox, client):
    assert (await refused(checkout(client, mode=None))).param == "mode"
    assert (await refused(checkout(client, success_url=None))).param == "success_url"
    assert (await refused(checkout(client, expires_at=1))).param == "expires_at"
    assert (await refused(checkout(client, line_items=[]))).param == "line_items"
    assert (await refused(checkout(client, line_items=[{"price": "price_nothing"}]))).code == "resource_missing"
    assert (await client.v1.checkout.sessions.list_async()).data == []


async def test_a_payment_link_sells_as_often_as_it_says(sandbox, client):
    product = await client.v1.products.create_async({"name": "Beat"})
    price = await client.v1.prices.create_async({"product": product.id, "unit_amount": 2_000, "currency": "usd"})
    link = await client.v1.payment_links.create_async(
        {
            "line_items": [{"price": price.id, "quantity": 1}],
            "metadata": {"link": "1"},
            "payment_intent_data": {"transfer_group": "beat", "metadata": {"beat": "1"}},
            "restrictions": {"completed_sessions": {"limit": 1}},
        }
    )
    opened = await sandbox.http.get(link.url)
    assert opened.status_code == 303
    assert (await sandbox.http.post(opened.headers["location"], data={"decision": "pay"})).status_code == 200
    [session] = (await client.v1.checkout.sessions.list_async({"payment_link": link.id})).data
    assert (session.status, session.metadata.to_dict()) == ("complete", {"link": "1"})
    intent = await client.v1.payment_intents.retrieve_async(session.payment_intent)
    assert (intent.transfer_group, intent.metadata.to_dict()) == ("beat", {"beat": "1"})
    assert (await sandbox.http.get(link.url)).status_code == 404, "it sold what it may"
    other = await client.v1.payment_links.create_async({"line_items": [{"price": price.id, "quantity": 1}]})
    assert (await client.v1.payment_links.update_async(other.id, {"active": False})).active is False
    assert (await sandbox.http.post(other.url, data={"decision": "pay"})).status_code == 400


# Refunds and disputes


async def test_a_refund_takes_from_the_balance(sandbox, client):
    intent = await paid(client)
    await fill(sandbox, 5_000)
    part = await client.v1.refunds.create_async({"payment_intent": intent.id, "amount": 4_000, "reason": "duplicate"})
    assert (part.amount, part.status, part.charge) == (4_000, "succeeded", intent.latest_charge)
    error = await refused(client.v1.refunds.create_async({"payment_intent": intent.id, "amount": 6_001}))
    assert error.code == "amount_too_large"
    await client.v1.refunds.create_async({"charge": intent.latest_charge})
    assert (
        await refused(client.v1.refunds.create_async({"payment_intent": intent.id}))
    ).code == "charge_already_refunded"
    charge = await client.v1.charges.retrieve_async(intent.latest_charge)
    assert (charge.refunded, charge.amount_refunded) == (True, 10_000)
    assert sum(await available(client)) == 5_000 - FEE
    assert (await kinds(client)).count("charge.refunded") == 2


async def test_a_refund_that_the_balance_does_not_have(sandbox, client):
    intent = await paid(client)
    error = await refused(client.v1.refunds.create_async({"payment_intent": intent.id}))
    assert error.code == "balance_insufficient", "the fee is gone"
    assert (await client.v1.refunds.list_async({"payment_intent": intent.id})).data == []
    assert (await available(client)) == (0, 10_000 - FEE)


@pytest.mark.parametrize(("end", "events"), [("won", ["closed", "funds_reinstated"]), ("lost", ["closed"])])
async def test_a_dispute_takes_the_money_and_perhaps_gives_it_back(sandbox, client, end, events):
    intent = await paid(client)
    dispute = await sandbox.control("POST", f"/stripe/charges/{intent.id}/dispute", {"reason": "product_not_received"})
    assert sum(await available(client)) == -FEE - 1_500
    found = await client.v1.disputes.retrieve_async(dispute["id"])
    assert (found.status, found.amount, found.payment_intent) == ("needs_response", 10_000, intent.id)
    assert (await refused(client.v1.refunds.create_async({"payment_intent": intent.id}))).code == "charge_disputed"
    found = await client.v1.disputes.update_async(dispute["id"], {"evidence": {"product_description": "A beat"}})
    assert found.status == "under_review"
    await sandbox.control("POST", f"/stripe/disputes/{dispute['id']}/{end}")
    assert sum(await available(client)) == (10_000 if end == "won" else 0) - FEE - 1_500
    told = [kind.rpartition(".")[2] for kind in await kinds(client) if "dispute" in kind]
    assert told == ["created", "funds_withdrawn", "updated", *events]
    assert (await refused(client.v1.disputes.close_async(dispute["id"]))).code == "dispute_already_closed"


async def test_a_card_that_is_disputed_at_once(sandbox, client):
    intent = await paid(client, method="pm_card_createDispute")
    [dispute] = (await client.v1.disputes.list_async({"payment_intent": intent.id})).data
    assert dispute.reason == "fraudulent"
    assert (await client.v1.disputes.close_async(dispute.id)).status == "lost"
