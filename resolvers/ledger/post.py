"""Posting: every movement of money is an entry that is written here.

Locks are taken in one order, so that no two postings wait for each other in a circle: the event outside that is booked,
then the hold or the entry that it is about, then people's accounts by id, then the platform's. A transaction that posts
more than once calls `prepare` first, with everybody whose accounts it will touch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from uuid import UUID

from db.queries import ledger
from db.session import Tx
from db.tables import JournalEntry
from domain.errors import Conflict, NotFound
from domain.ledger import Account, Draft, Entry, Occasion, Posted, accounts_of, platform_accounts, require
from domain.money import Currency, EntryKind

BOOKED_OTHERWISE = "This event is booked as something else."


async def post(tx: Tx, entry: Entry, balances: Mapping[Account, int] | None = None) -> Posted:
    """Write an entry. All that moves money ends here.

    Args:
        tx: The deed's transaction.
        entry: What moves.
        balances: Of the accounts that are locked already; without it they are locked now, and made on first use.

    Returns:
        Its id; of an event outside that is booked already the earlier entry's, and then nothing is written.

    Raises:
        Conflict: No money would move, an account would go below zero, or the event is booked as something else.
    """
    if len(entry.lines) < 2:
        raise Conflict("No money would move by this.")
    found = await ledger.lock(tx.session, entry.lines) if balances is None else balances
    for account, amount in entry.lines.items():
        require(account, found.get(account, 0), amount)
    entry_id = await ledger.write(tx.session, entry)
    if entry_id is not None:
        return Posted(entry_id)
    earlier = await _find_earlier(tx, entry.kind, entry.occasion)
    if earlier is None:
        raise Conflict(BOOKED_OTHERWISE)
    return earlier


async def open_accounts(tx: Tx, person_ids: Iterable[UUID], currency: Currency, *others: Account) -> Draft:
    """Lock all accounts of people in a currency, for lines that depend on what is there.

    Args:
        tx: The deed's transaction.
        person_ids: The people.
        currency: The currency.
        others: More accounts, such as a hold's.
    """
    accounts = (*accounts_of(person_ids, currency), *platform_accounts(currency), *others)
    return Draft(await ledger.lock(tx.session, accounts), currency)


async def prepare(tx: Tx, person_ids: Iterable[UUID], currency: Currency) -> None:
    """Lock everything that a transaction with several postings in one currency will touch, besides its holds' accounts.

    A single posting need not do this: it holds the platform's accounts for the shortest time that is possible.
    """
    accounts = (*accounts_of(person_ids, currency), *platform_accounts(currency))
    await ledger.lock(tx.session, accounts, everything=True)


async def find_booked(tx: Tx, kind: EntryKind, occasion: Occasion) -> Posted | None:
    """What an event outside was booked with. Whoever books the same event at the same time waits.

    Raises:
        Conflict: It is booked as something else.
    """
    if occasion.origin is None:
        return None
    await ledger.keep_apart(tx.session, occasion.origin)
    return await _find_earlier(tx, kind, occasion)


async def take_entry(tx: Tx, entry_id: UUID, *kinds: EntryKind) -> JournalEntry:
    """Take an entry of one of these kinds until the commit.

    Raises:
        NotFound: There is none.
    """
    entry = await ledger.lock_entry(tx.session, entry_id)
    if entry is None or entry.kind not in kinds:
        raise NotFound("There is no such movement of money.")
    return entry


async def require_open(tx: Tx, entry_id: UUID) -> None:
    """Check that an entry has not come to its end.

    Raises:
        Conflict: It has.
    """
    if (await ledger.find_end(tx.session, entry_id)).settled_by is not None:
        raise Conflict("This has come to its end already.")


def regarding(entry: JournalEntry, occasion: Occasion) -> Occasion:
    """An occasion with the subject of the entry that it is about, unless it has its own."""
    if occasion.subject or entry.subject_type is None or entry.subject_id is None:
        return occasion
    return replace(occasion, subject=(entry.subject_type, entry.subject_id))


async def _find_earlier(tx: Tx, kind: EntryKind, occasion: Occasion) -> Posted | None:
    assert occasion.origin is not None
    earlier = await ledger.find_by_origin(tx.session, occasion.origin)
    if earlier is None:
        return None
    about = occasion.subject
    if earlier.kind is not kind or (about and about != (earlier.subject_type, earlier.subject_id)):
        raise Conflict(BOOKED_OTHERWISE)
    return Posted(earlier.id, new=False)
