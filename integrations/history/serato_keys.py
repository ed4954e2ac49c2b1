"""What a play of Serato's is called."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from itertools import count

from domain.plays import Play


def start_key(started_at: datetime, deck: int | None) -> str:
    """Name a play by when it began and on which deck.

    Rows and sessions are numbered anew in every library, a DJ may have two, and exports leave the numbers out. But one deck
    begins one track at a time, the start of a row never changes, and every kind of file has it: so the same play has the
    same name in a session, in an export of it and in the database that a later Serato made of it.

    Args:
        started_at: When it began.
        deck: Which one; None when unknown.
    """
    return f"{int(started_at.timestamp())}:{deck or 0}"


def distinct(plays: Iterable[Play]) -> list[Play]:
    """Tell plays apart that have the same key: a second one in the file's own order gets `:2`, and so on."""
    following: dict[str, count[int]] = {}
    taken: set[str] = set()
    kept: list[Play] = []
    for play in plays:
        key = play.key
        while key in taken:
            key = f"{play.key}:{next(following.setdefault(play.key, count(2)))}"
        taken.add(key)
        kept.append(play if key == play.key else replace(play, key=key))
    return kept
