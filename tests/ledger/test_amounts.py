"""Amounts, shares and fees on paper: what is read, what is refused and where, and that nothing is lost in dividing."""

import os
import random
from fractions import Fraction
from uuid import UUID

import pytest

from domain.errors import InvalidInput
from domain.fees import fee
from domain.ledger import Account, Entry, Occasion
from domain.money import EXPONENTS, MAX_MINOR, AccountKind, Currency, EntryKind, Money, parse_money
from domain.splits import MAX_RECIPIENTS, WHOLE, Share, allocate, parse_share, parse_shares

ROUNDS = 1_000_000 if "TEST_EXAMPLES" in os.environ else 50_000
PEOPLE = [UUID(int=n) for n in range(1, 30)]


@pytest.mark.parametrize(
    ("text", "currency", "minor", "written"),
    [
        ("12.50", "EUR", 1250, "12.50"),
        ("12.5", "EUR", 1250, "12.50"),
        ("12", "EUR", 1200, "12.00"),
        ("0.01", "USD", 1, "0.01"),
        ("007", "JPY", 7, "7"),
        ("0.000001", "USDC", 1, "0.000001"),
        ("10000000000000.00", "EUR", MAX_MINOR, "10000000000000.00"),
        ("0000000000000000000000000000000001", "EUR", 100, "1.00"),
    ],
)
def test_an_amount_is_read_and_written(text, currency, minor, written):
    money = parse_money(text, currency)
    assert (money, money.decimal) == (Money(minor, Currency(currency)), written)


@pytest.mark.parametrize(
    ("text", "currency", "field"),
    [
        *((text, "EUR", "amount") for text in ("0", "0.00", "-1", "-0.01", "-0", "1.234", "0.001", "1.000")),
        *((text, "EUR", "amount") for text in ("1e3", "1E3", "NaN", "nan", "Infinity", "inf", "-inf", "0x10", "1_000")),
        *((text, "EUR", "amount") for text in ("", " ", "1 ", " 1", "1\n", "+1", ".5", "5.", "1.2.3", "1,50", "1'000")),
        *(
            (text, "EUR", "amount")
            for text in ("١٢", "\uff11\uff12", "1\uff12", "¹", "一", "12€", "EUR 1", "--1", "1\x00")
        ),
        *((text, "EUR", "amount") for text in ("10000000000000.01", "92233720368547758.08", "9" * 31, "9" * 5000)),
        ("0." + "0" * 5000 + "1", "EUR", "amount"),
        ("1.0", "JPY", "amount"),
        ("0.5", "JPY", "amount"),
        ("0.0000001", "USDC", "amount"),
        ("10000000000000001", "USDC", "amount"),
        ("1", "XXX", "currencyCode"),
        ("1", "eur", "currencyCode"),
        ("1", "", "currencyCode"),
        ("1", "MATIC", "currencyCode"),
    ],
)
def test_what_is_no_amount_is_refused_where_it_stands(text, currency, field):
    with pytest.raises(InvalidInput) as refused:
        parse_money(text, currency, "input", "price")
    assert refused.value.field == ("input", "price", field)


def test_every_amount_that_is_written_is_read_as_itself():
    dice = random.Random(7)
    for _ in range(2000):
        money = Money(dice.randint(1, 10 ** dice.randint(1, 15)), dice.choice(list(Currency)))
        assert parse_money(money.decimal, money.currency) == money
    assert set(EXPONENTS) == set(Currency)


def test_shares_are_read_as_parts_of_a_million():
    shares = parse_shares(list(zip(PEOPLE, ("0.50", "0.3", "0.15", "0.050000"), strict=False)))
    assert [share.parts for share in shares] == [500_000, 300_000, 150_000, 50_000]
    assert parse_shares([(PEOPLE[0], "1")]) == [Share(PEOPLE[0], WHOLE)]
    assert parse_share("0.000001") == 1
    assert len(parse_shares([(person, "0.05") for person in PEOPLE[:20]])) == MAX_RECIPIENTS


@pytest.mark.parametrize(
    ("splits", "field"),
    [
        ([], ("splits",)),
        ([(person, "0.05") for person in PEOPLE[:21]], ("splits",)),
        ([(PEOPLE[0], "0.5"), (PEOPLE[0], "0.5")], ("splits", "1", "recipientId")),
        ([(PEOPLE[0], "0.5"), (PEOPLE[1], "0.499999")], ("splits",)),
        ([(PEOPLE[0], "0.5"), (PEOPLE[1], "0.500001")], ("splits",)),
        ([(PEOPLE[0], "0.5"), (PEOPLE[1], "0.5000000")], ("splits", "1", "share")),
        ([(PEOPLE[0], "0.3333333"), (PEOPLE[1], "0.6666667")], ("splits", "0", "share")),
        *(
            ([(PEOPLE[0], bad)], ("splits", "0", "share"))
            for bad in ("0", "0.0", "-1", "2", "1.1", "50%", "1e0", "", "½", ".5")
        ),
    ],
)
def test_shares_that_cannot_be_are_refused_where_they_stand(splits, field):
    with pytest.raises(InvalidInput) as refused:
        parse_shares(splits, "splits")
    assert refused.value.field == field


def test_everything_is_allocated_exactly_fairly_and_in_any_order():
    dice = random.Random(ROUNDS)
    for _ in range(ROUNDS):
        count = dice.randint(1, MAX_RECIPIENTS)
        cuts = sorted(dice.sample(range(1, WHOLE), count - 1))
        parts = [end - start for start, end in zip([0, *cuts], [*cuts, WHOLE], strict=True)]
        shares = [Share(person, part) for person, part in zip(dice.sample(PEOPLE, count), parts, strict=True)]
        total = dice.randint(0, 10 ** dice.randint(1, 15))
        amounts = allocate(total, shares)
        assert sum(amounts) == total
        assert all(
            abs(amount * WHOLE - total * share.parts) < WHOLE for amount, share in zip(amounts, shares, strict=True)
        )
        mixed = list(range(count))
        dice.shuffle(mixed)
        assert allocate(total, [shares[index] for index in mixed]) == [amounts[index] for index in mixed]


def test_equal_remainders_go_by_person_and_nobody_gets_more_than_their_part():
    shares = [Share(PEOPLE[2], 1), Share(PEOPLE[0], 1), Share(PEOPLE[1], 1)]
    assert allocate(100, shares) == [33, 34, 33]
    dice = random.Random(3)
    for _ in range(5000):
        left = [Share(person, dice.randint(1, 50)) for person in PEOPLE[: dice.randint(1, 6)]]
        amounts = allocate(dice.randint(0, sum(share.parts for share in left)), left)
        assert all(amount <= share.parts for amount, share in zip(amounts, left, strict=True))


def test_the_fee_is_rounded_down_and_never_more_than_all():
    assert [fee(total, 500) for total in (0, 19, 20, 39, 1001, MAX_MINOR)] == [0, 0, 1, 1, 50, MAX_MINOR // 20]
    for total in range(500):
        for points in (0, 1, 333, 500, 9999, 10_000):
            assert fee(total, points) <= Fraction(total * points, 10_000) < fee(total, points) + 1
    for points in (-1, 10_001):
        with pytest.raises(ValueError, match="basis points"):
            fee(100, points)


@pytest.mark.parametrize("amounts", [(5, -4), (5, 0)])
def test_an_entry_that_does_not_balance_cannot_be_made(amounts):
    accounts = [Account(kind, Currency.USD) for kind in (AccountKind.FEES, AccountKind.CLEARING)]
    with pytest.raises(ValueError, match="balance"):
        Entry(EntryKind.FEE, Occasion("Test"), dict(zip(accounts, amounts, strict=True)))
    euro = Account(AccountKind.CLEARING, Currency.EUR)
    with pytest.raises(ValueError, match="balance"):
        Entry(EntryKind.FEE, Occasion("Test"), {accounts[0]: 5, euro: -5})
