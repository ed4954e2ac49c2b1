"""What becomes of a tip: paid and told, over, or given back; each inside of the transaction that changes its checkout."""

from __future__ import annotations

from db.queries import events, history, tips
from db.session import Tx
from db.tables import Checkout, Tip
from domain.checkouts import Booked, CheckoutState
from domain.errors import Conflict
from domain.events import Event, EventKind, room_topic
from domain.ledger import Occasion
from domain.money import EntryKind, Money
from domain.notifications import NotificationKind, SubjectType
from domain.splits import WHOLE, Share
from domain.tips import TipStatus
from resolvers.ledger.receive import receive
from resolvers.notifications import notify


async def paid(tx: Tx, checkout: Checkout, origin: tuple[str, str]) -> Booked:
    """Give the curator their share, and tell the room if it is still on air.

    The room's log comes first and the ledger last: everybody's tips pass through the platform's accounts.

    Returns:
        The entry that booked it.
    """
    tip = await tips.move(tx.session, checkout.subject_id, TipStatus.PAID)
    if tip is None:
        raise Conflict("This tip does not wait for money.")
    await _note(tx, tip, TipStatus.AWAITING_PAYMENT, TipStatus.PAID)
    amount = Money(tip.amount_minor, tip.currency)
    await _tell(tx, tip, amount)
    about = (SubjectType.BROADCAST.value, tip.broadcast_id)
    occasion = Occasion("Tip", subject=about, origin=origin, by=tip.sender_id)
    posted = await receive(
        tx,
        EntryKind.TIP,
        amount,
        [Share(tip.curator_id, WHOLE)],
        fee_basis_points=tip.fee_basis_points,
        occasion=occasion,
    )
    return Booked(entry_id=posted.entry_id)


async def over(tx: Tx, checkout: Checkout, why: CheckoutState) -> None:
    """Let a tip end unpaid."""
    to = TipStatus.FAILED if why is CheckoutState.FAILED else TipStatus.EXPIRED
    tip = await tips.move(tx.session, checkout.subject_id, to)
    if tip is not None:
        await _note(tx, tip, TipStatus.AWAITING_PAYMENT, to)


async def returned(tx: Tx, checkout: Checkout, *, whole: bool) -> None:
    """Note that all of a tip went back, or that it did not arrive there."""
    before, after = TipStatus.PAID, TipStatus.REFUNDED
    if not whole:
        before, after = after, before
    tip = await tips.move(tx.session, checkout.subject_id, after)
    if tip is not None:
        await _note(tx, tip, before, after)


async def _tell(tx: Tx, tip: Tip, amount: Money) -> None:
    # With the log in our hands the room cannot end before us: nothing follows the end of a room.
    await events.lock(tx.session, room_topic(tip.broadcast_id))
    around = await tips.read_surroundings(tx.session, tip)
    if around.live:
        # Who was blocked meanwhile has paid all the same; nobody has to read their name.
        facts = {
            "amount": amount.decimal,
            "currency": amount.currency.value,
            "userId": None if around.apart else str(tip.sender_id),
            "note": None if around.apart else tip.note,
        }
        await tx.tell(Event(room_topic(tip.broadcast_id), EventKind.TIP_RECEIVED, facts))
    await notify(
        tx,
        recipients=[tip.curator_id],
        kind=NotificationKind.TIP_RECEIVED,
        title=f"{around.sender} tipped you {amount}",
        body=tip.note or "The money is there.",
        subject_type=SubjectType.TIP,
        subject_id=tip.id,
    )


async def _note(tx: Tx, tip: Tip, before: TipStatus, after: TipStatus) -> None:
    subject = (SubjectType.TIP.value, tip.id)
    await history.note(tx.session, subject, before=before, after=after, by=None, reason="PAYMENT")
