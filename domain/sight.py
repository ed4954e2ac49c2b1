"""What is told of the server at work, to whoever counts and traces it: figures and names of ours, never what people said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class JobOutcome(StrEnum):
    """How one attempt at a job ended."""

    DONE = "DONE"
    FAILED = "FAILED"
    PARKED = "PARKED"
    LOST = "LOST"


@dataclass(frozen=True)
class Gauge:
    """A figure that is read when somebody asks.

    Attributes:
        name: What it is called, in small letters with its unit at the end.
        description: One sentence.
        values: The figures by the value of the label; one under an empty key where there is no label.
        label: What the values differ in.
    """

    name: str
    description: str
    values: Mapping[str, float]
    label: str = ""


@dataclass(frozen=True)
class Backlog:
    """What waits in one queue.

    Attributes:
        due: Jobs whose time has come and that nobody works on.
        later: Jobs whose time is yet to come.
        running: Jobs that somebody works on.
        parked: Jobs that were given up, for people to see.
        oldest_seconds: For how long the oldest due one has been due.
    """

    due: int = 0
    later: int = 0
    running: int = 0
    parked: int = 0
    oldest_seconds: float = 0.0


class Seen(Protocol):
    """What is known of an operation that has ended.

    Attributes:
        name: Its name in the document; empty where it has none, or was refused before there was one.
        kind: `query`, `mutation`, `subscription` (its opening), `event` (one execution for a subscription) or `unknown`.
        trusted: Whether the document is one of those known beforehand; only then are there few names.
        road: `http`, `socket` or `live`.
        began_at: When it began, in nanoseconds since 1970.
        seconds: How long it took.
        codes: The codes of its errors.
        statements: How many SQL statements it ran.
        sql_seconds: How long these took together; they may have run at the same time.
        plans_found: How many compiled reads had their plan already.
        plans_made: How many plans were made for it.
        cost: Its cost, where one was reckoned.
        queries: The statements' texts, their beginning in nanoseconds since 1970 and their seconds; kept for traces alone.
        trace_parent: The trace that the client wants it in, as in the header of W3C Trace Context.
    """

    name: str
    kind: str
    trusted: bool
    road: str
    began_at: int
    seconds: float
    codes: Sequence[str]
    statements: int
    sql_seconds: float
    plans_found: int
    plans_made: int
    cost: float | None
    queries: list[tuple[str, int, float]]
    trace_parent: str | None


class Watcher(Protocol):
    """Somebody who is told."""

    def operation(self, seen: Seen) -> None:
        """An operation has ended."""

    def handed_out(self, seconds: float, sockets: int) -> None:
        """A live event was handed to so many sockets, so long after it was written."""

    def job(self, kind: str, queue: str, outcome: JobOutcome, began_at: int, seconds: float) -> None:
        """An attempt at a job has ended."""


class Counters(Watcher, Protocol):
    """The watcher who can say what was counted."""

    def page(self, gauges: Sequence[Gauge]) -> tuple[bytes, str]:
        """Everything that was counted in this process, with figures read just now.

        Returns:
            The page and its media type.
        """


@dataclass(frozen=True)
class Watchers:
    """All who are told, and the one who can be asked.

    Attributes:
        counters: Counts, and can be asked.
        traces: Whether somebody wants the texts of statements.
        others: Whoever else is told.
    """

    counters: Counters
    traces: bool = False
    others: Sequence[Watcher] = field(default_factory=tuple)

    def operation(self, seen: Seen) -> None:
        """Tell all of an operation."""
        self.counters.operation(seen)
        for other in self.others:
            other.operation(seen)

    def handed_out(self, seconds: float, sockets: int) -> None:
        """Tell all of a live event."""
        self.counters.handed_out(seconds, sockets)
        for other in self.others:
            other.handed_out(seconds, sockets)

    def job(self, kind: str, queue: str, outcome: JobOutcome, began_at: int, seconds: float) -> None:
        """Tell all of a job."""
        self.counters.job(kind, queue, outcome, began_at, seconds)
        for other in self.others:
            other.job(kind, queue, outcome, began_at, seconds)
