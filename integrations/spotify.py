"""Spotify: its OAuth door, its player and its catalogue."""

from __future__ import annotations

from typing import Final

from domain.connections import FlowPurpose, Profile, Tokens
from domain.errors import NotConfigured
from domain.players import Playing, Silence

ACCOUNTS_URL: Final = "https://accounts.spotify.com"
API_URL: Final = "https://api.spotify.com"


class Spotify:
    """The ports `OAuthProvider`, `Player` and `Catalog`."""

    def __init__(
        self,
        *,
        client_id: str | None,
        client_secret: str | None,
        redirect_uri: str,
        accounts_url: str = ACCOUNTS_URL,
        api_url: str = API_URL,
    ) -> None:
        self._configured = bool(client_id and client_secret)

    def require(self) -> object:
        """Check that there are credentials.

        Raises:
            NotConfigured: There are none.
        """
        if not self._configured:
            raise NotConfigured(
                "This installation is not known to Spotify: set SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET."
            )
        return None

    def authorization_url(self, purpose: FlowPurpose, *, state: str, code_verifier: str, nonce: str) -> str:
        """Make the address of the provider's page; the verifier itself is not in it, only its S256 challenge."""
        raise NotImplementedError

    def check_issuer(self, issuer: str | None) -> None:
        """Check the `iss` that came back with a code (RFC 9207)."""
        raise NotImplementedError

    async def exchange(self, code: str, *, code_verifier: str, nonce: str) -> tuple[Tokens, Profile]:
        """Turn a code into tokens and ask whose they are."""
        raise NotImplementedError

    async def refresh(self, tokens: Tokens) -> Tokens:
        """Get the next tokens; a refresh token that is not replaced stays."""
        raise NotImplementedError

    async def revoke(self, tokens: Tokens) -> None:
        """End our access there."""
        raise NotImplementedError

    async def now_playing(self, access_token: str) -> Playing | Silence:
        """Ask what plays."""
        raise NotImplementedError

    async def find_url(self, isrc: str) -> str | None:
        """The page of a recording there; None when it is not there."""
        raise NotImplementedError

    async def aclose(self) -> None:
        """Close the connections."""
