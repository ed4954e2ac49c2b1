"""Apple Music."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from domain.errors import NotConfigured
from domain.players import RecentTrack

MUSIC_URL: Final = "https://api.music.apple.com"


class AppleMusic:
    """The ports `RecentTracks` and `Catalog`."""

    def __init__(
        self,
        *,
        base_url: str = MUSIC_URL,
        team_id: str | None,
        key_id: str | None,
        private_key: str | None,
        storefront: str = "us",
    ) -> None:
        self._configured = bool(team_id and key_id and private_key)

    def require(self) -> object:
        """Check that there are credentials.

        Raises:
            NotConfigured: There are none.
        """
        if not self._configured:
            raise NotConfigured(
                "This installation is not known to Apple: set APPLE_TEAM_ID, APPLE_KEY_ID and APPLE_PRIVATE_KEY."
            )
        return None

    def developer_token(self, origins: Sequence[str] = ()) -> str:
        """Make the token that MusicKit needs in an app; it proves the app, not a person."""
        raise NotImplementedError

    async def check(self, music_user_token: str) -> str:
        """Check a person's token; returns their storefront, such as `us`."""
        raise NotImplementedError

    async def recent(self, music_user_token: str) -> Sequence[RecentTrack]:
        """What was played lately, the latest first."""
        raise NotImplementedError

    async def find_url(self, isrc: str) -> str | None:
        """The page of a recording there; None when it is not there."""
        raise NotImplementedError

    async def aclose(self) -> None:
        """Close the connections."""
