"""Deeds of the ledger one by one: what moves where, and that a refusal moves nothing."""

import pytest
from sqlalchemy import select

from db.queries.holds import find_by_entry
from db.tables import Balance, Hold, JournalEntry, StatusChange
from domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from domain.ids import new_id
from domain.ledger import HoldStatus
from domain.money import AccountKind, EntryKind
from resolvers.ledger import holds

AVAILABLE, PENDING, WITHHELD = AccountKind.AVAILABLE, AccountKind.PENDING, AccountKind.WITHHELD
OWED, TRANSIT = AccountKind.RECEIVABLE, AccountKind.IN_TRANSIT


async def refused(desk, error, doing):
    before = await desk.state()
    with pytest.raises(error) as caught:
        await doing
    assert await desk.state() == before
    return caught.value


async def test_a_tip_is_split_net_of_one_fee(desk, mina, kofi):
    posted = await desk.receive(1001, {mina.id: 700_000, kofi.id: 300_000}, reference="ch_1")
    # 5 % of 10.01 is 0.5005: the fee is rounded down, the rest is 9.51.
    assert await desk.lines(posted.entry_id) == [
        ("AVAILABLE", 285),
        ("AVAILABLE", 666),
        ("CLEARING", -1001),
        ("FEES", 50),
    ]
    assert (await desk.of(mina), await desk.of(kofi)) == (666, 285)
    async with desk.database.session() as session:
        entry = await session.get(JournalEntry, posted.entry_id)
    assert (entry.kind, entry.description, entry.source, entry.reference) == (EntryKind.TIP, "Test", "stripe", "ch_1")
    assert (entry.subject_type, entry.subject_id) == desk.subject


async def test_an_event_outside_is_booked_once(desk, mina, kofi):
    first = await desk.receive(1000, {mina.id: 1}, reference="ch_1")
    before = await desk.state()
    again = await desk.receive(1000, {mina.id: 1}, reference="ch_1")
    assert (again.entry_id, first.new, again.new) == (first.entry_id, True, False)
    assert await desk.state() == before
    await refused(desk, Conflict, desk.receive(1000, {mina.id: 1}, reference="ch_1", kind=EntryKind.SALE))
    await refused(desk, Conflict, desk.hold(1000, reference="ch_1"))
    other = await desk.hold(1000, reference="ho_1")
    assert (await desk.hold(1000, reference="ho_1"))[1].entry_id == other[1].entry_id
    async with desk.database.session() as session:
        assert await find_by_entry(session, other[1].entry_id) == other[0]
        assert await find_by_entry(session, first.entry_id) is None
    refund = await desk.refund(first.entry_id, 400, reference="re_1")
    assert await desk.refund(first.entry_id, 400, reference="re_1") == type(refund)(refund.entry_id, new=False)
    assert (await desk.balances())["CLEARING"] == -1600


async def test_what_is_pending_matures_once(desk, mina):
    posted = await desk.receive(1000, {mina.id: 1}, pending=True)
    assert (await desk.of(mina), await desk.of(mina, PENDING)) == (0, 950)
    await refused(desk, Conflict, desk.claim(mina.id, 1))
    assert (await desk.mature(posted.entry_id)).new
    assert await desk.mature(posted.entry_id) is None
    assert (await desk.of(mina), await desk.of(mina, PENDING)) == (950, 0)
    await refused(desk, NotFound, desk.mature(new_id()))


async def test_held_money_is_released_or_returned_never_both(desk, mina, kofi):
    await desk.receive(10_000, {kofi.id: 1}, fee=0)
    held, _ = await desk.hold(4000, payer=kofi.id, payee=mina.id)
    assert await desk.of(kofi) == 6000
    async with desk.database.session() as session:
        promised = await session.get(Balance, (mina.id, "USD"))
        assert (promised.available_minor, promised.pending_minor) == (0, 4000)
    await desk.release(held, {mina.id: 1})
    assert (await desk.of(mina), (await desk.balances())["FEES"]) == (3800, 200)
    for doing in (desk.release(held, {mina.id: 1}), desk.give_back(held)):
        assert "RELEASED" in (await refused(desk, Conflict, doing)).message
    back, _ = await desk.hold(1000, payer=kofi.id)
    await desk.give_back(back)
    assert await desk.of(kofi) == 6000
    await refused(desk, Conflict, desk.release(back, {mina.id: 1}))
    await refused(desk, Conflict, desk.hold(6001, payer=kofi.id))
    await refused(desk, NotFound, desk.release(new_id(), {mina.id: 1}))
    mine, _ = await desk.hold(10, payer=kofi.id)
    await refused(desk, InvalidInput, desk.release(mine, {kofi.id: 1}))
    async with desk.database.session() as session:
        moves = select(StatusChange.to_status).where(StatusChange.subject_id == held).order_by(StatusChange.changed_at)
        assert (await session.execute(moves)).scalars().all() == ["HELD", "RELEASED"]
        assert (await session.get(Hold, mine)).status is HoldStatus.HELD


async def test_money_from_outside_is_held_and_goes_back_outside(desk, mina):
    held, _ = await desk.hold(2000)
    assert await desk.balances() == {"CLEARING": -2000, ("HOLD", held): 2000}
    await desk.give_back(held)
    assert await desk.balances() == {}


async def test_a_refund_comes_pro_rata_and_what_is_gone_is_owed(desk, mina, kofi):
    posted = await desk.receive(1000, {mina.id: 600_000, kofi.id: 400_000}, pending=True)
    await desk.mature(posted.entry_id)
    await desk.settle((await desk.claim(mina.id, 570)).entry_id)
    given = await desk.refund(posted.entry_id, 500)
    assert await desk.lines(given.entry_id) == [
        ("AVAILABLE", -190),
        ("CLEARING", 500),
        ("FEES", -25),
        ("RECEIVABLE", -285),
    ]
    assert "5.00 USD" in (await refused(desk, Conflict, desk.refund(posted.entry_id, 501))).message
    await desk.refund(posted.entry_id)
    assert await desk.of(mina, OWED) == -570
    await refused(desk, Conflict, desk.refund(posted.entry_id))
    await refused(desk, Conflict, desk.refund(posted.entry_id, 1))
    # What she earns next pays it first.
    await desk.receive(400, {mina.id: 1}, fee=0)
    await desk.receive(400, {mina.id: 1}, fee=0, pending=True)
    assert (await desk.of(mina), await desk.of(mina, OWED), await desk.of(mina, PENDING)) == (0, 0, 230)


async def test_odd_parts_are_given_back_exactly(desk, make, mina, kofi):
    third = await make.user("ada")
    posted = await desk.receive(1000, {mina.id: 333_333, kofi.id: 333_333, third.id: 333_334}, fee=333)
    for _ in range(1000 // 7):
        await desk.refund(posted.entry_id, 7)
    await desk.refund(posted.entry_id)
    assert await desk.balances() == {}


async def test_a_refund_of_released_money_goes_to_who_paid(desk, mina, kofi):
    await desk.receive(1000, {kofi.id: 1}, fee=0)
    held, _ = await desk.hold(1000, payer=kofi.id)
    released = await desk.release(held, {mina.id: 1})
    await desk.refund(released.entry_id, 300)
    assert (await desk.of(kofi), await desk.of(mina)) == (300, 665)
    await desk.refund(released.entry_id)
    assert (await desk.of(kofi), await desk.of(mina), (await desk.balances()).get("FEES")) == (1000, 0, None)


async def test_a_dispute_withholds_and_gives_back_when_it_is_won(desk, mina):
    posted = await desk.receive(1000, {mina.id: 1})
    opened = await desk.dispute(posted.entry_id, 1000, reference="dp_1")
    assert (await desk.of(mina), await desk.of(mina, WITHHELD)) == (0, 950)
    assert not (await desk.dispute(posted.entry_id, 1000, reference="dp_1")).new
    await refused(desk, Conflict, desk.dispute(posted.entry_id, 1000))
    await desk.win(opened.entry_id, reference="dp_1_won")
    assert (await desk.of(mina), await desk.of(mina, WITHHELD)) == (950, 0)
    assert not (await desk.win(opened.entry_id, reference="dp_1_won")).new
    await refused(desk, Conflict, desk.win(opened.entry_id))
    await refused(desk, Conflict, desk.lose(opened.entry_id, 1000))
    await refused(desk, NotFound, desk.lose(posted.entry_id, 1000))


async def test_a_lost_dispute_takes_what_was_withheld_and_the_rest_is_owed(desk, mina):
    posted = await desk.receive(1000, {mina.id: 1})
    await desk.settle((await desk.claim(mina.id, 900)).entry_id)
    opened = await desk.dispute(posted.entry_id, 1000)
    assert (await desk.of(mina, WITHHELD), await desk.of(mina, OWED)) == (950, -900)
    await desk.receive(400, {mina.id: 1}, fee=0)
    assert (await desk.of(mina), await desk.of(mina, OWED)) == (0, -500)
    await desk.lose(opened.entry_id, 1000)
    assert await desk.balances() == {("RECEIVABLE", mina.id): -500, "CLEARING": 500}


async def test_what_was_refunded_and_lost_as_well_is_the_platforms_loss(desk, mina):
    posted = await desk.receive(1000, {mina.id: 1}, pending=True)
    opened = await desk.dispute(posted.entry_id, 1000)
    await desk.refund(posted.entry_id, 400)
    assert await desk.of(mina, WITHHELD) == 570
    await desk.lose(opened.entry_id, 1000)
    assert await desk.balances() == {"CLEARING": 400, "FEES": -400}


async def test_what_was_pending_is_pending_again(desk, mina):
    posted = await desk.receive(1000, {mina.id: 1}, pending=True)
    opened = await desk.dispute(posted.entry_id, 500)
    assert (await desk.of(mina, PENDING), await desk.of(mina, WITHHELD)) == (475, 475)
    await desk.win(opened.entry_id)
    assert await desk.of(mina, PENDING) == 950
    await desk.mature(posted.entry_id)
    assert await desk.of(mina) == 950


async def test_a_payout_is_settled_or_fails(desk, mina):
    await desk.receive(10_000, {mina.id: 1}, fee=0)
    claimed = await desk.claim(mina.id, 6000)
    assert (await desk.of(mina), await desk.of(mina, TRANSIT)) == (4000, 6000)
    error = await refused(desk, Conflict, desk.claim(mina.id, 4001))
    assert (error.field, "40.00 USD" in error.message) == (("amount",), True)
    await desk.settle(claimed.entry_id, fee=25, reference="po_1")
    assert await desk.balances() == {("AVAILABLE", mina.id): 4000, "CLEARING": -4025, "FEES": 25}
    assert not (await desk.settle(claimed.entry_id, fee=25, reference="po_1")).new
    await refused(desk, Conflict, desk.settle(claimed.entry_id))
    await refused(desk, Conflict, desk.fail(claimed.entry_id))
    other = await desk.claim(mina.id, 1000)
    await desk.fail(other.entry_id)
    await refused(desk, Conflict, desk.settle(other.entry_id))
    assert await desk.of(mina) == 4_000


async def test_a_payout_comes_back_in_parts_and_never_more_than_it_was(desk, mina):
    earned = await desk.receive(10_000, {mina.id: 1}, fee=0)
    claimed, gone = await desk.claim(mina.id, 6000), await desk.claim(mina.id, 1000)
    settled = await desk.settle(claimed.entry_id, fee=25)
    failed = await desk.fail(gone.entry_id)
    for entry_id in (claimed.entry_id, failed.entry_id, gone.entry_id):
        await refused(desk, Conflict, desk.bring_back(entry_id, 1))
    for entry_id in (earned.entry_id, new_id()):
        await refused(desk, NotFound, desk.bring_back(entry_id, 1))
    for minor in (0, -1, 5976):
        await refused(desk, Conflict, desk.bring_back(settled.entry_id, minor))
    back = await desk.bring_back(settled.entry_id, 1975, reference="trr_1")
    assert await desk.lines(back.entry_id) == [("AVAILABLE", 1975), ("CLEARING", -1975)]
    assert not (await desk.bring_back(settled.entry_id, 1975, reference="trr_1")).new
    await refused(desk, Conflict, desk.bring_back(settled.entry_id, 4001))
    # What she owes is paid first; with the last of it the fee comes back.
    await desk.claim(mina.id, 5975)
    await desk.refund(earned.entry_id, 1000)
    assert await desk.of(mina, OWED) == -1000
    last = await desk.bring_back(settled.entry_id, 4000)
    assert await desk.lines(last.entry_id) == [
        ("AVAILABLE", 3025),
        ("CLEARING", -4000),
        ("FEES", -25),
        ("RECEIVABLE", 1000),
    ]
    await refused(desk, Conflict, desk.bring_back(settled.entry_id, 1))


async def test_an_operator_adjusts_with_a_reason(desk, operator, mina):
    await desk.adjust(operator.actor, mina.id, 500, reason="Sorry for the outage")
    await desk.adjust(operator.actor, mina.id, -200)
    assert await desk.balances() == {("AVAILABLE", mina.id): 300, "FEES": -300}
    await refused(desk, Conflict, desk.adjust(operator.actor, mina.id, -301))
    await refused(desk, InvalidInput, desk.adjust(operator.actor, mina.id, 1, reason=" "))
    await refused(desk, InvalidInput, desk.adjust(operator.actor, mina.id, 0))
    await refused(desk, Forbidden, desk.adjust(operator.actor, operator.id, 1))
    await refused(desk, Forbidden, desk.adjust(mina.actor, operator.id, 1))
    await refused(desk, Forbidden, desk.reverse(mina.actor, new_id()))
    async with desk.database.session() as session:
        entry = (await session.execute(select(JournalEntry).order_by(JournalEntry.id).limit(1))).scalar_one()
    assert (entry.description, entry.posted_by_id) == ("Sorry for the outage", operator.id)


async def test_an_entry_is_reversed_once_by_another(desk, operator, mina, kofi):
    posted = await desk.receive(1000, {mina.id: 1, kofi.id: 1}, pending=True)
    await desk.mature(posted.entry_id)
    mirror = await desk.reverse(operator.actor, posted.entry_id)
    assert await desk.balances() == {}
    await refused(desk, Conflict, desk.reverse(operator.actor, posted.entry_id))
    await refused(desk, Conflict, desk.reverse(operator.actor, mirror.entry_id))
    await refused(desk, Conflict, desk.refund(posted.entry_id, 1))
    async with desk.database.session() as session:
        entry = await session.get(JournalEntry, mirror.entry_id)
    assert (entry.reverses_id, entry.posted_by_id) == (posted.entry_id, operator.id)


async def test_a_debt_that_was_paid_is_owed_again(desk, operator, mina):
    first = await desk.receive(100, {mina.id: 1}, fee=0)
    await desk.settle((await desk.claim(mina.id, 100)).entry_id)
    await desk.refund(first.entry_id)
    paying = await desk.receive(150, {mina.id: 1}, fee=0, pending=True)
    given = await desk.adjust(operator.actor, mina.id, 40)
    assert (await desk.of(mina, OWED), await desk.of(mina, PENDING), await desk.of(mina)) == (0, 50, 40)
    await desk.reverse(operator.actor, paying.entry_id)
    assert (await desk.of(mina, OWED), await desk.of(mina, PENDING), await desk.of(mina)) == (-100, 0, 40)
    await desk.reverse(operator.actor, given.entry_id)
    assert await desk.balances() == {("RECEIVABLE", mina.id): -100, "CLEARING": 100}


async def test_one_claim_cannot_be_settled_with_the_money_of_another(desk, mina):
    await desk.receive(1000, {mina.id: 1}, fee=0)
    one, other = await desk.claim(mina.id, 300), await desk.claim(mina.id, 300)
    await desk.settle(one.entry_id)
    await refused(desk, Conflict, desk.settle(one.entry_id))
    await refused(desk, Conflict, desk.fail(one.entry_id))
    await desk.fail(other.entry_id)
    assert await desk.of(mina) == 700


async def test_what_is_disputed_is_not_reversed_with_the_money_of_another(desk, operator, mina):
    posted = await desk.receive(1000, {mina.id: 1})
    await desk.receive(5000, {mina.id: 1})
    await desk.dispute(posted.entry_id, 10)
    await refused(desk, Conflict, desk.reverse(operator.actor, posted.entry_id))


async def test_what_has_gone_on_is_not_reversed(desk, operator, mina):
    gone = await desk.receive(1000, {mina.id: 1})
    claimed = await desk.claim(mina.id, 1)
    await refused(desk, Conflict, desk.reverse(operator.actor, gone.entry_id))
    await refused(desk, NotFound, desk.reverse(operator.actor, claimed.entry_id))
    await desk.receive(5000, {mina.id: 1})
    refund = await desk.refund(gone.entry_id, 100)
    await refused(desk, Conflict, desk.reverse(operator.actor, gone.entry_id))
    await desk.reverse(operator.actor, refund.entry_id)
    await desk.dispute(gone.entry_id, 10)
    await refused(desk, Conflict, desk.reverse(operator.actor, gone.entry_id))
    held, _ = await desk.hold(10)
    back = await desk.give_back(held)
    await refused(desk, Conflict, desk.reverse(operator.actor, back.entry_id))


async def test_a_disputed_hold_is_not_released(desk, mina):
    held, _ = await desk.hold(1000)
    await desk.do(holds.freeze, held, occasion=desk.occasion())
    await refused(desk, Conflict, desk.release(held, {mina.id: 1}))
    await desk.do(holds.thaw, held, occasion=desk.occasion())
    await desk.release(held, {mina.id: 1})
    await refused(desk, Conflict, desk.do(holds.freeze, held, occasion=desk.occasion()))
