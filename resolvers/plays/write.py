"""Taking plays in, wherever they come from."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from db.queries import plays
from db.queries.plays import Placed, Written
from db.session import Tx
from domain.errors import InvalidInput
from domain.plays import MAX_WARNINGS, History, Play, PlaySource, TrustLevel

GUESSED_SECONDS: Final = 240.0
"""How long a track is taken to be on when nobody knows."""


def place(history: History, started_at: datetime | None) -> tuple[list[Placed], tuple[str, ...]]:
    """Say when each play of a file began.

    A list that has the order of its plays alone begins when its owner says, and each play where the one before ends.

    Returns:
        The plays, and what its owner is told of those that had to be left out.

    Raises:
        InvalidInput: It has no times, and nobody said when it began.
    """
    known = [Placed(play, play.started_at, time_known=True) for play in history.plays if play.started_at is not None]
    missing = len(history.plays) - len(known)
    if not missing:
        return known, history.warnings
    if known:
        left_out = f"{missing} plays have no time in this file and were left out."
        return known, (*history.warnings[: MAX_WARNINGS - 1], left_out)
    if started_at is None:
        raise InvalidInput("This list does not say when its tracks were played. Say when it began.", "startedAt")
    return list(_one_after_another(history.plays, started_at)), history.warnings


def _one_after_another(plays: Iterable[Play], at: datetime) -> Iterable[Placed]:
    for play in plays:
        yield Placed(play, at, time_known=False)
        at += timedelta(seconds=play.played_seconds or play.duration_seconds or GUESSED_SECONDS)


async def write(
    tx: Tx,
    user_id: UUID,
    placed: Iterable[Placed],
    *,
    source: PlaySource,
    trust: TrustLevel,
    import_id: UUID | None = None,
) -> Written:
    """Take in plays of somebody; see `db.queries.plays.write` for what becomes of those that are known."""
    # The later version of a play that is there twice: no statement changes a row two times.
    once: dict[str, Placed] = {}
    for each in placed:
        other = once.get(each.play.key)
        if other is None or _version(each) >= _version(other):
            once[each.play.key] = each
    await plays.lock(tx.session, user_id)
    return await plays.write(tx.session, user_id, list(once.values()), source=source, trust=trust, import_id=import_id)


def _version(placed: Placed) -> float:
    return placed.play.updated_at.timestamp() if placed.play.updated_at else 0.0
