"""The door at /metrics: what this process has counted, and what waits in the database."""

from __future__ import annotations

import hmac
import ipaddress
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from db.session import Database
from domain.actors import Caller
from domain.jobs import Queue
from domain.sight import Backlog, Counters, Gauge
from resolvers.operations.jobs import read_backlogs

KEPT_SECONDS: Final = 5.0
"""For so long the queues are not asked again, however often somebody reads."""

FORWARDED: Final = ("forwarded", "x-forwarded-for", "x-real-ip", "via")
"""What a proxy adds: then the address is the proxy's, and says nothing of who reads."""

Gauges = Callable[[], Sequence[Gauge]]


def _none() -> Sequence[Gauge]:
    return ()


class Figures:
    """What is shown at the door."""

    def __init__(self, database: Database, counters: Counters, gauges: Gauges = _none) -> None:
        """Begin.

        Args:
            database: Where the queues are, and whose pool is looked at.
            counters: What was counted.
            gauges: Further figures of the moment.
        """
        self._database = database
        self._counters = counters
        self._gauges = gauges
        self._backlogs: Mapping[Queue, Backlog] = {}
        self._until = 0.0

    async def page(self) -> tuple[bytes, str]:
        """Write the page."""
        up = await self._read()
        usage = self._database.pool_usage()
        pool = {"lent": usage.lent, "idle": usage.idle, "size": usage.size}
        gauges = [
            Gauge("backline_database_up", "Whether the queues could be read.", {"": float(up)}),
            Gauge("backline_pool_connections", "Connections to PostgreSQL, and how many there may be.", pool, "state"),
            *(self._queues() if up else ()),
            *self._gauges(),
        ]
        return self._counters.page(gauges)

    async def _read(self) -> bool:
        """Look at the queues, unless that was done just now. A scrape waits for no database that is away."""
        if time.monotonic() < self._until:
            return True
        backlogs = await read_backlogs(self._database)
        if backlogs is None:
            return False
        self._backlogs = backlogs
        self._until = time.monotonic() + KEPT_SECONDS
        return True

    def _queues(self) -> Sequence[Gauge]:
        def by_queue(read: Callable[[Backlog], float]) -> Mapping[str, float]:
            return {queue.value: read(backlog) for queue, backlog in self._backlogs.items()}

        return (
            Gauge("backline_jobs_due", "Jobs whose time has come.", by_queue(lambda each: each.due), "queue"),
            Gauge("backline_jobs_later", "Jobs whose time is to come.", by_queue(lambda each: each.later), "queue"),
            Gauge("backline_jobs_running", "Jobs under way.", by_queue(lambda each: each.running), "queue"),
            Gauge("backline_jobs_parked", "Jobs that were given up.", by_queue(lambda each: each.parked), "queue"),
            Gauge(
                "backline_jobs_oldest_due_seconds",
                "For how long the oldest due job has been due.",
                by_queue(lambda each: each.oldest_seconds),
                "queue",
            ),
        )


def routes(
    page: Callable[[], Awaitable[tuple[bytes, str]]], token: str | None, find_caller: Callable[[Request], Caller]
) -> list[Route]:
    """Make the door `/metrics`.

    Args:
        page: Writes what is shown, with its media type.
        token: Who sends it as a bearer token may read. Without one, whoever calls from this machine or a private network, past no
            proxy.
        find_caller: Says where a request comes from.
    """

    async def metrics(request: Request) -> Response:
        if token is not None:
            if not _holds(request.headers.get("authorization", ""), token):
                return PlainTextResponse(
                    "Send the token as `Authorization: Bearer ...`.\n", 401, {"www-authenticate": "Bearer"}
                )
        elif any(name in request.headers for name in FORWARDED) or not _is_near(find_caller(request).address):
            return PlainTextResponse("Metrics are for this network, or for who has METRICS_TOKEN.\n", 403)
        content, media_type = await page()
        return Response(content, headers={"content-type": media_type, "cache-control": "no-store"})

    return [Route("/metrics", metrics)]


def _holds(given: str, token: str) -> bool:
    scheme, _, value = given.partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(value.strip().encode(), token.encode())


def _is_near(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    found = getattr(found, "ipv4_mapped", None) or found
    return found.is_loopback or found.is_private
