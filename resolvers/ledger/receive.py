"""Money comes in from outside for something, and matures."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from db.queries import ledger
from db.session import Tx
from domain.fees import fee
from domain.ledger import EARNINGS, NOBODY, Account, Draft, Entry, Occasion, Posted, platform_accounts
from domain.money import AccountKind, EntryKind, Money
from domain.splits import Share, allocate
from resolvers.ledger.post import find_booked, open_accounts, post, regarding, take_entry


async def receive(
    tx: Tx,
    kind: EntryKind,
    amount: Money,
    shares: Sequence[Share],
    *,
    fee_basis_points: int,
    occasion: Occasion,
    pending: bool = False,
) -> Posted:
    """Book money that came in: the platform's fee once, the rest to the payees, who pay first what they owe.

    Args:
        tx: The deed's transaction.
        kind: What it was paid for.
        amount: All that was paid.
        shares: Who gets what part of the rest.
        fee_basis_points: The platform's part of all of it.
        occasion: What happened. With an origin it is booked once, however often this is called.
        pending: Whether it is theirs only when it matures.

    Raises:
        Conflict: The event is booked as something else.
    """
    if kind not in EARNINGS or amount.minor <= 0:
        raise ValueError(f"{amount} cannot be received as {kind.value}.")
    to = AccountKind.PENDING if pending else AccountKind.AVAILABLE
    accounts = [
        Account(each, amount.currency, share.recipient_id) for share in shares for each in (to, AccountKind.RECEIVABLE)
    ]
    balances = await ledger.lock(tx.session, [*accounts, *platform_accounts(amount.currency)])
    draft = Draft(balances, amount.currency)
    draft.move(draft.of(AccountKind.CLEARING), -amount.minor)
    distribute(draft, amount.minor, shares, fee_basis_points, to)
    return await post(tx, Entry(kind, occasion, draft.lines), draft.before)


async def mature(tx: Tx, entry_id: UUID, occasion: Occasion) -> Posted | None:
    """Let people have what is pending of an entry. Doing it again moves nothing.

    Returns:
        The movement; None when nothing of it is pending any more.

    Raises:
        NotFound: There is no such entry.
    """
    booked = await find_booked(tx, EntryKind.RELEASE, occasion)
    if booked:
        return booked
    entry = await take_entry(tx, entry_id, *EARNINGS, EntryKind.RELEASE)
    family = await ledger.read_family(tx.session, entry.id)
    waiting = {
        account: amount
        for account, amount in family.items()
        if account.kind is AccountKind.PENDING and account.holder_id != NOBODY and amount > 0
    }
    if not waiting:
        return None
    currency = next(iter(waiting)).currency
    draft = await open_accounts(tx, [account.holder_id for account in waiting], currency)
    for account, amount in waiting.items():
        draft.move(account, -amount)
        draft.credit(account.holder_id, amount)
    moved = Entry(EntryKind.RELEASE, regarding(entry, occasion), draft.lines, about_id=entry.id)
    return await post(tx, moved, draft.before)


def distribute(draft: Draft, total: int, shares: Sequence[Share], fee_basis_points: int, to: AccountKind) -> None:
    """Add the lines of an amount that people earned: the fee, and what is left to each."""
    taken = fee(total, fee_basis_points)
    draft.move(draft.of(AccountKind.FEES), taken)
    for share, amount in zip(shares, allocate(total - taken, shares), strict=True):
        draft.credit(share.recipient_id, amount, to)
