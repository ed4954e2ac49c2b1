"""Somebody's bank takes a payment back: what people got of it is withheld, and given back or taken when it is decided."""

from __future__ import annotations

from uuid import UUID

from db.queries import ledger
from db.session import Tx
from domain.errors import Conflict
from domain.ledger import NOBODY, Account, Draft, Entry, Occasion, Posted
from domain.money import AccountKind, EntryKind, Money
from resolvers.ledger.post import find_booked, post, regarding, require_open, take_entry
from resolvers.ledger.refund import Remains, open_remains, read_remains, take_back


async def open_dispute(tx: Tx, entry_id: UUID, amount: Money, *, occasion: Occasion) -> Posted:
    """Withhold from everybody their part of what is disputed, the fee apart.

    It is taken of what is available to them, then of what this entry left pending. Who no longer has it owes it, so that
    what they earn next is withheld.

    Args:
        tx: The deed's transaction.
        entry_id: The entry by which people were paid.
        amount: What is disputed. Of more than what is left, all that is left is withheld.
        occasion: What happened.

    Raises:
        NotFound: There is no such entry.
        Conflict: Nothing is left of it that somebody has: it was given back before.
    """
    booked = await find_booked(tx, EntryKind.DISPUTE, occasion)
    if booked:
        return booked
    remains = await read_remains(tx, entry_id)
    draft = await open_remains(tx, remains)
    for person_id, part in remains.divide(min(amount.minor, remains.total)):
        # What an earlier dispute of the same entry withholds stays withheld.
        free = part if person_id == NOBODY else min(part, _of(remains, person_id) - _withheld(remains, person_id))
        if person_id != NOBODY and free > 0:
            take_back(draft, remains, person_id, free, withheld=0)
            draft.move(draft.of(AccountKind.WITHHELD, person_id), free)
    opened = Entry(EntryKind.DISPUTE, regarding(remains.entry, occasion), draft.lines, about_id=remains.entry.id)
    return await post(tx, opened, draft.before)


async def win_dispute(tx: Tx, opening_id: UUID, *, occasion: Occasion) -> Posted | None:
    """Let people have again what was withheld; what had been pending is pending again.

    Returns:
        The movement; None when nothing of it is withheld any more, since it was refunded meanwhile.

    Raises:
        NotFound: There is no such dispute.
        Conflict: It was decided before.
    """
    booked = await find_booked(tx, EntryKind.DISPUTE, occasion)
    if booked:
        return booked
    remains, opening = await _decide(tx, opening_id)
    draft = await open_remains(tx, remains)
    for person_id in _withheld_from(opening):
        _let_go(draft, remains, opening, person_id, _kept(remains, opening, person_id))
    if not draft.lines:
        return None
    return await _end(tx, remains, opening_id, occasion, draft)


async def lose_dispute(tx: Tx, opening_id: UUID, amount: Money, *, occasion: Occasion) -> Posted:
    """Take what the bank took: from everybody their part of what is left, first of what was withheld, and of the fee.

    What was given back before cannot be taken from people twice: the platform bears it.

    Args:
        tx: The deed's transaction.
        opening_id: The entry that opened it.
        amount: What the bank took.
        occasion: What happened.

    Raises:
        NotFound: There is no such dispute.
        Conflict: It was decided before.
    """
    booked = await find_booked(tx, EntryKind.DISPUTE, occasion)
    if booked:
        return booked
    remains, opening = await _decide(tx, opening_id)
    draft = await open_remains(tx, remains)
    borne = min(amount.minor, remains.total)
    parts = dict(remains.divide(borne))
    for person_id in sorted(parts.keys() | _withheld_from(opening)):
        part, kept = parts.get(person_id, 0), _kept(remains, opening, person_id)
        used = min(part, kept)
        draft.move(draft.of(AccountKind.WITHHELD, person_id), -used)
        take_back(draft, remains, person_id, part - used, withheld=0)
        _let_go(draft, remains, opening, person_id, kept - used)
    draft.move(draft.of(AccountKind.FEES), borne - amount.minor)
    draft.move(draft.of(AccountKind.CLEARING), amount.minor)
    return await _end(tx, remains, opening_id, occasion, draft)


async def bear(tx: Tx, kind: EntryKind, amount: Money, *, occasion: Occasion) -> Posted:
    """Book what the platform itself pays to the outside world, such as a vendor's own fee.

    Raises:
        Conflict: The event is booked as something else.
    """
    fees, clearing = Account(AccountKind.FEES, amount.currency), Account(AccountKind.CLEARING, amount.currency)
    return await post(tx, Entry(kind, occasion, {fees: -amount.minor, clearing: amount.minor}))


async def _decide(tx: Tx, opening_id: UUID) -> tuple[Remains, dict[Account, int]]:
    opening = await take_entry(tx, opening_id, EntryKind.DISPUTE)
    if opening.about_id is None or opening.settles_id is not None:
        raise Conflict("This is no dispute that could be decided.")
    await require_open(tx, opening.id)
    return await read_remains(tx, opening.about_id), await ledger.read_lines(tx.session, opening.id)


async def _end(tx: Tx, remains: Remains, opening_id: UUID, occasion: Occasion, draft: Draft) -> Posted:
    root = remains.entry
    ended = Entry(EntryKind.DISPUTE, regarding(root, occasion), draft.lines, about_id=root.id, settles_id=opening_id)
    return await post(tx, ended, draft.before)


def _withheld_from(opening: dict[Account, int]) -> set[UUID]:
    return {account.holder_id for account in opening if account.kind is AccountKind.WITHHELD}


def _kept(remains: Remains, opening: dict[Account, int], person_id: UUID) -> int:
    """What is still withheld of what an opening withheld from somebody; refunds may have used some of it."""
    withheld = opening.get(Account(AccountKind.WITHHELD, remains.currency, person_id), 0)
    return min(withheld, _withheld(remains, person_id))


def _let_go(draft: Draft, remains: Remains, opening: dict[Account, int], person_id: UUID, amount: int) -> None:
    if not amount:
        return
    draft.move(draft.of(AccountKind.WITHHELD, person_id), -amount)
    was_pending = -opening.get(Account(AccountKind.PENDING, remains.currency, person_id), 0)
    again = min(amount, was_pending)
    draft.credit(person_id, again, AccountKind.PENDING)
    draft.credit(person_id, amount - again)


def _withheld(remains: Remains, person_id: UUID) -> int:
    return remains.of(AccountKind.WITHHELD, person_id)


def _of(remains: Remains, person_id: UUID) -> int:
    return next((part.parts for part in remains.parts if part.recipient_id == person_id), 0)
