"""Apple Music: what somebody played lately, and its catalogue (https://developer.apple.com/documentation/applemusicapi).

There is no OAuth here and nothing says what plays now: an app of ours gets a person's token from MusicKit and hands it
over, and the list of what was played lately has no times in it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from typing import Final

import httpx

from domain.connections import AccessEnded
from domain.errors import Unavailable
from domain.players import RecentTrack
from domain.tracks import clean_isrc
from integrations.apple_keys import AppleKey
from integrations.http import PATIENCE, Line, Patience
from integrations.json_objects import JsonObject, read_json
from integrations.oauth import is_token
from integrations.track_facts import make_facts, tidy_isrc, tidy_key, tidy_url

MUSIC_URL: Final = "https://api.music.apple.com"
PAGES: Final = frozenset({"music.apple.com"})
STOREFRONT: Final = re.compile(r"[a-z]{2}")
RECENT: Final = {"limit": "30", "types": "songs,library-songs"}

OURS_SECONDS: Final = 12 * 60 * 60
"""How long the token holds that our own requests carry; it is made anew an hour before its end."""

EARLIER_SECONDS: Final = 60 * 60
APPS_SECONDS: Final = 60 * 60
"""How long the token holds that apps are given."""

APPS_KEPT_SECONDS: Final = 30 * 60
"""How long the same one is given out: each holds for as long again at least."""

PIXELS: Final = "600"
PROBE: Final = "USRC17607839"
"""A recording to ask for when the question is only whether our own token holds."""


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
        patience: Patience = PATIENCE,
    ) -> None:
        """Take the team's key, and the country whose catalogue is searched; without a key everything is refused."""
        self._key = AppleKey(team_id=team_id, key_id=key_id, private_key=private_key)
        self._line = Line("Apple Music", base_url, patience=patience)
        self._catalog = f"/v1/catalog/{storefront}/songs"
        self._ours = ""
        self._ours_until = 0.0
        self._apps: dict[tuple[str, ...], tuple[str, float]] = {}

    def require(self) -> object:
        """Check that there is a key.

        Raises:
            NotConfigured: There is none.
        """
        return self._key.require()

    def developer_token(self, origins: Sequence[str] = ()) -> str:
        """Make the token that MusicKit needs in an app; in browsers it holds on these origins only.

        Raises:
            NotConfigured: There is no key.
        """
        place, now = tuple(origins), time.monotonic()
        token, until = self._apps.get(place, ("", 0.0))
        if now >= until:
            token = self._key.sign(APPS_SECONDS, **({"origin": list(origins)} if origins else {}))
            # One at a time: an installation has one list of origins.
            self._apps = {place: (token, now + APPS_KEPT_SECONDS)}
        return token

    async def check(self, music_user_token: str) -> str:
        """Check a person's token; returns their storefront. Raises as the port says."""
        found = await self._get_mine("/v1/me/storefront", music_user_token)
        for each in found.parts("data"):
            if STOREFRONT.fullmatch(each.text("id")):
                return each.text("id")
        raise self._line.silent()

    async def recent(self, music_user_token: str) -> Sequence[RecentTrack]:
        """What was played lately, the latest first; raises as the port says."""
        found = await self._get_mine("/v1/me/recent/played/tracks", music_user_token, RECENT)
        songs = ((each, each.maybe_part("attributes")) for each in found.parts("data"))
        return [_track(each.text("id"), song) for each, song in songs if song is not None]

    async def find_url(self, isrc: str) -> str | None:
        """The page of a recording; None when it is not there. Raises as the port says."""
        wanted = clean_isrc(isrc, "isrc")
        answer = await self._get(self._catalog, params={"filter[isrc]": wanted})
        if answer.is_client_error:
            raise self._refused(answer)
        songs = (each.maybe_part("attributes") for each in read_json("Apple Music", answer).parts("data"))
        found = (song for song in songs if song is not None and tidy_isrc(song.maybe_text("isrc")) == wanted)
        pages = (tidy_url(song.maybe_text("url"), PAGES) for song in found)
        return next((page for page in pages if page), None)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._line.aclose()

    async def _get_mine(self, path: str, music_user_token: str, params: Mapping[str, str] | None = None) -> JsonObject:
        self.require()
        if not is_token(music_user_token):
            raise _ended()
        answer = await self._get(path, params=params, token=music_user_token)
        if answer.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            # Apple says the same of a person's token and of ours. A key of ours that was revoked must not cost
            # everybody their connection, so ask for something that ours alone opens.
            probe = await self._get(self._catalog, params={"filter[isrc]": PROBE})
            raise self._refused(probe) if probe.is_client_error else _ended()
        if answer.is_client_error:
            raise self._refused(answer)
        return read_json("Apple Music", answer)

    async def _get(
        self, path: str, *, params: Mapping[str, str] | None = None, token: str | None = None
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self._our_token()}"}
        if token is not None:
            headers["Music-User-Token"] = token
        return await self._line.ask("GET", path, params=params, headers=headers)

    def _our_token(self) -> str:
        if time.monotonic() >= self._ours_until:
            self._ours = self._key.sign(OURS_SECONDS)
            self._ours_until = time.monotonic() + OURS_SECONDS - EARLIER_SECONDS
        return self._ours

    def _refused(self, answer: httpx.Response) -> Unavailable:
        self._ours_until = 0.0
        return self._line.refused(answer)


def _ended() -> AccessEnded:
    return AccessEnded("Apple Music does not accept this token any more; allow access in the app again.")


def _track(song_id: str, song: JsonObject) -> RecentTrack:
    picture = song.maybe_part("artwork")
    template = picture.maybe_text("url") if picture is not None else None
    facts = make_facts(
        title=song.maybe_text("name"),
        artist=song.maybe_text("artistName"),
        album=song.maybe_text("albumName"),
        isrc=song.maybe_text("isrc"),
        milliseconds=song.maybe_number("durationInMillis"),
        artwork_url=_fill(template) if template else None,
    )
    return RecentTrack(tidy_key(song_id), facts, tidy_url(song.maybe_text("url"), PAGES))


def _fill(template: str) -> str:
    """Write sizes into the address of a picture, which Apple leaves open."""
    for gap, value in (("{w}", PIXELS), ("{h}", PIXELS), ("{c}", "bb"), ("{f}", "jpg")):
        template = template.replace(gap, value)
    return template
