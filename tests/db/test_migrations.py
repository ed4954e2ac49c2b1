"""Migrations on data: up, down, up again; and that tables and migrations say the same."""

import asyncio

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from db import migrate
from db.tables import JournalEntry, JournalLine, LedgerAccount, Row, User
from domain.ids import new_id


@pytest.fixture
async def empty(addresses):
    """A new database beside the one of the other tests."""
    url = make_url(addresses.database_url)
    name = f"migrated_{new_id().hex}"
    admin = create_async_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    async with admin.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {name}"))
    engine = create_async_engine(url.set(database=name), poolclass=NullPool)
    yield engine
    await engine.dispose()
    async with admin.connect() as connection:
        await connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    await admin.dispose()


def address(engine):
    return engine.url.render_as_string(hide_password=False)


async def in_thread(function, *arguments):
    return await asyncio.to_thread(function, *arguments)


async def fill(engine):
    person, entry = new_id(), new_id()
    accounts = [new_id(), new_id()]
    async with engine.begin() as connection:
        await connection.execute(insert(User).values(id=person, username="mina", display_name="Mina 🎧"))
        await connection.execute(
            insert(LedgerAccount),
            [
                {"id": accounts[0], "kind": "AVAILABLE", "owner_id": person, "currency": "USD"},
                {"id": accounts[1], "kind": "CLEARING", "owner_id": None, "currency": "USD"},
            ],
        )
        await connection.execute(insert(JournalEntry).values(id=entry, kind="TIP", description="A tip"))
        lines = [(accounts[0], 500), (accounts[1], -500)]
        await connection.execute(
            insert(JournalLine),
            [
                {"id": new_id(), "entry_id": entry, "account_id": account, "amount_minor": amount}
                for account, amount in lines
            ],
        )
    return person


async def test_up_down_up_on_data(empty):
    await in_thread(migrate.upgrade, address(empty))
    person = await fill(empty)
    await in_thread(migrate.downgrade, address(empty), "0001")
    async with empty.connect() as connection:
        assert (await connection.execute(select(User.display_name).where(User.id == person))).scalar_one() == "Mina 🎧"
    await in_thread(migrate.upgrade, address(empty))
    async with empty.connect() as connection:
        assert (await connection.execute(text("SELECT available_minor FROM balances"))).scalar_one() == 500
        assert await connection.run_sync(migrate.current) == migrate.newest()
    await in_thread(migrate.downgrade, address(empty), "base")
    async with empty.connect() as connection:
        left = await connection.execute(
            text("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v')")
        )
        assert left.scalars().all() == ["alembic_version"]
        functions = text("SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace")
        assert (await connection.execute(functions)).scalar_one() == 0
    await in_thread(migrate.upgrade, address(empty))


async def test_tables_and_migrations_agree(empty):
    await in_thread(migrate.upgrade, address(empty))
    async with empty.connect() as connection:
        assert await connection.run_sync(migrate.drift) == []
        await connection.execute(text("ALTER TABLE users DROP COLUMN bio"))
        assert len(await connection.run_sync(migrate.drift)) == 1


async def test_a_migration_waits_two_seconds_for_a_lock_and_leaves_everything_as_it_was(empty):
    await in_thread(migrate.upgrade, address(empty), "0001")
    async with empty.connect() as reader:
        await reader.execute(text("LOCK TABLE journal_entries IN ROW EXCLUSIVE MODE"))
        with pytest.raises(DBAPIError, match="lock timeout"):
            await in_thread(migrate.upgrade, address(empty))
        assert await reader.run_sync(migrate.current) == "0001"
    await in_thread(migrate.upgrade, address(empty))


async def test_five_at_once_migrate_once(empty):
    await asyncio.gather(*(in_thread(migrate.upgrade, address(empty)) for _ in range(5)))
    async with empty.connect() as connection:
        assert await connection.run_sync(migrate.drift) == []


def test_every_table_has_a_primary_key():
    assert [table.name for table in Row.metadata.sorted_tables if not table.primary_key.columns] == []
