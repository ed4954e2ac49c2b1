"""The books as a whole."""

from __future__ import annotations

import strawberry

from domain.money import AccountKind
from domain.money import Money as Amount
from resolvers.operations.books import read_trial_balance
from schema.context import Info
from schema.money import Money
from schema.words import describe

describe(
    AccountKind,
    "What an account of the ledger stands for. What the platform owes somebody is positive.",
    name="LedgerAccountName",
    AVAILABLE="What people can be paid out.",
    PENDING="What is people's soon.",
    WITHHELD="What is kept back while it is disputed.",
    IN_TRANSIT="Payouts that are under way.",
    HOLD="What is put aside until something is done.",
    RECEIVABLE="What people owe the platform; negative.",
    FEES="What the platform earned, less what it bears itself, such as a vendor's own fees.",
    CLEARING="The outside world: money that came in makes it negative.",
)


@strawberry.type(description="All accounts of one name in one currency, added up.")
class TrialBalanceAccount:
    """A line of the trial balance."""

    name: AccountKind = strawberry.field(description="What they stand for.")
    debits: Money = strawberry.field(description="All that was ever taken from them.")
    credits: Money = strawberry.field(description="All that was ever given to them.")
    balance: Money = strawberry.field(description="What is in them by their own count; begins with a minus below zero.")


@strawberry.type(description="The books at one moment. Only operators see them.")
class TrialBalance:
    """Every account's sum."""

    balanced: bool = strawberry.field(
        description="Whether every account is what its entries say, and debits meet credits in each currency."
    )
    entry_count: int = strawberry.field(description="How many entries there are.")
    accounts: list[TrialBalanceAccount] = strawberry.field(description="A line for each name and currency.")


@strawberry.type
class BookReads:
    """Reads of the books."""

    @strawberry.field(
        description="Everything that was ever booked, added up at one moment. Null for all but operators."
    )
    async def trial_balance(self, info: Info) -> TrialBalance | None:
        """Add the books up."""
        found = await read_trial_balance(info.context.database, info.context.actor)
        if found is None:
            return None
        accounts = []
        for total in found.accounts:
            taken, given, left = (
                Money(amount=Amount(minor, total.currency).decimal, currency_code=total.currency)
                for minor in (total.debits_minor, total.credits_minor, total.balance_minor)
            )
            accounts.append(TrialBalanceAccount(name=total.name, debits=taken, credits=given, balance=left))
        return TrialBalance(balanced=found.balanced, entry_count=found.entry_count, accounts=accounts)
