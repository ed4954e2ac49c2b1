"""HTTP connections whose peers do not read are cut off, with all that waits for them.

A connection that is closed keeps what was written until the peer has taken it, and a peer that reads nothing never does.
`uvicorn --http engine.cutting:CuttingProtocol` bounds how long that lasts, and lets whoever answers cut at once. Without it
everything works, and such a peer costs memory until its machine is gone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

EXTENSION: Final = "http.cut"
STUCK_SECONDS: Final = 60.0


def cut_of(scope: Scope) -> Callable[[], None]:
    """What cuts the connection of a request off; nothing where the server cannot."""
    cut: Callable[[], None] = (scope.get("extensions") or {}).get(EXTENSION, _leave)
    return cut


def _leave() -> None:
    """Leave a connection to its server."""


class CuttingProtocol(HttpToolsProtocol):
    """uvicorn's protocol with an end to its patience.

    Attributes:
        stuck_seconds: How long a peer may take nothing at all of what waits for it.
    """

    stuck_seconds = STUCK_SECONDS

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin."""
        super().connection_made(transport)
        self._stuck: asyncio.TimerHandle | None = None

    def on_message_begin(self) -> None:
        """Begin a request, and offer the extension."""
        super().on_message_begin()
        scope: Any = self.scope
        scope["extensions"] = {EXTENSION: self.transport.abort}

    def pause_writing(self) -> None:
        """Watch whether the peer takes anything."""
        super().pause_writing()
        self._watch()

    def resume_writing(self) -> None:
        """Watch no longer."""
        super().resume_writing()
        self._unwatch()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._unwatch()
        super().connection_lost(exc)

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection on which nothing is asked any more, and wait for the rest of the last answer only so long."""
        super().timeout_keep_alive_handler()
        if self.transport.get_write_buffer_size():
            self._watch()

    def _watch(self) -> None:
        self._unwatch()
        waiting = self.transport.get_write_buffer_size()
        self._stuck = self.loop.call_later(self.stuck_seconds, self._look, waiting)

    def _look(self, before: int) -> None:
        # After a pause nothing is written, so that the buffer shrinks if anything is taken.
        if self.transport.get_write_buffer_size() < before:
            self._watch()
        else:
            self.transport.abort()

    def _unwatch(self) -> None:
        if self._stuck is not None:
            self._stuck.cancel()
            self._stuck = None
