"""People and rooms for tests, made by the platform's own deeds where they are what the test is about."""

import itertools
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import func, insert, select, update

from db import tables
from db.queries import jobs
from domain.accounts import Channel, Role
from domain.actors import Actor
from domain.broadcasts import HEARTBEAT_LEASE
from domain.events import room_topic
from domain.ids import new_id, to_wire
from domain.jobs import JobKind
from domain.ports import Claims
from jobs.run import run_job
from resolvers import chat
from resolvers.broadcasts import listen, start

numbers = itertools.count(1)


@dataclass(frozen=True)
class Person:
    """Somebody who is signed in."""

    id: UUID
    username: str
    token: str
    actor: Actor

    @property
    def wire(self):
        return to_wire("user", self.id)


@dataclass(frozen=True)
class Room:
    """A room on air."""

    id: UUID
    curator: Person

    @property
    def wire(self):
        return to_wire("broadcast", self.id)


class Cast:
    """Makes them."""

    def __init__(self, web):
        self.web = web
        self.database = web.database
        self.services = web.services

    async def user(self, username=None, *, roles=(Role.LISTENER,), email=None, hours=1.0, **facts):
        """Somebody with a session; `facts` are columns of `users`."""
        name = username or f"person{next(numbers)}"
        user_id, session_id = new_id(), new_id()
        facts = {"display_name": name.title(), "roles": [role.value for role in roles], **facts}
        expires_at = datetime.now(UTC) + timedelta(hours=hours)
        async with self.database.transaction() as tx:
            await tx.session.execute(insert(tables.User).values(id=user_id, username=name, **facts))
            await tx.session.execute(insert(tables.Session).values(id=session_id, user_id=user_id, device="Test"))
            await tx.session.execute(
                insert(tables.Identity).values(
                    id=new_id(),
                    user_id=user_id,
                    channel=Channel.EMAIL,
                    address=email or f"{name}@example.com",
                    verified_at=datetime.now(UTC),
                )
            )
        token = self.services.tokens.issue(Claims(user_id, session_id, expires_at))
        actor = Actor(user_id, frozenset(roles), session_id=session_id, expires_at=expires_at)
        return Person(user_id, name, token, actor)

    async def room(self, curator=None, *, title="Night drive", **facts):
        """A room on air."""
        curator = curator or await self.user()
        async with self.database.transaction() as tx:
            return Room(await start.start(tx, curator.actor, title=title, **facts), curator)

    async def listener(self, room, person=None):
        """Somebody in a room."""
        person = person or await self.user()
        async with self.database.transaction() as tx:
            await listen.join(tx, person.actor, room.id)
        return person

    async def message(self, room, author=None, text="Hello", client_key=None):
        """A message in a room; the curator's unless said otherwise, who need not wait."""
        author = author or room.curator
        return await chat.send(
            self.database,
            self.services.limiter,
            author.actor,
            broadcast_id=room.id,
            text=text,
            client_key=client_key,
        )

    async def run_jobs(self):
        """Do every job that is due until none is; gives how many were done."""
        done = 0
        while True:
            async with self.database.session() as session:
                due = await jobs.find_due(session, 100)
            worked = [await run_job(self.database, self.services, row.id) for row in due]
            done += sum(worked)
            if not any(worked):
                return done

    async def silence(self, tx, room, minutes):
        """Let the last heartbeat of a room be so many minutes ago."""
        ago = timedelta(minutes=minutes)
        await tx.session.execute(
            update(tables.Broadcast)
            .where(tables.Broadcast.id == room.id)
            .values(
                last_heartbeat_at=func.now() - ago,
                ends_without_heartbeat_at=func.now() - ago + HEARTBEAT_LEASE,
            )
        )

    async def status(self, room):
        """Where a room stands."""
        async with self.database.session() as session:
            statement = select(tables.Broadcast.status).where(tables.Broadcast.id == room.id)
            return (await session.execute(statement)).scalar_one()

    async def count_events(self, room, kind):
        """How often something happened in a room."""
        async with self.database.session() as session:
            statement = select(func.count()).where(
                tables.EventRow.topic == room_topic(room.id), tables.EventRow.kind == kind
            )
            return (await session.execute(statement)).scalar_one()

    async def count(self, table, *conditions):
        """How many rows a table has."""
        async with self.database.session() as session:
            statement = select(func.count()).select_from(table).where(*conditions)
            return (await session.execute(statement)).scalar_one()

    async def ring_silence(self):
        """Let the jobs that look for silent rooms be due now."""
        async with self.database.transaction() as tx:
            silent = tables.JobRow.kind == JobKind.END_SILENT_BROADCAST
            await tx.session.execute(update(tables.JobRow).where(silent).values(run_at=func.now()))
