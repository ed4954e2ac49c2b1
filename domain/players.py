"""What plays in somebody's player elsewhere, as we hear of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from domain.tracks import TrackFacts


class Silence(StrEnum):
    """Why a player shows no track."""

    NOTHING = "NOTHING"
    ADVERTISEMENT = "ADVERTISEMENT"


@dataclass(frozen=True)
class Playing:
    """A track in a player.

    Attributes:
        key: What the service calls it; the same track has the same key.
        facts: What is known of it.
        playing: Whether it runs; false when it is paused.
        progress_seconds: How far it was at `observed_at`.
        observed_at: When that was true, by our clock.
        url: The track's page at the service, when it has one.
    """

    key: str
    facts: TrackFacts
    playing: bool
    progress_seconds: float
    observed_at: datetime
    url: str | None


@dataclass(frozen=True)
class RecentTrack:
    """A track in a list of what was played lately, which does not say when.

    Attributes:
        key: What the service calls it.
        facts: What is known of it.
        url: The track's page at the service.
    """

    key: str
    facts: TrackFacts
    url: str | None


class Player(Protocol):
    """A service that tells what its user's player plays (Spotify)."""

    async def now_playing(self, access_token: str) -> Playing | Silence:
        """Ask what plays.

        Raises:
            Unauthenticated: The access token does not hold: renew it once.
            AccessEnded: We may not ask (no more).
            RateLimited: The app asks too often; `retry_after_seconds` is what the service said.
            Unavailable: The service does not answer, or not in a way that can be understood.
        """


class RecentTracks(Protocol):
    """A service that only tells what was played lately (Apple Music)."""

    def developer_token(self, origins: Sequence[str] = ()) -> str:
        """Make the token that MusicKit needs in an app; it proves the app, not a person.

        Raises:
            NotConfigured: This installation has no key of Apple's.
        """

    async def check(self, music_user_token: str) -> str:
        """Check a person's token; returns their storefront, such as `us`.

        Raises:
            AccessEnded: It does not hold, or was made for another app.
            RateLimited: Later.
            Unavailable: The service does not answer.
            NotConfigured: This installation has no key of Apple's.
        """

    async def recent(self, music_user_token: str) -> Sequence[RecentTrack]:
        """What was played lately, the latest first; raises as `check`."""


class Catalog(Protocol):
    """A service's catalogue, which anybody may search for a recording."""

    async def find_url(self, isrc: str) -> str | None:
        """The page of a recording there; None when it is not there.

        Raises:
            RateLimited: Later.
            Unavailable: The service does not answer.
            NotConfigured: This installation has no credentials there.
        """
