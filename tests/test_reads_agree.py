"""The platform's own reads: compiled and naive give the same, on rooms, people and news as they come."""

import asyncio
import os
import random
from contextlib import asynccontextmanager

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, insert, update

from db import tables
from domain.accounts import Role
from domain.actors import Actor, Caller
from domain.ids import new_id
from domain.tracks import TrackFacts
from resolvers import chat, follows
from resolvers.broadcasts import moderate, stop, tracks
from schema.context import Context
from schema.root import schema
from tests.engine.differing import differences
from tests.engine.naive import Naive
from tests.engine.operations import Known, learn, openings, operations
from tests.payments.rows import pay

EXAMPLES = int(os.environ.get("TEST_EXAMPLES", "60"))
VALUES = {"Int": [0, 1, 2, 20], "String": ["person", "mina", "dub", "house"], "Boolean": [True, False]}
VALUES |= {"Date": ["2026-01-01", "2026-06-30"], "DateTime": ["2026-01-01T00:00:00Z", "2036-01-01T00:00:00+02:00"]}


class OneConnection(Context):
    """A context whose reads share one transaction with the naive engine's, so that the clock stands still for both."""

    def __init__(self, driver, lock, **facts):
        super().__init__(**facts)
        self.driver = driver
        self.lock = lock
        self.texts = []

    @asynccontextmanager
    async def read(self):
        yield self

    async def fetch(self, query, *values):
        async with self.lock:
            self.texts.append(query)
            async with self.driver.transaction():
                return await self.driver.fetch(query, *values)


class Forgiving:
    """A connection on which a statement that fails leaves the transaction as it was."""

    def __init__(self, connection, lock):
        self.connection = connection
        self.lock = lock

    async def execute(self, *arguments):
        async with self.lock, self.connection.begin_nested():
            return await self.connection.execute(*arguments)


@pytest.fixture
async def cast(make, database):
    """A dozen people in four rooms, with everything that can be between them."""
    dice = random.Random(7)
    people = [
        await make.user(
            "mina" if n == 0 else f"person.{n}",
            bio=dice.choice([None, "Plays records"]),
            city=dice.choice([None, "Lagos"]),
            genre_tags=dice.sample(["dub", "house", "jazz"], dice.randint(0, 3)),
            photo_key=dice.choice([None, "photos/a.webp"]),
            deleted_at=None,
        )
        for n in range(12)
    ]
    rooms = [await make.room(people[n], title=f"Room {n}", genre_tags=["dub"] * (n % 2)) for n in range(4)]
    for person in people:
        async with database.transaction() as tx:
            for other in dice.sample(people, 4):
                if other is not person:
                    await follows.follow(tx, person.actor, other.id)
    for room in rooms:
        for person in dice.sample([person for person in people if person is not room.curator], 5):
            await make.listener(room, person)
        await furnish(make, database, dice, room, people)
    async with database.transaction() as tx:
        await follows.block(tx, people[1].actor, people[2].id)
        await stop.stop(tx, people[3].actor, rooms[3].id)
    await money(database, people[0], rooms[0])
    await pay(database, people[0], people[1], rooms[2])
    await accounts(database, people)
    return people


async def furnish(make, database, dice, room, people):
    for n in range(3):
        async with database.transaction() as tx:
            facts = TrackFacts(
                f"Track {n}", "Somebody", album=dice.choice([None, "Album"]), bpm=dice.choice([None, 120.5])
            )
            await tracks.set_now_playing(tx, room.curator.actor, room.id, track=facts, progress_seconds=1.25)
    async with database.transaction() as tx:
        for person in people[4:7]:
            if person is not room.curator:
                await moderate.set_moderator(tx, room.curator.actor, room.id, person.id, moderator=True)
    sent = [
        await make.message(room, person, text=dice.choice(["Hello", "👋", "مرحبا"]))
        for person in people[4:7]
        for _ in range(4)
    ]
    async with database.transaction() as tx:
        await chat.delete(tx, room.curator.actor, sent[1])


async def money(database, person, room):
    ids = {kind: new_id() for kind in ("AVAILABLE", "CLEARING")}
    async with database.transaction() as tx:
        for kind, owner in (("AVAILABLE", person.id), ("CLEARING", None)):
            row = {"id": ids[kind], "kind": kind, "owner_id": owner, "currency": "USDC"}
            await tx.session.execute(insert(tables.LedgerAccount).values(**row))
        entry = new_id()
        subject = {"subject_type": "Broadcast", "subject_id": room.id}
        await tx.session.execute(insert(tables.JournalEntry).values(id=entry, kind="TIP", description="Tip", **subject))
        for kind, amount in (("AVAILABLE", 1_250_000), ("CLEARING", -1_250_000)):
            line = {"id": new_id(), "entry_id": entry, "account_id": ids[kind], "amount_minor": amount}
            await tx.session.execute(insert(tables.JournalLine).values(**line))
        await tx.session.execute(
            update(tables.Notification).where(tables.Notification.user_id == person.id).values(read_at=None)
        )


async def accounts(database, people):
    """Accounts elsewhere, one of them ended and one lost, with the news of it."""
    statuses = ["CONNECTED", "DISCONNECTED", "NEEDS_RECONNECT"]
    async with database.transaction() as tx:
        for place, provider in enumerate(["SPOTIFY", "SERATO", "APPLE_MUSIC", "SPOTIFY"]):
            person = people[place // 3]
            row = {"id": new_id(), "user_id": person.id, "provider": provider, "subject": f"subject {place}"}
            row |= {"status": statuses[place % 3], "username": [None, "mina"][place % 2]}
            row |= {"disconnected_at": func.now() if row["status"] == "DISCONNECTED" else None}
            await tx.session.execute(insert(tables.ConnectedAccount).values(**row))
            if row["status"] == "NEEDS_RECONNECT":
                news = {"id": new_id(), "user_id": person.id, "kind": "ACCOUNT_NEEDS_RECONNECT", "title": "Again"}
                news |= {"body": "Connect it again.", "subject_type": "ConnectedAccount", "subject_id": row["id"]}
                await tx.session.execute(insert(tables.Notification).values(**news))


@pytest.fixture
async def both(web, cast):
    """The naive engine, a maker of contexts, and what is known of the data."""
    async with web.database.engine.connect() as connection:
        await connection.begin()
        driver = (await connection.get_raw_connection()).driver_connection
        lock = asyncio.Lock()

        def context(actor):
            facts = {"database": web.database, "services": web.services, "live": web.live, "presence": web.presence}
            return OneConnection(driver, lock, **facts, actor=actor, caller=Caller("127.0.0.1", "Test"))

        operator = Actor(cast[2].id, frozenset({Role.OPERATOR}), session_id=cast[2].actor.session_id)
        viewers = [None, cast[0].actor, cast[1].actor, operator]
        known = Known(values=VALUES)
        for operation in openings(schema._schema):
            for viewer in viewers:
                result = await schema.execute(operation, context_value=context(viewer))
                assert not result.errors, (operation, result.errors)
                learn(known, "Query", result.data)
        yield Naive(schema, Forgiving(connection, lock)), context, known, viewers
        await connection.rollback()


@pytest.mark.timeout(7200)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    phases=(Phase.generate,),
    derandomize="TEST_EXAMPLES" not in os.environ,
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
async def test_compiled_and_naive_agree_on_the_platform(data, both):
    naive, context, known, viewers = both
    viewer = data.draw(st.sampled_from(viewers))
    operation = data.draw(operations(schema._schema, known))
    found = await differences(schema, naive, operation, lambda: context(viewer))
    assert not found, f"{operation.text}\n{operation.variables}\nviewer {viewer}\n" + "\n".join(found)
