"""The operators' queue: one pays, another confirms, never the same and never the person who is paid."""

import asyncio

import pytest

from domain.ids import new_id
from domain.money import AccountKind
from domain.payouts import PayoutStatus
from tests.payouts.conftest import ALL, CONFIRM, OWN, REVIEW, SETTLE, wire

QUEUE = {"first": 10, "filter": {"manual": True}}


@pytest.fixture
async def queued(till, mina):
    """A payout of 50.00 that waits to be paid by hand."""
    await till.by_hand(mina, handle="$mina")
    await till.earn(mina, 6_000)
    return await till.request(mina)


async def queue(api, person):
    return (await api(person)(ALL, **QUEUE))["payouts"]["nodes"]


async def test_one_pays_and_another_confirms(api, till, mina, ines, ola, queued):
    (shown,) = await queue(api, ines)
    assert shown["instructions"] == f"Pay 50.00 USD by Cash App to $mina, with the note {wire(queued)}."
    assert (shown["status"], shown["viewerActions"]) == ("AWAITING_OPERATOR", ["CANCEL", "SETTLE"])
    assert (shown["recipient"]["username"], shown["method"]["label"]) == ("mina", "$mi••")
    await api(ines).do(SETTLE, payoutId=wire(queued), reference="CA-1")
    await api(ines).do(SETTLE, payoutId=wire(queued), reference="CA-1")
    (of_ines,), (of_ola,) = await queue(api, ines), await queue(api, ola)
    assert (of_ines["viewerActions"], of_ola["viewerActions"]) == ([], ["RETRY", "CONFIRM"])
    assert (of_ola["paidBy"]["username"], of_ola["reference"]) == ("ines", "CA-1")
    assert (await api(ines).refused(CONFIRM, payoutId=wire(queued)))["code"] == "FORBIDDEN"
    assert await till.has(mina, AccountKind.IN_TRANSIT) == 5_000
    paid = (await api(ola).do(CONFIRM, payoutId=wire(queued)))["payout"]
    assert paid["status"] == "PAID"
    await api(ola).do(CONFIRM, payoutId=wire(queued))
    assert (await till.has(mina), await till.has(mina, AccountKind.IN_TRANSIT)) == (1_000, 0)
    assert await till.cleared() == -1_000
    assert (await queue(api, ola), await till.sent()) == ([], {})
    (done,) = (await api(ola)(ALL, first=5))["payouts"]["nodes"]
    assert (done["confirmedBy"]["username"], done["instructions"]) == ("ola", None)
    assert [(after, by) for _, after, by, _ in await till.history(queued)] == [
        ("AWAITING_OPERATOR", mina.id),
        ("AWAITING_CONFIRMATION", ines.id),
        ("PAID", ola.id),
    ]


async def test_nobody_else_may_and_nobody_sees_it(api, till, make, mina, queued):
    theo = await make.user("theo")
    for person in (mina, theo):
        for document, more in ((SETTLE, {"reference": "X"}), (CONFIRM, {}), (REVIEW, {"decision": "CANCEL"})):
            assert (await api(person).refused(document, payoutId=wire(queued), **more))["code"] == "FORBIDDEN"
        assert (await api(person)(ALL, first=5))["payouts"] == {
            "totalCount": 0,
            "nodes": [],
            "pageInfo": {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None},
        }
    secrets = "{ instructions reference paidBy { id } viewerActions method { handle } }"
    mine = await api(mina)(f"{{ viewer {{ payouts {{ nodes {secrets} }} }} }}")
    assert mine["viewer"]["payouts"]["nodes"] == [
        {"instructions": None, "reference": None, "paidBy": None, "viewerActions": [], "method": {"handle": None}}
    ]
    assert (await till.payout(queued)).status is PayoutStatus.AWAITING_OPERATOR


async def test_never_ones_own(api, till, ines, ola):
    await till.by_hand(ines, handle="$ines")
    await till.earn(ines, 5_000)
    payout_id = await till.request(ines)
    (shown,) = await queue(api, ines)
    assert shown["viewerActions"] == []
    for document, more in ((SETTLE, {"reference": "X"}), (REVIEW, {"decision": "CANCEL"})):
        assert (await api(ines).refused(document, payoutId=wire(payout_id), **more))["code"] == "FORBIDDEN"
    await api(ola).do(SETTLE, payoutId=wire(payout_id), reference="X")
    assert (await api(ines).refused(CONFIRM, payoutId=wire(payout_id)))["code"] == "FORBIDDEN"
    assert (await till.payout(payout_id)).status is PayoutStatus.AWAITING_CONFIRMATION


async def test_what_was_not_paid_after_all_goes_back_into_the_queue(api, till, mina, ines, ola, queued):
    await api(ines).do(SETTLE, payoutId=wire(queued), reference="CA-1")
    assert (await api(ines).refused(REVIEW, payoutId=wire(queued), decision="RETRY"))["code"] == "FORBIDDEN"
    assert (await api(ola).refused(REVIEW, payoutId=wire(queued), decision="CANCEL"))["code"] == "CONFLICT"
    await api(ola).do(REVIEW, payoutId=wire(queued), decision="RETRY")
    row = await till.payout(queued)
    assert (row.status, row.paid_by_id, row.reference) == (PayoutStatus.AWAITING_OPERATOR, None, None)
    await api(ola).do(SETTLE, payoutId=wire(queued), reference="CA-1")
    await api(ines).do(CONFIRM, payoutId=wire(queued))
    assert await till.has(mina, AccountKind.IN_TRANSIT) == 0


async def test_a_cancelled_one_gives_the_money_back(api, till, mina, ines, queued):
    await api(ines).do(REVIEW, payoutId=wire(queued), decision="CANCEL")
    assert (await till.has(mina), await till.has(mina, AccountKind.IN_TRANSIT)) == (6_000, 0)
    assert (await api(ines).refused(SETTLE, payoutId=wire(queued), reference="X"))["code"] == "CONFLICT"
    (shown,) = (await api(mina)(OWN, first=5))["viewer"]["payouts"]["nodes"]
    assert shown["status"] == "CANCELLED"


async def test_a_reference_counts_once_and_says_something(api, till, mina, ines, queued):
    await till.earn(mina, 5_000)
    other = await till.request(mina)
    await api(ines).do(SETTLE, payoutId=wire(queued), reference="CA-1")
    error = await api(ines).refused(SETTLE, payoutId=wire(other), reference=" CA-1 ")
    assert (error["code"], error["field"]) == ("CONFLICT", ["reference"])
    for wrong in ("", "  ", "x" * 101):
        error = await api(ines).refused(SETTLE, payoutId=wire(other), reference=wrong)
        assert (error["code"], error["field"]) == ("INVALID_INPUT", ["reference"])
    assert (await api(ines).refused(SETTLE, payoutId=wire(new_id()), reference="Y"))["code"] == "NOT_FOUND"
    assert (await till.payout(other)).status is PayoutStatus.AWAITING_OPERATOR


async def test_two_who_confirm_at_once_pay_once(api, till, make, mina, ines, queued):
    others = [await make.user(f"op{n}", roles=ines.actor.roles) for n in range(6)]
    await api(ines).do(SETTLE, payoutId=wire(queued), reference="CA-1")
    said = await asyncio.gather(*(api(each)(CONFIRM, input={"payoutId": wire(queued)}) for each in others))
    errors = [error["code"] for answer in said for error in answer["confirmManualPayout"]["userErrors"]]
    assert errors == ["CONFLICT"] * 5
    assert await till.has(mina, AccountKind.IN_TRANSIT) == 0


async def test_cancelling_and_paying_at_once_do_one_of_them(api, till, mina, ines, ola, queued):
    answers = await asyncio.gather(
        api(ines)(SETTLE, input={"payoutId": wire(queued), "reference": "R"}),
        api(ola)(REVIEW, input={"payoutId": wire(queued), "decision": "CANCEL"}),
    )
    assert sum(len(next(iter(answer.values()))["userErrors"]) for answer in answers) == 1
    row = await till.payout(queued)
    held = {PayoutStatus.CANCELLED: 0, PayoutStatus.AWAITING_CONFIRMATION: 5_000}[row.status]
    assert await till.has(mina, AccountKind.IN_TRANSIT) == held
