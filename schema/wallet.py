"""What moved somebody's money, and what they earned."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry

from db import tables
from db.access import wallet as access
from db.access.viewer import Viewer
from db.expressions.money import decimal_text
from domain.ids import Prefix
from domain.money import Currency, EntryKind
from domain.money import Money as Amount
from domain.wallet import EarningsSource
from engine.declare import Node, Where, column, embedded, entity, one, one_of, within
from resolvers.wallet import read_earnings
from schema.context import Context
from schema.money import Money
from schema.subjects import TransactionSubject
from schema.words import describe

if TYPE_CHECKING:
    from schema.accounts.user import User

describe(
    EntryKind,
    "Why money moved.",
    name="TransactionKind",
    TIP="A tip.",
    SALE="Something was sold.",
    BOOKING="A booking was paid.",
    MISSION="A mission was paid.",
    ROYALTY="Royalties.",
    FEE="The platform paid for something.",
    HOLD="Money was put aside for something.",
    RELEASE="Money that had been put aside, or was pending, became somebody's.",
    REFUND="Money went back to who had paid it.",
    DISPUTE="A bank disputes a payment, or it was decided.",
    PAYOUT="Money is on its way to you, arrived, or came back.",
    ADJUSTMENT="The platform put something right by hand.",
)
describe(
    EarningsSource,
    "What somebody was paid for.",
    TIP="Tips.",
    SALE="Sales.",
    BOOKING="Bookings.",
    MISSION="Missions.",
    ROYALTY="Royalties.",
)


@entity(tables.Transaction, id=Prefix.TRANSACTION, visible=access.transaction)
class Transaction(Node):
    """What one movement of money did to you, over all that you have in its currency."""

    kind: EntryKind = column("Why money moved.")
    occurred_at: datetime = column("When it happened.")
    amount: Money = embedded(
        "What you own more by it, or less where it begins with a minus: available, pending, withheld and on its way to you "
        "together, less what you owe. What only moved between these, such as money that became available or set out to "
        "you, is zero; what was put aside for you is not yours before it is released.",
        amount=lambda moved, _viewer: decimal_text(moved.amount_minor, moved.currency),
        currency_code=tables.Transaction.currency,
    )
    description: str = column("What it was, in a few words.")
    counterparty: User | None = one(
        "Who was on the other side, where that is one person.", tables.Transaction.counterparty_id
    )
    subject: TransactionSubject | None = one_of(
        "What it was about; null where that is nothing that you may see.",
        tables.Transaction.subject_type,
        tables.Transaction.subject_id,
    )


@strawberry.input(description="Which transactions to show; all conditions must hold.")
class TransactionFilter:
    """The filter of `transactions`."""

    kinds: list[EntryKind] | None = strawberry.field(default=None, description="Only those of one of these kinds.")
    currency_code: Currency | None = strawberry.field(default=None, description="Only those in this currency.")
    from_: datetime | None = strawberry.field(
        name="from", default=None, description="Only those that happened at this moment or later."
    )
    to: datetime | None = strawberry.field(default=None, description="Only those that happened before this moment.")


def chosen(
    moved: type[tables.Transaction],
    viewer: Viewer,
    filter: Annotated[TransactionFilter | None, strawberry.argument(description="Which transactions.")] = None,
) -> Where:
    """What the filter says."""
    if filter is None:
        return
    if filter.kinds is not None:
        yield within(moved.kind, filter.kinds)
    if filter.currency_code is not None:
        yield moved.currency == filter.currency_code
    if filter.from_ is not None:
        yield moved.occurred_at >= filter.from_
    if filter.to is not None:
        yield moved.occurred_at < filter.to


@strawberry.type(description="What came of one source.")
class EarningsOfSource:
    """A source and its sums."""

    source: EarningsSource = strawberry.field(description="What it was for.")
    total: list[Money] = strawberry.field(description="What came of it, one sum for each currency.")


@strawberry.type(description="What came on one day.")
class EarningsOfDay:
    """A day and its sums."""

    day: date = strawberry.field(description="The day, in UTC.")
    total: list[Money] = strawberry.field(description="What came on it, one sum for each currency.")


@strawberry.type(
    description="What you earned over some days: your part, after fees, less what was refunded or lost in a dispute on "
    "these days. A sum can be negative, when more was taken back than came."
)
class Earnings:
    """Sums of what was earned."""

    total: list[Money] = strawberry.field(description="All of it, one sum for each currency.")
    by_source: list[EarningsOfSource] = strawberry.field(
        description="The same by what it was for; only sources that moved money."
    )
    by_day: list[EarningsOfDay] = strawberry.field(
        description="The same by days in UTC, the earliest first; only days on which money moved."
    )


def shown(amounts: Sequence[Amount]) -> list[Money]:
    """Amounts in the words of the schema."""
    return [Money(amount=each.decimal, currency_code=each.currency) for each in amounts]


async def earnings(context: Context, user_id: UUID, first: date, last: date) -> Earnings:
    """The field of the same name on `Viewer`."""
    found = await read_earnings(context.database, user_id, first, last)
    return Earnings(
        total=shown(found.total),
        by_source=[EarningsOfSource(source=each.of, total=shown(each.total)) for each in found.by_source],
        by_day=[EarningsOfDay(day=each.of, total=shown(each.total)) for each in found.by_day],
    )
