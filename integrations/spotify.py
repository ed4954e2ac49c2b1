"""Spotify: its OAuth door, its player and its catalogue (https://developer.spotify.com/documentation/web-api)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

import httpx

from domain.connections import AccessEnded, FlowPurpose, Profile, Tokens
from domain.errors import NotConfigured, Unauthenticated
from domain.players import Playing, Silence
from domain.tracks import TrackFacts, clean_isrc
from integrations.http import PATIENCE, Line, Patience
from integrations.json_objects import JsonObject, read_json
from integrations.kept import Kept
from integrations.oauth import Client, OAuthDoor, check_issuer, is_token
from integrations.track_facts import choose_picture, make_facts, tidy, tidy_isrc, tidy_key, tidy_seconds, tidy_url

log = logging.getLogger(__name__)

ACCOUNTS_URL: Final = "https://accounts.spotify.com"
API_URL: Final = "https://api.spotify.com"
PAGES: Final = frozenset({"open.spotify.com"})

SCOPES: Final[Mapping[FlowPurpose, str]] = {
    FlowPurpose.CONNECT: (
        "user-read-currently-playing user-read-playback-state user-read-recently-played user-read-private"
    ),
    FlowPurpose.SIGN_IN: "user-read-private",
}
EARLIER_SECONDS: Final = 60.0
"""So long before its end the app's own token is replaced."""

MAX_SUBJECT: Final = 200


class Spotify:
    """The ports `OAuthProvider`, `Player` and `Catalog`.

    Spotify lets no app end its own access: only people can, on their account's page. So `revoke` does nothing.
    """

    def __init__(
        self,
        *,
        client_id: str | None,
        client_secret: str | None,
        redirect_uri: str,
        accounts_url: str = ACCOUNTS_URL,
        api_url: str = API_URL,
        patience: Patience = PATIENCE,
    ) -> None:
        """Take the app's credentials; without them everything is refused as not configured."""
        self._issuer = accounts_url
        self._accounts = Line("Spotify", accounts_url, patience=patience)
        self._api = Line("Spotify", api_url, patience=patience)
        self._door: OAuthDoor | None = None
        if client_id and client_secret:
            self._door = OAuthDoor(
                self._accounts,
                Client(client_id, lambda: client_secret, redirect_uri),
                authorize_url=f"{accounts_url}/authorize",
                token_path="/api/token",  # noqa: S106 -- a path
            )
        self._app_token: Kept[str] = Kept(self._fetch_app_token)

    def require(self) -> OAuthDoor:
        """Check that there are credentials.

        Raises:
            NotConfigured: There are none.
        """
        if self._door is None:
            raise NotConfigured(
                "This installation has no app at Spotify: set SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET."
            )
        return self._door

    def authorization_url(self, purpose: FlowPurpose, *, state: str, code_verifier: str, nonce: str) -> str:
        """Make the address of Spotify's page; it knows no nonce, the verifier binds the code."""
        # Without it Spotify sends people who agreed before straight back: nobody connects an account without a look.
        more = {"show_dialog": "true"} if purpose is FlowPurpose.CONNECT else {}
        return self.require().authorization_url(SCOPES[purpose], state=state, code_verifier=code_verifier, **more)

    def check_issuer(self, issuer: str | None) -> None:
        """Check the `iss` that came back with a code; Spotify sends none.

        Raises:
            InvalidInput: It is another's.
        """
        check_issuer(issuer, expected=self._issuer, always=False)

    async def exchange(self, code: str, *, code_verifier: str, nonce: str) -> tuple[Tokens, Profile]:
        """Turn a code into tokens and ask whose they are; raises as the port says."""
        tokens, _ = await self.require().exchange(code, code_verifier=code_verifier, asked="")
        return tokens, await self._profile(tokens.access_token)

    async def refresh(self, tokens: Tokens) -> Tokens:
        """Get the next tokens; raises as the port says."""
        return await self.require().refresh(tokens)

    async def revoke(self, tokens: Tokens) -> None:
        """Do nothing: Spotify has no way to."""

    async def now_playing(self, access_token: str) -> Playing | Silence:
        """Ask what plays; raises as the port says."""
        asked_at = datetime.now(UTC)
        answer = await self._get("/v1/me/player/currently-playing", access_token, {"additional_types": "track,episode"})
        if answer.status_code == httpx.codes.NO_CONTENT:
            return Silence.NOTHING
        found = self._read(answer)
        if found.maybe_text("currently_playing_type") == "ad":
            return Silence.ADVERTISEMENT
        item = found.maybe_part("item")
        if item is None:
            return Silence.NOTHING
        facts = _facts(item)
        progress = tidy_seconds(found.maybe_number("progress_ms"))
        # It was true somewhere between the question and its answer: half-way is wrong by half the time at most.
        answered_at = datetime.now(UTC)
        return Playing(
            key=tidy_key(item.maybe_text("uri") or f"{facts.artist}\n{facts.title}"),
            facts=facts,
            playing=found.flag("is_playing"),
            progress_seconds=min(progress, facts.duration_seconds or progress),
            observed_at=asked_at + (answered_at - asked_at) / 2,
            url=_page(item),
        )

    async def find_url(self, isrc: str) -> str | None:
        """The page of a recording; None when it is not there. Raises as the port says."""
        self.require()
        wanted = clean_isrc(isrc, "isrc")
        query = {"q": f"isrc:{wanted}", "type": "track", "limit": "5"}
        try:
            answer = await self._get("/v1/search", await self._app_token.get(), query)
        except Unauthenticated:
            # Our own token was ended before its time: that is tried once more with a new one.
            self._app_token.forget()
            try:
                answer = await self._get("/v1/search", await self._app_token.get(), query)
            except (Unauthenticated, AccessEnded):
                raise self._api.silent() from None
        except AccessEnded:
            raise self._api.silent() from None
        items = self._read(answer).part("tracks").parts("items")
        # Spotify has announced once that it would tell no ISRCs any more: then what it found is what was asked for.
        pages = (_page(item) for item in items if _isrc(item) in (wanted, None))
        return next((page for page in pages if page), None)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._app_token.aclose()
        await self._accounts.aclose()
        await self._api.aclose()

    async def _profile(self, access_token: str) -> Profile:
        try:
            answer = await self._get("/v1/me", access_token)
        except Unauthenticated:
            raise AccessEnded("Spotify does not say whose account this is; begin anew.") from None
        found = self._read(answer)
        name = found.text("id")
        subject = found.maybe_text("account_id") or name
        if not (0 < len(subject) <= MAX_SUBJECT and subject.isprintable()):
            log.warning("Spotify gave an account without a name that can be used.")
            raise self._api.silent()
        # The address that Spotify tells was never proved to it, so it is nobody's proof here.
        return Profile(subject=subject, username=tidy(name), display_name=tidy(found.maybe_text("display_name")))

    async def _get(self, path: str, token: str, params: Mapping[str, str] | None = None) -> httpx.Response:
        if not is_token(token):
            raise Unauthenticated("Spotify does not accept this token.")
        answer = await self._api.ask("GET", path, params=params, headers={"Authorization": f"Bearer {token}"})
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            raise Unauthenticated("Spotify does not accept this token.")
        if answer.status_code == httpx.codes.FORBIDDEN:
            log.warning("Spotify forbids %s: the person is not on the app's list, or gave too few rights.", path)
            raise AccessEnded("Spotify does not let this app ask for that; connect it again.")
        if answer.is_client_error:
            raise self._api.refused(answer)
        return answer

    def _read(self, answer: httpx.Response) -> JsonObject:
        return read_json("Spotify", answer)

    async def _fetch_app_token(self) -> tuple[str, float]:
        tokens = await self.require().app_token()
        ends_at = tokens.expires_at or datetime.now(UTC)
        return tokens.access_token, (ends_at - datetime.now(UTC)).total_seconds() - EARLIER_SECONDS


def _facts(item: JsonObject) -> TrackFacts:
    """Read a track or an episode; an episode's artist is its show, and its pictures are its own."""
    show, album = item.maybe_part("show"), item.maybe_part("album")
    artists = ", ".join(filter(None, (tidy(each.maybe_text("name")) for each in item.parts("artists"))))
    within = item if show is not None else album
    pictures = within.parts("images") if within is not None else ()
    return make_facts(
        title=item.maybe_text("name"),
        artist=show.maybe_text("name") if show is not None else artists,
        album=album.maybe_text("name") if album is not None else None,
        isrc=_isrc(item),
        milliseconds=item.maybe_number("duration_ms"),
        artwork_url=choose_picture((each.maybe_text("url"), each.maybe_number("width")) for each in pictures),
    )


def _isrc(item: JsonObject) -> str | None:
    codes = item.maybe_part("external_ids")
    return tidy_isrc(codes.maybe_text("isrc")) if codes is not None else None


def _page(item: JsonObject) -> str | None:
    pages = item.maybe_part("external_urls")
    return tidy_url(pages.maybe_text("spotify"), PAGES) if pages is not None else None
