"""Alembic's entrance: runs migrations over the connection that `db/migrate.py` hands in."""

from __future__ import annotations

from alembic import context
from sqlalchemy import text

from db.tables import Row

connection = context.config.attributes["connection"]
# A migration waits for nobody: behind a lock that it cannot get, every reader of the table would queue up.
connection.execute(text("SET lock_timeout = '2s'"))
context.configure(
    connection=connection,
    target_metadata=Row.metadata,
    transaction_per_migration=True,
    compare_type=True,
    include_object=lambda item, _name, kind, _reflected, _other: not (kind == "table" and item.info.get("view")),
)
with context.begin_transaction():
    context.run_migrations()
