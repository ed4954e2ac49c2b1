"""Apollo's subscriptions over multipart HTTP, `subscriptionSpec=1.0`.

Each part ends with the delimiter of the next, since clients wait for that before they read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

from engine.onward import Delivery

DELIMITER: Final = b"--graphql"
KEPT: Final = b"multipart/mixed"
RESTARTING: Final = {"message": "Service restart", "extensions": {"code": "UNAVAILABLE"}}


def _part(body: bytes) -> bytes:
    return b"\r\nContent-Type: application/json\r\n\r\n" + body + b"\r\n" + DELIMITER


HEARTBEAT: Final = _part(b"{}")


class Parts:
    """Answers as parts with the answer under `payload`; an empty object is a sign of life."""

    media_type = "multipart/mixed; boundary=graphql; subscriptionSpec=1.0"

    def begin(self) -> bytes:
        """The first delimiter and a heartbeat, so that the headers leave at once."""
        return DELIMITER + HEARTBEAT

    def next(self, delivery: Delivery) -> bytes:
        """A part with an answer."""
        found = delivery.frames.get(KEPT)
        if found is None:
            found = delivery.frames[KEPT] = _part(b'{"payload":' + delivery.payload + b"}")
        return found

    def error(self, errors: list[dict[str, Any]]) -> bytes:
        """A part with the errors of the operation."""
        return _part(orjson.dumps({"payload": {"errors": errors}}))

    def broken(self, error: Mapping[str, Any]) -> bytes:
        """A part without payload: what is wrong is wrong with the transport; then the end."""
        return _part(orjson.dumps({"payload": None, "errors": [error]})) + self.end()

    def moved(self) -> bytes:
        """The same with a code that passes: clients ask again after an error of the transport, not after an end."""
        return self.broken(RESTARTING)

    def beat(self) -> bytes:
        """An empty part."""
        return HEARTBEAT

    def end(self) -> bytes:
        """What makes the last delimiter the closing one."""
        return b"--\r\n"
