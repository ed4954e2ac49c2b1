"""Double entry: accounts, entries whose lines sum to zero, and how amounts find the right accounts of a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from domain.errors import Conflict
from domain.money import AccountKind, Currency, EntryKind, Money

NOBODY: Final = UUID(int=0)
"""Who holds the platform's own accounts."""

PLATFORM: Final = frozenset({AccountKind.FEES, AccountKind.CLEARING})
PERSONAL: Final = frozenset(AccountKind) - PLATFORM - {AccountKind.HOLD}

EARNINGS: Final = frozenset({EntryKind.TIP, EntryKind.SALE, EntryKind.BOOKING, EntryKind.MISSION, EntryKind.ROYALTY})
"""What people are paid for."""

REVERSIBLE: Final = EARNINGS | {EntryKind.FEE, EntryKind.ADJUSTMENT, EntryKind.REFUND}
"""What an operator may take back by its mirror image. The others are steps of something that has an end of its own."""

MAX_BALANCE: Final = 2**63 - 1


class HoldStatus(StrEnum):
    """Where held money is."""

    HELD = "HELD"
    DISPUTED = "DISPUTED"
    RELEASED = "RELEASED"
    RETURNED = "RETURNED"


@dataclass(frozen=True)
class Account:
    """An account by what it is for: each exists once.

    Attributes:
        kind: What it stands for.
        currency: Its currency.
        holder_id: The person whose it is, or the hold; nobody for the platform's own.
    """

    kind: AccountKind
    currency: Currency
    holder_id: UUID = NOBODY

    def floor(self) -> int:
        """The least that it may hold: what we owe somebody cannot be negative."""
        return -MAX_BALANCE if self.kind in (*PLATFORM, AccountKind.RECEIVABLE) else 0

    def ceiling(self) -> int:
        """The most that it may hold: nobody owes us a negative amount."""
        return 0 if self.kind is AccountKind.RECEIVABLE else MAX_BALANCE


@dataclass(frozen=True)
class Occasion:
    """Why an entry is made.

    Attributes:
        description: A few words for the people whose money moves.
        subject: What it is about: the type's name in the schema, and the id.
        origin: The source and its own reference of something that happened outside, such as ``("stripe", "ch_1")``.
            It is booked at most once.
        by: Who did it; None for the platform itself.
        occurred_at: When it happened; None for now.
    """

    description: str
    subject: tuple[str, UUID] | None = None
    origin: tuple[str, str] | None = None
    by: UUID | None = None
    occurred_at: datetime | None = None


@dataclass(frozen=True)
class Entry:
    """One movement of money.

    Attributes:
        kind: Why money moves.
        occasion: What happened.
        lines: What each account gains or loses, in minor units.
        about_id: The entry of which this one moves money again or takes some back.
        settles_id: The entry that this one brings to its end; an entry has one end.
        reverses_id: The entry of which this one is the mirror image; an entry has one reversal.
    """

    kind: EntryKind
    occasion: Occasion
    lines: Mapping[Account, int]
    about_id: UUID | None = None
    settles_id: UUID | None = None
    reverses_id: UUID | None = None

    def __post_init__(self) -> None:
        sums: dict[Currency, int] = {}
        for account, amount in self.lines.items():
            sums[account.currency] = sums.get(account.currency, 0) + amount
        if any(sums.values()) or not all(self.lines.values()):
            raise ValueError(f"An entry of {self.kind.value} does not balance.")


@dataclass(frozen=True)
class Posted:
    """What became of an entry.

    Attributes:
        entry_id: Its id.
        new: False when the same outside event was booked before: then nothing was written, and the id is the earlier one's.
    """

    entry_id: UUID
    new: bool = True


@dataclass
class Draft:
    """Lines of an entry in the making, over balances that nobody else can change meanwhile.

    Attributes:
        before: The balances as they were found.
        currency: The currency of all lines.
        lines: What each account gains or loses so far.
    """

    before: Mapping[Account, int]
    currency: Currency
    lines: dict[Account, int] = field(default_factory=dict)

    def balance(self, account: Account) -> int:
        """What an account would have with these lines."""
        return self.before.get(account, 0) + self.lines.get(account, 0)

    def move(self, account: Account, amount: int) -> None:
        """Add to a line. One that comes to nothing is left out."""
        self.lines[account] = self.lines.get(account, 0) + amount
        if self.lines[account] == 0:
            del self.lines[account]

    def of(self, kind: AccountKind, holder_id: UUID = NOBODY) -> Account:
        """An account in the draft's currency."""
        return Account(kind, self.currency, holder_id)

    def credit(self, person_id: UUID, amount: int, to: AccountKind = AccountKind.AVAILABLE) -> None:
        """Give somebody money: what they owe the platform is paid first."""
        owed = self.of(AccountKind.RECEIVABLE, person_id)
        recovered = min(amount, -self.balance(owed))
        self.move(owed, recovered)
        self.move(self.of(to, person_id), amount - recovered)

    def take(self, account: Account, most: int) -> int:
        """Take up to so much from an account; gives what is missing."""
        taken = max(0, min(most, self.balance(account)))
        self.move(account, -taken)
        return most - taken

    def debit(self, person_id: UUID, amount: int, places: Iterable[tuple[AccountKind, int]]) -> None:
        """Take money from somebody, place by place with the most that each may give; the rest they owe the platform."""
        missing = amount
        for kind, most in places:
            missing -= min(missing, most) - self.take(self.of(kind, person_id), min(missing, most))
        self.move(self.of(AccountKind.RECEIVABLE, person_id), -missing)


def require(account: Account, balance: int, amount: int) -> None:
    """Check that an account can take a line.

    Raises:
        Conflict: There is not enough, or more than an account can count.
    """
    after = balance + amount
    if after < account.floor():
        have, need = Money(balance, account.currency), Money(-amount, account.currency)
        raise Conflict(f"There is not enough money for this: {have} is there and {need} is needed.")
    if after > account.ceiling():
        raise Conflict("This would be more than the account can hold.")


def people_of(lines: Mapping[Account, int]) -> dict[UUID, int]:
    """What each person gains or loses by lines, over all their accounts."""
    sums: dict[UUID, int] = {}
    for account, amount in lines.items():
        if account.kind in PERSONAL:
            sums[account.holder_id] = sums.get(account.holder_id, 0) + amount
    return sums


def accounts_of(person_ids: Iterable[UUID], currency: Currency) -> list[Account]:
    """All accounts of people in a currency."""
    return [Account(kind, currency, person_id) for person_id in person_ids for kind in PERSONAL]


def platform_accounts(currency: Currency) -> list[Account]:
    """The platform's own accounts in a currency."""
    return [Account(kind, currency) for kind in PLATFORM]
