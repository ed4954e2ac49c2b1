"""What can be seen of operations: how long they took, what they ran, how they ended; never what was asked or answered.

Each operation has a record while it is under way. Whoever does something worth knowing writes it there; when the operation has
ended, a watcher is told, and a slow one is logged. Whom the work is for, and in which request, is kept beside it for the log.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from typing import Any, Final, Protocol

from graphql import OperationDefinitionNode

log = logging.getLogger(__name__)

SLOW_SECONDS: Final = 0.5
LONGEST_NAME: Final = 80
MOST_QUERIES: Final = 64
"""Texts of statements that one record keeps for a trace."""


class Facts:
    """Whom the work under way is for.

    Attributes:
        request: The request's id; a socket has one from its handshake to its end.
        road: `http` or `socket`.
        trace_parent: The header `traceparent`, as it came.
        user: The id of who asks, once it is known.
    """

    __slots__ = ("request", "road", "trace_parent", "user")

    def __init__(self, request: str, road: str, trace_parent: str | None = None) -> None:
        self.request = request
        self.road = road
        self.trace_parent = trace_parent
        self.user: str | None = None


class Record:
    """One operation; see `domain.sight.Seen` for what is written where the engine is at home."""

    __slots__ = (
        "began",
        "began_at",
        "codes",
        "cost",
        "kind",
        "name",
        "plans_found",
        "plans_made",
        "queries",
        "road",
        "seconds",
        "sql_seconds",
        "statements",
        "trace_parent",
        "traced",
        "trusted",
    )

    def __init__(self, road: str, traced: bool) -> None:
        self.road = road
        self.traced = traced
        self.began = time.perf_counter()
        self.began_at = time.time_ns()
        self.name = ""
        self.kind = "unknown"
        self.trusted = False
        self.seconds = 0.0
        self.codes: Sequence[str] = ()
        self.statements = 0
        self.sql_seconds = 0.0
        self.plans_found = 0
        self.plans_made = 0
        self.cost: float | None = None
        self.queries: list[tuple[str, int, float]] = []
        self.trace_parent: str | None = None

    def is_of(self, operation: OperationDefinitionNode, *, trusted: bool, kind: str | None = None) -> None:
        """Note which operation it is."""
        self.name = operation.name.value[:LONGEST_NAME] if operation.name is not None else ""
        self.kind = kind or operation.operation.value
        self.trusted = trusted

    def ran(self, text: str, seconds: float) -> None:
        """Note a statement that was run just now."""
        self.statements += 1
        self.sql_seconds += seconds
        if self.traced and len(self.queries) < MOST_QUERIES:
            self.queries.append((text, time.time_ns() - int(seconds * 1e9), seconds))

    def waited(self, seconds: float) -> None:
        """Note that for so long nothing was done but wait for a client."""
        self.began += seconds

    @property
    def plan(self) -> str:
        """Where its plans came from, in a word."""
        return "made" if self.plans_made else "found" if self.plans_found else "none"


FACTS: Final[ContextVar[Facts | None]] = ContextVar("facts", default=None)
RECORD: Final[ContextVar[Record | None]] = ContextVar("record", default=None)


def know(user: object) -> None:
    """Note who asks.

    Args:
        user: The id. No name, no address, no token.
    """
    facts = FACTS.get()
    if facts is not None:
        facts.user = str(user)


def count_statement(text: str, seconds: float) -> None:
    """Note a statement that was run outside of a compiled read, for the operation under way if there is one."""
    record = RECORD.get()
    if record is not None:
        record.ran(text, seconds)


def note_cost(cost: float) -> None:
    """Note what the operation under way costs."""
    record = RECORD.get()
    if record is not None:
        record.cost = cost


class Watcher(Protocol):
    """Somebody who is told."""

    def operation(self, seen: Record, /) -> None:
        """An operation has ended."""

    def handed_out(self, seconds: float, sockets: int, /) -> None:
        """A live event was handed to so many sockets, so long after it was written."""


class Sight:
    """Watches the operations of a process."""

    def __init__(
        self, watcher: Watcher | None = None, *, slow_seconds: float = SLOW_SECONDS, traced: bool = False
    ) -> None:
        """Begin.

        Args:
            watcher: Who is told.
            slow_seconds: What takes so long is logged.
            traced: Whether records keep the texts of statements.
        """
        self._watcher = watcher
        self._slow_seconds = slow_seconds
        self._traced = traced

    def begin(self, road: str | None = None) -> Record:
        """Begin the record of an operation; what is done from here on in this task and those it starts is noted in it.

        Args:
            road: By which road it came; the request's own when None.
        """
        facts = FACTS.get()
        record = Record(road or (facts.road if facts is not None else "none"), self._traced)
        RECORD.set(record)
        return record

    def end(self, record: Record | None, payload: Mapping[str, Any]) -> None:
        """End a record. The second time does nothing.

        Args:
            record: As begun.
            payload: The answer; only the codes of its errors are read.
        """
        if record is None or record.seconds:
            return
        record.seconds = time.perf_counter() - record.began
        errors = payload.get("errors")
        if errors:
            record.codes = [str(error.get("extensions", {}).get("code", "INTERNAL")) for error in errors]
        facts = FACTS.get()
        if facts is not None:
            record.trace_parent = facts.trace_parent
        if record.seconds >= self._slow_seconds:
            self._log_slow(record)
        if self._watcher is not None:
            self._watcher.operation(record)

    def leave(self, record: Record) -> None:
        """End the record of an operation whose client has left."""
        self.end(record, {"errors": [{"extensions": {"code": "CLIENT_GONE"}}]})

    def refused(self, payload: Mapping[str, Any]) -> None:
        """Note a request that never became an operation."""
        self.end(self.begin(), payload)

    def handed_out(self, seconds: float, sockets: int) -> None:
        """Note that a live event was handed to sockets."""
        if self._watcher is not None:
            self._watcher.handed_out(seconds, sockets)

    def _log_slow(self, record: Record) -> None:
        facts = {
            "kind": record.kind,
            "road": record.road,
            "milliseconds": round(record.seconds * 1000),
            "statements": record.statements,
            "sqlMilliseconds": round(record.sql_seconds * 1000),
            "plan": record.plan,
        }
        log.warning(
            "Slow: %s %s took %d ms; %d statements, %d ms in SQL, plan %s.",
            record.kind,
            record.name or "without a name",
            facts["milliseconds"],
            record.statements,
            facts["sqlMilliseconds"],
            record.plan,
            extra={"facts": facts},
        )
