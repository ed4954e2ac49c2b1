"""The vendors' journals beside ours: keeping what was read, finding differences, and cases about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CTE, BigInteger, and_, case, cast, func, insert, or_, select, union_all, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from db.tables import (
    Dispute,
    JournalEntry,
    JournalLine,
    LedgerAccount,
    Payment,
    ReconciliationCase,
    VendorJournal,
    VendorMovement,
)
from domain.checkouts import PaymentVendor
from domain.ids import new_id
from domain.money import AccountKind, Currency, Money
from domain.movements import Cost, Movement
from domain.payments import DisputeStatus
from domain.reconciliation import COSTS, OWN_AFFAIRS, CaseKind, CaseStatus
from domain.states import CASE_MOVES, sources


@dataclass(frozen=True)
class Difference:
    """Something that the two journals do not say alike.

    Attributes:
        reference: The vendor's name for it.
        currency: The currency.
        vendor_minor: What came in by the vendor's journal, less what it kept, and less than 0 for what went; None when it
            has nothing of it.
        ledger_minor: The same by ours.
        occurred_at: When it happened.
        touched_at: When something about it was last written, there or here.
    """

    reference: str
    currency: Currency
    vendor_minor: int | None
    ledger_minor: int | None
    occurred_at: datetime
    touched_at: datetime

    @property
    def kind(self) -> CaseKind:
        """How they differ."""
        if self.ledger_minor is None:
            return CaseKind.MISSING_HERE
        return CaseKind.MISSING_THERE if self.vendor_minor is None else CaseKind.DIFFERENT_AMOUNT


async def find_read_until(session: AsyncSession, vendor: PaymentVendor) -> datetime | None:
    """How far a vendor's journal was read; None when it never was."""
    statement = select(VendorJournal.read_until).where(VendorJournal.vendor == vendor)
    return (await session.execute(statement)).scalar_one_or_none()


async def find_beginning(session: AsyncSession, vendor: PaymentVendor) -> datetime | None:
    """When we first booked something of a vendor's; None when we never did."""
    statement = select(func.min(JournalEntry.occurred_at)).where(JournalEntry.source == vendor.value.lower())
    return (await session.execute(statement)).scalar_one()


async def keep(session: AsyncSession, vendor: PaymentVendor, movements: Sequence[Movement], until: datetime) -> None:
    """Keep what was read of a vendor's journal, and how far. What is there already stays as it is."""
    for start in range(0, len(movements), 1000):
        rows = [_row(vendor, movement) for movement in movements[start : start + 1000]]
        await session.execute(upsert(VendorMovement).values(rows).on_conflict_do_nothing())
    read = upsert(VendorJournal).values(vendor=vendor, read_until=until)
    later = func.greatest(VendorJournal.read_until, read.excluded.read_until)
    await session.execute(read.on_conflict_do_update(index_elements=["vendor"], set_={"read_until": later}))


def _row(vendor: PaymentVendor, movement: Movement) -> dict[str, Any]:
    return {
        "vendor": vendor,
        "vendor_id": movement.id,
        "kind": movement.kind,
        "reference": movement.source_id or movement.id,
        "currency": movement.amount.currency,
        "amount_minor": movement.amount.minor,
        "fee_minor": movement.fee.minor,
        "occurred_at": movement.occurred_at,
    }


async def find_differences(session: AsyncSession, vendor: PaymentVendor) -> list[Difference]:
    """Compare all that was read of a vendor's journal with all that we booked of it, at one moment.

    What is about one thing counts together, with what the vendor kept of it: a refund that failed comes to nothing, a
    dispute that was won to its fee. The platform's own bank is no part of it, and what is disputed now is booked when it
    is decided. Where the vendor changed the currency only that there is something on both sides can be compared.
    """
    there, here = _there(vendor), _here(vendor)
    elsewhere, ours = there.alias("elsewhere"), here.alias("ours")
    exchanged = or_(
        and_(here.c.reference.is_(None), select(ours).where(ours.c.reference == there.c.reference).exists()),
        and_(there.c.reference.is_(None), select(elsewhere).where(elsewhere.c.reference == here.c.reference).exists()),
    )
    reference = func.coalesce(there.c.reference, here.c.reference)
    disputed = select(Dispute.id).where(Dispute.vendor_id == reference, Dispute.status == DisputeStatus.OPEN)
    statement = (
        select(
            reference,
            func.coalesce(there.c.currency, here.c.currency),
            there.c.amount,
            here.c.amount,
            func.least(there.c.first, here.c.first),
            func.greatest(there.c.last, here.c.last),
        )
        .select_from(
            there.join(
                here, and_(there.c.reference == here.c.reference, there.c.currency == here.c.currency), full=True
            )
        )
        .where(func.coalesce(there.c.amount, 0) != func.coalesce(here.c.amount, 0), ~exchanged, ~disputed.exists())
        .order_by(func.least(there.c.first, here.c.first), reference)
    )
    return [Difference(*row) for row in (await session.execute(statement)).all()]


def _there(vendor: PaymentVendor) -> CTE:
    # A charge is booked under the payment that it is of.
    reference = func.coalesce(Payment.vendor_id, VendorMovement.reference)
    return (
        select(
            reference.label("reference"),
            VendorMovement.currency.label("currency"),
            cast(func.sum(VendorMovement.amount_minor - VendorMovement.fee_minor), BigInteger).label("amount"),
            func.min(VendorMovement.occurred_at).label("first"),
            func.max(VendorMovement.occurred_at).label("last"),
        )
        .outerjoin(Payment, and_(Payment.vendor == vendor, Payment.charge_id == VendorMovement.reference))
        .where(VendorMovement.vendor == vendor, VendorMovement.kind.not_in(sorted(OWN_AFFAIRS)))
        .group_by(reference, VendorMovement.currency)
        .cte("there")
    )


def _here(vendor: PaymentVendor) -> CTE:
    # What follows from the same thing is told apart by what comes after a colon; what was reversed by hand counts as well.
    mirror, entry = aliased(JournalEntry), JournalEntry
    ours = entry.source == vendor.value.lower()
    booked = union_all(
        select(entry.id, entry.reference, entry.occurred_at, entry.recorded_at).where(ours),
        select(mirror.id, entry.reference, entry.occurred_at, mirror.recorded_at)
        .join_from(entry, mirror, mirror.reverses_id == entry.id)
        .where(ours, mirror.source.is_(None)),
    ).subquery("booked")
    reference = func.split_part(booked.c.reference, ":", 1)
    return (
        select(
            reference.label("reference"),
            LedgerAccount.currency.label("currency"),
            cast(-func.sum(JournalLine.amount_minor), BigInteger).label("amount"),
            func.min(booked.c.occurred_at).label("first"),
            func.max(booked.c.recorded_at).label("last"),
        )
        .select_from(booked)
        .join(JournalLine, JournalLine.entry_id == booked.c.id)
        .join(LedgerAccount, LedgerAccount.id == JournalLine.account_id)
        .where(LedgerAccount.kind == AccountKind.CLEARING)
        .group_by(reference, LedgerAccount.currency)
        .cte("here")
    )


async def list_unbooked_costs(session: AsyncSession, vendor: PaymentVendor, limit: int) -> list[tuple[str, Cost]]:
    """What a vendor kept by its journal, and we have not booked: of what we have booked, in its currency, or for itself.

    Returns:
        Pairs of the name under which to book it, and the cost; the oldest first.
    """
    here, movement = _here(vendor), VendorMovement
    reference = func.coalesce(Payment.vendor_id, movement.reference)
    itself = movement.kind.in_(sorted(COSTS))
    kept = case((itself, movement.fee_minor - movement.amount_minor), else_=movement.fee_minor)
    known = select(here.c.reference).where(here.c.reference == reference, here.c.currency == movement.currency)
    booked = select(JournalEntry.id).where(
        JournalEntry.source == vendor.value.lower(), JournalEntry.reference == reference + ":" + movement.vendor_id
    )
    statement = (
        select(reference, movement.vendor_id, kept, movement.currency)
        .outerjoin(Payment, and_(Payment.vendor == vendor, Payment.charge_id == movement.reference))
        .where(movement.vendor == vendor, movement.kind.not_in(sorted(OWN_AFFAIRS)), kept != 0)
        .where(or_(itself, known.exists()), ~booked.exists())
        .order_by(movement.occurred_at, movement.vendor_id)
        .limit(limit)
    )
    rows = (await session.execute(statement)).all()
    return [(name, Cost(vendor_id, Money(minor, currency))) for name, vendor_id, minor, currency in rows]


async def lock(session: AsyncSession, vendor: PaymentVendor) -> None:
    """Let nobody else compare this vendor's journal until the commit."""
    key = func.hashtextextended(f"reconciliation {vendor.value}", 0)
    await session.execute(select(func.pg_advisory_xact_lock(key)))


async def list_cases(session: AsyncSession, vendor: PaymentVendor) -> Mapping[tuple[str, Currency], ReconciliationCase]:
    """All cases about a vendor, by what they are about; those that are open are taken until the commit."""
    statement = select(ReconciliationCase).where(ReconciliationCase.vendor == vendor).with_for_update(key_share=True)
    found = (await session.execute(statement.execution_options(populate_existing=True))).scalars()
    return {(case.reference, case.currency): case for case in found}


async def open_case(session: AsyncSession, vendor: PaymentVendor, difference: Difference) -> UUID:
    """Write a new case; gives its id."""
    case_id = new_id()
    facts = {"id": case_id, "vendor": vendor, "reference": difference.reference, "currency": difference.currency}
    await session.execute(
        insert(ReconciliationCase).values(**facts, **_facts(difference), occurred_at=difference.occurred_at)
    )
    return case_id


async def describe_case(session: AsyncSession, case_id: UUID, difference: Difference) -> None:
    """Write down how an open case stands now."""
    statement = update(ReconciliationCase).where(ReconciliationCase.id == case_id)
    await session.execute(statement.values(**_facts(difference)))


def _facts(difference: Difference) -> dict[str, Any]:
    return {
        "kind": difference.kind,
        "vendor_minor": difference.vendor_minor,
        "ledger_minor": difference.ledger_minor,
    }


async def move(
    session: AsyncSession, case_id: UUID, to: CaseStatus, *, by: UUID | None = None, reason: str | None = None
) -> bool:
    """Bring a case to another status; False when that cannot follow from where it is."""
    over = None if to is CaseStatus.OPEN else func.clock_timestamp()
    statement = (
        update(ReconciliationCase)
        .where(ReconciliationCase.id == case_id, ReconciliationCase.status.in_(sources(CASE_MOVES, to)))
        .values(status=to, closed_at=over, closed_by_id=by, reason=reason)
        .returning(ReconciliationCase.id)
    )
    return (await session.execute(statement)).scalar_one_or_none() is not None


async def find_status(session: AsyncSession, case_id: UUID) -> CaseStatus | None:
    """Where a case stands; None when there is none."""
    statement = select(ReconciliationCase.status).where(ReconciliationCase.id == case_id)
    return (await session.execute(statement)).scalar_one_or_none()
