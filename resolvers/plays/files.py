"""History files: reading them in a thread, and keeping what they say, whole or not at all."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from db.queries import plays
from db.session import Tx
from db.tables import PlayImport
from domain.errors import InvalidInput
from domain.ids import new_id
from domain.plays import History, PlaySource, TrustLevel, trust_of
from domain.ports import Services
from resolvers.missions.wake import find_waiting, wake
from resolvers.plays.write import place, write

AT_ONCE: Final = 2
"""How many files one process reads at a time: each may take all of a processor and some hundred megabytes."""

_places = asyncio.Semaphore(AT_ONCE)


@dataclass(frozen=True)
class Arrived:
    """A history file that has come.

    Attributes:
        user_id: Whose it is.
        filename: What they call it.
        storage_key: Where its bytes are kept.
        sha256: Their digest.
        upload_id: The upload by which it came.
        companion_id: The companion that sent it.
    """

    user_id: UUID
    filename: str
    storage_key: str
    sha256: bytes
    upload_id: UUID | None = None
    companion_id: UUID | None = None


@dataclass(frozen=True)
class Outcome:
    """What came of a file.

    Attributes:
        source: Whose software wrote it.
        imported: How many plays are new.
        updated: How many were known, and are now as it says.
        duplicates: How many changed nothing.
        warnings: What its owner is told.
        again: Whether the same bytes had come before by a way that is believed as much.
    """

    source: PlaySource
    imported: int
    updated: int
    duplicates: int
    warnings: tuple[str, ...]
    again: bool = False


def zone_of(name: str | None, *field: str) -> ZoneInfo | None:
    """Read the name of a time zone.

    Raises:
        InvalidInput: There is none of that name.
    """
    if name is None:
        return None
    try:
        return ZoneInfo(name.strip()[:64])
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidInput("Give a zone of the IANA time zone database, such as Europe/Berlin.", *field) from None


async def read(services: Services, content: bytes, *, filename: str, zone: ZoneInfo | None) -> tuple[History, bytes]:
    """Read a file, in a thread.

    Returns:
        What it holds, and the SHA-256 of its bytes.

    Raises:
        InvalidInput: It cannot be read; or its times are a clock on the wall and nobody said where.
    """
    async with _places:
        history, sha256 = await asyncio.to_thread(_read, services, content, filename, zone)
    if history.local_times and zone is None:
        raise InvalidInput("The times in this file are a clock on the wall. Say in which time zone it was.", "timeZone")
    return history, sha256


def _read(services: Services, content: bytes, filename: str, zone: ZoneInfo | None) -> tuple[History, bytes]:
    history = services.histories.read(content, filename=filename, zone=zone or ZoneInfo("UTC"))
    return history, hashlib.sha256(content).digest()


async def keep(tx: Tx, arrived: Arrived, history: History, *, started_at: datetime | None = None) -> Outcome:
    """Write what a file says, and let verification look at once where that may matter.

    Raises:
        InvalidInput: It has no times, and nobody said when it began.
    """
    trust = trust_of(history.format, signed=arrived.companion_id is not None)
    await plays.lock(tx.session, arrived.user_id)
    known = await plays.find_import(tx.session, arrived.user_id, arrived.sha256, trust)
    if known is not None:
        return again(known)
    placed, warnings = place(history, started_at)
    moments = [each.played_at for each in placed]
    waiting = await find_waiting(tx, arrived.user_id, min(moments), max(moments)) if moments else ()
    import_id = new_id()
    await plays.add_import(tx.session, import_id, **_facts(arrived, history, trust), warnings=list(warnings))
    made = await write(tx, arrived.user_id, placed, source=history.source, trust=trust, import_id=import_id)
    duplicates = len(placed) - made.imported - made.updated
    counts = {"imported": made.imported, "updated": made.updated, "duplicates": duplicates}
    await plays.count_import(tx.session, import_id, **counts)
    if made.imported or made.updated:
        await wake(tx, waiting, by=arrived.user_id)
    return Outcome(history.source, made.imported, made.updated, duplicates, warnings)


def again(known: PlayImport) -> Outcome:
    """What comes of a file that was read before: nothing."""
    count = known.imported_count + known.updated_count + known.duplicate_count
    return Outcome(known.source, 0, 0, count, tuple(known.warnings), again=True)


def _facts(arrived: Arrived, history: History, trust: TrustLevel) -> dict[str, Any]:
    return {
        "user_id": arrived.user_id,
        "source": history.source,
        "format": history.format,
        "trust": trust,
        "upload_id": arrived.upload_id,
        "companion_id": arrived.companion_id,
        "filename": arrived.filename,
        "storage_key": arrived.storage_key,
        "sha256": arrived.sha256,
    }
