"""Stripe: the adapter and its twin, from checkout to journal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from domain.errors import Expired, Forbidden, InvalidInput, NotConfigured, NotFound
from domain.money import Currency, Money
from domain.payments import (
    Checkout,
    CheckoutStatus,
    Dispute,
    DisputeStatus,
    NewCheckout,
    NewTransfer,
    PayeeAccount,
    Payment,
    PaymentRefused,
    PaymentStatus,
    Refund,
    RefundReason,
    RefundStatus,
    Transfer,
)
from integrations.sandbox.stripe.webhooks import sign
from integrations.stripe import StripePayments
from tests.sandbox.process import registration
from tests.sandbox.stripe_desk import listening

OURS = registration()
EARLIER = datetime(2026, 1, 1, tzinfo=UTC)


def usd(minor):
    return Money(minor, Currency.USD)


def asked(reference="tip_1", minor=10_000, **more):
    return NewCheckout(
        amount=usd(minor),
        description="A tip for Mina",
        reference=reference,
        success_url="https://app.example/thanks?id={CHECKOUT_SESSION_ID}",
        cancel_url="https://app.example/no",
        expires_at=datetime.now(UTC) + timedelta(hours=1),
        **more,
    )


@pytest.fixture
async def payments(twins):
    made = StripePayments(
        secret_key=OURS.stripe_secret_key,
        webhook_secret=f"whsec_earlier, {OURS.stripe_webhook_secret}",
        base_url=twins.at("api.stripe.com"),
    )
    yield made
    await made.aclose()


async def fill(twins, minor=100_000):
    await twins.control("POST", "/stripe/balance", {"currency": "usd", "amount": minor})


async def payee(twins, payments, key="account_1"):
    account = await payments.create_account(key, country="US", email="mina@demo.example", reference="user_1")
    await twins.control("POST", f"/stripe/accounts/{account.id}/complete")
    return account.id


async def paid(twins, payments, reference="tip_1", **more):
    """A payment that went through a checkout."""
    checkout = await payments.create_checkout(f"key {reference}", asked(reference, **more))
    await twins.control("POST", f"/stripe/checkouts/{checkout.id}/pay")
    return await payments.find_payment((await payments.find_checkout(checkout.id)).payment_id)


async def refused(awaitable):
    with pytest.raises(PaymentRefused) as caught:
        await awaitable
    assert not any(word in str(caught.value) for word in ("acct_", "sk_", "pi_", "ch_"))
    return caught.value.reason


# What is paid


async def test_a_checkout_is_made_once_paid_and_found(payments, twins):
    wanted = asked()
    checkout = await payments.create_checkout("k", wanted)
    assert (checkout.status, checkout.amount, checkout.reference) == (CheckoutStatus.OPEN, usd(10_000), "tip_1")
    assert checkout.expires_at == wanted.expires_at.replace(microsecond=0)
    assert (await payments.create_checkout("k", wanted)) == checkout
    assert (await payments.find_checkout("tip_1")) == checkout
    assert (await payments.find_checkout("tip_2")) is None
    assert (await payments.find_checkout("tip_1", since=datetime.now(UTC) + timedelta(hours=1))) is None
    assert (await payments.find_checkout("cs_test_nothing")) is None
    async with httpx.AsyncClient() as browser:
        back = await browser.post(checkout.url, data={"decision": "pay"})
    assert back.headers["location"] == f"https://app.example/thanks?id={checkout.id}"
    done = await payments.find_checkout(checkout.id)
    assert (done.status, done.url) == (CheckoutStatus.PAID, None)
    payment = await payments.find_payment(done.payment_id)
    assert (payment.status, payment.received, payment.group, payment.reference) == (
        PaymentStatus.SUCCEEDED,
        usd(10_000),
        "tip_1",
        "tip_1",
    )
    assert (await payments.find_payment("pi_nothing")) is None


async def test_a_checkout_that_expires_says_when_somebody_was_faster(payments, twins):
    first = await payments.create_checkout("1", asked("a"))
    second = await payments.create_checkout("2", asked("b"))
    await twins.control("POST", f"/stripe/checkouts/{second.id}/pay")
    assert (await payments.expire_checkout("3", first.id)).status is CheckoutStatus.EXPIRED
    assert (await payments.expire_checkout("4", first.id)).status is CheckoutStatus.EXPIRED
    assert (await payments.expire_checkout("5", second.id)).status is CheckoutStatus.PAID
    with pytest.raises(NotFound):
        await payments.expire_checkout("6", "cs_test_nothing")


async def test_a_hold_is_taken_or_let_go(payments, twins):
    held = await paid(twins, payments, hold=True)
    assert (held.status, held.received) == (PaymentStatus.HELD, usd(0))
    assert (await payments.find_checkout("tip_1")).status is CheckoutStatus.COMPLETE
    assert await refused(payments.capture("c1", held.id, usd(10_001))) == "amount_too_large"
    assert (await payments.capture("c2", held.id, usd(4_000))).received == usd(4_000)
    assert await refused(payments.release("r1", held.id)) == "payment_intent_unexpected_state"
    other = await paid(twins, payments, "tip_2", hold=True)
    assert (await payments.release("r2", other.id)).status is PaymentStatus.CANCELED
    assert (await payments.find_payment(held.id)).status is PaymentStatus.SUCCEEDED


async def test_a_refund_is_made_once(payments, twins):
    await fill(twins)
    payment = await paid(twins, payments)
    refund = await payments.refund("k", payment.id, usd(2_500), RefundReason.REQUESTED)
    assert (refund.status, refund.amount, refund.reference) == (RefundStatus.SUCCEEDED, usd(2_500), "k")
    assert (await payments.refund("k", payment.id, usd(2_500), RefundReason.REQUESTED)).id == refund.id
    assert await refused(payments.refund("l", payment.id, usd(7_501), RefundReason.DUPLICATE)) == "amount_too_large"
    assert [each.id for each in await payments.list_refunds(payment.id)] == [refund.id]
    other = await payments.refund("m", payment.id, usd(7_500), RefundReason.FRAUDULENT, reference="refund_2")
    assert [each.reference for each in await payments.list_refunds(payment.id)] == [other.reference, "k"]
    assert await refused(payments.refund("n", payment.id, usd(1), RefundReason.REQUESTED)) == "charge_already_refunded"
    assert await refused(payments.refund("o", "pi_nothing", usd(1), RefundReason.REQUESTED)) == "resource_missing"


async def test_a_link_takes_payments_until_it_does_not(payments, twins):
    link = await payments.create_link("k", amount=usd(900), description="Beat", reference="link_1")
    assert (await payments.create_link("k", amount=usd(900), description="Beat", reference="link_1")) == link
    async with httpx.AsyncClient() as browser:
        assert (await browser.post(link.url, data={"decision": "pay"})).status_code == 200
        assert (await payments.deactivate_link("l", link.id)).active is False
        assert (await browser.post(link.url, data={"decision": "pay"})).status_code == 400
    intents = (await twins.control("GET", "/stripe/all/payment_intent"))["data"]
    assert [(each["transfer_group"], each["metadata"]) for each in intents] == [("link_1", {"reference": "link_1"})]
    with pytest.raises(NotFound):
        await payments.deactivate_link("m", "plink_nothing")


# Who is paid


async def test_an_account_is_opened_and_finished_by_its_owner(payments, twins):
    account = await payments.create_account("k", country="GB", email=None, reference="user_1")
    again = await payments.create_account("k", country="GB", email=None, reference="user_1")
    assert (account.id, account.transfers_enabled, account.payouts_enabled) == (again.id, False, False)
    assert "external_account" in account.requirements_due
    transfer = NewTransfer(account.id, usd(100), "payout_1")
    await fill(twins)
    assert await refused(payments.transfer("t", transfer)) == "insufficient_capabilities_for_transfer"
    url = await payments.onboarding_url(
        account.id, refresh_url="https://app.example/again", return_url="https://app.example/back"
    )
    async with httpx.AsyncClient() as browser:
        assert (await browser.post(url, data={"decision": "complete"})).status_code == 303
    done = await payments.account_status(account.id)
    assert done == PayeeAccount(account.id, True, True, True, (), None)
    await twins.control("POST", f"/stripe/accounts/{account.id}/restrict")
    shut = await payments.account_status(account.id)
    assert (shut.transfers_enabled, shut.disabled_reason) == (False, "requirements.past_due")
    assert await refused(payments.create_account("l", country="AQ", email=None, reference="x")) == "country_unsupported"
    assert await refused(payments.onboarding_url("acct_no", refresh_url="https://a", return_url="https://b")) == (
        "resource_missing"
    )


async def test_a_share_is_sent_once_and_found_by_our_name(payments, twins):
    await fill(twins, 5_000)
    account = await payee(twins, payments)
    wanted = NewTransfer(account, usd(3_000), "payout_1", description="Payout of November")
    assert (await payments.find_transfer("payout_1")) is None
    sent = await payments.transfer("k", wanted)
    assert (sent.account_id, sent.amount, sent.returned, sent.group) == (account, usd(3_000), usd(0), "payout_1")
    assert (await payments.transfer("k", wanted)) == sent
    assert (await payments.find_transfer("payout_1")) == sent
    assert await refused(payments.transfer("l", NewTransfer(account, usd(2_001), "payout_2"))) == "balance_insufficient"
    assert (await payments.find_transfer("payout_2")) is None
    assert await refused(payments.transfer("m", NewTransfer("acct_nobody", usd(1), "payout_3"))) == "resource_missing"
    back = await payments.reverse_transfer("r", sent.id, usd(1_000), reference="return_1")
    assert (back.transfer_id, back.amount, back.reference) == (sent.id, usd(1_000), "return_1")
    assert await payments.list_reversals(sent.id) == [back]
    assert await payments.account_funds(account, Currency.USD) == usd(2_000)
    assert await payments.account_funds(account, Currency.EUR) == Money(0, Currency.EUR)
    assert (await payments.reverse_transfer("r", sent.id, usd(1_000), reference="return_1")) == back
    assert (await payments.find_transfer("payout_1")).returned == usd(1_000)
    assert (
        await refused(payments.reverse_transfer("s", sent.id, usd(2_001), reference="return_2")) == "amount_too_large"
    )


async def test_shares_of_a_charge_are_sent_before_it_is_available(payments, twins):
    account = await payee(twins, payments)
    payment = await paid(twins, payments)
    first = NewTransfer(account, usd(6_000), "share_1", group="tip_1", charge_id=payment.charge_id)
    second = NewTransfer(account, usd(3_500), "share_2", group="tip_1", charge_id=payment.charge_id)
    more = NewTransfer(account, usd(501), "share_3", group="tip_1", charge_id=payment.charge_id)
    sent = [await payments.transfer(each.reference, each) for each in (first, second)]
    assert await refused(payments.transfer("share_3", more)) == "balance_insufficient"
    assert [await payments.find_transfer(each.reference, group="tip_1") for each in (first, second, more)] == [
        *sent,
        None,
    ]
    assert (await payments.find_transfer("share_1")) is None, "its group is another"


@pytest.mark.parametrize("amount", [usd(0), usd(-1), Money(5, Currency.USDC)])
async def test_what_stripe_cannot_move_never_gets_there(payments, twins, amount):
    mark = await twins.mark()
    for call in (
        payments.transfer("k", NewTransfer("acct_1", amount, "x")),
        payments.refund("k", "pi_1", amount, RefundReason.REQUESTED),
        payments.reverse_transfer("k", "tr_1", amount, reference="x"),
        payments.capture("k", "pi_1", amount),
        payments.create_link("k", amount=amount, description="x", reference="x"),
    ):
        with pytest.raises(InvalidInput):
            await call
    assert await twins.calls("api.stripe.com", since=mark) == []


async def test_yen_have_no_decimals(payments, twins):
    wanted = NewCheckout(
        Money(1_500, Currency.JPY), "Tip", "yen", "https://a.example", "https://b.example", asked().expires_at
    )
    assert (await payments.create_checkout("k", wanted)).amount == Money(1_500, Currency.JPY)


# What happened


async def test_an_event_leads_to_how_things_stand(payments, twins):
    async with listening(twins) as ear:
        await fill(twins)
        account = await payee(twins, payments)
        payment = await paid(twins, payments)
        await payments.refund("r", payment.id, usd(100), RefundReason.REQUESTED)
        await payments.transfer("t", NewTransfer(account, usd(100), "payout_1"))
        await twins.control("POST", f"/stripe/charges/{payment.id}/dispute")
        await ear.until(lambda ear: any(event.type == "charge.dispute.funds_withdrawn" for event in ear.events()))
        await ear.until(lambda ear: len(ear.heard) >= 13)
    events = {event.kind: event for event in (payments.read_event(*each) for each in ear.heard)}
    subjects = {kind: await payments.fetch_subject(event) for kind, event in events.items()}
    kinds = {
        "account.updated": PayeeAccount,
        "capability.updated": type(None),
        "charge.dispute.created": Dispute,
        "charge.refunded": Payment,
        "charge.succeeded": Payment,
        "checkout.session.completed": Checkout,
        "payment_intent.succeeded": Payment,
        "product.created": type(None),
        "refund.created": Refund,
        "transfer.created": Transfer,
    }
    assert {kind: type(subjects[kind]) for kind in kinds} == kinds
    assert events["account.updated"].account_id == events["account.updated"].subject_id == account
    assert events["transfer.created"].account_id is None
    dispute = subjects["charge.dispute.created"]
    assert (dispute.status, dispute.amount, dispute.payment_id) == (DisputeStatus.OPEN, usd(10_000 - 100), payment.id)
    await twins.control("POST", f"/stripe/disputes/{dispute.id}/won")
    assert (await payments.fetch_subject(events["charge.dispute.created"])).status is DisputeStatus.WON


EVENT = (
    b'{"id":"evt_1","object":"event","type":"x","created":1,"data":{"object":{"id":"pi_1","object":"payment_intent"}}}'
)


def test_what_stripe_did_not_sign_just_now_is_refused():
    now, secret = int(datetime.now(UTC).timestamp()), OURS.stripe_webhook_secret
    payments = StripePayments(secret_key="sk", webhook_secret=f"{secret},whsec_next")
    good = sign(EVENT, secret, now)
    assert payments.read_event(EVENT, good).subject_id == "pi_1"
    assert payments.read_event(EVENT, sign(EVENT, "whsec_next", now)).id == "evt_1"
    assert payments.read_event(EVENT, f"{good},v1=00,v0=11").id == "evt_1", "one that fits is enough"
    assert payments.read_event(EVENT, sign(EVENT, secret, now - 290)).id == "evt_1"
    with pytest.raises(Expired):
        payments.read_event(EVENT, sign(EVENT, secret, now - 301))
    wrong = [None, "", "t=1", "v1=00", "rubbish", f"t={now},v1=\xe9", good.replace("v1", "v0"), sign(EVENT, "", now)]
    for header in [*wrong, sign(EVENT, "whsec_other", now), good.replace(f"t={now}", f"t={now + 1}")]:
        with pytest.raises(Forbidden):
            payments.read_event(EVENT, header)
    for content in (EVENT + b" ", EVENT.replace(b"pi_1", b"pi_2"), b"", b"\xff\xfe"):
        with pytest.raises(Forbidden):
            payments.read_event(content, good)


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[]", b"nothing", b'{"object":"v2.core.event","id":"evt_1"}', EVENT.replace(b'"created":1,', b"")],
)
def test_what_is_signed_and_no_event_is_refused(content):
    payments = StripePayments(secret_key="sk", webhook_secret="whsec_a")
    with pytest.raises(InvalidInput):
        payments.read_event(content, sign(content, "whsec_a", int(datetime.now(UTC).timestamp())))


async def test_the_journal_has_every_movement_once(payments, twins):
    for _ in range(115):
        await fill(twins, 10)
    payment = await paid(twins, payments)
    found = [each async for each in payments.journal(EARLIER)]
    assert len({each.id for each in found}) == len(found) == 116
    assert (found[0].kind, found[0].source_id) == ("charge", payment.charge_id)
    assert (found[0].amount, found[0].fee, found[0].net) == (usd(10_000), usd(320), usd(9_680))
    assert sum(each.net.minor for each in found) == 115 * 10 + 9_680
    later = datetime.now(UTC) + timedelta(minutes=1)
    assert [each async for each in payments.journal(later)] == []
    assert [each async for each in payments.journal(EARLIER, EARLIER + timedelta(days=1))] == []


async def test_without_keys_nothing_is_pretended(twins):
    payments = StripePayments(secret_key=None, webhook_secret=None, base_url=twins.at("api.stripe.com"))
    mark = await twins.mark()
    with pytest.raises(NotConfigured):
        payments.require()
    with pytest.raises(NotConfigured):
        await payments.create_checkout("k", asked())
    with pytest.raises(NotConfigured):
        await payments.find_transfer("x")
    with pytest.raises(NotConfigured):
        payments.read_event(EVENT, "t=1,v1=00")
    assert await twins.calls("api.stripe.com", since=mark) == []
    await payments.aclose()
