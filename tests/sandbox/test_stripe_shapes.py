"""What the twin of Stripe makes has the shapes of Stripe's own fixtures, where they are at hand (STRIPE_FIXTURES)."""

import json
import os
from decimal import Decimal
from pathlib import Path

import pytest

from tests.sandbox.stripe_desk import QUIET, RETURN, fill, listening, paid, payee, speaking

pytestmark = pytest.mark.filterwarnings(QUIET)
ROOT = Path(__file__).parents[2]
FIXTURES = Path(
    os.environ.get("STRIPE_FIXTURES", ROOT.parent / "shared" / "data" / "vendors" / "stripe-fixtures3.json")
)
ONLY_EXPANDED = {"checkout.session": {"line_items"}, "payment_link": {"line_items"}}
OURS_MORE = {
    # What the present version of the API has and the fixtures have not.
    "account": {"is_controller", "fees", "losses", "requirement_collection", "stripe_dashboard"},
    "webhook_endpoint": {"secret"},
}
FREE = {
    "metadata",
    "previous_attributes",
    "data",
    "capabilities",
    "controller",
    "payment_method_details",
    "after_completion",
}
"""Objects whose names depend on what is in them."""


@pytest.fixture(scope="module")
def fixtures():
    if not FIXTURES.is_file():
        pytest.skip(f"Stripe's fixtures are not there ({FIXTURES}); the shapes are not compared")
    return json.loads(FIXTURES.read_text())["resources"]


def differences(made, known, path):
    """How a thing differs in names and types from a known one; null fits everything, on both sides."""
    if made is None or known is None:
        return
    if isinstance(known, dict) and isinstance(made, dict):
        if path.rpartition(".")[2] in FREE:
            return
        more = OURS_MORE.get(path.partition(".")[0], set())
        for name in known.keys() - made.keys():
            # What only other kinds of payment have is left out when it is empty: the library reads it as missing.
            yield f"{path} lacks {name}"
        for name in made.keys() - known.keys() - more:
            yield f"{path} has {name} too"
        for name in made.keys() & known.keys():
            yield from differences(made[name], known[name], f"{path}.{name}")
    elif isinstance(known, list) and isinstance(made, list):
        return
    elif isinstance(made, Decimal):
        # The library makes numbers of such texts.
        yield from differences(str(made), known, path)
    elif isinstance(made, bool) != isinstance(known, bool) or type(made) is not type(known):
        yield f"{path} is {type(made).__name__}, not {type(known).__name__}"


async def everything(sandbox, client):
    """One of each kind."""
    await fill(sandbox)
    name = await payee(sandbox, client)
    intent = await paid(client)
    disputed = await paid(client, method="pm_card_createDispute")
    product = await client.v1.products.create_async({"name": "Beat"})
    price = await client.v1.prices.create_async({"product": product.id, "unit_amount": 500, "currency": "usd"})
    items = {"line_items": [{"price": price.id, "quantity": 1}]}
    transfer = await client.v1.transfers.create_async({"amount": 500, "currency": "usd", "destination": name})
    link = {"account": name, "type": "account_onboarding", "return_url": RETURN, "refresh_url": RETURN}
    open_link = {
        **items,
        "payment_intent_data": {"metadata": {"a": "b"}},
        "restrictions": {"completed_sessions": {"limit": 2}},
    }
    session = await client.v1.checkout.sessions.create_async({"mode": "payment", "success_url": RETURN, **items})
    await sandbox.control("POST", f"/stripe/checkouts/{session.id}/pay")
    v1 = client.v1
    return [
        await v1.accounts.retrieve_async(name),
        await v1.account_links.create_async(link),
        await v1.accounts.login_links.create_async(name),
        intent,
        await v1.charges.retrieve_async(intent.latest_charge),
        (await v1.disputes.list_async({"payment_intent": disputed.id})).data[0],
        product,
        price,
        await v1.payment_links.create_async(open_link),
        session,
        await v1.checkout.sessions.retrieve_async(session.id),
        transfer,
        await v1.transfers.reversals.create_async(transfer.id, {"amount": 100}),
        await v1.refunds.create_async({"payment_intent": intent.id, "amount": 100}),
        await v1.balance.retrieve_async(),
        *(await v1.balance_transactions.list_async({"limit": 100})).data,
        await v1.payouts.create_async({"amount": 100, "currency": "usd"}, {"stripe_account": name}),
        (await v1.events.list_async()).data[0],
        (await v1.webhook_endpoints.list_async()).data[0],
    ]


async def test_every_kind_has_the_shape_of_the_fixtures(sandbox, fixtures):
    async with speaking(sandbox) as client, listening(sandbox):
        made = await everything(sandbox, client)
    kinds = {each.object for each in made}
    assert len(kinds) == 18
    found = {fault for each in made for fault in differences(each.to_dict(), fixtures[each.object], each.object)}
    assert "\n".join(sorted(found)) == ""


def test_a_wrong_shape_is_found():
    known = {"id": "x", "amount": 1, "paid": True, "inner": {"a": 1}}
    assert list(differences({**known}, known, "thing")) == []
    assert list(differences({**known, "amount": "1"}, known, "thing")) == ["thing.amount is str, not int"]
    assert list(differences({**known, "paid": 1}, known, "thing")) == ["thing.paid is int, not bool"]
    assert list(differences({**known, "inner": {}}, known, "thing")) == ["thing.inner lacks a"]
    assert list(differences({**known, "more": 1}, known, "thing")) == ["thing has more too"]
