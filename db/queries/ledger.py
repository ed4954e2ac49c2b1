"""Accounts, entries and lines: locking in one order, and writing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    DateTime,
    Row,
    Text,
    Uuid,
    bindparam,
    cast,
    func,
    insert,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from db.expressions.money import HOLDER_ID
from db.tables import JournalEntry, JournalLine, LedgerAccount
from domain.ids import new_id
from domain.ledger import NOBODY, PERSONAL, Account, Entry
from domain.money import AccountKind, Currency

ACCOUNT = ("kind", "currency", "holder_id")
WANTED = (
    func.unnest(
        bindparam("kinds", type_=ARRAY(Text)),
        bindparam("currencies", type_=ARRAY(Text)),
        bindparam("holders", type_=ARRAY(Uuid)),
    )
    .table_valued(*ACCOUNT, name="wanted")
    .render_derived()
)
SAME = (
    (WANTED.c.holder_id == HOLDER_ID)
    & (LedgerAccount.kind == WANTED.c.kind)
    & (LedgerAccount.currency == WANTED.c.currency)
)

# All or nothing: while one account is missing none is locked, so that nobody holds a lock while waiting for somebody
# else who makes the missing one.
LOCK = (
    select(LedgerAccount.kind, LedgerAccount.currency, HOLDER_ID.label("holder_id"), LedgerAccount.balance_minor)
    .select_from(WANTED.join(LedgerAccount, SAME))
    .where(
        (HOLDER_ID != NOBODY) | bindparam("everything", type_=Boolean),
        select(func.count()).select_from(WANTED.join(LedgerAccount, SAME)).correlate(None).scalar_subquery()
        == bindparam("expected", type_=BigInteger),
    )
    .order_by(HOLDER_ID == NOBODY, LedgerAccount.id)
    .with_for_update(of=LedgerAccount, key_share=True)
)

ENTRIES, LINES = JournalEntry.metadata.tables["journal_entries"], JournalLine.metadata.tables["journal_lines"]
GIVEN = [column for column in ENTRIES.c if column.name not in {"recorded_at", "occurred_at"}]
MADE = (
    upsert(ENTRIES)
    .values(
        {
            **{column.name: bindparam(f"entry_{column.name}", type_=column.type) for column in GIVEN},
            "occurred_at": func.coalesce(bindparam("entry_occurred_at", type_=DateTime(timezone=True)), func.now()),
        }
    )
    .on_conflict_do_nothing(index_elements=["source", "reference"])
    .returning(ENTRIES.c.id)
    .cte("made")
)
AMOUNTS = (
    func.unnest(
        bindparam("lines", type_=ARRAY(Uuid)),
        bindparam("kinds", type_=ARRAY(Text)),
        bindparam("currencies", type_=ARRAY(Text)),
        bindparam("holders", type_=ARRAY(Uuid)),
        bindparam("amounts", type_=ARRAY(BigInteger)),
    )
    .table_valued("id", *ACCOUNT, "amount_minor", name="amounts")
    .render_derived()
)
# An entry and its lines in one statement. People's accounts come before the platform's, each in the order of ids: one
# order for everybody who writes, and the accounts that all postings share are locked last.
WRITE = (
    insert(LINES)
    .from_select(
        ["id", "entry_id", "account_id", "amount_minor"],
        select(AMOUNTS.c.id, MADE.c.id, LedgerAccount.id, AMOUNTS.c.amount_minor)
        .select_from(MADE.join(AMOUNTS, true()))
        .join(
            LedgerAccount,
            (AMOUNTS.c.holder_id == HOLDER_ID)
            & (LedgerAccount.kind == AMOUNTS.c.kind)
            & (LedgerAccount.currency == AMOUNTS.c.currency),
        )
        .order_by(HOLDER_ID == NOBODY, LedgerAccount.id),
    )
    .returning(LINES.c.id)
)


def _wanted(accounts: Collection[Account]) -> dict[str, list[Any]]:
    return {
        "kinds": [account.kind.value for account in accounts],
        "currencies": [account.currency.value for account in accounts],
        "holders": [account.holder_id for account in accounts],
    }


async def lock(session: AsyncSession, accounts: Iterable[Account], *, everything: bool = False) -> dict[Account, int]:
    """Lock accounts until the commit: people's and holds', then the platform's, each in the order of their ids.

    Those of people and of the platform are made on first use.

    Args:
        session: The deed's.
        accounts: Which.
        everything: Whether to lock the platform's too. They are part of every entry; lines are written to them last,
            and until then postings need not wait for each other.

    Returns:
        The balances of what was locked.
    """
    wanted = sorted(set(accounts), key=lambda account: (account.kind, account.currency, account.holder_id))
    values = {**_wanted(wanted), "expected": len(wanted), "everything": everything}
    rows = (await session.execute(LOCK, values)).all()
    if len(rows) < sum(everything or account.holder_id != NOBODY for account in wanted) or not rows:
        await _make(session, wanted)
        rows = (await session.execute(LOCK, values)).all()
    return {Account(row.kind, row.currency, row.holder_id): row.balance_minor for row in rows}


async def _make(session: AsyncSession, accounts: Sequence[Account]) -> None:
    rows = [
        {
            "id": new_id(),
            "kind": account.kind,
            "currency": account.currency,
            "owner_id": account.holder_id if account.kind in PERSONAL else None,
        }
        for account in accounts
        if account.kind is not AccountKind.HOLD
    ]
    if rows:
        made = upsert(LedgerAccount).values(rows)
        await session.execute(made.on_conflict_do_nothing())


async def add_hold_account(session: AsyncSession, hold_id: UUID, currency: Currency, payee_id: UUID | None) -> None:
    """Make the account of a hold. What is in it is shown to whom it is meant for, as promised."""
    made = {"id": new_id(), "kind": AccountKind.HOLD, "hold_id": hold_id, "owner_id": payee_id, "currency": currency}
    await session.execute(insert(LedgerAccount).values(**made))


async def write(session: AsyncSession, entry: Entry) -> UUID | None:
    """Write an entry with its lines, over accounts that are locked.

    Returns:
        Its id; None when the event outside that it follows from is booked already, and then nothing was written.
    """
    occasion, entry_id = entry.occasion, new_id()
    subject_type, subject_id = occasion.subject or (None, None)
    source, reference = occasion.origin or (None, None)
    values = {
        "entry_id": entry_id,
        "entry_kind": entry.kind,
        "entry_description": occasion.description,
        "entry_subject_type": subject_type,
        "entry_subject_id": subject_id,
        "entry_occurred_at": occasion.occurred_at,
        "entry_posted_by_id": occasion.by,
        "entry_source": source,
        "entry_reference": reference,
        "entry_about_id": entry.about_id,
        "entry_settles_id": entry.settles_id,
        "entry_reverses_id": entry.reverses_id,
        "lines": [new_id() for _ in entry.lines],
        "amounts": list(entry.lines.values()),
        **_wanted(entry.lines.keys()),
    }
    found = (await session.execute(WRITE, values)).all()
    if found and len(found) != len(entry.lines):
        raise LookupError("A line names an account that is not there.")
    return entry_id if found else None


async def keep_apart(session: AsyncSession, origin: tuple[str, str]) -> None:
    """Let everybody wait who books the same event outside, until the commit."""
    key = func.hashtextextended(f"{origin[0]} {origin[1]}", 0)
    await session.execute(select(func.pg_advisory_xact_lock(key)))


async def find_by_origin(session: AsyncSession, origin: tuple[str, str]) -> JournalEntry | None:
    """The entry that an event outside was booked with."""
    statement = select(JournalEntry).where(JournalEntry.source == origin[0], JournalEntry.reference == origin[1])
    return (await session.execute(statement)).scalar_one_or_none()


async def lock_entry(session: AsyncSession, entry_id: UUID) -> JournalEntry | None:
    """Take an entry until the commit, so that only one at a time takes back of it."""
    statement = select(JournalEntry).where(JournalEntry.id == entry_id).with_for_update(key_share=True)
    return (await session.execute(statement)).scalar_one_or_none()


@dataclass(frozen=True)
class Ended:
    """Whether an entry has an end or a mirror image: the ids of these."""

    settled_by: UUID | None
    reversed_by: UUID | None


async def find_end(session: AsyncSession, entry_id: UUID) -> Ended:
    """What ended an entry, and what reversed it."""
    statement = select(JournalEntry.id, JournalEntry.settles_id).where(
        (JournalEntry.settles_id == entry_id) | (JournalEntry.reverses_id == entry_id)
    )
    rows = (await session.execute(statement)).all()
    return Ended(
        next((row.id for row in rows if row.settles_id == entry_id), None),
        next((row.id for row in rows if row.settles_id != entry_id), None),
    )


async def read_lines(session: AsyncSession, entry_id: UUID) -> dict[Account, int]:
    """The lines of one entry."""
    return _lines((await session.execute(_summed(JournalEntry.id == entry_id))).all())


async def read_family(session: AsyncSession, entry_id: UUID) -> Mapping[Account, int]:
    """An entry together with all that are about it: what of it is where now; accounts that come to nothing are left out."""
    return _lines(
        (await session.execute(_summed((JournalEntry.id == entry_id) | (JournalEntry.about_id == entry_id)))).all()
    )


def _summed(condition: Any) -> Any:
    return (
        select(
            LedgerAccount.kind,
            LedgerAccount.currency,
            HOLDER_ID.label("holder_id"),
            cast(func.sum(JournalLine.amount_minor), BigInteger).label("amount_minor"),
        )
        .join_from(JournalEntry, JournalLine, JournalLine.entry_id == JournalEntry.id)
        .join(LedgerAccount, LedgerAccount.id == JournalLine.account_id)
        .where(condition)
        .group_by(LedgerAccount.id)
    )


def _lines(rows: Iterable[Row[Any]]) -> dict[Account, int]:
    return {Account(row.kind, row.currency, row.holder_id): row.amount_minor for row in rows if row.amount_minor}
