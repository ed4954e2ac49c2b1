"""Many sockets that are told the same: what differs between them is found out once, and not again for each event.

A system call drives the interpreter and its objects out of the processor's caches, so that whatever is looked up for a
socket between two of them is slow. An event touches nothing of a socket but its transport and what its messages begin with.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import repeat

from engine.frames import Frames
from engine.lines import END, FRAMES_KEPT, Line, SharedText
from engine.members import Member
from engine.onward import Delivery


class Roster:
    """Those who are told the same, as they were when it was made.

    Attributes:
        members: All of them, those with sockets first.
    """

    def __init__(self, members: Iterable[Member]) -> None:
        lines: list[Line] = []
        alone: list[Member] = []
        self.members: list[Member] = []
        for member in members:
            line = member.sink.line()
            if line is None:
                alone.append(member)
            else:
                lines.append(line)
                self.members.append(member)
        self.members += alone
        self._wires = [line.wire for line in lines]
        self._transports = [line.transport for line in lines]
        self._begun = [line.begun for line in lines]
        self._different = set(self._begun)
        self._changes = Frames.changes

    @property
    def outdated(self) -> bool:
        """Whether a socket was closed since."""
        return self._changes != Frames.changes

    def tell(self, delivery: Delivery, start: int, stop: int) -> int:
        """Tell some of the members an answer, which never waits; how many they are."""
        transports = self._transports[start:stop]
        for transport, frame in zip(transports, self._frames(delivery, start, stop), strict=False):
            if not transport.is_closing():
                transport.write(frame)
        if Frames.slow and not Frames.slow.isdisjoint(transports):
            for wire, transport in zip(self._wires[start:stop], transports, strict=True):
                if transport in Frames.slow:
                    wire.bound(transport.get_write_buffer_size())
        for member in self.members[max(start, len(self._transports)) : stop]:
            member.sink.next(delivery)
        return min(stop, len(self.members)) - start

    def _frames(self, delivery: Delivery, start: int, stop: int) -> Iterable[bytes]:
        if not self._different:
            return ()
        if delivery.shared is None:
            delivery.shared = SharedText(delivery.payload + END)
        shared = delivery.shared
        if len(self._different) == 1:
            return repeat(shared.kept(self._begun[0]))
        begun = self._begun[start:stop]
        if len(self._different) <= FRAMES_KEPT:
            return [shared.kept(one) for one in begun]
        return shared.made(begun)
