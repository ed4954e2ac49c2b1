"""What operators do by hand: an adjustment with a reason, and the reversal of an entry by its mirror image."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from db.queries import ledger
from db.session import Tx
from db.tables import JournalEntry
from domain.accounts import Role
from domain.actors import Actor
from domain.errors import Conflict, Forbidden, InvalidInput
from domain.ledger import (
    EARNINGS,
    PLATFORM,
    REVERSIBLE,
    Account,
    Draft,
    Entry,
    Occasion,
    Posted,
    people_of,
)
from domain.money import AccountKind, EntryKind, Money
from domain.texts import clean_text
from resolvers.ledger.post import open_accounts, post, regarding, take_entry

MAX_REASON: Final = 500


async def adjust(
    tx: Tx,
    actor: Actor,
    person_id: UUID,
    amount: Money,
    *,
    reason: str,
    subject: tuple[str, UUID] | None = None,
    against: AccountKind = AccountKind.FEES,
) -> Posted:
    """Give somebody money, or take some that is available to them.

    Args:
        tx: The deed's transaction.
        actor: An operator.
        person_id: Whose money it is.
        amount: What they gain; negative for what they lose.
        reason: Why, for everybody who reads the books.
        subject: What it is about.
        against: Who pays or gains: the platform itself, or the outside world where the books missed something.

    Raises:
        Forbidden: The actor is no operator, or it is their own money.
        InvalidInput: There is no reason, or no amount.
        Conflict: The person has less than that.
    """
    said = _require_operator(actor, reason)
    if person_id == actor.user_id:
        raise Forbidden("Somebody else has to adjust your own balance.")
    if amount.minor == 0:
        raise InvalidInput("This amount must not be zero.", "amount")
    if against not in PLATFORM:
        raise ValueError(f"{against.value} is not the platform's.")
    draft = await open_accounts(tx, [person_id], amount.currency)
    draft.move(draft.of(against), -amount.minor)
    if amount.minor > 0:
        draft.credit(person_id, amount.minor)
    else:
        draft.move(draft.of(AccountKind.AVAILABLE, person_id), amount.minor)
    occasion = Occasion(said, subject=subject, by=actor.user_id)
    return await post(tx, Entry(EntryKind.ADJUSTMENT, occasion, draft.lines), draft.before)


async def reverse(tx: Tx, actor: Actor, entry_id: UUID, *, reason: str) -> Posted:
    """Take an entry back by a new one that names it; the entry itself stays as it was.

    Money that was received goes back the way it came, of what is still pending or available. A refund that did not arrive
    is given to those from whom it was taken. What belongs to a hold, a dispute or a payout has an end of its own instead.

    Raises:
        Forbidden: The actor is no operator.
        InvalidInput: There is no reason.
        NotFound: There is no such entry, or it is of a kind that cannot be reversed.
        Conflict: It was reversed before, is a reversal, was refunded or disputed, or somebody no longer has the money.
    """
    said = _require_operator(actor, reason)
    entry = await take_entry(tx, entry_id, *REVERSIBLE)
    if entry.reverses_id is not None:
        raise Conflict("This is a reversal itself.")
    if (await ledger.find_end(tx.session, entry.id)).reversed_by is not None:
        raise Conflict("This was reversed before.")
    lines = await ledger.read_lines(tx.session, entry.id)
    currency = next(iter(lines)).currency
    family = await _take_root(tx, entry, lines)
    draft = await open_accounts(tx, people_of(lines), currency)
    _mirror(draft, lines, family)
    occasion = regarding(entry, Occasion(said, by=actor.user_id))
    mirror = Entry(entry.kind, occasion, draft.lines, about_id=entry.about_id or entry.id, reverses_id=entry.id)
    return await post(tx, mirror, draft.before)


def _require_operator(actor: Actor, reason: str) -> str:
    actor.require_person()
    if Role.OPERATOR not in actor.roles:
        raise Forbidden("Only operators change the books by hand.")
    return clean_text(reason, "reason", most=MAX_REASON)


async def _take_root(tx: Tx, entry: JournalEntry, lines: Mapping[Account, int]) -> Mapping[Account, int]:
    """See that an entry stands as it was made, and where its money is now; nobody changes that until the commit."""
    if entry.kind is EntryKind.REFUND:
        if entry.about_id is None:
            raise Conflict("Held money that was returned cannot be held again.")
        await take_entry(tx, entry.about_id, *EARNINGS, EntryKind.RELEASE)
        return lines
    family = await ledger.read_family(tx.session, entry.id)
    outside = {account: amount for account, amount in lines.items() if account.kind in PLATFORM}
    if outside != {account: amount for account, amount in family.items() if account.kind in PLATFORM}:
        raise Conflict("Some of this was given back already.")
    if any(account.kind is AccountKind.WITHHELD for account in family):
        raise Conflict("This is disputed.")
    return family


def _mirror(draft: Draft, lines: Mapping[Account, int], family: Mapping[Account, int]) -> None:
    """Add the opposite of lines: a debt that they paid is owed again, what is still pending is taken of that."""
    for account, amount in lines.items():
        if account.kind in PLATFORM:
            draft.move(account, -amount)
    for person_id, amount in sorted(people_of(lines).items()):
        if amount < 0:
            draft.credit(person_id, -amount)
            continue
        owed, pending = draft.of(AccountKind.RECEIVABLE, person_id), draft.of(AccountKind.PENDING, person_id)
        again = max(0, lines.get(owed, 0))
        waiting = min(amount - again, max(0, family.get(pending, 0)))
        draft.move(owed, -again)
        draft.move(pending, -waiting)
        draft.move(draft.of(AccountKind.AVAILABLE, person_id), again + waiting - amount)
