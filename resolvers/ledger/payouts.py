"""Money leaves in steps: it is claimed, and when the outside says what became of it, settled or back. Once, either of them.

What has arrived may come back later, in parts.
"""

from __future__ import annotations

from uuid import UUID

from db.queries import ledger
from db.session import Tx
from db.tables import JournalEntry
from domain.errors import Conflict
from domain.ledger import NOBODY, Account, Draft, Entry, Occasion, Posted
from domain.money import AccountKind, EntryKind, Money
from resolvers.ledger.post import find_booked, open_accounts, post, regarding, require_open, take_entry


async def claim(tx: Tx, person_id: UUID, amount: Money, *, occasion: Occasion) -> Posted:
    """Put what somebody has available on its way.

    Raises:
        Conflict: They have less than that.
    """
    booked = await find_booked(tx, EntryKind.PAYOUT, occasion)
    if booked:
        return booked
    if amount.minor <= 0:
        raise ValueError(f"{amount} cannot be paid out.")
    draft = await open_accounts(tx, [person_id], amount.currency)
    available = draft.of(AccountKind.AVAILABLE, person_id)
    have = Money(draft.balance(available), amount.currency)
    if have.minor < amount.minor:
        raise Conflict(f"You have {have} available, and {amount} were to be paid out.", "amount")
    draft.move(available, -amount.minor)
    draft.move(draft.of(AccountKind.IN_TRANSIT, person_id), amount.minor)
    return await post(tx, Entry(EntryKind.PAYOUT, occasion, draft.lines), draft.before)


async def settle(tx: Tx, claim_id: UUID, *, fee_minor: int = 0, occasion: Occasion) -> Posted:
    """Book that claimed money arrived.

    Args:
        tx: The deed's transaction.
        claim_id: The entry that claimed it.
        fee_minor: What the platform keeps of it; the rest left.
        occasion: What happened.

    Raises:
        NotFound: There is no such claim.
        Conflict: It was settled or came back before.
    """
    booked = await find_booked(tx, EntryKind.PAYOUT, occasion)
    if booked:
        return booked
    claimed, draft, person_id, amount = await _take_claim(tx, claim_id)
    if not 0 <= fee_minor < amount:
        raise ValueError(f"A fee of {fee_minor} leaves nothing of {amount}.")
    draft.move(draft.of(AccountKind.IN_TRANSIT, person_id), -amount)
    draft.move(draft.of(AccountKind.FEES), fee_minor)
    draft.move(draft.of(AccountKind.CLEARING), amount - fee_minor)
    return await _end(tx, claimed, occasion, draft)


async def fail(tx: Tx, claim_id: UUID, *, occasion: Occasion) -> Posted:
    """Give claimed money back to whose it is: it was refused, or never sent.

    Raises:
        NotFound: There is no such claim.
        Conflict: It was settled or came back before.
    """
    booked = await find_booked(tx, EntryKind.PAYOUT, occasion)
    if booked:
        return booked
    claimed, draft, person_id, amount = await _take_claim(tx, claim_id)
    draft.move(draft.of(AccountKind.IN_TRANSIT, person_id), -amount)
    draft.credit(person_id, amount)
    return await _end(tx, claimed, occasion, draft)


async def bring_back(tx: Tx, settled_id: UUID, amount: Money, *, occasion: Occasion) -> Posted:
    """Book that money of a payout which had arrived came back: debts are paid first, the rest is available again.

    With the last of it the fee comes back too: then nothing was paid out.

    Args:
        tx: The deed's transaction.
        settled_id: The entry that settled it.
        amount: How much came back.
        occasion: What happened.

    Raises:
        NotFound: There is no such entry.
        Conflict: Not so much of it is out there.
    """
    booked = await find_booked(tx, EntryKind.PAYOUT, occasion)
    if booked:
        return booked
    entry = await take_entry(tx, settled_id, EntryKind.PAYOUT)
    if entry.about_id is None or entry.settles_id is None:
        raise Conflict("This payout has not arrived.")
    family = await ledger.read_family(tx.session, entry.about_id)
    fees, clearing = Account(AccountKind.FEES, amount.currency), Account(AccountKind.CLEARING, amount.currency)
    left = family.get(clearing, 0)
    if not 0 < amount.minor <= left:
        raise Conflict(f"Only {Money(left, amount.currency)} of this payout is out there.")
    fee = family.get(fees, 0) if amount.minor == left else 0
    lines = await ledger.read_lines(tx.session, entry.id)
    person_id = next(account.holder_id for account in lines if account.holder_id != NOBODY)
    draft = await open_accounts(tx, [person_id], amount.currency)
    draft.move(clearing, -amount.minor)
    draft.move(fees, -fee)
    draft.credit(person_id, amount.minor + fee)
    back = Entry(EntryKind.PAYOUT, regarding(entry, occasion), draft.lines, about_id=entry.about_id)
    return await post(tx, back, draft.before)


async def _take_claim(tx: Tx, claim_id: UUID) -> tuple[JournalEntry, Draft, UUID, int]:
    entry = await take_entry(tx, claim_id, EntryKind.PAYOUT)
    if entry.about_id is not None:
        raise Conflict("This is no claim of a payout.")
    await require_open(tx, entry.id)
    lines = await ledger.read_lines(tx.session, entry.id)
    account, amount = next((each, minor) for each, minor in lines.items() if each.kind is AccountKind.IN_TRANSIT)
    draft = await open_accounts(tx, [account.holder_id], account.currency)
    return entry, draft, account.holder_id, amount


async def _end(tx: Tx, claimed: JournalEntry, occasion: Occasion, draft: Draft) -> Posted:
    about = regarding(claimed, occasion)
    ended = Entry(EntryKind.PAYOUT, about, draft.lines, about_id=claimed.id, settles_id=claimed.id)
    return await post(tx, ended, draft.before)
