"""What the engine asks of the context that every operation runs in."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any, Protocol


class Reader(Protocol):
    """A connection to the database that only reads."""

    async def fetch(self, sql: str, *parameters: object) -> list[Any]:
        """Run one statement.

        Args:
            sql: The text, with ``$1`` for the first parameter.
            parameters: The values, in order.

        Returns:
            The rows.
        """
        ...


class Context(Protocol):
    """Who asks, and what their reads need. Made anew for each HTTP request and for each operation on a socket."""

    @property
    def parameters(self) -> Mapping[str, object]:
        """Values for the bind names that compiled reads share; ``viewer`` is the viewer's id or None."""
        ...

    @property
    def expires_at(self) -> datetime | None:
        """When the proof of who asks ends, with a time zone; None when there is none or it does not end."""
        ...

    async def revoked(self) -> bool:
        """Whether that proof was taken back since. Asked every few seconds while a subscription is open."""
        ...

    def read(self) -> AbstractAsyncContextManager[Reader]:
        """Lend a connection for reading."""
        ...


def payer_of(context: object) -> Hashable:
    """Who pays for what is asked in a context, and waits in one line with all who pay together; None where it does not say."""
    payer: Hashable = getattr(context, "payer", None)
    return payer
