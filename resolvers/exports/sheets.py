"""Files that are text: lists for spreadsheets (CSV, RFC 4180) and for programs (JSON)."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

import orjson

from domain.exports import Column, Value, harmless, written

MARK = "\ufeff"
"""Without it the most common spreadsheet program reads UTF-8 as something else."""


class CsvSheet:
    """A `Sheet` for spreadsheets: the mark of UTF-8, the names of the columns, a line for each row, CRLF between them."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._text = io.StringIO(newline="")
        self._text.write(MARK)
        self._writer = csv.writer(self._text, lineterminator="\r\n")
        self._writer.writerow([column.name for column in columns])
        self._content = bytearray()

    def add(self, rows: Sequence[Sequence[Value]]) -> None:
        """Write some rows; nothing in them is a formula."""
        self._writer.writerows([harmless(written(value)) for value in row] for row in rows)
        self._content += self._text.getvalue().encode()
        self._text.seek(0)
        self._text.truncate()

    def end(self) -> bytes:
        """End the file."""
        return bytes(self._content + self._text.getvalue().encode())


class JsonSheet:
    """A `Sheet` for programs: an array of objects with the names that the schema has."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._paths = [column.path.split(".") for column in columns]
        self._content = bytearray(b"[")

    def add(self, rows: Sequence[Sequence[Value]]) -> None:
        """Write some rows, a line each."""
        for row in rows:
            self._content += b",\n" if len(self._content) > 1 else b"\n"
            self._content += orjson.dumps(self._nest(row))

    def end(self) -> bytes:
        """End the file."""
        return bytes(self._content + b"\n]\n")

    def _nest(self, row: Sequence[Value]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for path, value in zip(self._paths, row, strict=True):
            inner = made
            for name in path[:-1]:
                inner = inner.setdefault(name, {})
            inner[path[-1]] = value if value is None or isinstance(value, float) else written(value)
        return {name: _nothing_or(each) for name, each in made.items()}


def _nothing_or(value: Any) -> Any:
    """An object without anything in it is null, as in the schema."""
    if not isinstance(value, dict):
        return value
    inner = {name: _nothing_or(each) for name, each in value.items()}
    return inner if any(each is not None for each in inner.values()) else None
