"""Idempotency keys at the twin of Stripe: the same again, something else, at the same time, and after errors."""

import asyncio

import pytest
import stripe

from tests.sandbox.stripe_desk import QUIET, available, fill, paid, payee, refused, speaking

pytestmark = pytest.mark.filterwarnings(QUIET)


@pytest.fixture
async def client(sandbox):
    async with speaking(sandbox) as made:
        yield made


@pytest.fixture
async def name(sandbox, client):
    await fill(sandbox, 10_000)
    return await payee(sandbox, client)


async def transfer(client, account, amount=1_000, key="k"):
    params = {"amount": amount, "currency": "usd", "destination": account}
    return await client.v1.transfers.create_async(params, {"idempotency_key": key})


async def test_the_same_again_is_one_transfer(sandbox, client, name):
    first, again = await transfer(client, name), await transfer(client, name)
    assert again.id == first.id
    assert again.last_response.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.last_response.headers
    assert (await transfer(client, name, key="other")).id != first.id
    assert (await available(client, name)) == (2_000, 0)


async def test_something_else_under_a_key_is_refused(sandbox, client, name):
    first = await transfer(client, name)
    error = await refused(transfer(client, name, 2_000), stripe.IdempotencyError)
    assert (error.http_status, error.error.type) == (400, "idempotency_error")
    other = client.v1.refunds.create_async({"charge": "ch_x"}, {"idempotency_key": "k"})
    assert (await refused(other, stripe.IdempotencyError)).http_status == 400
    assert (await transfer(client, name)).id == first.id
    assert (await available(client, name)) == (1_000, 0)


async def test_what_was_refused_stays_refused_once_it_had_begun(sandbox, client, name):
    assert (await refused(transfer(client, name, 20_000))).code == "balance_insufficient"
    await fill(sandbox, 20_000)
    assert (await refused(transfer(client, name, 20_000))).code == "balance_insufficient"
    assert (await transfer(client, name, 20_000, key="new")).amount == 20_000


async def test_what_never_began_leaves_the_key_free(sandbox, client, name):
    with pytest.raises(stripe.InvalidRequestError, match="unknown"):
        await client.v1.transfers.create_async({"amount": 1, "colour": "red"}, {"idempotency_key": "k"})
    assert (await transfer(client, name)).amount == 1_000


async def test_a_decline_is_the_same_again(sandbox, client):
    params = {"amount": 500, "currency": "usd", "payment_method": "pm_card_chargeDeclined", "confirm": True}
    for _ in range(2):
        await refused(client.v1.payment_intents.create_async(params, {"idempotency_key": "d"}), stripe.CardError)
    assert len((await client.v1.charges.list_async()).data) == 1


async def test_many_at_once_are_one_transfer_and_the_others_hear_so(sandbox, client, name):
    await sandbox.control("POST", "/stripe/breakdowns", {"path": "/v1/transfers", "seconds": 2})
    results = await asyncio.gather(*(transfer(client, name) for _ in range(10)), return_exceptions=True)
    made = [result for result in results if not isinstance(result, Exception)]
    conflicts = [result for result in results if isinstance(result, Exception)]
    assert (len(made), len(conflicts)) == (1, 9)
    assert {(error.http_status, error.error.code) for error in conflicts} == {(409, "idempotency_key_in_use")}
    assert (await transfer(client, name)).id == made[0].id
    assert (await available(client, name)) == (1_000, 0)


@pytest.mark.parametrize("after", [False, True])
async def test_an_error_500_is_kept_whether_it_moved_money_or_not(sandbox, client, name, after):
    await sandbox.control("POST", "/stripe/breakdowns", {"path": "/v1/transfers", "status": 500, "after_effect": after})
    for _ in range(3):
        assert (await refused(transfer(client, name), stripe.APIError)).http_status == 500
    assert (await available(client, name)) == (1_000 if after else 0, 0)
    assert len((await client.v1.transfers.list_async()).data) == after


async def test_an_answer_that_is_lost_is_given_again(sandbox, client, name):
    await sandbox.fault("drop_after_effect", host="api.stripe.com", path="/v1/transfers", times=1)
    await refused(transfer(client, name), stripe.APIConnectionError)
    [there] = (await client.v1.transfers.list_async()).data
    assert (await transfer(client, name)).id == there.id
    assert (await available(client, name)) == (1_000, 0)


async def test_keys_are_an_accounts_own_and_live_for_a_day(sandbox, client, name):
    first = await transfer(client, name)
    payout = {"amount": 100, "currency": "usd"}
    await client.v1.payouts.create_async(payout, {"idempotency_key": "k", "stripe_account": name})
    assert (await available(client, name)) == (900, 0)
    await sandbox.advance(24 * 3600 + 1)
    assert (await transfer(client, name)).id != first.id
    error = await refused(transfer(client, name, key="k" * 256))
    assert error.http_status == 400


async def test_a_killed_sandbox_remembers_everything(mortal_sandbox):
    sandbox = mortal_sandbox
    async with speaking(sandbox) as client:
        await fill(sandbox, 5_000)
        name = await payee(sandbox, client)
        first = await transfer(client, name)
        intent = await paid(client)
        # One request is in the middle of its work: it is nothing, and its key is free again.
        await sandbox.control("POST", "/stripe/breakdowns", {"path": "/v1/transfers", "seconds": 30})
        lost = asyncio.create_task(transfer(client, name, key="lost"))
        await asyncio.sleep(0.3)
        await sandbox.kill()
        await refused(lost, stripe.APIConnectionError)
        await sandbox.start()
        assert (await transfer(client, name)).id == first.id
        assert (await client.v1.payment_intents.retrieve_async(intent.id)).status == "succeeded"
        assert (await available(client)) == (4_000, 9_680)
        assert (await transfer(client, name, key="lost")).id != first.id
        assert (await available(client, name)) == (2_000, 0)
