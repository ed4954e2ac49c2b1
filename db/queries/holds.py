"""Held money."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.expressions.money import HOLDER_ID
from db.tables import Hold, JournalEntry, JournalLine, LedgerAccount
from domain.ledger import HoldStatus
from domain.money import AccountKind, EntryKind, Money
from domain.states import HOLD_MOVES, sources


async def add(
    session: AsyncSession,
    hold_id: UUID,
    *,
    subject: tuple[str, UUID],
    amount: Money,
    payer_id: UUID | None,
    payee_id: UUID | None,
) -> None:
    """Write a hold."""
    await session.execute(
        insert(Hold).values(
            id=hold_id,
            subject_type=subject[0],
            subject_id=subject[1],
            payer_id=payer_id,
            payee_id=payee_id,
            currency=amount.currency,
            amount_minor=amount.minor,
        )
    )


async def lock(session: AsyncSession, hold_id: UUID) -> Hold | None:
    """Take a hold until the commit, as it stands."""
    statement = select(Hold).where(Hold.id == hold_id).with_for_update(key_share=True)
    statement = statement.execution_options(populate_existing=True)
    return (await session.execute(statement)).scalar_one_or_none()


async def move(session: AsyncSession, hold_id: UUID, to: HoldStatus) -> Hold | None:
    """Bring a hold to another state; None when that cannot follow from where it is, or somebody else was faster."""
    statement = (
        update(Hold)
        .where(Hold.id == hold_id, Hold.status.in_(sources(HOLD_MOVES, to)))
        .values(status=to)
        .returning(Hold)
        .execution_options(populate_existing=True)
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def find_release(session: AsyncSession, hold_id: UUID) -> UUID | None:
    """The entry that gave a hold to those who earned it; None while nothing did."""
    statement = (
        select(JournalEntry.id)
        .join(JournalLine, JournalLine.entry_id == JournalEntry.id)
        .join(LedgerAccount, LedgerAccount.id == JournalLine.account_id)
        .where(
            literal(hold_id) == HOLDER_ID,
            LedgerAccount.kind == AccountKind.HOLD,
            JournalEntry.kind == EntryKind.RELEASE,
        )
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def find_subject(session: AsyncSession, hold_id: UUID) -> tuple[str, UUID]:
    """What a hold is held for."""
    row = (await session.execute(select(Hold.subject_type, Hold.subject_id).where(Hold.id == hold_id))).one()
    return row.subject_type, row.subject_id


async def find_payer(session: AsyncSession, hold_id: UUID) -> UUID | None:
    """Whose money a hold is; None for money from outside."""
    return (await session.execute(select(Hold.payer_id).where(Hold.id == hold_id))).scalar_one()


async def find_by_entry(session: AsyncSession, entry_id: UUID) -> UUID | None:
    """The hold that an entry put money into or took it out of; None for an entry without one."""
    statement = (
        select(LedgerAccount.hold_id)
        .join(JournalLine, JournalLine.account_id == LedgerAccount.id)
        .where(JournalLine.entry_id == entry_id, LedgerAccount.hold_id.is_not(None))
    )
    return (await session.execute(statement)).scalar_one_or_none()
