"""Money that waits: held, then released to those who did what it waited for, or returned; never both, never twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from db.queries import history, holds, ledger
from db.session import Tx
from db.tables import Hold
from domain.errors import Conflict, InvalidInput, NotFound
from domain.ledger import NOBODY, Account, Draft, Entry, HoldStatus, Occasion, Posted
from domain.money import AccountKind, EntryKind, Money
from domain.splits import Share
from resolvers.ledger.post import find_booked, open_accounts, post
from resolvers.ledger.receive import distribute

SUBJECT = "Hold"


async def hold(
    tx: Tx,
    hold_id: UUID,
    amount: Money,
    *,
    occasion: Occasion,
    payer_id: UUID | None = None,
    payee_id: UUID | None = None,
) -> Posted:
    """Hold money, of a person's balance or from outside.

    Args:
        tx: The deed's transaction.
        hold_id: The id that the hold is to have. For an event that is booked already it means nothing: the earlier hold is
            found by the entry.
        amount: How much.
        occasion: What happened, with the subject that it is held for.
        payer_id: Whose available money it is; None when it came from outside.
        payee_id: Whom it is meant for, who sees it as pending; None while that is open.

    Raises:
        Conflict: The payer has not that much.
    """
    booked = await find_booked(tx, EntryKind.HOLD, occasion)
    if booked:
        return booked
    if occasion.subject is None or amount.minor <= 0:
        raise ValueError("Held is some amount, for something.")
    await holds.add(tx.session, hold_id, subject=occasion.subject, amount=amount, payer_id=payer_id, payee_id=payee_id)
    await ledger.add_hold_account(tx.session, hold_id, amount.currency, payee_id)
    await _note(tx, hold_id, None, HoldStatus.HELD, occasion)
    source = AccountKind.CLEARING if payer_id is None else AccountKind.AVAILABLE
    place = Account(AccountKind.HOLD, amount.currency, hold_id)
    draft = Draft(
        await ledger.lock(tx.session, [place, Account(source, amount.currency, payer_id or NOBODY)]), amount.currency
    )
    draft.move(draft.of(source, payer_id or NOBODY), -amount.minor)
    draft.move(place, amount.minor)
    return await post(tx, Entry(EntryKind.HOLD, occasion, draft.lines), draft.before)


async def release(
    tx: Tx,
    hold_id: UUID,
    shares: Sequence[Share],
    *,
    fee_basis_points: int,
    occasion: Occasion,
    pending: bool = False,
) -> Posted:
    """Give held money to those who earned it, less the platform's fee.

    Raises:
        NotFound: There is no such hold.
        Conflict: It was released or returned before, or is disputed.
        InvalidInput: The payer is among those who would be paid.
    """
    booked = await find_booked(tx, EntryKind.RELEASE, occasion)
    if booked:
        return booked
    held = await _move(tx, hold_id, HoldStatus.RELEASED, occasion)
    if any(share.recipient_id == held.payer_id for share in shares):
        raise InvalidInput("Who pays cannot be among those who are paid.")
    place = Account(AccountKind.HOLD, held.currency, hold_id)
    draft = await open_accounts(tx, [share.recipient_id for share in shares], held.currency, place)
    draft.move(place, -held.amount_minor)
    to = AccountKind.PENDING if pending else AccountKind.AVAILABLE
    distribute(draft, held.amount_minor, shares, fee_basis_points, to)
    return await post(tx, Entry(EntryKind.RELEASE, _regarding(held, occasion), draft.lines), draft.before)


async def give_back(tx: Tx, hold_id: UUID, *, occasion: Occasion) -> Posted:
    """Return held money to whom it came from, whole and without a fee.

    Raises:
        NotFound: There is no such hold.
        Conflict: It was released or returned before.
    """
    booked = await find_booked(tx, EntryKind.REFUND, occasion)
    if booked:
        return booked
    held = await _move(tx, hold_id, HoldStatus.RETURNED, occasion)
    place = Account(AccountKind.HOLD, held.currency, hold_id)
    draft = await open_accounts(tx, [held.payer_id] if held.payer_id else [], held.currency, place)
    draft.move(place, -held.amount_minor)
    if held.payer_id:
        draft.credit(held.payer_id, held.amount_minor)
    else:
        draft.move(draft.of(AccountKind.CLEARING), held.amount_minor)
    return await post(tx, Entry(EntryKind.REFUND, _regarding(held, occasion), draft.lines), draft.before)


async def freeze(tx: Tx, hold_id: UUID, *, occasion: Occasion) -> None:
    """Let nobody release a hold while it is disputed; it can be returned.

    Raises:
        NotFound: There is no such hold.
        Conflict: It was released or returned before, or is disputed.
    """
    await _move(tx, hold_id, HoldStatus.DISPUTED, occasion)


async def thaw(tx: Tx, hold_id: UUID, *, occasion: Occasion) -> None:
    """Let a hold be released again, after its dispute.

    Raises:
        NotFound: There is no such hold.
        Conflict: It is not disputed.
    """
    await _move(tx, hold_id, HoldStatus.HELD, occasion)


async def _move(tx: Tx, hold_id: UUID, to: HoldStatus, occasion: Occasion) -> Hold:
    found = await holds.lock(tx.session, hold_id)
    if found is None:
        raise NotFound("There is no such held money.")
    was = found.status
    moved = await holds.move(tx.session, hold_id, to)
    if moved is None:
        raise Conflict(f"This money cannot become {to.value}: it is {was.value}.")
    await _note(tx, hold_id, was, to, occasion)
    return moved


async def _note(tx: Tx, hold_id: UUID, before: HoldStatus | None, after: HoldStatus, occasion: Occasion) -> None:
    subject = (SUBJECT, hold_id)
    await history.note(tx.session, subject, before=before, after=after, by=occasion.by, reason=occasion.description)


def _regarding(held: Hold, occasion: Occasion) -> Occasion:
    return replace(occasion, subject=occasion.subject or (held.subject_type, held.subject_id))
