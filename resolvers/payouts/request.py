"""The first of three steps by which money leaves: it is claimed, together with the promise to send it."""

from __future__ import annotations

from uuid import UUID

from db.queries import payout_methods, payouts
from db.queries.payouts import NewPayout
from db.session import Database, Tx
from db.tables import PayoutMethod
from domain.actors import Actor
from domain.errors import Conflict, InvalidInput, NotFound
from domain.ids import new_id
from domain.jobs import Job, JobKind
from domain.ledger import Occasion
from domain.limits import PAYOUTS_BY_PERSON
from domain.money import Money
from domain.payouts import PayoutStatus, Road
from domain.ports import Services
from resolvers.idempotency import once
from resolvers.ledger.payouts import claim
from resolvers.limits import spend
from resolvers.payouts.news import SUBJECT, note


async def request(
    database: Database, services: Services, actor: Actor, *, amount: Money, method_id: UUID | None, key: str
) -> UUID:
    """Ask for money of one's own to be paid out.

    Args:
        database: Where it is claimed.
        services: The roads and thresholds.
        actor: Whose money it is.
        amount: How much leaves the balance; a fee is part of it.
        method_id: Where it goes; the default when None.
        key: The same key gives the same payout.

    Returns:
        The payout's id.

    Raises:
        Forbidden: A program asked.
        IdempotencyMismatch: The key came with something else before.
        RateLimited: More than 10 in a minute.
        NotFound: They have no such way to be paid, or no default.
        InvalidInput: It is less than the least, or in a currency that does not go by this road.
        Conflict: The way is not verified, or less is available.
        NotConfigured: This installation has no account at the vendor.
    """
    actor.require_person()
    payout_id = new_id()
    async with database.transaction() as tx:
        asked = {"amount": amount.minor, "currency": amount.currency, "payoutMethodId": method_id}
        earlier = await once(tx, actor, "requestPayout", key, asked, answer_id=payout_id)
        if earlier is not None:
            return earlier
        # Counted here, so that asking again for the same counts nothing.
        await spend(
            services.limiter, f"payouts:{actor.user_id}", PAYOUTS_BY_PERSON, "Too many payouts at once; wait a little."
        )
        method = await payout_methods.find_own(tx.session, actor.user_id, method_id)
        if method is None:
            said = "You have no such way to be paid." if method_id else "Say where it goes: you have no default."
            raise NotFound(said, "payoutMethodId")
        check(services, method, amount)
        await make(tx, services, payout_id, method, amount, by=actor.user_id, reason="REQUESTED")
    return payout_id


def check(services: Services, method: PayoutMethod, amount: Money) -> None:
    """Check that so much may be asked for by this way.

    Raises:
        InvalidInput: It is less than the least or no more than the fee, or in a currency that does not go by this road.
        Conflict: The way is not verified.
        NotConfigured: This installation has no account at the vendor.
    """
    road = services.roads[method.kind]
    if road.sender is not None:
        road.sender.require()
    if amount.currency not in road.currencies:
        raise InvalidInput(f"{road.name} carries {', '.join(sorted(road.currencies))}.", "currencyCode")
    least = Money(services.thresholds[amount.currency].minimum, amount.currency)
    if amount.minor < least.minor:
        raise InvalidInput(f"The least that can be paid out is {least}.", "amount")
    if road.fee_minor(amount) >= amount.minor:
        raise InvalidInput("The fee would take all of it.", "amount")
    if not method.verified:
        raise Conflict("This way to be paid is not verified yet.", "payoutMethodId")


async def make(
    tx: Tx,
    services: Services,
    payout_id: UUID,
    method: PayoutMethod,
    amount: Money,
    *,
    by: UUID | None,
    reason: str,
    run_id: UUID | None = None,
) -> None:
    """Claim money and write its payout, with the promise to send it where no person does.

    Raises:
        Conflict: Less is available; nothing was written.
    """
    road = services.roads[method.kind]
    claimed = await claim(tx, method.user_id, amount, occasion=occasion(road, payout_id, by=by))
    status = PayoutStatus.REQUESTED if road.automatic else PayoutStatus.AWAITING_OPERATOR
    await payouts.add(
        tx.session,
        NewPayout(
            id=payout_id,
            user_id=method.user_id,
            method_id=method.id,
            status=status,
            amount=amount,
            fee_minor=road.fee_minor(amount),
            claim_id=claimed.entry_id,
            run_id=run_id,
        ),
    )
    if road.automatic:
        await tx.later(sending(payout_id, 1))
    await note(tx, payout_id, method.user_id, before=None, after=status, by=by, reason=reason)


def occasion(road: Road, payout_id: UUID, *, by: UUID | None, origin: tuple[str, str] | None = None) -> Occasion:
    """What the books say of a payout."""
    return Occasion(f"Payout by {road.name}", subject=(SUBJECT, payout_id), by=by, origin=origin)


def sending(payout_id: UUID, attempt: int) -> Job:
    """The promise of one attempt to send."""
    return Job(JobKind.SEND_PAYOUT, f"{payout_id}:{attempt}", {"payoutId": str(payout_id), "attempt": attempt})
