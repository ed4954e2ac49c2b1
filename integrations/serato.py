"""A Serato-style OAuth door.

Serato has no public OAuth or history API. This speaks plain OAuth 2.0 (RFC 6749 with PKCE, 7009, 9207) to whoever
stands at `SERATO_URL`: a partner's API should there ever be one, and the sandbox until then. The endpoints below are
therefore ours, not Serato's.
"""

from __future__ import annotations

from typing import Final

import httpx

from domain.connections import AccessEnded, FlowPurpose, Profile, Tokens
from domain.errors import NotConfigured
from integrations.http import PATIENCE, Line, Patience
from integrations.json_objects import read_json
from integrations.oauth import Client, OAuthDoor, check_issuer
from integrations.track_facts import tidy

SCOPES: Final = "profile history.read"
MAX_SUBJECT: Final = 200


class Serato:
    """The port `OAuthProvider`."""

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
