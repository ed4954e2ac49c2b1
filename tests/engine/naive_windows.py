"""Rows in their order, and the part of them that a page shows, cut out in Python."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
from strawberry.types.unset import UNSET

from engine.errors import BadInput
from tests.engine.naive_reading import direction, key_names


@dataclass
class Item:
    """A row of a list: what it is ordered by, its key, and that of the row in between."""

    order: Any
    key: tuple[Any, ...]
    between: tuple[Any, ...]
    place: tuple[Any, ...] = ()

    @property
    def rank(self) -> tuple[Any, ...]:
        return ranked(self.place)

    def tie(self, unique, through, source, between) -> None:
        if unique:
            self.place = (self.order,)
        elif between is None:
            self.place = (self.order, *self.key)
        else:
            names = key_names(between)
            only = [names.index(through.key)] if {source.of.key, through.key} == set(names) else range(len(names))
            self.place = (self.order, *(self.between[index] for index in only))


def window_of(rows: list[Item], tag: str, order, arguments) -> tuple[range, tuple[bool, bool]]:
    first, last = given(arguments, "first"), given(arguments, "last")
    if (first is not None and last is not None) or not 0 <= (first if first is not None else last or 0) <= 100:
        raise BadInput("no such page", "first")
    down = direction(order)[1]
    low, high = 0, len(rows)
    after, before = (read_cursor(given(arguments, name), tag, rows) for name in ("after", "before"))
    if after is not None:
        low = sum((item.rank >= after if down else item.rank <= after) for item in rows)
    if before is not None:
        high = sum((item.rank > before if down else item.rank < before) for item in rows)
    high = max(low, high) if before is not None and after is not None else high
    start, stop = low, high
    if last is not None:
        start = max(start, stop - last)
    else:
        stop = min(stop, start + (20 if first is None else first))
    if start >= stop:
        window = range(0)
        previous = (last is not None and high > low) or (after is not None and low > 0)
        following = (last is None and high > low) or (before is not None and high_of(rows, before, down) < len(rows))
        return window, (previous, following)
    previous = (last is not None and start > low) or (after is not None and low > 0)
    following = (last is None and stop < high) or (before is not None and high_of(rows, before, down) < len(rows))
    return range(start, stop), (previous, following)


def high_of(rows, before, down) -> int:
    return sum((item.rank > before if down else item.rank < before) for item in rows)


def read_cursor(text, tag, rows) -> tuple[Any, ...] | None:
    if text is None:
        return None
    try:
        mark, *values = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError as error:
        raise BadInput("no cursor") from error
    if mark != tag:
        raise BadInput("not of this list")
    if not rows:
        return ()
    return ranked(tuple(read(value, sample) for value, sample in zip(values, rows[0].place, strict=True)))


def ranked(place: tuple[Any, ...]) -> tuple[Any, ...]:
    """A place as it is compared: the driver gives infinite times without a zone."""
    return tuple(
        value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo is None else value for value in place
    )


def read(value, sample) -> Any:
    if isinstance(sample, datetime):
        return datetime.fromisoformat(value)
    if isinstance(sample, date):
        return date.fromisoformat(value)
    return type(sample)(value) if isinstance(sample, UUID | Decimal) else value


def given(arguments, name) -> Any:
    value = arguments.get(name)
    return None if value is UNSET else value
