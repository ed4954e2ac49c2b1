"""Money goes back to whom it came from: pro rata from everybody who got a part of it, the platform's fee too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from db.queries import holds, ledger
from db.session import Tx
from db.tables import JournalEntry
from domain.errors import Conflict, InvalidInput
from domain.ledger import EARNINGS, NOBODY, Account, Draft, Entry, Occasion, Posted, people_of
from domain.money import AccountKind, Currency, EntryKind, Money
from domain.splits import Share, allocate
from resolvers.ledger.post import find_booked, open_accounts, post, regarding, take_entry


@dataclass(frozen=True)
class Remains:
    """What is left of an entry after all that was given back of it.

    Attributes:
        entry: The entry.
        currency: Its currency.
        payer_id: Whose held money it was; None for money from outside.
        parts: What each payee still has of it; under nobody's id what the platform has. Whoever has nothing is left out.
        places: Which of people's accounts hold how much of it: only the pending and the withheld are of use, since what
            is available is not kept apart.
    """

    entry: JournalEntry
    currency: Currency
    payer_id: UUID | None
    parts: list[Share]
    places: Mapping[Account, int]

    @property
    def total(self) -> int:
        """All that is left."""
        return sum(part.parts for part in self.parts)

    def divide(self, amount: int) -> list[tuple[UUID, int]]:
        """Whose is how much of an amount that is not more than the total."""
        divided = allocate(amount, self.parts) if self.parts else []
        return [(part.recipient_id, minor) for part, minor in zip(self.parts, divided, strict=True)]

    def of(self, kind: AccountKind, person_id: UUID) -> int:
        """How much of it is in one of somebody's accounts."""
        return max(0, self.places.get(Account(kind, self.currency, person_id), 0))


async def refund(tx: Tx, entry_id: UUID, amount: Money | None, *, occasion: Occasion) -> Posted:
    """Give money back, whole or in part.

    Each payee gives their part of what is available to them, then of what this entry left withheld or pending; what
    somebody no longer has they owe the platform, and their next earnings pay it. All parts together give back exactly
    what was paid, the fee included, however many refunds it takes.

    Args:
        tx: The deed's transaction.
        entry_id: The entry by which people were paid: money received, or held money released.
        amount: How much; None for all that is left.
        occasion: What happened.

    Raises:
        NotFound: There is no such entry.
        InvalidInput: The amount is in another currency.
        Conflict: Less than that is left.
    """
    booked = await find_booked(tx, EntryKind.REFUND, occasion)
    if booked:
        return booked
    remains = await read_remains(tx, entry_id)
    if amount is not None and amount.currency is not remains.currency:
        raise InvalidInput(f"This was paid in {remains.currency.value}.", "amount", "currencyCode")
    minor = remains.total if amount is None else amount.minor
    if not 0 < minor <= remains.total:
        raise Conflict(f"Only {Money(remains.total, remains.currency)} of this can be given back.", "amount")
    draft = await open_remains(tx, remains)
    for person_id, part in remains.divide(minor):
        take_back(draft, remains, person_id, part, withheld=remains.of(AccountKind.WITHHELD, person_id))
    if remains.payer_id:
        draft.credit(remains.payer_id, minor)
    else:
        draft.move(draft.of(AccountKind.CLEARING), minor)
    given = Entry(EntryKind.REFUND, regarding(remains.entry, occasion), draft.lines, about_id=remains.entry.id)
    return await post(tx, given, draft.before)


async def read_remains(tx: Tx, entry_id: UUID) -> Remains:
    """Take an entry by which people were paid, and see what is left of it.

    Raises:
        NotFound: There is no such entry, or it moved money that was not earned.
    """
    entry = await take_entry(tx, entry_id, *EARNINGS, EntryKind.RELEASE)
    lines = await ledger.read_lines(tx.session, entry.id)
    family = await ledger.read_family(tx.session, entry.id)
    currency = next(iter(lines)).currency
    held = next((account.holder_id for account in lines if account.kind is AccountKind.HOLD), None)
    payer_id = await holds.find_payer(tx.session, held) if held else None
    payees = people_of(lines)
    left = {person: minor for person, minor in people_of(family).items() if person in payees}
    left[NOBODY] = family.get(Account(AccountKind.FEES, currency), 0)
    parts = [Share(person, minor) for person, minor in sorted(left.items()) if minor > 0]
    return Remains(entry, currency, payer_id, parts, family)


async def open_remains(tx: Tx, remains: Remains) -> Draft:
    """Open the accounts of everybody whom it concerns."""
    people = {part.recipient_id for part in remains.parts if part.recipient_id != NOBODY}
    people |= {account.holder_id for account in remains.places if account.kind is AccountKind.WITHHELD}
    payer = {remains.payer_id} if remains.payer_id else set()
    return await open_accounts(tx, people | payer, remains.currency)


def take_back(draft: Draft, remains: Remains, person_id: UUID, part: int, *, withheld: int) -> None:
    """Take somebody's part, or the platform's, out of their accounts."""
    if person_id == NOBODY:
        draft.move(draft.of(AccountKind.FEES), -part)
        return
    pending = remains.of(AccountKind.PENDING, person_id)
    places = ((AccountKind.AVAILABLE, part), (AccountKind.WITHHELD, withheld), (AccountKind.PENDING, pending))
    draft.debit(person_id, part, places)
