"""Bring a database to the present shape of the tables, one process at a time."""

from __future__ import annotations

import asyncio
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from db.tables import Row

FOLDER = Path(__file__).parent / "migrations"
LOCK = 0x6261636B  # "back": an advisory lock, so that web processes that start together migrate once.


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    return config


async def _run(url: str, revision: str, *, down: bool) -> None:
    engine = create_async_engine(url, poolclass=NullPool)

    def work(connection: Connection) -> None:
        connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": LOCK})
        connection.commit()
        (command.downgrade if down else command.upgrade)(_config(connection), revision)
        connection.commit()

    try:
        async with engine.connect() as connection:
            await connection.run_sync(work)
    finally:
        await engine.dispose()


def upgrade(url: str, revision: str = "head") -> None:
    """Migrate up; does nothing when the database is there already."""
    asyncio.run(_run(url, revision, down=False))


def downgrade(url: str, revision: str) -> None:
    """Migrate down."""
    asyncio.run(_run(url, revision, down=True))


def newest() -> str:
    """The revision that this code was written for."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None
    return head


def current(connection: Connection) -> str | None:
    """The revision that a database is at; None for an empty one."""
    return MigrationContext.configure(connection).get_current_revision()


def drift(connection: Connection) -> list[object]:
    """What autogenerate would change: nothing, when migrations and tables agree."""
    context = MigrationContext.configure(
        connection,
        opts={"include_object": lambda item, _n, kind, _r, _o: not (kind == "table" and item.info.get("view"))},
    )
    return list(compare_metadata(context, Row.metadata))
