"""A Serato-style OAuth door.

Serato has no public OAuth or history API. This speaks plain OAuth 2.0 (RFC 6749 with PKCE, 7009, 9207) to whoever
stands at `SERATO_URL`: a partner's API should there ever be one, and the sandbox until then. The endpoints below are
therefore ours, not Serato's.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

import httpx

from domain.connections import AccessEnded, FlowPurpose, Profile, Tokens
from domain.errors import NotConfigured, Unauthenticated
from domain.plays import Play
from integrations.http import PATIENCE, Line, Patience
from integrations.json_objects import JsonObject, read_json
from integrations.oauth import Client, OAuthDoor, check_issuer, is_token
from integrations.track_facts import tidy, tidy_key, tidy_seconds

SCOPES: Final = "profile history.read"
MAX_SUBJECT: Final = 200
MAX_KEY: Final = 10
LAST_DECK: Final = 8
PAGE: Final = 200
MOST_PAGES: Final = 50
"""Of one history: 10,000 plays, more than fit into the longest window."""

log = logging.getLogger(__name__)


class Serato:
    """The ports `OAuthProvider` and `PlayAccounts`."""

    def __init__(
        self,
        *,
        client_id: str | None,
        client_secret: str | None,
        redirect_uri: str,
        base_url: str | None,
        patience: Patience = PATIENCE,
    ) -> None:
        """Take the client's credentials and the provider's address; without them everything is not configured."""
        self._issuer = base_url or ""
        self._line = Line("Serato", self._issuer, patience=patience)
        self._door: OAuthDoor | None = None
        if client_id and client_secret and base_url:
            self._door = OAuthDoor(
                self._line,
                Client(client_id, lambda: client_secret, redirect_uri),
                authorize_url=f"{base_url}/oauth/authorize",
                token_path="/oauth/token",  # noqa: S106 -- a path
                revoke_path="/oauth/revoke",
            )

    def require(self) -> OAuthDoor:
        """Check that there are credentials.

        Raises:
            NotConfigured: There are none.
        """
        if self._door is None:
            raise NotConfigured(
                "This installation is no client of Serato's: set SERATO_CLIENT_ID, SERATO_CLIENT_SECRET and SERATO_URL."
            )
        return self._door

    def authorization_url(self, purpose: FlowPurpose, *, state: str, code_verifier: str, nonce: str) -> str:
        """Make the address of the provider's page; it knows no nonce, the verifier binds the code."""
        return self.require().authorization_url(SCOPES, state=state, code_verifier=code_verifier)

    def check_issuer(self, issuer: str | None) -> None:
        """Check the `iss` that came back with a code, which this provider always sends.

        Raises:
            InvalidInput: It is another's, or is missing.
        """
        check_issuer(issuer, expected=self._issuer, always=True)

    async def exchange(self, code: str, *, code_verifier: str, nonce: str) -> tuple[Tokens, Profile]:
        """Turn a code into tokens and ask whose they are; raises as the port says."""
        tokens, _ = await self.require().exchange(code, code_verifier=code_verifier, asked=SCOPES)
        return tokens, await self._profile(tokens.access_token)

    async def refresh(self, tokens: Tokens) -> Tokens:
        """Get the next tokens; raises as the port says."""
        return await self.require().refresh(tokens)

    async def revoke(self, tokens: Tokens) -> None:
        """End our access; raises as the port says."""
        await self.require().revoke(tokens)

    async def history(self, access_token: str, *, since: datetime, until: datetime) -> list[Play]:
        """Read what was played between two moments, page by page; raises as the port `PlayAccounts` says."""
        self.require()
        found: list[Play] = []
        query = {"since": since.isoformat(), "until": until.isoformat(), "limit": str(PAGE)}
        for _ in range(MOST_PAGES):
            answer = await self._get("/v1/history", access_token, query)
            page = read_json("Serato", answer)
            if not page.has("plays"):
                raise self._line.silent()
            found += [play for each in page.parts("plays") if (play := _play(each)) is not None]
            cursor = page.maybe_text("next_cursor")
            if not cursor or cursor == query.get("cursor"):
                return found
            query["cursor"] = cursor
        log.warning("A history has more than %d pages; the rest of it was not read.", MOST_PAGES)
        return found

    async def aclose(self) -> None:
        """Close the connections."""
        await self._line.aclose()

    async def _profile(self, access_token: str) -> Profile:
        answer = await self._line.ask("GET", "/v1/me", headers={"Authorization": f"Bearer {access_token}"})
        if answer.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            raise AccessEnded("Serato does not say whose account this is; begin anew.")
        if answer.is_client_error:
            raise self._line.refused(answer)
        found = read_json("Serato", answer)
        subject = found.text("id")
        if not (0 < len(subject) <= MAX_SUBJECT and subject.isprintable()):
            raise self._line.silent()
        return Profile(
            subject=subject,
            username=tidy(found.maybe_text("username")),
            display_name=tidy(found.maybe_text("display_name")),
        )

    async def _get(self, path: str, token: str, params: Mapping[str, str]) -> httpx.Response:
        if not is_token(token):
            raise Unauthenticated("Serato does not accept this token.")
        answer = await self._line.ask("GET", path, params=params, headers={"Authorization": f"Bearer {token}"})
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            raise Unauthenticated("Serato does not accept this token.")
        if answer.status_code == httpx.codes.FORBIDDEN:
            raise AccessEnded("Serato does not let us read this history; connect it again.")
        if answer.is_client_error:
            raise self._line.refused(answer)
        return answer


def _play(found: JsonObject) -> Play | None:
    """Read a play; None of one without a name, a title or a moment: nobody is there who could correct it."""
    key, title, started_at = found.maybe_text("id"), tidy(found.maybe_text("title")), _moment(found, "started_at")
    if not key or title is None or started_at is None:
        return None
    ended_at, deck = _moment(found, "ended_at"), found.maybe_number("deck")
    ended_at = ended_at if ended_at is not None and ended_at >= started_at else None
    length, bpm = found.maybe_number("length"), found.maybe_number("bpm")
    musical_key = tidy(found.maybe_text("key"))
    return Play(
        key=tidy_key(key),
        title=title,
        artist=tidy(found.maybe_text("artist")),
        album=tidy(found.maybe_text("album")),
        started_at=started_at,
        ended_at=ended_at,
        played_seconds=None if ended_at is None else (ended_at - started_at).total_seconds(),
        deck=int(deck) if deck is not None and 1 <= deck <= LAST_DECK else None,
        duration_seconds=tidy_seconds(length * 1000) if length and length > 0 else None,
        bpm=bpm if bpm is not None and 20 <= bpm <= 400 else None,
        musical_key=musical_key if musical_key and len(musical_key) <= MAX_KEY else None,
    )


def _moment(found: JsonObject, name: str) -> datetime | None:
    text = found.maybe_text(name)
    try:
        moment = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment is not None and moment.tzinfo is not None else None
