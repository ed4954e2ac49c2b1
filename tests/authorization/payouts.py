"""Where somebody is paid, what is on its way there, and a run: one of each."""

from sqlalchemy import select, update

from db import tables
from domain.ids import new_id, to_wire
from domain.ledger import Occasion
from domain.money import Currency, EntryKind, Money
from domain.payouts import PayoutMethodKind
from domain.splits import Share
from resolvers.ledger.receive import receive
from resolvers.payouts import methods, request, run


async def payable(make, owner, operator):
    """Money of the owner's on its way to one address, another that nobody has looked at, and a run. Gives their ids."""
    road = make.services.roads[PayoutMethodKind.CASH_APP]
    used, unused = [
        await methods.add_by_hand(make.database, make.services, owner.actor, road, handle)
        for handle in ("$owner_canary", "$other_canary")
    ]
    payout_id = new_id()
    async with make.database.transaction() as tx:
        shares, occasion = [Share(owner.id, 1)], Occasion("Canary sales")
        amount = Money(30_000, Currency.USD)
        await receive(tx, EntryKind.SALE, amount, shares, fee_basis_points=0, occasion=occasion)
        verified = update(tables.PayoutMethod).where(tables.PayoutMethod.id == used).values(verified=True)
        await tx.session.execute(verified)
    async with make.database.transaction() as tx:
        method = (await tx.session.scalars(select(tables.PayoutMethod).where(tables.PayoutMethod.id == used))).one()
        part = Money(5_000, Currency.USD)
        await request.make(tx, make.services, payout_id, method, part, by=owner.id, reason="REQUESTED")
        run_id = await run.start(tx, make.services, operator.actor, dry_run=True, key=None)
    wire = {"PayoutMethod": ("method", unused), "Payout": ("payout", payout_id), "PayoutRun": ("run", run_id)}
    return {name: to_wire(*each) for name, each in wire.items()}
