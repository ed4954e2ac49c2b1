"""What is compared: how each server is started, what its sockets say, and how it is told to say something to all."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks import node
from benchmarks.fanout.whole import Whole
from benchmarks.servers import ROOT, DidNotStart, free_port, stop, wait_for

__all__ = ["DidNotStart", "Kind", "Running", "kinds", "serving"]

PLAIN: Final = "websockets-sansio"
OURS: Final = "engine.frames:FrameProtocol"
RAW: Final = "raw transport.write"
ENGINE: Final = "Backline's engine"
ONE_ID: Final = "the same, one id for all"
WHOLE: Final = "Backline, whole"
STOCK: Final = "Strawberry as it comes"
GRAPHQL_WS: Final = "graphql-ws on Node"
MERCURIUS: Final = "Mercurius on Node"
PLAIN_ASGI: Final = "our engine over plain ASGI"
EACH: Final = "our engine, not shared"

OWN: Final = "0190a4c2-d3e4-7f8a-9b0c-0000########"
"""The id of a subscription: each socket's own, as clients make them; the number of the socket is put in."""
SAME: Final = "0190a4c2-d3e4-7f8a-9b0c-000000000001"
QUERY: Final = "subscription{messageSent{id text sentAt room author{id username displayName}}}"


@dataclass(frozen=True)
class Kind:
    """One server of the comparison.

    Attributes:
        command: What runs it, after the port is put in.
        messages: What a socket says: ``init`` and ``subscribe``; and ``publish``, the request that says something to all.
        first: How many messages a socket is told at once, before anything is said.
        settings: Its environment.
    """

    command: tuple[str, ...]
    messages: Mapping[str, str]
    first: int = 0
    settings: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))


@dataclass(frozen=True)
class Running:
    """A server that takes connections.

    Attributes:
        kind: Which.
        port: Where.
        pid: Its process.
    """

    kind: Kind
    port: int
    pid: int


def uvicorn(factory: str, protocol: str) -> tuple[str, ...]:
    """The command of a Python server; pings are off for all, since the client only counts."""
    return (
        *(sys.executable, "-m", "uvicorn", "--factory", factory, "--app-dir", str(ROOT), "--port", "{port}"),
        *("--loop", "uvloop", "--http", "httptools", "--ws", protocol, "--ws-per-message-deflate", "false"),
        *("--ws-ping-interval", "3600", "--backlog", "8192", "--no-access-log", "--log-level", "critical"),
    )


def messages(operation_id: str) -> dict[str, str]:
    """What sockets say to the small servers, and how these are told to say something."""
    return {
        "init": '{"type":"connection_init"}',
        "subscribe": f'{{"type":"subscribe","id":"{operation_id}","payload":{{"query":"{QUERY}"}}}}',
        "publish": "POST /publish HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n",
    }


def kinds(whole: Whole | None, program: Path | None) -> dict[str, Kind]:
    """All servers by their names.

    Args:
        whole: What the whole server stands on; None leaves it out.
        program: The Node.js that runs the peers; None leaves them out.
    """

    def small(factory: str, protocol: str = OURS, operation_id: str = OWN) -> Kind:
        return Kind(uvicorn(f"benchmarks.fanout.servers:{factory}", protocol), messages(operation_id))

    def peer(name: str) -> Kind:
        return Kind((str(program), str(node.PEERS / "fanout.js"), name, "{port}"), messages(OWN))

    found = {
        RAW: small("raw", "benchmarks.fanout.servers:RawProtocol"),
        ENGINE: small("shared"),
        ONE_ID: small("shared", operation_id=SAME),
        STOCK: small("stock", PLAIN),
        PLAIN_ASGI: small("shared", PLAIN),
        EACH: small("each"),
    }
    if whole is not None:
        found[WHOLE] = Kind(uvicorn("app:create", OURS), whole.messages(OWN), 1, whole.settings)
    if program is not None:
        found |= {GRAPHQL_WS: peer("graphql-ws"), MERCURIUS: peer("mercurius")}
    return found


@contextmanager
def serving(kind: Kind, core: int | None, folder: Path) -> Iterator[Running]:
    """Run a server.

    Args:
        kind: Which.
        core: The core that it is to have; None for any.
        folder: Where it runs.

    Raises:
        DidNotStart: It ended, or took too long.
    """
    port = free_port()
    command = [part.replace("{port}", str(port)) for part in kind.command]
    with (folder / f"{port}.log").open("w+b") as words:
        process = subprocess.Popen(command, cwd=folder, env=kind.settings, stdout=words, stderr=words)
        try:
            if core is not None:
                os.sched_setaffinity(process.pid, {core})
            wait_for(process, port, words)
            yield Running(kind, port, process.pid)
        finally:
            stop(process)
