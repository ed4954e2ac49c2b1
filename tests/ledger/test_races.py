"""Many at once: nobody waits in a circle, nothing happens twice, and what only one can have only one gets."""

import asyncio
import random

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from db.queries import books, ledger
from db.tables import IdempotencyKey, JournalEntry
from domain.errors import Conflict, DomainError, IdempotencyMismatch, InvalidInput
from domain.ids import new_id
from domain.ledger import Account, Entry, platform_accounts
from domain.money import AccountKind, Currency, EntryKind
from resolvers.idempotency import once
from resolvers.ledger import payouts
from resolvers.ledger.post import post, prepare
from tests.ledger.conftest import USD, usd


async def all_of(*doing):
    """What came of each, refusals included; anything else is a fault of the test."""
    results = await asyncio.gather(*doing, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException) and not isinstance(result, DomainError):
            raise result
    return results


def done(results):
    return [result for result in results if not isinstance(result, DomainError)]


async def test_a_hundred_postings_at_once_on_the_same_accounts(desk, make):
    people = [await make.user() for _ in range(4)]
    dice = random.Random(1)

    async def move():
        some = dice.sample(people, dice.randint(1, 4))
        await desk.receive(1000, {person.id: 1 for person in some}, kind=dice.choice([EntryKind.TIP, EntryKind.SALE]))

    results = await all_of(*(move() for _ in range(100)))
    assert len(done(results)) == 100
    balances = await desk.balances()
    assert (balances["CLEARING"], balances["FEES"]) == (-100_000, 5000)
    assert sum(await asyncio.gather(*(desk.of(person) for person in people))) == 95_000


async def test_postings_for_different_people_meet_at_the_platforms_accounts(desk, make):
    people = [await make.user() for _ in range(8)]

    async def earn(person):
        for _ in range(40):
            await desk.receive(1000, {person.id: 1})

    await all_of(*(earn(person) for person in people))
    assert (await desk.balances())["CLEARING"] == -320_000


async def test_money_there_and_back_between_the_same_people(desk, make):
    people = [await make.user() for _ in range(5)]
    for person in people:
        await desk.receive(50_000, {person.id: 1}, fee=0)
    dice = random.Random(2)

    async def pay():
        one, *others = dice.sample(people, 3)
        held, _ = await desk.hold(100, payer=one.id)
        shares = {person.id: 1 for person in others}
        await (desk.release(held, shares, fee=0) if dice.random() < 0.7 else desk.give_back(held))

    assert len(done(await all_of(*(pay() for _ in range(100))))) == 100
    assert sum((await desk.balances()).values()) == 0
    assert sum(await asyncio.gather(*(desk.of(person) for person in people))) == 250_000


async def test_several_postings_in_one_transaction_prepare_their_locks(desk, make):
    people = [await make.user() for _ in range(4)]
    dice = random.Random(3)

    async def pay_all():
        some = dice.sample(people, 3)
        async with desk.database.transaction() as tx:
            await prepare(tx, [person.id for person in some], USD)
            for person in some:
                there = Account(AccountKind.AVAILABLE, USD, person.id)
                lines = {there: 10, Account(AccountKind.CLEARING, USD): -10}
                await post(tx, Entry(EntryKind.ADJUSTMENT, desk.occasion(), lines))

    assert len(done(await all_of(*(pay_all() for _ in range(60))))) == 60
    assert (await desk.balances())["CLEARING"] == -1800


async def test_one_event_outside_a_hundred_times_at_once(desk, mina):
    results = await all_of(*(desk.receive(1000, {mina.id: 1}, reference="ch_1") for _ in range(100)))
    assert (len({result.entry_id for result in results}), sum(result.new for result in results)) == (1, 1)
    holds = await all_of(*(desk.hold(1000, reference="ho_1") for _ in range(20)))
    assert sum(posted.new for _, posted in holds) == 1
    assert (await desk.balances())["CLEARING"] == -2000


async def test_release_against_return(desk, mina, kofi):
    await desk.receive(100_000, {kofi.id: 1}, fee=0)
    for _ in range(15):
        held, _ = await desk.hold(1000, payer=kofi.id)
        doing = [desk.release(held, {mina.id: 1}) if n % 2 else desk.give_back(held) for n in range(6)]
        assert len(done(await all_of(*doing))) == 1
    assert sum((await desk.balances()).values()) == 0
    assert not any(isinstance(key, tuple) and key[0] == "HOLD" for key in await desk.balances())


async def test_refunds_that_together_are_too_much(desk, mina, kofi):
    for _ in range(10):
        posted = await desk.receive(1000, {mina.id: 1, kofi.id: 2})
        results = await all_of(*(desk.refund(posted.entry_id, 600) for _ in range(4)))
        assert len(done(results)) == 1
        assert all(isinstance(result, Conflict) for result in results if result not in done(results))
    assert (await desk.balances())["CLEARING"] == -4000


async def test_a_balance_is_paid_out_once(desk, mina):
    await desk.receive(1000, {mina.id: 1}, fee=0)
    claims = done(await all_of(*(desk.claim(mina.id, 300) for _ in range(20))))
    assert (len(claims), await desk.of(mina)) == (3, 100)
    for claimed in claims:
        doing = [desk.settle(claimed.entry_id) if n % 2 else desk.fail(claimed.entry_id) for n in range(4)]
        assert len(done(await all_of(*doing))) == 1


async def test_a_dispute_is_decided_once(desk, mina):
    for _ in range(5):
        opened = await desk.dispute((await desk.receive(1000, {mina.id: 1})).entry_id, 1000)
        doing = [desk.win(opened.entry_id) if n % 2 else desk.lose(opened.entry_id, 1000) for n in range(4)]
        assert len(done(await all_of(*doing))) == 1


async def claim_once(desk, person, key, minor=100):
    async with desk.database.transaction() as tx:
        answer = new_id()
        facts = {"amount": usd(minor).decimal, "personId": person.id}
        earlier = await once(tx, person.actor, "requestPayout", key, facts, answer_id=answer)
        if earlier is not None:
            return earlier, False
        await payouts.claim(tx, person.id, usd(minor), occasion=desk.occasion())
        return answer, True


async def test_a_hundred_times_the_same_key_is_one_effect_and_one_answer(desk, make, mina):
    await desk.receive(1000, {mina.id: 1}, fee=0)
    results = done(await all_of(*(claim_once(desk, mina, "k1") for _ in range(100))))
    assert (len(results), len({answer for answer, _ in results}), sum(new for _, new in results)) == (100, 1, 1)
    assert await desk.of(mina) == 900
    with pytest.raises(IdempotencyMismatch) as refused:
        await claim_once(desk, mina, "k1", 101)
    assert (refused.value.code, refused.value.field) == ("IDEMPOTENCY_MISMATCH", ("idempotencyKey",))
    assert await desk.of(mina) == 900
    other = await make.user()
    await desk.receive(100, {other.id: 1}, fee=0)
    assert (await claim_once(desk, other, "k1"))[1]


async def test_a_key_of_a_deed_that_was_refused_is_free_again(desk, mina):
    with pytest.raises(Conflict):
        await claim_once(desk, mina, "k1")
    assert await desk.make.count(IdempotencyKey) == 0
    await desk.receive(100, {mina.id: 1}, fee=0)
    assert (await claim_once(desk, mina, "k1"))[1]


@pytest.mark.parametrize("key", ["", "x" * 201, "a b", "é", "a\n", "\x00"])
async def test_what_is_no_key_is_refused(desk, mina, key):
    with pytest.raises(InvalidInput) as refused:
        await claim_once(desk, mina, key)
    assert refused.value.field == ("idempotencyKey",)


async def test_the_books_tell_what_is_wrong_with_them(desk, mina):
    posted = await desk.receive(1000, {mina.id: 1})
    async with desk.database.session() as session:
        await session.execute(text("SET LOCAL session_replication_role = replica"))
        await session.execute(text("UPDATE ledger_accounts SET balance_minor = 949 WHERE kind = 'AVAILABLE'"))
        lone = new_id()
        await session.execute(
            text("INSERT INTO journal_entries (id, kind, description) VALUES (:id, 'TIP', 'Lone')"), {"id": lone}
        )
        await session.execute(
            text("DELETE FROM journal_lines WHERE entry_id = :id AND amount_minor = 50"), {"id": posted.entry_id}
        )
        found = await books.check_books(session)
        assert {(fault.row, fault.off_by, fault.lines) for fault in found} == {
            ("account", -1, 1),
            ("account", 50, 0),
            ("entry", -50, 2),
            ("entry", 0, 0),
        }
        assert not (await books.read_trial_balance(session)).balanced


async def test_the_trial_balance_adds_everything_up(desk, mina, kofi):
    posted = await desk.receive(1000, {mina.id: 1, kofi.id: 1})
    await desk.refund(posted.entry_id, 100)
    async with desk.database.session() as session:
        found = await books.read_trial_balance(session)
    rows = {
        each.name.value: (each.debits_minor, each.credits_minor, each.balance_minor, each.entry_count)
        for each in found.accounts
        if each.entry_count
    }
    assert (found.balanced, found.entry_count) == (True, 2)
    assert rows == {"AVAILABLE": (95, 950, 855, 2), "CLEARING": (1000, 100, -900, 2), "FEES": (5, 50, 45, 2)}
    assert all(each.currency is Currency.USD and each.balanced for each in found.accounts)


async def test_the_books_of_nobody_are_right(desk):
    async with desk.database.session() as session:
        found = await books.read_trial_balance(session)
    assert (found.balanced, found.entry_count, found.accounts) == (True, 0, [])


async def test_a_line_for_an_account_that_is_not_there_is_refused_whole(desk, mina):
    nowhere = {Account(AccountKind.HOLD, USD, new_id()): 5, Account(AccountKind.CLEARING, USD): -5}
    with pytest.raises(LookupError):
        await desk.do(post, Entry(EntryKind.HOLD, desk.occasion(), nowhere))
    with pytest.raises(DBAPIError):
        await desk.receive(100, {new_id(): 1})
    async with desk.database.session() as session:
        assert (await session.execute(select(func.count()).select_from(JournalEntry))).scalar_one() == 0


async def test_accounts_are_made_once_however_many_ask(desk, make):
    people = [await make.user() for _ in range(3)]
    accounts = [Account(AccountKind.AVAILABLE, USD, person.id) for person in people]

    async def open_some(order):
        async with desk.database.transaction() as tx:
            return await ledger.lock(tx.session, [*order, *platform_accounts(USD)])

    found = await all_of(*(open_some(accounts[n % 3 :] + accounts[: n % 3]) for n in range(30)))
    assert all(each == dict.fromkeys(accounts, 0) for each in found)
