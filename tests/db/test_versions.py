"""The same code on an older PostgreSQL."""

import asyncio
import tempfile
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from db import migrate
from integrations.embedded import hold
from tests.db.test_migrations import fill


async def test_tables_laws_and_views_on_postgresql_16():
    with tempfile.TemporaryDirectory(prefix="backline-16-") as folder, hold(Path(folder), postgres=16) as addresses:
        await asyncio.to_thread(migrate.upgrade, addresses.database_url)
        engine = create_async_engine(addresses.database_url, poolclass=NullPool)
        person = await fill(engine)
        async with engine.connect() as connection:
            version = (await connection.execute(text("SHOW server_version_num"))).scalar_one()
            assert int(version) // 10_000 == 16
            assert await connection.run_sync(migrate.drift) == []
            mine = text("SELECT available_minor FROM balances WHERE owner_id = :person")
            assert (await connection.execute(mine, {"person": person})).scalar_one() == 500
            found = text("SELECT username FROM users WHERE words @@ search_query('MÍN')")
            assert (await connection.execute(found)).scalars().all() == ["mina"]
        await engine.dispose()
        await asyncio.to_thread(migrate.downgrade, addresses.database_url, "base")
