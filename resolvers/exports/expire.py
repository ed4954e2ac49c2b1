"""The end of exports: files are kept for some days, and what cannot be made is given up."""

from __future__ import annotations

from typing import Final

from db.queries import exports
from db.session import Database
from resolvers.exports.make import key_of
from resolvers.uploads import promise_deletion

EXPIRED_AT_ONCE: Final = 500
GIVEN_UP: Final = "It could not be made. Ask for it again."


async def expire(database: Database) -> int:
    """Remove files that were kept long enough, and give up what was not made in a day; any number of processes may do this.

    Returns:
        How many there were of the more frequent kind: fewer than `EXPIRED_AT_ONCE` when none is left.
    """
    async with database.transaction() as tx:
        keys = await exports.expire(tx.session, EXPIRED_AT_ONCE)
        given_up = await exports.give_up(tx.session, EXPIRED_AT_ONCE, GIVEN_UP)
        # Who was killed over one may have stored its file, and recorded nothing.
        await promise_deletion(tx, [*keys, *map(key_of, given_up)])
    return max(len(keys), len(given_up))
