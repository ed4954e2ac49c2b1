"""From what was sent to a document's text: by id, by hash, or as it stands; and who may send a text of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final, Protocol

from engine.documents import Refused
from engine.limits import refusal
from engine.requests import Asked, BadRequest
from engine.trusted import Trusted, digest_of

KEPT_SECONDS: Final = 24 * 60 * 60.0
PLACE: Final = "document:"


class Shelf(Protocol):
    """Where texts that clients sent are kept by their hash, for all processes. It may forget them at any time."""

    async def get(self, key: str) -> bytes | None:
        """What is kept under the key; None when nothing is."""

    async def put(self, key: str, value: bytes, *, seconds: float) -> None:
        """Keep it for so long."""


class Lookup:
    """Finds the text of what is asked.

    Attributes:
        only: Whether nothing but trusted documents may be asked, but by developers.
    """

    def __init__(self, trusted: Trusted | None = None, *, only: bool = False, shelf: Shelf | None = None) -> None:
        """Decide what may be asked.

        Args:
            trusted: What may be asked by id.
            only: Whether nothing else may be asked.
            shelf: Where automatic persisted queries are kept; None to have none. With `only` there are none either.
        """
        self._trusted = trusted or Trusted()
        self.only = only
        self._shelf = None if only else shelf

    def recognise(self, asked: Asked) -> Asked:
        """Say of a text whether it is that of a trusted document."""
        return replace(asked, trusted=True) if not asked.trusted and self._trusted.holds(asked.query) else asked

    async def find(self, asked: Asked, *, check: Callable[[Asked], object]) -> Asked:
        """Find the text.

        Args:
            asked: As it was sent.
            check: Raises where a text cannot be run; asked before it is kept for others.

        Returns:
            The same with the text in it, and nothing left to be found.

        Raises:
            Refused: There is no such document.
            BadRequest: The hash is not that of the text.
        """
        if asked.document_id is not None:
            text = self._trusted.find(asked.document_id)
            if text is None:
                raise Refused([refusal("DOCUMENT_NOT_FOUND", "There is no trusted document with this id.")])
            return replace(asked, query=text, document_id=None, trusted=True)
        if asked.digest is not None:
            asked = await self._by_digest(asked, check)
        return self.recognise(asked)

    async def _by_digest(self, asked: Asked, check: Callable[[Asked], object]) -> Asked:
        assert asked.digest is not None
        text = self._trusted.find(asked.digest)
        if asked.query:
            # A trusted document may have an id of its client's making, which says nothing of its text.
            if text != asked.query and digest_of(asked.query) != asked.digest:
                raise BadRequest(400, "BAD_REQUEST", "The `sha256Hash` is not that of the `query`.")
            if text is None and self._shelf is not None:
                check(asked)
                await self._shelf.put(PLACE + asked.digest, asked.query.encode(), seconds=KEPT_SECONDS)
            return replace(asked, digest=None)
        if text is not None:
            return replace(asked, query=text, digest=None, trusted=True)
        if self._shelf is None:
            # These two sentences are what Apollo's clients look for.
            raise Refused([refusal("PERSISTED_QUERY_NOT_SUPPORTED", "PersistedQueryNotSupported")])
        kept = await self._shelf.get(PLACE + asked.digest)
        if kept is None:
            raise Refused([refusal("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound")])
        return replace(asked, query=kept.decode(), digest=None)
