"""The twin of Stripe Connect: accounts, transfers, reversals, balances, payouts and the journal."""

import asyncio

import pytest
import stripe

from tests.sandbox.stripe_desk import QUIET, RETURN, available, fill, kinds, paid, payee, refused, speaking

pytestmark = pytest.mark.filterwarnings(QUIET)


@pytest.fixture
async def client(sandbox):
    async with speaking(sandbox) as made:
        yield made


async def transfer(client, account, amount=1_000, key=None, **more):
    params = {"amount": amount, "currency": "usd", "destination": account, **more}
    return await client.v1.transfers.create_async(params, {"idempotency_key": key} if key else {})


# Accounts


async def test_somebody_is_paid_once_they_told_everything(sandbox, client):
    await fill(sandbox)
    name = await payee(sandbox, client, complete=False, email="mina@demo.example", metadata={"user": "1"})
    account = await client.v1.accounts.retrieve_async(name)
    assert (account.type, account.payouts_enabled, account.capabilities.transfers) == ("express", False, "inactive")
    assert "external_account" in account.requirements.currently_due
    assert (await refused(transfer(client, name))).code == "insufficient_capabilities_for_transfer"
    await refused(client.v1.accounts.login_links.create_async(name))
    link = await client.v1.account_links.create_async(
        {"account": name, "type": "account_onboarding", "return_url": RETURN, "refresh_url": f"{RETURN}/again"}
    )
    assert "mina@demo.example" in (await sandbox.http.get(link.url)).text
    back = await sandbox.http.post(link.url, data={"decision": "complete"})
    assert (back.status_code, back.headers["location"]) == (303, RETURN)
    account = await client.v1.accounts.retrieve_async(name)
    assert (account.payouts_enabled, account.details_submitted, account.capabilities.transfers) == (
        True,
        True,
        "active",
    )
    assert account.requirements.currently_due == []
    assert (await transfer(client, name)).destination == name
    assert (await client.v1.accounts.login_links.create_async(name)).url.startswith(sandbox.url)
    [updated] = (await client.v1.events.list_async({"type": "account.updated"}, {"stripe_account": name})).data
    assert (updated.account, updated.data.previous_attributes["payouts_enabled"]) == (name, False)


async def test_a_link_works_once_and_coming_back_proves_nothing(sandbox, client):
    name = await payee(sandbox, client, complete=False)
    asked = {"account": name, "type": "account_onboarding", "return_url": RETURN, "refresh_url": f"{RETURN}/again"}
    link = await client.v1.account_links.create_async(asked)
    assert (await sandbox.http.get(link.url)).status_code == 200
    assert (await sandbox.http.get(link.url)).headers["location"] == f"{RETURN}/again"
    back = await sandbox.http.post(link.url, data={"decision": "later"})
    assert back.headers["location"] == RETURN
    assert (await client.v1.accounts.retrieve_async(name)).details_submitted is False
    assert (await sandbox.http.post(link.url, data={"decision": "complete"})).headers["location"] == f"{RETURN}/again"
    late = await client.v1.account_links.create_async(asked)
    await sandbox.advance(301)
    assert (await sandbox.http.post(late.url, data={"decision": "complete"})).headers["location"] == f"{RETURN}/again"
    assert (await client.v1.accounts.retrieve_async(name)).details_submitted is False


async def test_accounts_that_cannot_be(sandbox, client):
    assert (await refused(payee(sandbox, client, country="AQ"))).code == "country_unsupported"
    assert (await refused(payee(sandbox, client, type="custom"))).param == "type"
    assert (
        await refused(payee(sandbox, client, capabilities={"flying": {"requested": True}}))
    ).code == "parameter_unknown"
    error = await refused(client.v1.account_links.create_async({"account": "acct_no", "type": "account_onboarding"}))
    assert error.code == "resource_missing"
    assert (await client.v1.accounts.list_async()).data == []


async def test_a_restricted_account_gets_nothing(sandbox, client):
    await fill(sandbox)
    name = await payee(sandbox, client)
    await sandbox.control("POST", f"/stripe/accounts/{name}/restrict")
    assert (await refused(transfer(client, name))).code == "insufficient_capabilities_for_transfer"
    assert (await client.v1.accounts.retrieve_async(name)).requirements.disabled_reason == "requirements.past_due"
    assert (await available(client)) == (1_000_000, 0)


# Transfers


async def test_a_transfer_moves_what_is_available_and_no_more(sandbox, client):
    await fill(sandbox, 1_500)
    name = await payee(sandbox, client)
    made = await transfer(client, name, transfer_group="payout_1", metadata={"payout": "1"}, description="Payout")
    assert (made.transfer_group, made.metadata["payout"], made.reversed) == ("payout_1", "1", False)
    assert (await available(client), await available(client, name)) == ((500, 0), (1_000, 0))
    assert (await refused(transfer(client, name, 501))).code == "balance_insufficient"
    assert (await refused(transfer(client, "acct_nobody"))).param == "destination"
    assert (await refused(transfer(client, name, 0))).param == "amount"
    assert [each.id for each in (await client.v1.transfers.list_async({"transfer_group": "payout_1"})).data] == [
        made.id
    ]
    assert (await client.v1.transfers.list_async({"transfer_group": "payout_2"})).data == []
    assert (await available(client), await available(client, name)) == ((500, 0), (1_000, 0))
    full = await client.v1.transfers.retrieve_async(made.id, {"expand": ["destination_payment", "balance_transaction"]})
    assert (full.destination_payment.source_transfer, full.balance_transaction.net) == (made.id, -1_000)


async def test_what_cannot_be_expanded_moves_nothing(sandbox, client):
    await fill(sandbox, 1_500)
    name = await payee(sandbox, client)
    assert (await refused(transfer(client, name, key="k", expand=["nothing"]))).param == "expand"
    assert (await client.v1.transfers.list_async()).data == []
    assert (await available(client, name)) == (0, 0)
    assert (await transfer(client, name, key="k")).amount == 1_000


async def test_without_a_key_the_same_again_pays_again(sandbox, client):
    await fill(sandbox, 5_000)
    name = await payee(sandbox, client)
    url, params = (
        f"{sandbox.at('api.stripe.com')}/v1/transfers",
        {"amount": 1_000, "currency": "usd", "destination": name},
    )
    ids = {(await sandbox.http.post(url, data=params, auth=("sk_test_sandbox", ""))).json()["id"] for _ in range(3)}
    assert len(ids) == 3
    assert (await available(client, name)) == (3_000, 0)


async def test_transfers_of_a_charge_take_what_is_pending_and_no_more_than_it(sandbox, client):
    name = await payee(sandbox, client)
    intent = await paid(client)
    assert (await refused(transfer(client, name, 100))).code == "balance_insufficient"
    first = await transfer(client, name, 6_000, source_transaction=intent.latest_charge)
    assert first.transfer_group == f"group_{intent.latest_charge}"
    assert (
        await refused(transfer(client, name, 10_001, source_transaction=intent.latest_charge))
    ).code == "amount_too_large"
    assert (await refused(transfer(client, name, 4_001, source_transaction=intent.latest_charge))).param == "amount"
    await refused(transfer(client, name, 100, source_transaction="ch_nothing"))
    await transfer(client, name, 4_000, source_transaction=intent.latest_charge)
    assert (await available(client, name)) == (0, 10_000)
    assert (await available(client)) == (0, -320)
    held = await paid(client, capture_method="manual")
    await refused(transfer(client, name, 100, source_transaction=held.latest_charge))
    await sandbox.advance(3 * 24 * 3600)
    assert (await available(client, name), await available(client)) == ((10_000, 0), (-320, 0))


async def test_everything_pending_is_available_at_a_word(sandbox, client):
    await paid(client)
    quick = await paid(client, method="pm_card_bypassPending", expand=["latest_charge.balance_transaction"])
    assert quick.latest_charge.balance_transaction.status == "available"
    assert (await available(client)) == (9_680, 9_680)
    assert (await sandbox.control("POST", "/stripe/settle"))["settled"] == 1
    assert (await available(client)) == (19_360, 0)
    assert {each.status for each in (await client.v1.balance_transactions.list_async()).data} == {"available"}


async def test_a_reversal_takes_back_what_is_there(sandbox, client):
    await fill(sandbox, 1_000)
    name = await payee(sandbox, client)
    made = await transfer(client, name)
    back = await client.v1.transfers.reversals.create_async(made.id, {"amount": 400, "metadata": {"why": "refund"}})
    assert (back.amount, back.transfer) == (400, made.id)
    assert (await available(client), await available(client, name)) == ((400, 0), (600, 0))
    assert (
        await refused(client.v1.transfers.reversals.create_async(made.id, {"amount": 601}))
    ).code == "amount_too_large"
    await client.v1.payouts.create_async({"amount": 500, "currency": "usd"}, {"stripe_account": name})
    assert (await refused(client.v1.transfers.reversals.create_async(made.id))).code == "balance_insufficient"
    await client.v1.transfers.reversals.create_async(made.id, {"amount": 100})
    found = await client.v1.transfers.retrieve_async(made.id)
    assert (found.amount_reversed, found.reversed) == (500, False)
    assert len((await client.v1.transfers.reversals.list_async(made.id)).data) == 2
    assert (await client.v1.transfers.reversals.retrieve_async(made.id, back.id)).metadata["why"] == "refund"
    assert (await available(client), await available(client, name)) == ((500, 0), (0, 0))


# Payouts


async def test_a_payout_arrives_after_a_day_or_comes_back(sandbox, client):
    name = await payee(sandbox, client)
    await fill(sandbox, 3_000, account=name)
    theirs = {"stripe_account": name}
    first = await client.v1.payouts.create_async({"amount": 1_000, "currency": "usd"}, theirs)
    second = await client.v1.payouts.create_async({"amount": 1_000, "currency": "usd"}, theirs)
    third = await client.v1.payouts.create_async({"amount": 1_000, "currency": "usd"}, theirs)
    assert (
        await refused(client.v1.payouts.create_async({"amount": 1, "currency": "usd"}, theirs))
    ).code == "balance_insufficient"
    assert (await client.v1.payouts.cancel_async(third.id, {}, theirs)).status == "canceled"
    await sandbox.control("POST", f"/stripe/payouts/{first.id}/pay")
    failed = await sandbox.control("POST", f"/stripe/payouts/{second.id}/fail")
    assert failed["failure_code"] == "account_closed"
    assert (await available(client, name)) == (2_000, 0)
    assert (await refused(client.v1.payouts.cancel_async(first.id, {}, theirs))).code == "payout_not_allowed"
    await refused(client.v1.payouts.retrieve_async(first.id))
    # A bank that took nothing is asked no more, until the owner names another.
    shut = client.v1.payouts.create_async({"amount": 500, "currency": "usd"}, theirs)
    assert (await refused(shut)).code == "payouts_not_allowed"
    await sandbox.control("POST", f"/stripe/accounts/{name}/complete")
    late = await client.v1.payouts.create_async({"amount": 500, "currency": "usd"}, theirs)
    await sandbox.advance(24 * 3600 + 1)
    async with asyncio.timeout(5):
        while (await client.v1.payouts.retrieve_async(late.id, {}, theirs)).status != "paid":
            await asyncio.sleep(0.05)
    told = await kinds_of(client, name)
    assert [kind for kind in told if kind != "payout.created"] == [
        "payout.canceled",
        "payout.paid",
        "payout.failed",
        "payout.paid",
    ]
    assert not any(kind.startswith("payout") for kind in await kinds(client))


async def kinds_of(client, account):
    found = await client.v1.events.list_async({"limit": 100, "type": "payout.*"}, {"stripe_account": account})
    return [event.type for event in found.data][::-1]


# The journal


async def test_the_journal_sums_up_to_the_balance(sandbox, client):
    name = await payee(sandbox, client)
    await fill(sandbox, 5_000)
    intents = [await paid(client, amount=2_000 + place) for place in range(5)]
    moved = await transfer(client, name, 1_500, source_transaction=intents[0].latest_charge)
    await transfer(client, name, 900)
    await client.v1.transfers.reversals.create_async(moved.id, {"amount": 700})
    await client.v1.refunds.create_async({"payment_intent": intents[1].id, "amount": 1_234})
    await sandbox.control("POST", f"/stripe/charges/{intents[2].id}/dispute")
    page = await client.v1.balance_transactions.list_async({"limit": 3})
    entries = [each async for each in page.auto_paging_iter()]
    assert sum(each.net for each in entries) == sum(await available(client))
    assert all(each.net == each.amount - each.fee for each in entries)
    assert {each.type for each in entries} == {"topup", "charge", "transfer", "transfer_refund", "refund", "adjustment"}
    theirs = await client.v1.balance_transactions.list_async({"limit": 100}, {"stripe_account": name})
    assert sum(each.net for each in theirs.data) == sum(await available(client, name)) == 1_700
    some = await client.v1.balance_transactions.list_async({"type": "transfer", "created": {"gte": 1}})
    assert len(some.data) == 2
    assert (await client.v1.balance_transactions.retrieve_async(entries[-1].id)).type == "topup"
    assert isinstance(
        (await refused(client.v1.balance_transactions.retrieve_async("txn_no"))), stripe.InvalidRequestError
    )
