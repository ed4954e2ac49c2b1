"""What operators see, and what moved somebody's money: one of each."""

from sqlalchemy import insert, select, text

from db import tables
from domain.ids import new_id, to_wire
from domain.ledger import Occasion
from domain.money import Currency, EntryKind, Money
from domain.operations import AuditAction
from domain.splits import Share
from resolvers.ledger.receive import receive

PREFIXES = {"WebhookEvent": "event", "AuditEntry": "audit", "ReconciliationCase": "case"}


async def desk(make, owner):
    """A movement of the owner's money; a parked job, a line of the audit log, an event and a difference. Gives their ids."""
    keys = {name: new_id() for name in ("Job", *PREFIXES)}
    job = {"kind": "DELETE_FILES", "key": "canary", "queue": "normal", "payload": {"keys": []}, "status": "PARKED"}
    job |= {"run_at": text("now()"), "finished_at": text("now()"), "last_error": "CanaryFault"}
    deed = {"action": AuditAction.VERIFIED, "subject_type": "User", "subject_id": owner.id, "detail": "Canary deed"}
    event = {"source": "STRIPE", "external_id": "evt_canary", "event_type": "canary", "payload": '{"canary": true}'}
    event |= {"subject_kind": "charge", "subject_id": "ch_canary", "occurred_at": text("now()")}
    case = {"vendor": "STRIPE", "reference": "ch_canary", "kind": "MISSING_HERE", "currency": "USD", "vendor_minor": 5}
    case |= {"occurred_at": text("now()")}
    rows = ((tables.JobRow, "Job", job), (tables.OperatorDeed, "AuditEntry", deed))
    rows += ((tables.WebhookEvent, "WebhookEvent", event), (tables.ReconciliationCase, "ReconciliationCase", case))
    async with make.database.transaction() as tx:
        for table, name, row in rows:
            await tx.session.execute(insert(table).values(id=keys[name], **row))
        amount, shares = Money(500, Currency.USD), [Share(owner.id, 1)]
        occasion = Occasion("Canary sale")
        await receive(tx, EntryKind.SALE, amount, shares, fee_basis_points=0, occasion=occasion)
        found = await tx.session.execute(select(tables.Transaction.id).where(tables.Transaction.owner_id == owner.id))
        moved = found.scalar_one()
    wire = {name: to_wire(PREFIXES.get(name, name.lower()), key) for name, key in keys.items()}
    return {**wire, "Transaction": to_wire("transaction", moved)}
