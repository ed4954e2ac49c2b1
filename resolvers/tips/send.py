"""Sending a tip: it waits for its money at a checkout."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from db.queries import broadcasts, history, tips
from db.session import Database, Tx
from domain.actors import Actor
from domain.checkouts import CheckoutSubject
from domain.errors import Forbidden
from domain.ids import new_id
from domain.limits import TIPS_BY_PERSON
from domain.money import Money, parse_money
from domain.notifications import SubjectType
from domain.ports import Services
from domain.texts import clean_text
from domain.tips import MAX_NOTE, TipStatus, check_tip
from resolvers.broadcasts.rooms import check_standing
from resolvers.checkouts.open import begin, open_soon
from resolvers.connections.round_trips import clean_return
from resolvers.idempotency import once
from resolvers.limits import spend


@dataclass(frozen=True)
class Asked:
    """A tip, as it was typed.

    Attributes:
        broadcast_id: In which room.
        amount: How much.
        currency: In what.
        note: What goes with it.
        return_to: Where the browser goes after paying; the first allowed address unless given.
        key: What the client made up.
    """

    broadcast_id: UUID
    amount: str
    currency: str
    note: str | None
    return_to: str | None
    key: str


@dataclass(frozen=True)
class Wish:
    """A tip, read and found right; `back` is where the browser goes after paying."""

    broadcast_id: UUID
    amount: Money
    note: str | None
    back: str


async def send(database: Database, services: Services, actor: Actor, asked: Asked) -> UUID:
    """Begin a tip for the curator of a room on air. The same key gives the same tip, however often it is sent.

    Returns:
        The tip's id. When the processor is silent its checkout has no page yet, and gets one in a while.

    Raises:
        Forbidden: A program asked, it is one's own room, or the curator and the person have nothing to do with each other.
        NotConfigured: This installation takes no cards.
        InvalidInput: Something cannot be, and is named.
        NotFound: There is no such room.
        Conflict: The room has ended, or the processor refuses the payment.
        IdempotencyMismatch: The key came with other input before.
        RateLimited: Too many tips.
    """
    actor.require_person()
    services.payments.require()
    wish = _read(services, asked)
    await spend(services.limiter, f"tips:{actor.user_id}", TIPS_BY_PERSON, "Too many tips. Wait a little.")
    said = {"room": wish.broadcast_id, "amount": str(wish.amount), "note": wish.note, "back": wish.back}
    async with database.transaction() as tx:
        tip_id = new_id()
        earlier = await once(tx, actor, "sendTip", asked.key, said, answer_id=tip_id)
        if earlier is None:
            checkout_id = await _write(tx, actor, tip_id, wish, services.fee_basis_points)
        else:
            tip_id, checkout_id = earlier, await tips.find_checkout(tx.session, earlier)
    await open_soon(database, services, checkout_id)
    return tip_id


def _read(services: Services, asked: Asked) -> Wish:
    amount = check_tip(parse_money(asked.amount, asked.currency))
    note = asked.note if asked.note and asked.note.strip() else None
    if note is not None:
        note = clean_text(note, "note", most=MAX_NOTE, lines=True)
    return Wish(asked.broadcast_id, amount, note, clean_return(services, asked.return_to))


async def _write(tx: Tx, actor: Actor, tip_id: UUID, wish: Wish, fee_basis_points: int) -> UUID:
    standing = check_standing(await broadcasts.read_standing(tx.session, wish.broadcast_id, actor.user_id))
    if standing.curator_id == actor.user_id:
        raise Forbidden("Nobody tips themselves.", "broadcastId")
    checkout_id = await begin(
        tx, actor.user_id, (CheckoutSubject.TIP, tip_id), wish.amount, description="A tip", return_to=wish.back
    )
    await tips.add(
        tx.session,
        tip_id,
        broadcast_id=wish.broadcast_id,
        sender_id=actor.user_id,
        curator_id=standing.curator_id,
        checkout_id=checkout_id,
        amount=wish.amount,
        fee_basis_points=fee_basis_points,
        note=wish.note,
    )
    subject = (SubjectType.TIP.value, tip_id)
    after = TipStatus.AWAITING_PAYMENT
    await history.note(tx.session, subject, before=None, after=after, by=actor.user_id, reason="SENT")
    return checkout_id
