"""Changing the keys of what is sealed at rest."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from db.queries import sealed
from db.queries.sealed import SEALED
from db.session import Database
from domain.ports import Cipher

ROWS_AT_ONCE: Final = 500
FIRST: Final = UUID(int=0)


async def rotate(database: Database, cipher: Cipher) -> int:
    """Seal every secret with the newest key, while everything runs. Afterwards the older keys can be thrown away.

    Returns:
        How many were sealed anew.

    Raises:
        ValueError: One was sealed with a key that is gone; what came before it is done.
    """
    return sum([await _rotate(database, cipher, each) for each in SEALED])


async def _rotate(database: Database, cipher: Cipher, column: sealed.Sealed) -> int:
    done, last = 0, FIRST
    while True:
        async with database.transaction() as tx:
            rows = list(await sealed.read(tx.session, column, last, ROWS_AT_ONCE))
            for row_id, old, bound_to in rows:
                new = cipher.seal(cipher.open(old, bound_to=bound_to), bound_to=bound_to)
                done += await sealed.write(tx.session, column, row_id, old=old, new=new)
        if not rows:
            return done
        last = rows[-1][0]
