"""Being seen in a room: many at once, and nobody waits for anybody."""

import asyncio
from datetime import timedelta

from sqlalchemy import func, select, update

from db.tables import Listener
from domain.ids import new_id
from resolvers.broadcasts.listen import touch

AGO = timedelta(seconds=30)


async def seen_lately(database):
    """Who was seen within the last seconds."""
    lately = select(Listener.user_id).where(Listener.last_seen_at > func.now() - AGO / 2)
    async with database.session() as session:
        return set((await session.execute(lately)).scalars())


async def grow_old(database):
    async with database.transaction() as tx:
        await tx.session.execute(update(Listener).values(last_seen_at=func.now() - AGO))


async def test_all_whose_connections_are_open_are_touched_and_nobody_else(make, database):
    room, other = await make.room(), await make.room()
    here, there, silent, left = [await make.user() for _ in range(4)]
    for person in (here, silent, left):
        await make.listener(room, person)
    await make.listener(other, there)
    await grow_old(database)
    async with database.transaction() as tx:
        gone = Listener.user_id == left.id
        await tx.session.execute(update(Listener).where(gone).values(left_at=func.now()))
    strangers = [(new_id(), new_id()) for _ in range(20_000)]
    await touch(database, [(room.id, here.id), (other.id, there.id), (room.id, left.id), *strangers])
    assert await seen_lately(database) == {here.id, there.id}


async def test_a_row_that_somebody_is_at_is_touched_the_next_time(make, database):
    room = await make.room()
    busy, free = await make.listener(room), await make.listener(room)
    pairs = [(room.id, busy.id), (room.id, free.id)]
    await grow_old(database)
    async with database.transaction() as tx:
        await tx.session.execute(select(Listener).where(Listener.user_id == busy.id).with_for_update())
        async with asyncio.timeout(2):
            await touch(database, pairs)
        assert await seen_lately(database) == {free.id}
    await touch(database, pairs)
    assert await seen_lately(database) == {busy.id, free.id}
