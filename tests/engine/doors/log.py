"""A log in PostgreSQL with a line through Valkey, as a platform would have them."""

from __future__ import annotations

from contextlib import aclosing, asynccontextmanager

import orjson

from engine.live import Event

TABLES = """
CREATE TABLE heads (topic text PRIMARY KEY, head bigint NOT NULL);
CREATE TABLE happened (
    topic text, sequence bigint, kind text, data jsonb, occurred_at timestamptz DEFAULT clock_timestamp(),
    PRIMARY KEY (topic, sequence)
);
"""
APPEND = """
WITH grown AS (
    INSERT INTO heads VALUES ($1, 1) ON CONFLICT (topic) DO UPDATE SET head = heads.head + 1 RETURNING head
)
INSERT INTO happened (topic, sequence, kind, data) SELECT $1, head, 'SAID', $2 FROM grown RETURNING sequence, occurred_at
"""
READ = "SELECT * FROM happened WHERE topic = $1 AND sequence > $2 ORDER BY sequence LIMIT $3"


class Log:
    """A log in PostgreSQL with a line through Valkey."""

    def __init__(self, pool, bus):
        self.pool = pool
        self.bus = bus
        self.heads = 0
        self.reads = 0
        self.lines = 0

    async def say(self, topic, text, *, lost=False):
        data = orjson.dumps({"text": text}).decode()
        row = await self.pool.fetchrow(APPEND, topic, data)
        message = {"sequence": row["sequence"], "kind": "SAID", "data": {"text": text}}
        sent = orjson.dumps({**message, "occurredAt": row["occurred_at"].timestamp()})
        if not lost:
            await self.bus.publish(topic, sent)
        return sent

    def read(self, topic):
        async def read(after, limit):
            self.reads += 1
            rows = await self.pool.fetch(READ, topic, after, limit)
            return [Event(r["sequence"], r["kind"], orjson.loads(r["data"]), r["occurred_at"]) for r in rows]

        return read

    async def head(self, names):
        self.heads += 1
        return {
            row["topic"]: row["head"]
            for row in await self.pool.fetch("SELECT * FROM heads WHERE topic = ANY($1)", names)
        }

    @asynccontextmanager
    async def listen(self, topic):
        self.lines += 1
        async with self.bus.listen(topic) as messages:
            yield messages

    def follow(self, live, topic, after=0):
        return aclosing(live.follow(topic, after, self.read(topic), self.head))
