"""Later work of accounts."""

from __future__ import annotations

from jobs.work import Work
from resolvers.accounts import codes
from resolvers.uploads import delete_files as remove_files


async def send_code(work: Work) -> None:
    """Send a code to sign in with."""
    await codes.send_code(work.database, work.services, work.payload)


async def delete_files(work: Work) -> None:
    """Remove files that nothing shows any more."""
    await remove_files(work.services, work.payload)
