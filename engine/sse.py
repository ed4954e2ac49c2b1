"""Server-sent events: GraphQL over SSE, one connection for each operation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

from engine.onward import Delivery

COMPLETE: Final = b"event: complete\ndata:\n\n"
COMMENT: Final = b":\n\n"
BEGIN: Final = b":\nretry: 1000\n\n"
"""Milliseconds; browsers would wait for three to five seconds."""

KEPT: Final = b"text/event-stream"


class Events:
    """Answers as `next` events with the cursor as their id, then `complete`."""

    media_type = "text/event-stream; charset=utf-8"

    def begin(self) -> bytes:
        """A comment, so that the headers leave at once, and how soon to come back."""
        return BEGIN

    def next(self, delivery: Delivery) -> bytes:
        """A `next` event. JSON has no line breaks of its own here, so that one line of data is enough."""
        found = delivery.frames.get(KEPT)
        if found is None:
            place = b"" if delivery.cursor is None else b"id: " + delivery.cursor.encode() + b"\n"
            found = delivery.frames[KEPT] = b"event: next\n" + place + b"data: " + delivery.payload + b"\n\n"
        return found

    def error(self, errors: list[dict[str, Any]]) -> bytes:
        """A `next` event without data: there is no other for errors."""
        return b"event: next\ndata: " + orjson.dumps({"errors": errors}) + b"\n\n"

    def broken(self, error: Mapping[str, Any]) -> bytes:
        """The error, and the end of the operation: to come back with the same token would be in vain."""
        return self.error([dict(error)]) + COMPLETE

    def moved(self) -> bytes:
        """Nothing, not even `complete`: after a stream that just ends, clients come back by themselves."""
        return b""

    def beat(self) -> bytes:
        """A comment."""
        return COMMENT

    def end(self) -> bytes:
        """A `complete` event."""
        return COMPLETE
