"""Reading a runner's account elsewhere: for a mission, around its window, and never else. Each look is written down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from db.queries import connections, plays
from db.queries.plays import Placed
from db.session import Database
from db.tables import Mission
from domain.connections import AccessEnded, AccountProvider, AccountStatus
from domain.errors import Unauthenticated, Unavailable
from domain.plays import Play, PlaySource, TrustLevel
from domain.ports import Services
from domain.verification import AROUND
from resolvers.connections.access import Access, end_access, open_access
from resolvers.plays.write import write

PROVIDER: Final = AccountProvider.SERATO


async def pull(database: Database, services: Services, mission: Mission) -> int | None:
    """Read what the runner's account tells of a mission's window and of the three hours before and after it.

    The hours around it are for the set that the track was played in; nothing else of the account is ever read. Never call
    this with a transaction open.

    Returns:
        How many plays the account told of; None when nothing was asked, because no account is connected that lets us in
        or the window has not begun.

    Raises:
        Unavailable: The vendor does not answer.
        RateLimited: It wants to be asked later.
        NotConfigured: This installation has no credentials there.
    """
    now = datetime.now(UTC)
    if mission.runner_id is None or mission.window_starts_at > now:
        return None
    async with database.session() as session:
        account = await connections.find_present(session, mission.runner_id, PROVIDER)
    if account is None or account.status is not AccountStatus.CONNECTED:
        return None
    since, until = mission.window_starts_at - AROUND, min(mission.window_ends_at + AROUND, now)
    try:
        told = await _ask(database, services, account.id, since, until)
    except AccessEnded:
        # Its person knows, and has to connect it again.
        return None
    kept = [play for play in told if play.started_at is not None and since <= play.started_at < until]
    facts = {"user_id": mission.runner_id, "account_id": account.id, "mission_id": mission.id}
    await _keep(database, mission.runner_id, kept, {**facts, "since": since, "until": until})
    return len(kept)


async def _ask(
    database: Database, services: Services, account_id: UUID, since: datetime, until: datetime
) -> Sequence[Play]:
    """Ask with tokens that hold; once more with newer ones where these are not taken."""
    accounts = services.play_accounts[PROVIDER]
    access = await open_access(database, services, account_id)
    try:
        return await accounts.history(access.access_token, since=since, until=until)
    except Unauthenticated:
        access = await open_access(database, services, account_id, after=access.generation)
    except AccessEnded:
        await end_access(database, access)
        raise
    return await _ask_again(database, services, access, since, until)


async def _ask_again(
    database: Database, services: Services, access: Access, since: datetime, until: datetime
) -> Sequence[Play]:
    try:
        return await services.play_accounts[PROVIDER].history(access.access_token, since=since, until=until)
    except Unauthenticated:
        raise Unavailable("Serato does not take tokens that it has just made.") from None
    except AccessEnded:
        await end_access(database, access)
        raise


async def _keep(database: Database, user_id: UUID, told: Sequence[Play], look: Mapping[str, Any]) -> None:
    placed = [Placed(play, play.started_at, time_known=True) for play in told if play.started_at is not None]
    async with database.transaction() as tx:
        await write(tx, user_id, placed, source=PlaySource.SERATO_ACCOUNT, trust=TrustLevel.CONNECTED)
        await plays.add_read(tx.session, **look, play_count=len(told))
