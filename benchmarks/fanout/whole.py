"""The whole server: our web process as it is deployed, over PostgreSQL and Valkey, and one busy room."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

import orjson
import uvloop

from benchmarks import data
from benchmarks.operations import read_document
from benchmarks.servers import environment
from domain.ids import to_wire
from domain.ports import Claims
from integrations.embedded import Addresses
from integrations.tokens import JwtTokens

ANEW: Final = "for_each"
"""Stands in what is published for something else with each number of sockets."""

SESSION: Final = UUID("01930000-0000-7fff-8000-000000000001")
ROOM: Final = data.key(data.BROADCAST, 0)
CURATOR: Final = data.key(data.USER, 0)
"""Who has the room on air says everything: they need not wait between two messages."""


@dataclass(frozen=True)
class Whole:
    """What the whole server stands on.

    Attributes:
        settings: Its environment.
        token: Proves its curator.
    """

    settings: dict[str, str]
    token: str

    def messages(self, operation_id: str) -> dict[str, str]:
        """What sockets say, strangers to the room; and the request by which its curator says something to all."""
        room = to_wire("broadcast", ROOM)
        listen = {"query": read_document("BroadcastEvents"), "variables": {"broadcastId": room}}
        said = {
            "broadcastId": room,
            "text": "Message ########: this one goes out to everybody.",
            # A key that was used before would be the same message, and nobody would be told of it again.
            "clientKey": f"{ANEW}########",
        }
        say = orjson.dumps({"query": read_document("SendMessage"), "variables": {"input": said}}).decode()
        head = (
            "POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {self.token}\r\nContent-Length: {len(say)}\r\n\r\n"
        )
        subscribe = {"type": "subscribe", "id": operation_id, "payload": listen}
        return {
            "init": '{"type":"connection_init"}',
            "subscribe": orjson.dumps(subscribe).decode(),
            "publish": head + say,
        }


@contextmanager
def standing(addresses: Addresses, folder: Path) -> Iterator[Whole]:
    """Make the data in a database of its own, and sign the curator in.

    Args:
        addresses: Where PostgreSQL and Valkey are.
        folder: Where the server keeps its files.
    """
    with data.database(addresses.database_url) as url:
        settings = environment(url, addresses.redis_url, folder)
        uvloop.run(
            data.run(url, f"INSERT INTO sessions (id, user_id, device) VALUES ('{SESSION}', '{CURATOR}', 'bench')")
        )
        tokens = JwtTokens(settings["JWT_SECRET"], issuer=settings["PUBLIC_URL"])
        yield Whole(settings, tokens.issue(Claims(CURATOR, SESSION, datetime.now(UTC) + timedelta(hours=6))))
