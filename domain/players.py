"""What plays in somebody's player elsewhere, as we hear of it, and how often we ask."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

from domain.tracks import SEEK_SECONDS, TrackFacts


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


@dataclass(frozen=True)
class LastSeen:
    """What a player was last known to do; without a key it played nothing.

    Attributes:
        key: What the service calls the track.
        playing: Whether it ran.
        progress_seconds: How far it was at `observed_at`; None when nobody knows any more.
        observed_at: When that was true.
    """

    key: str | None = None
    playing: bool = False
    progress_seconds: float | None = None
    observed_at: datetime | None = None

    def tells_of(self, seen: Playing | Silence) -> bool:
        """Whether what is seen now says nothing new: the same track goes on as one would expect, or still nothing plays."""
        if isinstance(seen, Silence):
            return self.key is None
        if (self.key, self.playing) != (seen.key, seen.playing) or self.progress_seconds is None:
            return False
        return abs(self._expected(seen.observed_at) - seen.progress_seconds) <= SEEK_SECONDS

    def _expected(self, moment: datetime) -> float:
        assert self.progress_seconds is not None
        passed = (moment - self.observed_at).total_seconds() if self.playing and self.observed_at else 0.0
        return self.progress_seconds + passed

    def outdone_by(self, seen: Playing) -> bool:
        """Whether the player itself did something: another track, or it began to play. Only that ends what an app said."""
        return self.key != seen.key or (seen.playing and not self.playing)


def last_seen(seen: Playing | Silence) -> LastSeen:
    """Keep what matters of what was seen."""
    if isinstance(seen, Silence):
        return LastSeen()
    return LastSeen(seen.key, seen.playing, seen.progress_seconds, seen.observed_at)


HEARD_SECONDS: Final = 9.8
"""How long to wait between two looks at a player while somebody listens: with what waking takes, at most 10 s."""

UNHEARD_SECONDS: Final = 30.0
"""The same while nobody does."""

SOONEST_SECONDS: Final = 1.0
"""No player is asked sooner after the last time, whatever happens."""

AFTER_THE_END: Final = 0.3
"""How long after the end of a track one looks what follows it."""

STUCK_SECONDS: Final = 3.0
"""A player that says it is at its end already may say so for long."""

ADVERTISEMENT_SECONDS: Final = 5.0
CONFIRM_FIRST_SECONDS: Final = 10.0
"""How long after an app's report: the service's own list takes a while to know."""

CONFIRM_SECONDS: Final = 30.0
"""How often a list of what was played lately is looked into for a track that an app has reported."""

HASTEN_SECONDS: Final = 2.0
"""The first listener hastens a look at the player that is further away than this."""

FIRST_BACKOFF: Final = 5.0
LONGEST_BACKOFF: Final = 40.0
WINDOW_SECONDS: Final = 30.0
"""Services count an app's calls over a rolling window of this length."""

REMEMBERED_SECONDS: Final = 60.0
"""How long the last observation of a player is kept at hand."""

APPLE_CALLS: Final = 300
"""How many calls to Apple Music in a window we allow ourselves: Apple says no number."""

LINK_KEPT: Final = timedelta(days=30)
"""How long we remember where a recording is at a service."""

NO_LINK_KEPT: Final = timedelta(days=1)
"""How long we remember that it is not there."""

PAUSE_SECONDS: Final = 5.0
"""How long to leave a service alone that says "too often" without saying for how long."""


def wait_after(seen: Playing | Silence, *, heard: bool) -> float:
    """How long to wait after a look at a player before the next one: sooner where a track's end is near."""
    if not heard:
        return UNHEARD_SECONDS
    if seen is Silence.ADVERTISEMENT:
        return ADVERTISEMENT_SECONDS
    if isinstance(seen, Silence) or not seen.playing or not seen.facts.duration_seconds:
        return HEARD_SECONDS
    left = seen.facts.duration_seconds - seen.progress_seconds
    if left <= 0:
        return STUCK_SECONDS
    return min(HEARD_SECONDS, max(SOONEST_SECONDS, left + AFTER_THE_END))


def backoff_seconds(failures: int, jitter: float) -> float:
    """How long to wait after the n-th time in a row that a service did not answer.

    5, 10, 20, then 40 s, less up to a quarter by jitter in [0, 1).
    """
    longest = min(LONGEST_BACKOFF, FIRST_BACKOFF * 2.0 ** min(failures - 1, 10))
    return longest * (1 - jitter / 4)


@dataclass(frozen=True)
class Budget:
    """How often the whole app may call a service.

    A limiter that lets `burst` through at once and one more every `every_seconds` lets no more than `calls` through in
    any window of 30 s.
    """

    calls: int

    @property
    def burst(self) -> int:
        """How many at once."""
        return max(1, self.calls // 30)

    @property
    def every_seconds(self) -> float:
        """The time between two in the long run."""
        return WINDOW_SECONDS / max(1, self.calls - self.burst)

    def share(self, *, heard: bool, heard_rooms: int, unheard_rooms: int) -> float:
        """How long one room waits between its turns when all of them take turns; rooms with listeners go first.

        Rooms that nobody listens to get what is left, and a twentieth of everything at least.
        """
        rate = 1 / self.every_seconds
        kept = rate / 20 if unheard_rooms else 0.0
        if heard:
            return heard_rooms / (rate - kept)
        return unheard_rooms / max(kept, rate - heard_rooms / HEARD_SECONDS)

    def spread(self, rooms: int) -> float:
        """Over how long so many rooms are spread when all of them waited for the same moment."""
        return max(SOONEST_SECONDS, rooms * self.every_seconds)


def confirms(reported: TrackFacts, key: str | None, recent: Iterable[RecentTrack]) -> bool:
    """Whether a list of what was played lately has a track: by its id, its ISRC, or its title and artist."""
    return any((key is not None and key == track.key) or reported.same_as(track.facts) for track in recent)
