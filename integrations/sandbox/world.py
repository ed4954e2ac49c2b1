"""What the vendors of the sandbox know: documents and the calls they got, in one SQLite file that survives a kill."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import orjson

KEPT_CALLS: Final = 20_000
BODY_KEPT: Final = 64 * 1024
ANSWER_KEPT: Final = 4 * 1024
BUSY_MILLISECONDS: Final = 5_000
CLOCK: Final = "clock"

TABLES: Final = """
CREATE TABLE IF NOT EXISTS documents (
    place INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    value BLOB NOT NULL,
    UNIQUE (kind, key)
);
CREATE TABLE IF NOT EXISTS calls (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at REAL NOT NULL,
    host TEXT NOT NULL,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    query TEXT NOT NULL,
    authorization TEXT NOT NULL,
    body TEXT NOT NULL,
    who TEXT,
    status INTEGER,
    seconds REAL,
    answer TEXT,
    fault TEXT
);
CREATE INDEX IF NOT EXISTS calls_by_host ON calls (host, id);
"""
BRIEF: Final = "id, at, host, method, path, query, who, status, seconds, fault"
WHOLE: Final = f"{BRIEF}, authorization, body, answer"


class World:
    """A small store of documents, each a JSON object under a kind and a key, and the log of calls.

    Everything is synchronous and takes microseconds. What is written is committed before the method returns, or at the
    end of the outermost `transaction()`. There is one event loop and no `await` inside a transaction, so that no two
    requests meet in the middle of a change.
    """

    def __init__(self, path: Path) -> None:
        """Open the file, or make it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        # Without the driver's own transactions: ours begin and end where we say.
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        self._db.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
        self._db.execute("PRAGMA journal_mode = WAL")
        # A process that is killed loses nothing that was written; only the machine's own death could.
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(TABLES)
        self._depth = 0
        self._offset = float((self.get(CLOCK, "offset") or {}).get("seconds", 0.0))

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    # Time

    def now(self) -> float:
        """The vendors' time in seconds since 1970; tests may shift it by `offset`."""
        return time.time() + self._offset

    @property
    def offset(self) -> float:
        """How many seconds the vendors' clock is ahead."""
        return self._offset

    @offset.setter
    def offset(self, seconds: float) -> None:
        self.put(CLOCK, "offset", {"seconds": seconds})
        self._offset = seconds

    # Documents

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of the changes in the block or none of them. Blocks may be nested; never `await` in one."""
        if self._depth:
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
            return
        self._db.execute("BEGIN IMMEDIATE")
        self._depth = 1
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        else:
            self._db.execute("COMMIT")
        finally:
            self._depth = 0

    def get(self, kind: str, key: str) -> dict[str, Any] | None:
        """Read one document; what is changed in the answer is changed in the store by `put` alone."""
        row = self._db.execute("SELECT value FROM documents WHERE kind = ? AND key = ?", (kind, key)).fetchone()
        return None if row is None else orjson.loads(row["value"])

    def put(self, kind: str, key: str, value: dict[str, Any]) -> None:
        """Write one document, in place of what was under its key."""
        self._db.execute(
            "INSERT INTO documents (kind, key, value) VALUES (?, ?, ?) "
            "ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value",
            (kind, key, orjson.dumps(value)),
        )

    def take(self, kind: str, key: str) -> dict[str, Any] | None:
        """Remove one document and return it: of two who take it, one gets it."""
        row = self._db.execute(
            "DELETE FROM documents WHERE kind = ? AND key = ? RETURNING value", (kind, key)
        ).fetchone()
        return None if row is None else orjson.loads(row["value"])

    def delete(self, kind: str, key: str | None = None) -> int:
        """Remove one document, or all of a kind; returns how many there were."""
        if key is None:
            return self._db.execute("DELETE FROM documents WHERE kind = ?", (kind,)).rowcount
        return self._db.execute("DELETE FROM documents WHERE kind = ? AND key = ?", (kind, key)).rowcount

    def all(self, kind: str) -> dict[str, dict[str, Any]]:
        """Read all documents of a kind, in the order in which they came first."""
        rows = self._db.execute("SELECT key, value FROM documents WHERE kind = ? ORDER BY place", (kind,))
        return {row["key"]: orjson.loads(row["value"]) for row in rows}

    def reset(self) -> None:
        """Forget everything: documents, calls and the shifted clock. The numbers of calls go on."""
        with self.transaction():
            self._db.execute("DELETE FROM documents")
            self._db.execute("DELETE FROM calls")
        self._offset = 0.0

    # Calls

    def note_call(self, *, host: str, method: str, path: str, query: str, authorization: str, body: bytes) -> int:
        """Note a request when it arrives; returns its number, which `end_call` wants."""
        text = body[:BODY_KEPT].decode(errors="replace")
        values = (time.time(), host, method, path, query, authorization, text)
        with self.transaction():
            call = self._db.execute(
                "INSERT INTO calls (at, host, method, path, query, authorization, body) VALUES (?, ?, ?, ?, ?, ?, ?)",
                values,
            ).lastrowid
            assert call is not None
            self._db.execute("DELETE FROM calls WHERE id <= ?", (call - KEPT_CALLS,))
        return call

    def end_call(
        self, call: int, *, who: str | None, status: int | None, seconds: float, answer: bytes, fault: str | None
    ) -> None:
        """Note how a request ended: whose account it was about if the vendor knew; no `status` when there was no answer."""
        text = answer[:ANSWER_KEPT].decode(errors="replace")
        self._db.execute(
            "UPDATE calls SET who = ?, status = ?, seconds = ?, answer = ?, fault = ? WHERE id = ?",
            (who, status, seconds, text, fault, call),
        )

    def calls(
        self,
        *,
        host: str | None = None,
        path: str | None = None,
        since: int = 0,
        limit: int = KEPT_CALLS,
        bodies: bool = True,
    ) -> list[dict[str, Any]]:
        """Read the newest calls after `since`, oldest first; `path` is a glob. One without `seconds` goes on still."""
        where, values = _conditions(host, path, since)
        columns = WHOLE if bodies else BRIEF
        rows = self._db.execute(f"SELECT {columns} FROM calls{where} ORDER BY id DESC LIMIT ?", (*values, limit))  # noqa: S608 -- of constants
        return [dict(row) for row in reversed(rows.fetchall())]

    def count_calls(self, *, host: str | None = None, path: str | None = None, since: int = 0) -> int:
        """Count the calls after `since`."""
        where, values = _conditions(host, path, since)
        found = self._db.execute(f"SELECT count(*) FROM calls{where}", values).fetchone()  # noqa: S608 -- of constants
        return int(found[0])

    def last_call(self) -> int:
        """The number of the newest call ever, 0 when there was none."""
        row = self._db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'calls'").fetchone()
        return 0 if row is None else int(row["seq"])


def _conditions(host: str | None, path: str | None, since: int) -> tuple[str, tuple[Any, ...]]:
    parts: list[tuple[str, Any]] = [("id > ?", since)]
    if host is not None:
        parts.append(("host = ?", host))
    if path is not None:
        parts.append(("path GLOB ?", path))
    return " WHERE " + " AND ".join(text for text, _ in parts), tuple(value for _, value in parts)
