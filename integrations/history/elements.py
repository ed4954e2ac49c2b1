"""XML from strangers, element by element: Expat alone, which is told to know nothing but elements and attributes.

There is no document type, so there are no entities to expand and nothing outside to fetch; the text is UTF-8 whatever it says
of itself; nothing is kept but what a reader asks for; and no depth, tag or number of names is without a bound.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final
from xml.parsers import expat

from integrations.history.bounds import File, broken

CHUNK: Final = 64 * 1024
MAX_TAG: Final = 256 * 1024
"""Bytes of one tag with all its attributes, or of one comment."""
MAX_DEPTH: Final = 64
MAX_ATTRIBUTES: Final = 200
MAX_NAMES: Final = 2_000
"""Different names of elements and attributes in one file: Expat keeps each of them until the end."""
BOM: Final = b"\xef\xbb\xbf"

Opened = Mapping[str, Callable[[Mapping[str, str]], None]]
"""What to do where an element of that name begins, given its attributes."""
Closed = Mapping[str, Callable[[], None]]
"""What to do where it ends."""


def begins_with(head: bytes, root: bytes) -> bool:
    """Whether this may be XML whose first element has that name."""
    if not head.removeprefix(BOM).lstrip().startswith(b"<"):
        return False
    _, found, rest = head.partition(b"<" + root)
    return bool(found) and rest[:1] in (b"", b" ", b">", b"/", b"\t", b"\r", b"\n")


class Elements:
    """One document, read once from its beginning to its end."""

    def __init__(self, file: File, root: str) -> None:
        """Take the file, and the name its outermost element must have."""
        self._file = file
        self._root = root
        self._depth = 0
        self._names: dict[str, str] = {}
        self._opened: Opened = {}
        self._closed: Closed = {}
        self._parser = expat.ParserCreate("UTF-8", intern=self._names)
        self._parser.StartDoctypeDeclHandler = self._refuse_doctype
        self._parser.StartElementHandler = self._open
        self._parser.EndElementHandler = self._close

    @property
    def place(self) -> str:
        """Where the reading is now."""
        return f"line {self._parser.CurrentLineNumber}"

    def walk(self, opened: Opened, closed: Closed) -> None:
        """Go through the document.

        Args:
            opened: What is done where elements begin; others are passed by.
            closed: What is done where they end.

        Raises:
            InvalidInput: It is no such document, is cut off, or goes beyond a bound; the message names the line.
        """
        content = self._file.content
        # Asked before anything is parsed: after a refusal Expat still goes to the end of what it was given.
        at = content.find(b"<!DOCTYPE")
        if at >= 0:
            raise broken(f"line {content.count(bytes([10]), 0, at) + 1}", "it declares a document type")
        self._opened, self._closed = opened, closed
        try:
            for start in range(0, len(content), CHUNK):
                self._file.check_time()
                self._parser.Parse(content[start : start + CHUNK], False)  # noqa: FBT003 -- it takes no name
                self._check_bounds(start + CHUNK)
            self._parser.Parse(b"", True)  # noqa: FBT003
        except expat.ExpatError as error:
            raise broken(f"line {error.lineno}", expat.ErrorString(error.code)) from None
        except (ValueError, LookupError):
            raise broken(self.place, "its text cannot be decoded") from None

    def _check_bounds(self, given: int) -> None:
        if min(given, len(self._file.content)) - self._parser.CurrentByteIndex > MAX_TAG:
            raise broken(self.place, f"a tag has more than {MAX_TAG // 1024} KB")
        if len(self._names) > MAX_NAMES:
            raise broken(self.place, f"it has more than {MAX_NAMES:,} different names of elements and attributes")

    def _refuse_doctype(self, *_: object) -> None:
        raise broken(self.place, "it declares a document type")

    def _open(self, name: str, attributes: Mapping[str, str]) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise broken(self.place, f"elements lie more than {MAX_DEPTH} deep")
        if len(attributes) > MAX_ATTRIBUTES:
            raise broken(self.place, f"an element has more than {MAX_ATTRIBUTES} attributes")
        if self._depth == 1 and name != self._root:
            raise broken(self.place, f"its first element is not {self._root}")
        act = self._opened.get(name)
        if act is not None:
            act(attributes)

    def _close(self, name: str) -> None:
        self._depth -= 1
        act = self._closed.get(name)
        if act is not None:
            act()
