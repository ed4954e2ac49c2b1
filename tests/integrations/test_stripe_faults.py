"""Stripe when things go wrong: what is unsure is never taken for a no, and the same key never moves money twice."""

from __future__ import annotations

import asyncio
import logging

import pytest
from starlette.responses import JSONResponse, Response

from domain.errors import RateLimited, Unavailable
from domain.money import Currency, Money
from domain.payments import NewTransfer, PaymentRefused
from integrations.http import Patience
from integrations.stripe import StripePayments
from tests.integrations.test_stripe import OURS, asked, fill, payee, refused, usd
from tests.integrations.vendor import RUDE, SHORT, broken, scripted
from tests.sandbox.process import SandboxProcess

HOST = "api.stripe.com"


@pytest.fixture
async def payments(twins):
    made = StripePayments(
        secret_key=OURS.stripe_secret_key,
        webhook_secret=OURS.stripe_webhook_secret,
        base_url=twins.at(HOST),
        patience=Patience(connect=1.0, whole=1.5),
    )
    yield made
    await made.aclose()


@pytest.fixture
async def wanted(twins, payments):
    await fill(twins, 10_000)
    return NewTransfer(await payee(twins, payments), usd(1_000), "payout_1")


@pytest.fixture
async def mortal_twins(tmp_path):
    """A sandbox for one test, which may kill it."""
    made = SandboxProcess(tmp_path)
    await made.start()
    yield made
    await made.close()


async def transfers(twins):
    return (await twins.control("GET", "/stripe/all/transfer"))["data"]


@pytest.mark.parametrize(
    "rule",
    [
        {"kind": "drop_after_effect"},
        {"kind": "half_json"},
        {"kind": "status_after_effect", "status": 500},
        {"kind": "status_after_effect", "status": 502, "body": "<html>"},
        {"kind": "status_after_effect", "status": 200, "body": "[]"},
    ],
    ids=lambda rule: f"{rule['kind']} {rule.get('status', '')}",
)
async def test_what_was_done_without_an_answer_is_unsure_and_the_same_key_tells(payments, twins, wanted, rule):
    await twins.fault(host=HOST, path="/v1/transfers", times=1, **rule)
    with pytest.raises(Unavailable):
        await payments.transfer("k", wanted)
    there = await payments.find_transfer("payout_1")
    assert there is not None
    assert (await payments.transfer("k", wanted)) == there
    assert len(await transfers(twins)) == 1


@pytest.mark.parametrize(
    "rule",
    [
        {"kind": "drop"},
        {"kind": "status", "status": 500},
        {"kind": "status", "status": 503},
        {"kind": "status", "status": 403, "body": "<html>blocked</html>"},
        {"kind": "status", "status": 400, "body": "{}"},
        {"kind": "html"},
        {"kind": "empty"},
        {"kind": "huge"},
    ],
    ids=lambda rule: f"{rule['kind']} {rule.get('status', '')}",
)
async def test_what_was_not_done_is_unsure_too_and_the_same_key_does_it(payments, twins, wanted, rule):
    await twins.fault(host=HOST, path="/v1/transfers", times=1, **rule)
    with pytest.raises(Unavailable):
        await payments.transfer("k", wanted)
    assert (await payments.find_transfer("payout_1")) is None
    sent = await payments.transfer("k", wanted)
    assert [each["id"] for each in await transfers(twins)] == [sent.id]


async def test_whoever_takes_too_long_may_have_done_it(payments, twins, wanted):
    await twins.fault("delay", host=HOST, path="/v1/transfers", seconds=2.2, times=1)
    with pytest.raises(Unavailable):
        await payments.transfer("k", wanted)
    assert (await payments.find_transfer("payout_1")) is None, "not yet"
    async with asyncio.timeout(10):
        while await payments.find_transfer("payout_1") is None:
            await asyncio.sleep(0.1)
    assert (await payments.transfer("k", wanted)) == await payments.find_transfer("payout_1")
    assert len(await transfers(twins)) == 1


async def test_too_often_is_a_wait_and_nothing_was_done(payments, twins, wanted):
    await twins.fault("status", host=HOST, path="/v1/transfers", status=429, seconds=7, times=1)
    with pytest.raises(RateLimited) as caught:
        await payments.transfer("k", wanted)
    assert caught.value.retry_after_seconds == 7
    assert await transfers(twins) == []
    assert (await payments.transfer("k", wanted)).amount == usd(1_000)


@pytest.mark.parametrize("after", [True, False])
async def test_an_error_that_the_key_remembers_leaves_the_truth_to_be_asked(payments, twins, wanted, after):
    await twins.control("POST", "/stripe/breakdowns", {"path": "/v1/transfers", "status": 500, "after_effect": after})
    for _ in range(2):
        with pytest.raises(Unavailable):
            await payments.transfer("k", wanted)
    assert ((await payments.find_transfer("payout_1")) is not None) is after
    assert len(await transfers(twins)) == after


async def test_many_at_once_with_one_key_are_one_transfer(payments, twins, wanted):
    await twins.control("POST", "/stripe/breakdowns", {"path": "/v1/transfers", "seconds": 0.5})
    results = await asyncio.gather(*(payments.transfer("k", wanted) for _ in range(20)), return_exceptions=True)
    sent = [result for result in results if not isinstance(result, Exception)]
    assert all(isinstance(result, Unavailable) for result in results if isinstance(result, Exception)), results
    assert len(sent) == 1
    assert (await payments.transfer("k", wanted)) == sent[0]
    assert len(await transfers(twins)) == 1


async def test_another_request_under_a_key_is_no_refusal_of_a_payment(payments, twins, wanted, caplog):
    sent = await payments.transfer("k", wanted)
    other = NewTransfer(wanted.account_id, usd(2_000), "payout_2")
    with pytest.raises(Unavailable):
        await payments.transfer("k", other)
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert [each["id"] for each in await transfers(twins)] == [sent.id]


async def test_a_no_is_kept_under_its_key_and_another_key_may_try_again(payments, twins, wanted):
    large = NewTransfer(wanted.account_id, usd(20_000), "payout_2")
    assert await refused(payments.transfer("k", large)) == "balance_insufficient"
    await fill(twins, 20_000)
    assert await refused(payments.transfer("k", large)) == "balance_insufficient"
    assert (await payments.transfer("k 2", large)).amount == usd(20_000)


async def test_a_stripe_that_is_not_there(twins):
    payments = StripePayments(secret_key="sk_test_hidden", webhook_secret=None, base_url="http://127.0.0.1:9")
    with pytest.raises(Unavailable):
        await payments.create_checkout("k", asked())
    await payments.aclose()


async def test_a_key_that_is_refused_is_ours_to_mend_and_not_shown(twins, caplog):
    caplog.set_level(logging.DEBUG, logger="integrations")
    payments = StripePayments(
        secret_key="sk_test_hidden", webhook_secret="whsec_hidden", base_url=f"{twins.at(HOST)}/", patience=SHORT
    )
    with pytest.raises(Unavailable) as caught:
        await payments.find_transfer("payout_1")
    assert [record.levelname for record in caplog.records if record.name.startswith("integrations")] == ["ERROR"]
    shown = caplog.text + repr(payments) + str(caught.value) + repr(caught.value.__cause__)
    assert "hidden" not in shown
    await payments.aclose()


@pytest.mark.parametrize("way", RUDE)
async def test_a_rude_stripe_proves_nothing(way, caplog):
    caplog.set_level(logging.DEBUG, logger="integrations")
    async with broken(RUDE[way]()) as vendor:
        payments = StripePayments(secret_key="sk_test_hidden", webhook_secret=None, base_url=vendor.url, patience=SHORT)
        for call in (
            payments.transfer("k", NewTransfer("acct_1", usd(1), "x")),
            payments.find_transfer("x"),
            payments.find_checkout("cs_1"),
            payments.account_status("acct_1"),
        ):
            with pytest.raises(Unavailable) as caught:
                await call
            assert "hidden" not in str(caught.value)
        await payments.aclose()
    assert "hidden" not in caplog.text


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"object": []},
        {"object": "transfer"},
        {"object": "list", "data": 5},
        {"object": "list", "data": [{"id": "tr_1", "metadata": {"reference": "x"}}]},
        {"object": "list", "data": [{"id": "tr_1", "metadata": 5}]},
        {"id": "tr_1", "destination": "acct_1", "currency": "usd", "amount": 1.5, "amount_reversed": 0},
        {"id": "tr_1", "destination": "acct_1", "currency": "xyz", "amount": 1, "amount_reversed": 0},
        {"id": "tr_1", "destination": "acct_1", "currency": "usd", "amount": True, "amount_reversed": 0},
        JSONResponse({"error": "denied"}, 403),
        JSONResponse({"error": {"code": 5, "message": 7}}, 402 + 107),
        JSONResponse({"error": {"message": "hidden"}}, 409),
        Response(b'{"a":' * 1_010 + b"1" + b"}" * 1_010, media_type="application/json"),
    ],
)
async def test_answers_that_are_not_what_they_should_be(said, caplog):
    caplog.set_level(logging.DEBUG, logger="integrations")
    async with scripted() as vendor:
        vendor.says["/v1/transfers"] = said
        payments = StripePayments(secret_key="sk", webhook_secret=None, base_url=vendor.url, patience=SHORT)
        with pytest.raises(Unavailable):
            await payments.transfer("k", NewTransfer("acct_1", usd(1), "x"))
        await payments.aclose()
    assert "hidden" not in caplog.text


async def test_a_refusal_says_its_code_and_nothing_of_stripes_sentence(caplog):
    caplog.set_level(logging.DEBUG, logger="integrations")
    async with scripted() as vendor:
        payments = StripePayments(secret_key="sk", webhook_secret=None, base_url=vendor.url, patience=SHORT)
        for code, reason in ((None, "invalid_request"), ("<hidden>", "invalid_request"), ("new_code", "new_code")):
            error = {"type": "invalid_request_error", "message": "hidden", "code": code, "param": "amount"}
            vendor.says["/v1/transfers"] = JSONResponse({"error": error}, 400)
            with pytest.raises(PaymentRefused) as caught:
                await payments.transfer("k", NewTransfer("acct_1", usd(1), "x"))
            assert (caught.value.reason, str(caught.value)) == (reason, "Stripe refuses this.")
        await payments.aclose()
    assert "hidden" not in caplog.text


async def test_only_what_is_needed_is_sent():
    async with scripted() as vendor:
        payments = StripePayments(secret_key="sk_test_1", webhook_secret=None, base_url=vendor.url, patience=SHORT)
        with pytest.raises(Exception, match="Stripe"):
            await payments.transfer("the key", NewTransfer("acct_1", Money(5, Currency.EUR), "x", description="é & co"))
        await payments.aclose()
    [seen] = vendor.seen
    assert seen.form == {
        "amount": "5",
        "currency": "eur",
        "destination": "acct_1",
        "transfer_group": "x",
        "metadata[reference]": "x",
        "description": "é & co",
    }
    assert (seen.headers["idempotency-key"], seen.headers["authorization"]) == ("the key", "Bearer sk_test_1")
    assert seen.headers["user-agent"] == "Backline"
    assert not [name for name in seen.headers if name.startswith("x-stripe")]


async def test_a_hundred_payouts_through_a_storm_are_paid_once_each(mortal_twins):
    twins, names = mortal_twins, [f"payout_{number}" for number in range(100)]
    payments = StripePayments(
        secret_key=OURS.stripe_secret_key,
        webhook_secret=None,
        base_url=twins.at(HOST),
        patience=Patience(connect=0.5, whole=1.0),
    )
    await fill(twins, 100_000)
    account = await payee(twins, payments)
    for kind, probability in (("drop_after_effect", 0.2), ("drop", 0.1), ("half_json", 0.1), ("html", 0.1)):
        await twins.fault(kind, host=HOST, probability=probability)
    await twins.fault("status", host=HOST, status=429, seconds=1, probability=0.05)

    async def pay(name):
        """What a worker does: ask for the truth, then send with the key of the row, until it is known."""
        while True:
            try:
                if (found := await payments.find_transfer(name)) is not None:
                    return found.id
                return (await payments.transfer(f"key {name}", NewTransfer(account, usd(1_000), name))).id
            except (Unavailable, RateLimited):
                await asyncio.sleep(0.05)

    async def kill():
        for _ in range(3):
            await asyncio.sleep(0.4)
            await twins.kill()
            await twins.start()

    # A group: whatever goes wrong, nobody tries on for ever beside all later tests.
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        paying = [group.create_task(pay(name)) for name in names]
        group.create_task(kill())
    ids = [each.result() for each in paying]
    await twins.heal()
    there = await transfers(twins)
    assert sorted(each["id"] for each in there) == sorted(ids)
    assert sorted(each["transfer_group"] for each in there) == sorted(names)
    assert {each["amount"] for each in there} == {1_000}
    await payments.aclose()
