"""Sign in with Apple."""

from __future__ import annotations

from typing import Final

from domain.connections import FlowPurpose, Profile, Tokens
from domain.errors import NotConfigured

APPLE_ID_URL: Final = "https://appleid.apple.com"


class AppleId:
    """The port `OAuthProvider`, for signing in only."""

    def __init__(
        self,
        *,
        client_id: str | None,
        redirect_uri: str,
        base_url: str = APPLE_ID_URL,
        team_id: str | None,
        key_id: str | None,
        private_key: str | None,
    ) -> None:
        self._configured = bool(client_id and team_id and key_id and private_key)

    def require(self) -> object:
        """Check that there are credentials.

        Raises:
            NotConfigured: There are none.
        """
        if not self._configured:
            raise NotConfigured("This installation is not known to Apple: set APPLE_CLIENT_ID and Apple's key.")
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

    async def aclose(self) -> None:
        """Close the connections."""
