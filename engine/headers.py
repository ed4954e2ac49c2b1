"""Headers of requests, found without looking through all of them each time."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import Scope


class QuickHeaders(Headers):
    """The headers of a request. Names are asked for in small letters; of several values the first counts, as elsewhere."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope=scope)
        self._first: dict[bytes, bytes] = dict(reversed(self._list))

    def get(self, key: str, default: Any = None) -> Any:
        """Give the value under a name."""
        value = self._first.get(key.encode("latin-1"))
        return default if value is None else value.decode("latin-1")


class QuickRequest(Request):
    """A request with such headers."""

    @cached_property
    def headers(self) -> Headers:
        """Its headers."""
        return QuickHeaders(self.scope)
