"""When no connection is free for long, that is said in words for clients, and nothing is done."""

import pytest
from sqlalchemy import text

from db.session import Database, connect
from domain.errors import Unavailable


@pytest.fixture
async def narrow(addresses):
    """A database with one connection, for which nobody waits long."""
    engine = connect(addresses.database_url, pool_size=1, application="test", patience_seconds=0.1)
    database = Database(engine, None, None)
    yield database
    await database.close()


async def test_who_waits_too_long_for_a_connection_is_told_so(narrow):
    async with narrow.read():
        with pytest.raises(Unavailable, match="busy"):
            async with narrow.read():
                pytest.fail("there is one connection")
        with pytest.raises(Unavailable, match="busy"):
            async with narrow.session() as session:
                await session.execute(text("SELECT 1"))
        with pytest.raises(Unavailable, match="busy"):
            async with narrow.transaction() as tx:
                await tx.session.execute(text("CREATE TABLE never_made ()"))
    async with narrow.session() as session:
        assert (await session.execute(text("SELECT to_regclass('never_made')"))).scalar_one() is None
