"""What a DJ played, as their software recorded it, whatever the software was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol
from zoneinfo import ZoneInfo


class PlaySource(StrEnum):
    """By which software or account a play was recorded."""

    SERATO_ACCOUNT = "SERATO_ACCOUNT"
    SERATO = "SERATO"
    REKORDBOX = "REKORDBOX"
    TRAKTOR = "TRAKTOR"
    VIRTUALDJ = "VIRTUALDJ"
    ENGINE_DJ = "ENGINE_DJ"
    PLAYLIST = "PLAYLIST"


class TrustLevel(StrEnum):
    """How far the way by which a play came to us can be believed; see `TRUST`."""

    CONNECTED = "CONNECTED"
    SIGNED = "SIGNED"
    UPLOADED = "UPLOADED"
    EXPORTED = "EXPORTED"


TRUST: Final = (TrustLevel.EXPORTED, TrustLevel.UPLOADED, TrustLevel.SIGNED, TrustLevel.CONNECTED)
"""From the least to the most. What an account's vendor says outweighs a file that a paired companion signed, that one the
software's own file sent by its owner, and that one a list which anybody can type."""

MAX_HISTORY_BYTES: Final = 64 * 1024 * 1024
MAX_PLAYS: Final = 100_000
MAX_WARNINGS: Final = 50
READ_SECONDS: Final = 30.0
"""How long one file may be read before it is given up."""


class HistoryFormat(StrEnum):
    """What a history file is."""

    SERATO_SESSION = "SERATO_SESSION"
    SERATO_DATABASE = "SERATO_DATABASE"
    SERATO_CSV = "SERATO_CSV"
    SERATO_TEXT = "SERATO_TEXT"
    REKORDBOX_LIST = "REKORDBOX_LIST"
    REKORDBOX_XML = "REKORDBOX_XML"
    TRAKTOR_NML = "TRAKTOR_NML"
    VIRTUALDJ_M3U = "VIRTUALDJ_M3U"
    ENGINE_DATABASE = "ENGINE_DATABASE"
    PLAIN_M3U = "PLAIN_M3U"


WRITTEN_BY_SOFTWARE: Final = frozenset(
    {
        HistoryFormat.SERATO_SESSION,
        HistoryFormat.SERATO_DATABASE,
        HistoryFormat.TRAKTOR_NML,
        HistoryFormat.VIRTUALDJ_M3U,
        HistoryFormat.ENGINE_DATABASE,
    }
)
"""What DJ software writes by itself while it plays. All else is a list that somebody made, whoever sends it."""


def trust_of(format: HistoryFormat, *, signed: bool) -> TrustLevel:
    """How far a file can be believed: a signature says who sent it, but makes no more of a list than a list."""
    if format not in WRITTEN_BY_SOFTWARE:
        return TrustLevel.EXPORTED
    return TrustLevel.SIGNED if signed else TrustLevel.UPLOADED


@dataclass(frozen=True)
class Play:
    """One track on one deck, once.

    Attributes:
        key: What it is called within its source: the same play has the same key in every file that holds it, and no other
            play of its owner has it.
        title: The track's title, as the software has it; a file's name without its suffix when it has none.
        artist: Who made it; None when the software does not know.
        started_at: When it began, UTC; None where the file has the order of plays alone.
        ended_at: When it was taken off, UTC; None while it is on the deck, or when nobody wrote that down.
        played_seconds: How long it was on the deck.
        deck: Which one, from 1; None when unknown.
        audible: Whether the software says that it was heard; None when it does not say.
        album: The album it is on.
        isrc: Its ISRC as it is written there; most software keeps none.
        duration_seconds: The track's own length.
        bpm: Its tempo.
        musical_key: Its key, as it is written there.
        updated_at: When the software last wrote the row, UTC: of two versions the later one counts.
    """

    key: str
    title: str
    artist: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    played_seconds: float | None = None
    deck: int | None = None
    audible: bool | None = None
    album: str | None = None
    isrc: str | None = None
    duration_seconds: float | None = None
    bpm: float | None = None
    musical_key: str | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True)
class History:
    """What one file holds.

    Attributes:
        format: What it is, found by its content.
        source: Whose file it is.
        plays: Each play once, in the order in which they began; without times, in the order of the list.
        warnings: What could not be read or had to be guessed, for the file's owner; at most `MAX_WARNINGS`.
        local_times: Whether its times are a clock on the wall, read in the zone that was given.
    """

    format: HistoryFormat
    source: PlaySource
    plays: tuple[Play, ...]
    warnings: tuple[str, ...] = field(default=())
    local_times: bool = False


class Histories(Protocol):
    """Reads history files of DJ software."""

    def read(self, content: bytes, *, filename: str, zone: ZoneInfo) -> History:
        """Read a file, whatever it is.

        Args:
            content: All of its bytes: from strangers, so anything.
            filename: Its name. It tells the date where the content has only hours; never the format.
            zone: Where the DJ was, for files that hold the clock on the wall.

        Raises:
            InvalidInput: It is no history that we read, is broken or hostile, or would take too long; the message names the
                place (an offset, a line, an element).
        """


class PlayAccounts(Protocol):
    """An account elsewhere that tells what its person played."""

    async def history(self, access_token: str, *, since: datetime, until: datetime) -> Sequence[Play]:
        """Read what began at or after one moment and before another, in that order.

        Raises:
            Unauthenticated: The token does not hold.
            AccessEnded: It does, but does not allow this.
            RateLimited: The vendor wants to be asked later.
            Unavailable: It does not answer, or not in a way that can be understood.
        """
