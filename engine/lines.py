"""What sockets that are told the same have in common, and what is theirs alone: the beginning of each message."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final, NamedTuple

from engine.frames import text_head
from engine.wire import Wire

FRAMES_KEPT: Final = 64
"""Different beginnings whose frames are made once for all: many clients count from 1, others never use an id twice."""


class Line(NamedTuple):
    """Where the messages of an operation go, when they can be written with those of others.

    Attributes:
        wire: The socket.
        transport: What takes its frames.
        begun: What every message begins with; the answer follows, and `END`.
    """

    wire: Wire
    transport: asyncio.Transport
    begun: bytes


END: Final = b"}"


class SharedText:
    """The end of a text message that is the same for many, who each have a beginning of their own."""

    __slots__ = ("_end", "_heads", "_kept")

    def __init__(self, end: bytes) -> None:
        self._end = end
        self._heads: dict[int, bytes] = {}
        self._kept: dict[bytes, bytes] = {}

    def kept(self, begun: bytes) -> bytes:
        """The frame for a beginning that others have too."""
        frame = self._kept.get(begun)
        if frame is None:
            [frame] = self.made([begun])
            self._kept[begun] = frame
        return frame

    def made(self, beginnings: Sequence[bytes]) -> list[bytes]:
        """Frames for beginnings; to copy some hundred bytes is cheaper than to have the kernel gather them."""
        heads, end = self._heads, self._end
        for length in set(map(len, beginnings)):
            if length not in heads:
                heads[length] = text_head(length + len(end))
        return [b"".join((heads[len(begun)], begun, end)) for begun in beginnings]
