"""Being somebody of the demo without a code; the processes offer it in the demo alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from db.queries import demo, sessions
from db.session import Database
from domain.accounts import ACCESS_TOKEN_MINUTES
from domain.demo import DEVICE, Person, Token
from domain.errors import NotFound
from domain.ports import Claims, Services


async def people(database: Database) -> list[Person]:
    """Everybody of the demo, those who are on air first."""
    async with database.session() as session:
        found = await demo.find_people(session)
    return [Person(row.username, row.display_name, "on air now" if row.live else row.bio or "") for row in found]


async def ids(database: Database) -> dict[str, UUID]:
    """The ids of everybody of the demo, by username."""
    async with database.session() as session:
        return {row.username: row.id for row in await demo.find_people(session)}


async def sign_in(database: Database, services: Services, username: str, *, hours: float | None = None) -> Token:
    """Make an access token for somebody of the demo, for as long as any, or for some hours.

    Raises:
        NotFound: The demo has nobody of that name.
    """
    async with database.transaction() as tx:
        found = {row.username: row.id for row in await demo.find_people(tx.session)}
        if username not in found:
            raise NotFound(f"The demo has nobody called {username}; there are {', '.join(found)}.", "username")
        session_id = await demo.find_session(tx.session, found[username])
        if session_id is None:
            session_id = await sessions.add(tx.session, found[username], device=DEVICE, city=None)
    lasting = timedelta(minutes=ACCESS_TOKEN_MINUTES) if hours is None else timedelta(hours=hours)
    expires_at = datetime.now(UTC).replace(microsecond=0) + lasting
    return Token(services.tokens.issue(Claims(found[username], session_id, expires_at)), expires_at)
