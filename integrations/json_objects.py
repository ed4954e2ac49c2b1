"""JSON that others send, read one field at a time: what is not as it must be is said at once, and nothing of it is shown."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from typing import Any, Final

import httpx
import orjson

from domain.errors import Unavailable

log = logging.getLogger(__name__)

MAX_TEXT: Final = 10_000


class JsonObject:
    """An object in a vendor's answer. A field that is `null` counts as not being there."""

    def __init__(self, vendor: str, content: dict[str, Any], path: str = "") -> None:
        self._vendor = vendor
        self._content = content
        self._path = path

    def text(self, name: str) -> str:
        """Read a text.

        Raises:
            Unavailable: It is missing, or is none.
        """
        found = self.maybe_text(name)
        if found is None:
            raise self._wrong(name)
        return found

    def maybe_text(self, name: str) -> str | None:
        """Read a text that may be missing.

        Raises:
            Unavailable: Something else is there.
        """
        found = self._content.get(name)
        if found is None:
            return None
        if not isinstance(found, str) or len(found) > MAX_TEXT:
            raise self._wrong(name)
        return found

    def maybe_number(self, name: str) -> float | None:
        """Read a number that may be missing.

        Raises:
            Unavailable: Something else is there.
        """
        found = self._content.get(name)
        if found is None:
            return None
        if isinstance(found, bool) or not isinstance(found, int | float) or not math.isfinite(found):
            raise self._wrong(name)
        return float(found)

    def whole(self, name: str) -> int:
        """Read a whole number, which money is.

        Raises:
            Unavailable: It is missing, or is none.
        """
        found = self._content.get(name)
        if isinstance(found, bool) or not isinstance(found, int):
            raise self._wrong(name)
        return found

    def texts(self, name: str) -> tuple[str, ...]:
        """Read a list of texts; missing means none.

        Raises:
            Unavailable: Something else is there.
        """
        found = self._content.get(name) or []
        if not isinstance(found, list) or not all(isinstance(each, str) and len(each) <= MAX_TEXT for each in found):
            raise self._wrong(name)
        return tuple(found)

    def flag(self, name: str) -> bool:
        """Read a yes or no; missing means no.

        Raises:
            Unavailable: Something else is there.
        """
        found = self._content.get(name)
        if not isinstance(found, bool | None):
            raise self._wrong(name)
        return bool(found)

    def part(self, name: str) -> JsonObject:
        """Read an object inside.

        Raises:
            Unavailable: It is missing, or is none.
        """
        found = self.maybe_part(name)
        if found is None:
            raise self._wrong(name)
        return found

    def maybe_part(self, name: str) -> JsonObject | None:
        """Read an object inside that may be missing.

        Raises:
            Unavailable: Something else is there.
        """
        found = self._content.get(name)
        if found is None:
            return None
        if not isinstance(found, dict):
            raise self._wrong(name)
        return JsonObject(self._vendor, found, f"{self._path}{name}.")

    def part_or_text(self, name: str) -> JsonObject | str | None:
        """Read what may be a whole object or only its name, or missing.

        Raises:
            Unavailable: Something else is there.
        """
        return self.maybe_part(name) if isinstance(self._content.get(name), dict) else self.maybe_text(name)

    def parts(self, name: str) -> Sequence[JsonObject]:
        """Read a list of objects; missing means none.

        Raises:
            Unavailable: Something else is there.
        """
        found = self._content.get(name)
        if found is None:
            return ()
        if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
            raise self._wrong(name)
        return [JsonObject(self._vendor, each, f"{self._path}{name}.") for each in found]

    def has(self, name: str) -> bool:
        """Whether there is anything of this name but null."""
        return self._content.get(name) is not None

    def _wrong(self, name: str) -> Unavailable:
        log.warning("%s's answer cannot be understood at %s%s.", self._vendor, self._path, name)
        return _not_understood(self._vendor)


def read_json(vendor: str, answer: httpx.Response) -> JsonObject:
    """Read the object that an answer holds.

    Raises:
        Unavailable: It holds a page, nothing, half of something, or something else than an object.
    """
    try:
        content = orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        content = None
    if not isinstance(content, dict):
        log.warning("%s answered HTTP %d without an object of JSON.", vendor, answer.status_code)
        raise _not_understood(vendor)
    return JsonObject(vendor, content)


def _not_understood(vendor: str) -> Unavailable:
    return Unavailable(f"{vendor}'s answer cannot be understood; try again later.")
