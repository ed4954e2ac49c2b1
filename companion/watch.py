"""Watching a folder: what is new and quiet is sent, once, for as long as nobody ends us."""

from __future__ import annotations

import hashlib
import logging
import random
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx

from companion.find import Seen, find, look, read
from companion.kept import Kept, Sent, save
from companion.post import PATIENCE, OldCounter, Taken, post
from domain.errors import InvalidInput, RateLimited, Unavailable
from domain.plays import MAX_HISTORY_BYTES

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 1.0
QUIET_SECONDS: Final = 2.0
"""How long nothing is written to a file before it is sent: DJ software writes a track in several strokes."""

FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 60.0
MOST_COUNTS: Final = 5
"""How often a number is taken up anew for one file: somebody else with our key counts as fast as we do."""


@dataclass
class Watch:
    """One folder.

    Attributes:
        folder: What is watched.
        kept: Who we are, and what was sent.
        place: Where that is kept.
        zone: The IANA name of where the DJ is.
        ended: Set when it is time to end.
    """

    folder: Path
    kept: Kept
    place: Path
    zone: str
    ended: threading.Event = field(default_factory=threading.Event)
    _changed: dict[Path, tuple[Seen, float]] = field(default_factory=dict)

    def run(self) -> None:
        """Watch until it is time to end.

        Raises:
            Forbidden: The server does not know us any more.
        """
        with httpx.Client(timeout=PATIENCE, follow_redirects=False) as http:
            while not self.ended.is_set():
                for seen in self._due():
                    if self.ended.is_set():
                        return
                    self._send(http, seen)
                self.ended.wait(LOOK_SECONDS)

    def _due(self) -> list[Seen]:
        """What is new and has been quiet for a while, the latest first: tonight's set before last year's."""
        now, present = time.monotonic(), list(find(self.folder))
        before, self._changed = self._changed, {}
        due = []
        for seen in present:
            if not self._is_new(seen):
                continue
            known = before.get(seen.path)
            since = known[1] if known is not None and known[0] == seen else now
            self._changed[seen.path] = (seen, since)
            if now - since >= QUIET_SECONDS:
                due.append(seen)
        return sorted(due, key=lambda seen: seen.mtime, reverse=True)

    def _is_new(self, seen: Seen) -> bool:
        sent = self.kept.sent.get(str(seen.path))
        return sent is None or (sent.mtime, sent.size) != (seen.mtime, seen.size)

    def _send(self, http: httpx.Client, seen: Seen) -> None:
        try:
            content = read(seen.path)
        except OSError as fault:
            log.warning("%s cannot be read now: %s.", seen.path.name, fault.strerror or type(fault).__name__)
            return
        if look(seen.path) != seen:
            # Somebody wrote while we read; it is looked at again.
            return
        digest = hashlib.sha256(content).hexdigest()
        known = self.kept.sent.get(str(seen.path))
        if content and (known is None or known.sha256 != digest) and not self._deliver(http, seen.path, content):
            return
        self.kept.sent[str(seen.path)] = Sent(seen.mtime, seen.size, digest)
        save(self.place, self.kept)

    def _deliver(self, http: httpx.Client, path: Path, content: bytes) -> bool:
        """Send a file however long it takes; False when we are to end before it was taken or refused."""
        if len(content) > MAX_HISTORY_BYTES:
            log.warning("%s is too large to be a history.", path.name)
            return True
        pause = FIRST_PAUSE
        while not self.ended.is_set():
            try:
                taken = self._post(http, path.name, content)
            except InvalidInput as fault:
                log.warning("%s is not taken: %s", path.name, fault.message)
                return True
            except (RateLimited, Unavailable) as fault:
                seconds = max(fault.retry_after_seconds or 0.0, pause * (0.5 + random.random()))  # noqa: S311 -- it only spreads
                log.warning("%s Again in %.0f s.", fault.message, seconds)
                self.ended.wait(seconds)
                pause = min(2 * pause, LONGEST_PAUSE)
                continue
            log.info("%s: %d new, %d changed, %d known.", path.name, taken.imported, taken.updated, taken.duplicates)
            for warning in taken.warnings:
                log.info("%s: %s", path.name, warning)
            return True
        return False

    def _post(self, http: httpx.Client, filename: str, content: bytes) -> Taken:
        for _ in range(MOST_COUNTS):
            self.kept.counter += 1
            # Before it is sent: a number that may have been used is never used again.
            save(self.place, self.kept)
            try:
                return post(http, self.kept, self.kept.counter, content, filename=filename, zone=self.zone)
            except OldCounter as old:
                self.kept.counter = max(self.kept.counter, old.counter)
        raise Unavailable("The server counts faster than we do: is this companion's key in two places?")
