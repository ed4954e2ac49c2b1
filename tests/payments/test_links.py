"""Payment links: made once, paid any number of times, divided to the last cent, closed."""

import pytest

from db import tables
from domain.jobs import JobKind
from domain.money import AccountKind
from tests.payments.conftest import END_LINK, LINK


@pytest.fixture
async def trio(make):
    return [await make.user(name) for name in ("ada", "ben", "cleo")]


async def test_what_is_paid_is_divided_to_the_last_cent(till, make, trio):
    owner = await make.user("owner")
    shares = list(zip(trio, ("0.333333", "0.333333", "0.333334"), strict=True))
    link = await till.link(owner, shares, "10.00")
    assert (link["active"], link["amount"]) == (True, {"amount": "10.00", "currencyCode": "USD"})
    assert [split["share"] for split in link["splits"]] == ["0.333333", "0.333333", "0.333334"]
    assert [split["recipient"]["username"] for split in link["splits"]] == ["ada", "ben", "cleo"]
    for _ in range(3):
        await till.pay(link["url"])
    # 9.50 each time: 3.1666635, 3.1666635 and 3.1666730; the largest remainders get the two cents that are left.
    had = [await till.of(person) for person in trio]
    assert (sum(had), sorted(had)) == (2850, [948, 951, 951])
    assert len(await till.rows(tables.Payment)) == 3


async def test_a_closed_link_takes_no_more(till, make, trio, api):
    owner = await make.user("owner")
    link = await till.link(owner, [(trio[0], "1")])
    error = await api(trio[0]).refused(END_LINK, paymentLinkId=link["id"])
    assert (error["code"], error["field"]) == ("NOT_FOUND", ["paymentLinkId"])
    for _ in range(2):
        ended = await api(owner).do(END_LINK, paymentLinkId=link["id"])
        assert ended["paymentLink"] == {"id": link["id"], "active": False}
    assert (await till.decide(link["url"])).status_code == 400
    await till.settle()
    assert await till.of(trio[0]) == 0


async def test_who_had_it_open_when_it_was_closed_may_still_pay(till, make, trio, api, sandbox):
    owner = await make.user("owner")
    link = await till.link(owner, [(trio[0], "1")])
    page = (await sandbox.http.get(link["url"], follow_redirects=False)).headers["location"]
    await api(owner).do(END_LINK, paymentLinkId=link["id"])
    await till.pay(page)
    assert await till.of(trio[0]) == 950


async def test_a_silent_stripe_makes_one_link_later(till, make, trio, sandbox):
    owner = await make.user("owner")
    fault = {"host": "api.stripe.com", "path": "/v1/payment_links", "method": "POST", "times": 1}
    await sandbox.fault(kind="drop_after_effect", **fault)
    link = await till.link(owner, [(trio[0], "1")], key="once")
    assert link["url"] is None
    await till.ring(JobKind.FOLLOW_PAYMENT_LINK)
    await make.run_jobs()
    again = await till.link(owner, [(trio[0], "1")], key="once")
    assert (again["id"], again["url"] is None) == (link["id"], False)
    assert len(await till.all_at_stripe("payment_link")) == 1


async def test_owner_and_recipients_see_it(till, make, trio, api):
    owner = await make.user("owner")
    link = await till.link(owner, [(trio[0], "0.5"), (trio[1], "0.50")])
    asked = "query ($id: ID!) { node(id: $id) { ... on PaymentLink { splits { share } } } }"
    for person, seen in ((owner, True), (trio[0], True), (trio[2], False), (None, False)):
        node = (await api(person)(asked, id=link["id"]))["node"]
        assert node == ({"splits": [{"share": "0.5"}, {"share": "0.5"}]} if seen else None)
    mine = "{ viewer { paymentLinks(first: 5) { nodes { id } } } }"
    assert (await api(owner)(mine))["viewer"]["paymentLinks"]["nodes"] == [{"id": link["id"]}]
    assert (await api(trio[0])(mine))["viewer"]["paymentLinks"]["nodes"] == []


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"shares": ["0.5", "0.4"]}, "INVALID_INPUT", ["splits"]),
        ({"shares": ["0.6", "0.5"]}, "INVALID_INPUT", ["splits"]),
        ({"shares": ["1", "0"]}, "INVALID_INPUT", ["splits", "1", "share"]),
        ({"shares": ["0.5", "-0.5"]}, "INVALID_INPUT", ["splits", "1", "share"]),
        ({"shares": ["0.5", "0.5000000"]}, "INVALID_INPUT", ["splits", "1", "share"]),
        ({"shares": []}, "INVALID_INPUT", ["splits"]),
        ({"twice": True}, "INVALID_INPUT", ["splits", "1", "recipientId"]),
        ({"nobody": True}, "NOT_FOUND", ["splits", "0", "recipientId"]),
        ({"amount": "0.00"}, "INVALID_INPUT", ["amount"]),
        ({"amount": "-1.00"}, "INVALID_INPUT", ["amount"]),
        ({"amount": "1.001"}, "INVALID_INPUT", ["amount"]),
        ({"amount": "92233720368547758.08"}, "INVALID_INPUT", ["amount"]),
        ({"amount": "10000000000000.01"}, "INVALID_INPUT", ["amount"]),
        ({"currencyCode": "USDC"}, "INVALID_INPUT", ["currencyCode"]),
        ({"currencyCode": "XYZ"}, "INVALID_INPUT", ["currencyCode"]),
        ({"title": " "}, "INVALID_INPUT", ["title"]),
        ({"idempotencyKey": "no spaces"}, "INVALID_INPUT", ["idempotencyKey"]),
    ],
    ids=str,
)
async def test_bad_input_is_named_and_leaves_nothing(till, make, trio, api, change, code, field):
    people = [trio[0], trio[0]] if change.pop("twice", False) else trio
    wires = [person.wire for person in people]
    if change.pop("nobody", False):
        wires[0] = "user_01900000-0000-7000-8000-000000000000"
    shares = change.pop("shares", ["0.5", "0.5"])
    splits = [{"recipientId": wire, "share": share} for wire, share in zip(wires, shares, strict=False)]
    good = {"title": "A mix", "amount": "10.00", "currencyCode": "USD", "splits": splits, "idempotencyKey": "k"}
    error = await api(trio[2]).refused(LINK, **{**good, **change})
    assert (error["code"], error["field"]) == (code, field)
    assert await till.rows(tables.PaymentLink) == []
    assert await till.all_at_stripe("payment_link") == []


async def test_one_key_for_two_things_is_refused(till, make, trio, api):
    await till.link(trio[0], [(trio[1], "1")], key="one")
    splits = [{"recipientId": trio[2].wire, "share": "1"}]
    given = {"title": "A mix", "amount": "10.00", "splits": splits, "idempotencyKey": "one"}
    assert (await api(trio[0]).refused(LINK, **given))["code"] == "IDEMPOTENCY_MISMATCH"
    assert len(await till.rows(tables.PaymentLink)) == 1
    assert await till.of(trio[1], AccountKind.AVAILABLE) == 0
