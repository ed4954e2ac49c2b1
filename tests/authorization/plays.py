"""A DJ with a play, a companion and an export."""

from datetime import UTC, datetime

from sqlalchemy import insert

from db import tables
from domain.ids import new_id, to_wire


async def booth(make, owner):
    """Write them; gives their ids."""
    play_id, companion_id, now = new_id(), new_id(), datetime.now(UTC)
    play = {"id": play_id, "user_id": owner.id, "source": "SERATO", "key": "canary", "trust": "SIGNED"}
    play |= {"title": "Canary song", "artist": "Canary", "played_at": now, "time_known": True}
    companion = {"id": companion_id, "user_id": owner.id, "name": "Canary laptop", "code_expires_at": now}
    companion |= {"paired_at": now, "public_key": b"k" * 32}
    export_id = new_id()
    export = {"id": export_id, "user_id": owner.id, "kind": "TRANSACTIONS", "format": "CSV"}
    export |= {"from_day": now.date(), "to_day": now.date()}
    async with make.database.transaction() as tx:
        await tx.session.execute(insert(tables.PlayRow).values(**play))
        await tx.session.execute(insert(tables.Companion).values(**companion))
        await tx.session.execute(insert(tables.Export).values(**export))
    ids = {"Play": to_wire("play", play_id), "Companion": to_wire("companion", companion_id)}
    return {**ids, "Export": to_wire("export", export_id)}
