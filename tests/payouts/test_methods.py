"""Where people are paid: added, verified, chosen, removed; sealed at rest and masked wherever it is shown."""

import asyncio

import pytest
from sqlalchemy import text

from domain.ids import new_id, to_wire
from domain.payouts import PayoutMethodKind
from resolvers.payouts.methods import note_account
from tests.client import operation
from tests.payouts.conftest import ADD, DEFAULT, OWN, REMOVE, STRIPE, VERIFY

CONNECT = operation("ConnectAccount")
UNVERIFIED = "{ unverifiedPayoutMethods { totalCount nodes { id handle label owner { username } } } }"


async def own(api, person):
    return (await api(person)(OWN, first=5))["viewer"]["payoutMethods"]


async def test_stripe_is_verified_when_its_owner_has_told_everything(api, till, mina):
    added = await api(mina).do(ADD, kind="STRIPE", countryCode="us")
    method = added["payoutMethod"]
    assert method | {"id": None} == {
        "id": None,
        "kind": "STRIPE",
        "label": "Stripe",
        "automatic": True,
        "isDefault": True,
        "verified": False,
    }
    assert "connect.stripe.com/setup" in added["onboardingUrl"]
    (row,) = [await till.method(found) for found in await ids(till)]
    again = await api(mina).do(ADD, kind="STRIPE", countryCode="US")
    assert (again["payoutMethod"]["id"], again["onboardingUrl"] != added["onboardingUrl"]) == (method["id"], True)
    await till.complete(row.id)
    assert (await own(api, mina))[0]["verified"] is False
    done = await api(mina).do(ADD, kind="STRIPE")
    assert (done["payoutMethod"]["verified"], done["onboardingUrl"]) == (True, None)


async def test_connecting_stripe_is_the_same_account(api, till, mina, sandbox):
    error = await api(mina).refused(CONNECT, provider="STRIPE")
    assert (error["code"], error["field"]) == ("INVALID_INPUT", ["countryCode"])
    assert await ids(till) == []
    async with till.database.transaction() as tx:
        await tx.session.execute(text("UPDATE users SET country_code = 'GB'"))
    first = (await api(mina).do(CONNECT, provider="STRIPE"))["authorizationUrl"]
    again = (await api(mina).do(CONNECT, provider="STRIPE", countryCode="US"))["authorizationUrl"]
    added = await api(mina).do(ADD, kind="STRIPE")
    assert len({first, again, added["onboardingUrl"]}) == 3
    (account,) = (await sandbox.control("GET", "/stripe/all/account"))["data"]
    assert account["country"] == "GB"
    assert all(f"connect.stripe.com/setup/e/{account['id']}/" in url for url in (first, again, added["onboardingUrl"]))
    (method_id,) = await ids(till)
    await till.complete(method_id)
    assert (await api(mina).do(CONNECT, provider="STRIPE"))["authorizationUrl"] is None
    assert (await own(api, mina))[0]["verified"] is True
    for more in ({"returnTo": "https://elsewhere.example"}, {"provider": "APPLE_MUSIC"}):
        assert (await api(mina).refused(CONNECT, **{"provider": "STRIPE", **more}))["code"] == "INVALID_INPUT"
    assert len(await ids(till)) == 1


async def ids(till):
    async with till.database.session() as session:
        return list((await session.scalars(text("SELECT id FROM payout_methods ORDER BY added_at, id"))).all())


async def test_what_stripe_says_of_an_account_is_kept(till, mina, services, database, sandbox):
    method_id = await till.stripe(mina)
    account = (await till.method(method_id)).account
    await sandbox.control("POST", f"/stripe/accounts/{account}/restrict", json={})
    async with database.transaction() as tx:
        assert await note_account(tx, await services.payments.account_status(account))
    kept = await till.method(method_id)
    assert (kept.verified, kept.requirements_due) == (False, ["individual.verification.document"])
    assert kept.disabled_reason == "requirements.past_due"


async def test_twenty_at_once_open_one_account(api, till, mina, sandbox):
    done = await asyncio.gather(*(api(mina).do(ADD, kind="STRIPE", countryCode="US") for _ in range(8)))
    assert len({each["payoutMethod"]["id"] for each in done}) == 1
    assert len((await sandbox.control("GET", "/stripe/all/account"))["data"]) == 1


@pytest.mark.parametrize(
    ("input", "code", "field"),
    [
        ({"kind": "STRIPE"}, "INVALID_INPUT", ["countryCode"]),
        ({"kind": "STRIPE", "countryCode": "XX"}, "INVALID_INPUT", ["countryCode"]),
        ({"kind": "STRIPE", "countryCode": "BR"}, "CONFLICT", None),
        ({"kind": "STRIPE", "countryCode": "US", "returnTo": "https://evil.example"}, "INVALID_INPUT", ["returnTo"]),
        ({"kind": "CASH_APP"}, "INVALID_INPUT", ["handle"]),
        ({"kind": "CASH_APP", "handle": "$1mina"}, "INVALID_INPUT", ["handle"]),
        ({"kind": "ZELLE", "handle": "mina"}, "INVALID_INPUT", ["handle"]),
        ({"kind": "ZELLE", "handle": "+4915112345678"}, "INVALID_INPUT", ["handle"]),
    ],
)
async def test_what_is_no_way_to_be_paid(api, till, mina, input, code, field):
    error = await api(mina).refused(ADD, **input)
    assert (error["code"], error["field"]) == (code, field)
    assert await ids(till) == []


async def test_a_silent_stripe_leaves_nothing(api, till, mina, sandbox):
    await sandbox.fault(kind="status", status=503, host=STRIPE)
    assert (await api(mina).refused(ADD, kind="STRIPE", countryCode="US"))["code"] == "UNAVAILABLE"
    assert await ids(till) == []
    await sandbox.calm()
    await sandbox.fault(kind="drop_after_effect", host=STRIPE, path="/v1/accounts", method="POST", times=1)
    assert (await api(mina).refused(ADD, kind="STRIPE", countryCode="US"))["code"] == "UNAVAILABLE"
    await api(mina).do(ADD, kind="STRIPE", countryCode="US")
    assert len((await sandbox.control("GET", "/stripe/all/account"))["data"]) == 1


async def test_addresses_are_sealed_and_masked(api, till, mina, ines, ola, database):
    handle = "$minaplays"
    method = (await api(mina).do(ADD, kind="CASH_APP", handle="minaplays"))["payoutMethod"]
    assert (method["label"], method["automatic"], method["verified"]) == ("$mi••", False, False)
    assert (await api(mina).do(ADD, kind="CASH_APP", handle=handle))["payoutMethod"]["id"] == method["id"]
    async with database.session() as session:
        stored = (await session.scalars(text("SELECT t::text FROM payout_methods t"))).one()
    assert "minaplays" not in stored
    assert handle.encode().hex() not in stored
    mine = await api(mina)("query ($id: ID!) { node(id: $id) { ... on PayoutMethod { handle } } }", id=method["id"])
    assert mine["node"]["handle"] is None
    assert (await api(mina)(UNVERIFIED))["unverifiedPayoutMethods"]["totalCount"] == 0
    (waiting,) = (await api(ines)(UNVERIFIED))["unverifiedPayoutMethods"]["nodes"]
    assert (waiting["handle"], waiting["owner"]["username"]) == (handle, "mina")
    assert (await api(mina).refused(VERIFY, payoutMethodId=method["id"]))["code"] == "FORBIDDEN"
    done = await api(ines).do(VERIFY, payoutMethodId=method["id"])
    assert done["payoutMethod"]["verified"] is True
    await api(ola).do(VERIFY, payoutMethodId=method["id"])
    assert (await till.method((await ids(till))[0])).verified_by_id == ines.id
    assert (await api(ines)(UNVERIFIED))["unverifiedPayoutMethods"]["nodes"] == []


async def test_nobody_verifies_their_own(api, ines):
    method = (await api(ines).do(ADD, kind="CASH_APP", handle="$ines"))["payoutMethod"]
    assert (await api(ines).refused(VERIFY, payoutMethodId=method["id"]))["code"] == "FORBIDDEN"
    assert (await own(api, ines))[0]["verified"] is False


async def test_at_zelle_ones_own_sign_in_address_is_verified(api, make):
    mina = await make.user("mina", email="Mina@example.com")
    added = (await api(mina).do(ADD, kind="ZELLE", handle="mina@EXAMPLE.com"))["payoutMethod"]
    assert (added["verified"], added["label"]) == (True, "m••@example.com")
    other = (await api(mina).do(ADD, kind="ZELLE", handle="kofi@example.com"))["payoutMethod"]
    assert (other["verified"], other["isDefault"]) == (False, False)
    number = (await api(mina).do(ADD, kind="ZELLE", handle="+1 (202) 555-0123"))["payoutMethod"]
    assert number["label"] == "••0123"


async def test_choosing_and_removing(api, till, mina, make):
    first = (await api(mina).do(ADD, kind="CASH_APP", handle="$one"))["payoutMethod"]["id"]
    second = (await api(mina).do(ADD, kind="CASH_APP", handle="$two"))["payoutMethod"]["id"]
    chosen = (await api(mina).do(DEFAULT, payoutMethodId=second))["payoutMethods"]
    assert [(method["id"], method["isDefault"]) for method in chosen] == [(first, False), (second, True)]
    theo = await make.user("theo")
    for document in (DEFAULT, REMOVE):
        assert (await api(theo).refused(document, payoutMethodId=second))["code"] == "NOT_FOUND"
        unknown = to_wire("method", new_id())
        assert (await api(mina).refused(document, payoutMethodId=unknown))["code"] == "NOT_FOUND"
    assert (await api(mina).do(REMOVE, payoutMethodId=second))["removedPayoutMethodId"] == second
    assert [(method["id"], method["isDefault"]) for method in await own(api, mina)] == [(first, False)]
    gone = await till.method((await ids(till))[1])
    assert (gone.sealed_handle, gone.removed_at is None) == (None, False)
    assert (await api(mina).refused(REMOVE, payoutMethodId=second))["code"] == "NOT_FOUND"


async def test_where_money_is_on_its_way_stays(api, till, mina):
    method_id = await till.by_hand(mina)
    await till.earn(mina, 5_000)
    await till.request(mina)
    error = await api(mina).refused(REMOVE, payoutMethodId=to_wire("method", method_id))
    assert error["code"] == "CONFLICT"
    assert len(await own(api, mina)) == 1


async def test_what_a_way_can_do_and_costs_is_shown_before(api, till, mina):
    await till.by_hand(mina, PayoutMethodKind.ZELLE, "mina@example.com")
    document = """{ viewer { payoutMethods { instant currencies automatic
      fee(amount: "60.00", currencyCode: USD) { amount currencyCode } } } }"""
    (method,) = (await api(mina)(document))["viewer"]["payoutMethods"]
    assert method == {
        "instant": False,
        "currencies": ["USD"],
        "automatic": False,
        "fee": {"amount": "0.00", "currencyCode": "USD"},
    }


async def test_what_stripe_tells_of_an_account_is_heard(api, till, mina, database, run_jobs):
    await api(mina).do(ADD, kind="STRIPE", countryCode="US")
    (method_id,) = await ids(till)
    await till.complete(method_id)
    heard = text("SELECT count(*) FROM webhook_events WHERE event_type = 'account.updated'")
    async with asyncio.timeout(10):
        while True:
            async with database.session() as session:
                if (await session.execute(heard)).scalar_one():
                    break
            await asyncio.sleep(0.05)
    assert (await till.method(method_id)).verified is False
    await run_jobs()
    assert (await till.method(method_id)).verified is True
    async with database.session() as session:
        statuses = text("SELECT DISTINCT status FROM webhook_events WHERE event_type = 'account.updated'")
        assert (await session.scalars(statuses)).all() == ["PROCESSED"]
